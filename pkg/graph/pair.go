package graph

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// pairing compares one account with others in turn, each as if it were a cluster of one. Most of
// them match too little: what their common links are worth at most is known before, and adding
// that up spares the comparison.
type pairing struct {
	links []common               // those of the account's that somebody shares
	kinds []link.Kind            // of these, those that may count
	held  [link.NumAllKinds]bool // scratch: kinds that kinds has
	has   [link.NumAllKinds]bool // kinds that the other has
	tried []Account
	where [1 << whereBits]uint8 // hash table of the entities: one more than the place in links, 0 = none
}

// common is a link of the account, and what it says of a pair that both have it.
type common struct {
	kind  link.Kind
	ent   int32
	both  bool    // the other has it as well
	worth float64 // log-odds
	raw   float64 // the same without a cap
}

// pairs begins to compare a with others.
func (g *Graph) pairs(a Account) *pairing {
	p := &g.pairing
	p.links, p.kinds, p.tried, p.held = p.links[:0], p.kinds[:0], p.tried[:0], [link.NumAllKinds]bool{}
	clear(p.where[:])
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
		l := common{kind: k, ent: e.ent, worth: s.LogOdds, raw: s.raw}
		p.links = append(p.links, l)
		p.note(len(p.links) - 1)
		if f := k.Spec().Family; !p.held[k] && f != link.FamilyNone && !g.cfg.Off[f] {
			p.held[k] = true
			p.kinds = append(p.kinds, k)
		}
	}
	return p
}

// whereBits make the table more than twice as large as an account may have links, and small enough to stay
// in the nearest cache: most links of the others are looked up in vain.
const whereBits = 8

func slot(ent int32) uint8 { return uint8(uint32(ent) * 0x9E3779B1 >> (32 - whereBits)) } //nolint:gosec // a hash

// note enters the i-th of the links into the table.
func (p *pairing) note(i int) {
	s := slot(p.links[i].ent)
	for p.where[s] != 0 {
		s++
	}
	p.where[s] = uint8(i + 1) //nolint:gosec // of maxLinks
}

// link returns the account's link to an entity, nil if it has none.
func (p *pairing) link(ent int32) *common {
	for s := slot(ent); p.where[s] != 0; s++ {
		if l := &p.links[p.where[s]-1]; l.ent == ent {
			return l
		}
	}
	return nil
}

// pairTallies are what a link is scored from in a pair: the other has it, or its kind, or neither.
func (g *Graph) pairTallies(k link.Kind, ent int32, both, has bool) tallies {
	e := &g.entities[ent]
	t := tallies{size: 1, out: float64(e.df) - 1, outside: float64(g.holders[k]) - 1 + smoothing, driven: k.Prompt() && g.driven(e)}
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
	var both [link.NumAllKinds]bool
	var worth, raw [link.NumAllKinds]float64
	for i := range g.accounts[b].edges {
		e := &g.accounts[b].edges[i]
		p.has[e.key.kind] = true
		if e.ent == noEntity {
			continue
		}
		l := p.link(e.ent)
		if l == nil {
			continue
		}
		l.both, both[l.kind] = true, true
		worth[l.kind], raw[l.kind] = max(worth[l.kind], l.worth), max(raw[l.kind], l.raw)
	}
	var fam [link.NumFamilies]float64
	for _, k := range p.kinds {
		switch {
		case both[k]:
			fam[k.Spec().Family] += worth[k]
		case p.has[k]:
			fam[k.Spec().Family] += missed[k]
		}
	}
	content, rest := fam[link.FamilyContent]+rounding, rounding
	for f, v := range fam {
		if link.Family(f) != link.FamilyContent { //nolint:gosec // an index of the families
			rest += min(v, familyCaps[f])
		}
	}
	total := rest + min(content, familyCaps[link.FamilyContent])
	match := rest + max(content, raw[link.KindTemplate]+raw[link.KindSuffix])
	prompts := worth[link.KindTemplate] + worth[link.KindSuffix] + rounding
	return match > floor && (total >= g.cfg.PairBar || prompts >= contentBar && total >= contentBar)
}

// rounding is more than sums of log-odds in another order can differ by.
const rounding = 1e-6

// missed is what it says of a pair, by kind, that the two touch different entities of it.
var missed = func() (odds [link.NumAllKinds]float64) {
	for k := range odds {
		odds[k] = max(math.Log(2.0/3), link.Kind(k).Spec().Floor)
	}
	return odds
}()

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
