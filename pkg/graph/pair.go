package graph

import "github.com/iolaus-io/iolaus/pkg/link"

// pairing compares one account with others in turn, each as if it were a cluster of one. Most of
// them match too little: what the links that both have are worth at most is known before, and
// adding that up spares the comparison.
type pairing struct {
	a     Account
	links []common               // those of a's that somebody shares
	has   [link.NumAllKinds]bool // kinds that the other has
	tried []Account
}

// common is a link of the account, and what it says of a pair that both have it.
type common struct {
	kind  link.Kind
	ent   int32
	both  bool    // the other has it as well
	worth float64 // of Total and, but for content, of Match
	raw   float64 // of Match
}

// pairs begins to compare a with others.
func (g *Graph) pairs(a Account) *pairing {
	p := &g.pairing
	p.a, p.links, p.tried = a, p.links[:0], p.tried[:0]
	g.gen++
	var one Affinity
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity {
			continue
		}
		k := e.key.kind
		one.Kinds[k] = Share{}
		one.add(k, e.ent, g.pairTallies(k, e.ent, true, true))
		s := &one.Kinds[k]
		g.mark[e.ent] = g.gen<<markBits | uint64(len(p.links))
		p.links = append(p.links, common{kind: k, ent: e.ent, worth: s.LogOdds, raw: max(s.LogOdds, s.raw)})
	}
	return p
}

// markBits are the bits of a mark that hold which of an account's links it is.
const markBits = 7

// pairTallies are what a link is scored from in a pair: the other has it, or its kind, or neither.
func (g *Graph) pairTallies(k link.Kind, ent int32, both, has bool) tallies {
	t := tallies{size: 1, out: float64(g.entities[ent].df) - 1, outside: float64(g.holders[k]) - 1 + smoothing}
	if has {
		t.holders, t.outside = 1, t.outside-1
	}
	if both {
		t.in, t.out = 1, t.out-1
	}
	return t
}

// meet notes what b has of what the account has, and reports whether the two may match by more
// than floor and belong together.
func (g *Graph) meet(p *pairing, b Account, floor float64) bool {
	p.has = [link.NumAllKinds]bool{}
	for i := range p.links {
		p.links[i].both = false
	}
	var worth, raw [link.NumAllKinds]float64
	for i := range g.accounts[b].edges {
		e := &g.accounts[b].edges[i]
		p.has[e.key.kind] = true
		if e.ent == noEntity || g.mark[e.ent]>>markBits != g.gen {
			continue
		}
		l := &p.links[g.mark[e.ent]&(1<<markBits-1)]
		l.both = true
		worth[l.kind], raw[l.kind] = max(worth[l.kind], l.worth), max(raw[l.kind], l.raw)
	}
	total, match := 0.0, 0.0
	for k, w := range worth {
		total += w
		match += max(w, raw[k])
	}
	return match > floor-rounding && total > min(g.cfg.PairBar, contentBar)-rounding
}

// rounding is more than sums of log-odds in another order can differ by.
const rounding = 1e-6

// pair compares the account with the other that it has met last.
func (g *Graph) pair(p *pairing) Affinity {
	fit := Affinity{Size: 1}
	colleagues := 0.0 // 1 where both are of one organisation
	for i := range p.links {
		l := &p.links[i]
		fit.add(l.kind, l.ent, g.pairTallies(l.kind, l.ent, l.both, p.has[l.kind]))
		if l.both && affiliation(l.kind) {
			colleagues = 1
		}
	}
	fit.explain(colleagues, 1)
	fit.sum(&g.cfg.Off)
	return fit
}
