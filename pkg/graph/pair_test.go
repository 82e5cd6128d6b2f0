package graph

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// What spares a comparison is never wrong: a pair that meet gives up would not have been founded, a
// cluster that candidate gives up would not have been joined.
func TestWhatIsNotComparedDoesNotFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(DefaultConfig())
		g.cfg.Off[rapid.SampledFrom([]link.Family{link.FamilyNone, link.FamilyContent, link.FamilyDevice, link.FamilyTiming}).Draw(t, "off")] = true
		for range rapid.IntRange(20, 120).Draw(t, "facts") {
			f := drawFact(t, 8, testStart, testStart+link.PaneMS)
			a, tied := g.Observe(&f)
			g.SetTraits(a, []Trait{{link.TraitHours, rapid.Uint64Range(1, 3).Draw(t, "hours")}, {link.TraitTask, rapid.Uint64Range(1, 3).Draw(t, "task")}})
			if rapid.Bool().Draw(t, "placed") {
				g.Place(a, f.Last, tied)
			}
		}
		floor := rapid.Float64Range(0, 12).Draw(t, "floor")
		for i := range g.accounts {
			a := Account(i)
			p := g.pairs(a)
			for j := range g.accounts {
				if b := Account(j); a != b && !g.meet(p, b, floor) {
					if fit := g.pair(p); fit.Match > floor && g.fits(NoCluster, &fit, g.cfg.PairBar, 1) {
						t.Fatalf("%s and %s are not compared, and match by %.3f of %.3f, %.3f in all", g.ID(a), g.ID(b), fit.Match, floor, fit.Total)
					}
				}
			}
			for c := range g.Clusters() {
				var fit Affinity
				if g.candidate(a, c, &fit) {
					continue
				}
				if fit = g.affinity(a, c); g.fits(c, &fit, g.joinBar(fit.Size), bridgePart) {
					t.Fatalf("%s is not compared with cluster %d, and fits", g.ID(a), c)
				}
			}
		}
	})
}

// The table of an account's links finds each, and nothing else, however many there are.
func TestPairingFindsLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pairing
		ents := rapid.SliceOfNDistinct(rapid.Int32Range(0, 1<<20), 1, maxLinks, rapid.ID).Draw(t, "entities")
		for i, ent := range ents {
			p.links = append(p.links, common{ent: ent})
			p.note(i)
		}
		for i, ent := range ents {
			if l := p.link(ent); l != &p.links[i] {
				t.Fatalf("link %d, to entity %d, is found as %+v", i, ent, l)
			}
		}
		for range 20 {
			other := rapid.Int32Range(0, 1<<20).Draw(t, "other")
			if l := p.link(other); (l != nil) != slices.Contains(ents, other) {
				t.Fatalf("entity %d is found as %+v among %v", other, l, ents)
			}
		}
	})
}
