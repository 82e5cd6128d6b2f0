package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// Fraudar runs FRAUDAR in batch over the bipartite graph of accounts and things at the end
// of the stream: up to so many blocks, one after the other, each the densest in what is
// left. An account's score is the density of the first block that holds it; accounts of
// blocks from a density on are flagged, as of the last event.
//
// Source: Hooi, Song, Beutel, Shah, Shin, Faloutsos, "FRAUDAR: Bounding Graph Fraud in the
// Face of Camouflage", KDD 2016. See Bipartite.Densest for the peeling.
//
// The things are address, device, client, own mail domain, mailbox shape, phone, referral
// code, card, card shape, suffix and template. Templates come in as the four 16-bit bands
// of their SimHash, so that templates within 3 bits of each other share at least one
// (pigeonhole). Things of a single account are left out: such a column weighs 1/log 6 =
// 0.56 and thins out every block that is denser.
//
// Cost: a map entry for each distinct (account, thing); then O(E log V) a block. It sees
// the whole stream before it says anything: everything served until then has leaked.
//
// Constants: of twelve sets of kinds tried, seven of them on both seeds, this one has the
// highest recall at 1% of the honest accounts on seed 7. Blocks are looked for until their
// densities reach those of the background (0.6), which took 16. From density 5 it flags 64%
// / 64% of the campaigns' accounts (92% of L0, 94% of L1, 80% of L2, none of L3) and none /
// 1.5% of the honest ones; from 3, 85% and 13% (seed 7). A density grows with the size of a
// campaign, so the threshold does not carry over to much larger or smaller worlds: compare
// by the ranking there.
type Fraudar struct {
	ledger *ledger
	kinds  kindSet
	last   int64 // newest event time
	column map[uint64]int32
	pairs  map[Edge]struct{}
	edges  []Edge
	at     things
}

const (
	fraudarBlocks  = 16
	fraudarDensity = 5
)

// NewFraudar returns the baseline with its threshold.
func NewFraudar() *Fraudar {
	return &Fraudar{
		ledger: newLedger(fraudarDensity),
		kinds: kindsOf(kindIP, kindDevice, kindClient, kindDomain, kindPhone, kindReferral,
			kindCard, kindCardShape, kindMailShape, kindTemplateBand, kindSuffix),
		column: map[uint64]int32{}, pairs: map[Edge]struct{}{},
	}
}

// Name returns the name in tables.
func (*Fraudar) Name() string { return "FRAUDAR (batch)" }

// Signup adds its edges.
func (d *Fraudar) Signup(e *event.Signup) {
	d.at.signup(e)
	d.add(&e.Meta)
}

// Request adds its edges.
func (d *Fraudar) Request(e *event.Request) {
	d.at.request(e)
	d.add(&e.Meta)
}

// Payment adds its edges.
func (d *Fraudar) Payment(e *event.Payment) {
	d.at.payment(e)
	d.add(&e.Meta)
}

func (d *Fraudar) add(m *event.Meta) {
	a := d.ledger.account(m.AccountID)
	d.last = max(d.last, m.TS)
	for _, t := range d.at.all() {
		if !d.kinds[t.kind] {
			continue
		}
		c, known := d.column[t.id]
		if !known {
			c = int32(len(d.column))
			d.column[t.id] = c
		}
		e := Edge{a, c}
		if _, known := d.pairs[e]; !known {
			d.pairs[e] = struct{}{}
			d.edges = append(d.edges, e)
		}
	}
}

// Verdicts peels, and returns the density of each account's first block, 0 = in none.
func (d *Fraudar) Verdicts() []Verdict {
	for _, b := range d.graph().Blocks(fraudarBlocks, 0) {
		for _, r := range b.Rows {
			if d.ledger.verdict[r].Score == 0 {
				d.ledger.raise(r, b.Density, d.last)
			}
		}
	}
	return d.ledger.verdicts()
}

// graph leaves out the columns of one account.
func (d *Fraudar) graph() *Bipartite {
	degree := make([]int32, len(d.column))
	for _, e := range d.edges {
		degree[e.Col]++
	}
	cols, number := 0, make([]int32, len(degree))
	for c, n := range degree {
		if n > 1 {
			number[c] = int32(cols)
			cols++
		}
	}
	var shared []Edge
	for _, e := range d.edges {
		if degree[e.Col] > 1 {
			shared = append(shared, Edge{e.Row, number[e.Col]})
		}
	}
	return NewBipartite(len(d.ledger.verdict), cols, shared)
}
