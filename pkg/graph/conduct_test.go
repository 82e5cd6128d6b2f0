package graph

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// checkHabits adds up anew what accounts do: everybody's who is not suspended, each cluster's, and
// that of the members with each content.
func checkHabits(t rapid.TB, g *Graph) {
	t.Helper()
	type part struct {
		content entityKey
		cluster Cluster
	}
	var population habits
	whole, free, parts := map[Cluster]*habits{}, map[Cluster]*habits{}, map[part]*habits{}
	add := func(to *habits, x *habit) {
		if x.rated {
			to.rated, to.sum, to.sq = to.rated+1, to.sum+float64(x.rate), to.sq+float64(x.rate)*float64(x.rate)
		}
		if x.payer {
			to.payers++
		}
		if x.payer && x.light {
			to.light++
		}
		if x.old {
			to.old++
		}
	}
	for i := range g.accounts {
		acc := &g.accounts[i]
		if !acc.keep {
			add(&population, &acc.habit)
		}
		c := acc.cluster
		if c == NoCluster {
			continue
		}
		if whole[c] == nil {
			whole[c], free[c] = &habits{}, &habits{}
		}
		add(whole[c], &acc.habit)
		if !acc.keep {
			add(free[c], &acc.habit)
		}
		for _, e := range acc.edges {
			if p := (part{e.key, c}); e.ent != noEntity && e.key.kind.Prompt() {
				if parts[p] == nil {
					parts[p] = &habits{}
				}
				add(parts[p], &acc.habit)
			}
		}
	}
	near := func(what string, got, want *habits) {
		if want == nil {
			want = &habits{}
		}
		if got.rated != want.rated || got.payers != want.payers || got.light != want.light || got.old != want.old ||
			math.Abs(got.sum-want.sum) > 1e-6 || math.Abs(got.sq-want.sq) > 1e-6 {
			t.Fatalf("%s: %+v, accounts say %+v", what, *got, *want)
		}
	}
	near("population", &g.population, &population)
	for c := range g.clusters {
		near(fmt.Sprint("cluster ", c), &g.clusters[c].habits, whole[Cluster(c)])
		if got, want := g.light(Cluster(c)), g.Conduct(Cluster(c)).Light; got != want {
			t.Fatalf("cluster %d: its light instruments say %g in its means, and %g in its conduct", c, got, want)
		}
		near(fmt.Sprint("not suspended of cluster ", c), &g.clusters[c].free, free[Cluster(c)])
	}
	for i := range g.entities {
		e := &g.entities[i]
		if e.key.kind.Prompt() != (len(e.others) > 0) && len(e.clusters) > 0 || len(e.others) > 0 && len(e.others) != len(e.clusters) {
			t.Fatalf("%v: %d tallies, beside them %d", e.key, len(e.clusters), len(e.others))
		}
		for j := range e.others {
			near(fmt.Sprint(e.key, " of cluster ", e.clusters[j].cluster), &e.others[j].habits, parts[part{e.key, e.clusters[j].cluster}])
		}
	}
}

// The counts of days add up, whatever is repeated; what comes late from an earlier day is left out.
func TestVolume(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts [][2]uint64 // pane and count
		rate  float64     // exchanges a day
		known bool
	}{
		{"one exchange says nothing", [][2]uint64{{10, 1}}, 1, false},
		{"three of a first day neither", [][2]uint64{{10, 2}}, 2, false},
		{"four do", [][2]uint64{{10, 1}, {10, 2}, {10, 4}}, 4, true},
		{"and one that came again", [][2]uint64{{10, 1}, {13, 1}}, 0.5, true},
		{"days add up", [][2]uint64{{10, 8}, {11, 4}, {11, 16}}, 12, true},
		{"a repeat changes nothing", [][2]uint64{{10, 8}, {11, 16}, {11, 4}, {11, 16}}, 12, true},
		{"of an earlier day neither", [][2]uint64{{10, 8}, {11, 16}, {10, 64}}, 12, true},
	} {
		var v volume
		for _, f := range c.facts {
			v.observe(uint32(f[0]), f[1])
		}
		if rate, known := v.rate(); known != c.known || math.Abs(math.Exp(float64(rate))-c.rate) > 1e-4 {
			t.Errorf("%s: %.3f a day, known %v; want %.3f, %v", c.name, math.Exp(float64(rate)), known, c.rate, c.known)
		}
	}
}

// What a cluster's rates and instruments say beside those of 400 others, who have 1, 2, 4 or 8 exchanges a
// day, one in eight of whom pays by a virtual card.
func TestConduct(t *testing.T) {
	for _, c := range []struct {
		name      string
		members   int
		exchanges func(i int) uint64
		light     func(i int) bool
		busy      func(float64) bool
		even      func(float64) bool
		lightOK   func(float64) bool
	}{
		// Fifty accounts with sixty-four a day each, half of them on virtual cards.
		{"a dispatcher's", 50, func(int) uint64 { return 64 }, func(i int) bool { return i%2 == 0 }, above(1), above(1), above(0.8)},
		// A program's users are as everybody is.
		{"a program's users", 48, func(i int) uint64 { return 1 << (i % 4) }, func(i int) bool { return i%8 == 0 }, below(0), below(0), zero},
		// A quiet team: all little, all alike.
		{"a quiet team", 20, func(int) uint64 { return 2 }, func(int) bool { return false }, below(-0.4), above(0.4), below(-0.2)},
		// A campaign with a few customers who use its relay once a month is uneven, and hardly less busy.
		{"a relay with customers", 40, func(i int) uint64 { return 64 >> (6 * (i / 36)) }, func(i int) bool { return i < 36 }, above(0.9), above(-0.31), above(0.9)},
		// Two accounts are a coincidence.
		{"two", 2, func(int) uint64 { return 64 }, func(int) bool { return true }, within2, within2, within2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			use := func(id string, n uint64, light bool) {
				for day := range int64(2) {
					w.Observe(&link.Fact{Account: id, Kind: link.KindVolume, Stream: event.StreamRequest, Pane: link.Pane(w.now) + uint32(day),
						First: w.now, Last: w.now, Count: n})
				}
				w.SetStanding(w.account(id), Standing{Payer: true, Light: light})
			}
			for i := range 400 {
				use(fmt.Sprint("other", i), 1<<(i%4), i%8 == 0)
			}
			cl := w.put("c-x", "m", c.members, same("template:lure"))
			for i := range c.members {
				use(fmt.Sprintf("m%02d", i), c.exchanges(i), c.light(i))
			}
			got := w.Conduct(cl)
			if !c.busy(got.Busy) || !c.even(got.Even) || !c.lightOK(got.Light) {
				t.Errorf("%+v", got)
			}
			if got != w.conductOf(&w.entities[w.accounts[w.account("m00")].edges[0].ent].other(cl).habits, cl) {
				t.Error("members that share the one prompt behave otherwise than all")
			}
			// Suspended, an account is part of the conduct that condemned it, and no more of the population.
			before := w.population.rated
			w.Keep(w.account("m00"), true)
			w.Observe(&link.Fact{Account: "m00", Kind: link.KindVolume, Stream: event.StreamRequest, Pane: link.Pane(w.now) + 2, First: w.now, Last: w.now, Count: 4096})
			if after := w.Conduct(cl); after != got || w.population.rated != before-1 {
				t.Errorf("then %+v, population %d of %d", after, w.population.rated, before)
			}
			check(t, w.Graph)
		})
	}
}

func above(v float64) func(float64) bool { return func(x float64) bool { return x >= v } }
func below(v float64) func(float64) bool { return func(x float64) bool { return x <= v } }
func zero(x float64) bool                { return math.Abs(x) < 0.05 }
func within2(x float64) bool             { return math.Abs(x) <= ConductCap/5+1e-9 }
