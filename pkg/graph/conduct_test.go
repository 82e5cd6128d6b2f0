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
// that of the members with each content; that of all who touch
// a content, and who those are of them that are not suspended.
func checkHabits(t rapid.TB, g *Graph) {
	t.Helper()
	type part struct {
		content entityKey
		cluster Cluster
	}
	var population habits
	whole, free, parts := map[Cluster]*habits{}, map[Cluster]*habits{}, map[part]*habits{}
	users, frees := map[entityKey]*makeup{}, map[part]makeup{} // of a content, and in a cluster: not suspended
	crowds := map[entityKey]*habits{}                          // of a content, suspended or not
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
	count := func(to *makeup, x *habit) {
		var h habits
		add(&h, x)
		*to = makeup{to.n + 1, to.payers + h.payers, to.light + h.light, to.old + h.old}
	}
	for i := range g.accounts {
		acc := &g.accounts[i]
		if !acc.keep {
			add(&population, &acc.habit)
		}
		for _, e := range acc.edges {
			if users[e.key] == nil {
				users[e.key], crowds[e.key] = &makeup{}, &habits{}
			}
			add(crowds[e.key], &acc.habit)
			if !acc.keep {
				count(users[e.key], &acc.habit)
			}
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
				if !acc.keep {
					m := frees[p]
					count(&m, &acc.habit)
					frees[p] = m
				}
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
		if u := users[e.key]; e.key.kind.Prompt() && u != nil && e.makeup != *u {
			t.Fatalf("%v: those who touch it and are not suspended are %+v, accounts say %+v", e.key, e.makeup, *u)
		}
		if e.df > 0 && e.key.kind.Prompt() {
			near(fmt.Sprint("all who touch ", e.key), &e.crowd, crowds[e.key])
		}
		for j := range e.others {
			p := part{e.key, e.clusters[j].cluster}
			near(fmt.Sprint(e.key, " of cluster ", e.clusters[j].cluster), &e.others[j].habits, parts[p])
			if want := frees[p]; e.others[j].free != want {
				t.Fatalf("%v of cluster %d: not suspended are %+v, accounts say %+v", e.key, e.clusters[j].cluster, e.others[j].free, want)
			}
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
		{"two", 2, func(int) uint64 { return 64 }, func(int) bool { return true }, ofTwo(BusyCap), ofTwo(ConductCap), ofTwo(ConductCap)},
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

// ofTwo: two of whom it is known count for a fifth.
func ofTwo(limit float64) func(float64) bool {
	return func(x float64) bool { return math.Abs(x) <= limit*2/(2+conductHalf)+1e-9 }
}

// paced is a population of others with 1, 2, 4 or 8 exchanges a day, and a cluster whose members have what members says; 0
// is an account of which no rate is known.
func paced(t *testing.T, others, members int, exchanges func(i int) uint64) (*world, Cluster) {
	w := newWorld(t)
	use := func(id string, n uint64) {
		for day := range int64(2) {
			if n > 0 {
				w.Observe(&link.Fact{Account: id, Kind: link.KindVolume, Stream: event.StreamRequest, Pane: link.Pane(w.now) + uint32(day),
					First: w.now, Last: w.now, Count: n})
			}
		}
	}
	for i := range others {
		use(fmt.Sprint("other", i), 1<<(i%4))
	}
	cl := w.put("c-x", "m", members, same("template:lure"))
	for i := range members {
		use(fmt.Sprintf("m%02d", i), exchanges(i))
	}
	return w, cl
}

// How far a cluster's rates are above everybody else's, of which chance gives some: 0 where too little is known.
func TestAbove(t *testing.T) {
	for _, c := range []struct {
		name            string
		others, members int
		exchanges       uint64
		least, most     float64
	}{
		// The others' mean is 1.5 doublings, 64 is six: 3.1 e-folds, less what chance gives.
		{"a busy cluster", 400, 36, 64, 2.9, 3.1},
		{"as busy, and few: chance gives more", 400, 4, 64, 2.6, 2.8},
		{"at everybody's pace", 400, 36, 3, -0.2, 0},
		{"idle", 400, 36, 1, -1.3, -1.1},
		{"one account", 400, 1, 64, 0, 0},
		{"too few others", leastKnown - 1, 36, 64, 0, 0},
	} {
		w, cl := paced(t, c.others, c.members, func(int) uint64 { return c.exchanges })
		if got := w.Conduct(cl).Above; got < c.least || got > c.most {
			t.Errorf("%s: %.2f e-folds above, want %.2f to %.2f", c.name, got, c.least, c.most)
		}
	}
}

// An account's rate speaks for its cluster where it is the cluster's and not everybody's, and against it the other way
// round; where either is not known it says nothing, and it never says more than LikenessCap.
func TestLikeness(t *testing.T) {
	const others = 4 * leastKnown
	busy := func(n uint64) func(int) uint64 { // the account in question is m00
		return func(i int) uint64 {
			if i == 0 {
				return n
			}
			return []uint64{32, 64, 128}[i%3]
		}
	}
	for _, c := range []struct {
		name            string
		others, members int
		exchanges       func(i int) uint64
		least, most     float64
	}{
		{"at the campaign's pace", others, 24, busy(64), 0.5, LikenessCap},
		{"at everybody's", others, 24, busy(2), -LikenessCap, -0.5},
		{"faster than the campaign: nobody else is", others, 24, busy(160), 0.1, LikenessCap},
		{"no rate of its own", others, 24, busy(0), 0, 0},
		// The members' pace is everybody's, and so is the account's.
		{"a cluster of everybody's pace", others, 24, func(i int) uint64 { return 1 << (i % 4) }, -0.2, 0.2},
		// The account itself is none of those that it is compared with.
		{"too few members whose rate is known", others, likenessLeast, busy(64), 0, 0},
		{"enough", others, likenessLeast + 1, busy(64), 0.1, LikenessCap},
		{"too few others", leastKnown - 1, 24, busy(64), 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := paced(t, c.others, c.members, c.exchanges)
			a := w.account("m00")
			if got := w.Likeness(a); got < c.least || got > c.most {
				t.Errorf("%.2f, want %.2f to %.2f", got, c.least, c.most)
			}
			if w.Likeness(w.account("other0")) != 0 {
				t.Error("an account of no cluster is like one")
			}
			w.cfg.Off[link.FamilyHistory] = true
			if got := w.Likeness(a); got != 0 {
				t.Errorf("%.2f where rates are left out", got)
			}
		})
	}
	// Everybody else has one exchange a day and the members a million: no evidence is worth more than the cap.
	w := newWorld(t)
	for i := range others {
		w.setHabit(w.Intern(fmt.Sprint("other", i), 0), habit{rated: true, rate: float32(i%2) / 100})
	}
	w.put("c-x", "m", 40, same("template:lure"))
	for i := range 40 {
		w.setHabit(w.account(fmt.Sprintf("m%02d", i)), habit{rated: true, rate: 14})
	}
	w.setHabit(w.account("m01"), habit{rated: true})
	if like, unlike := w.Likeness(w.account("m00")), w.Likeness(w.account("m01")); like != LikenessCap || unlike != -LikenessCap {
		t.Errorf("%g for and %g against, want %g", like, unlike, LikenessCap)
	}
	check(t, w.Graph)
}

// Whatever the rates are, a likeness is a number within its cap, and does not depend on what the account itself adds to
// its cluster.
func TestLikenessIsBounded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		rate := rapid.Float32Range(-3, 14)
		pace := rapid.SliceOfN(rate, 1, 6).Draw(rt, "others")
		for i := range leastKnown + 10 {
			w.setHabit(w.Intern(fmt.Sprint("other", i), 0), habit{rated: true, rate: pace[i%len(pace)]})
		}
		n := rapid.IntRange(1, 12).Draw(rt, "members")
		w.put("c-x", "m", n, same("template:lure"))
		for i := range n {
			w.setHabit(w.account(fmt.Sprintf("m%02d", i)), habit{rated: rapid.Bool().Draw(rt, "rated"), rate: rate.Draw(rt, "rate")})
		}
		a := w.account("m00")
		got := w.Likeness(a)
		if math.IsNaN(got) || math.Abs(got) > LikenessCap || got != 0 && !w.accounts[a].habit.rated {
			rt.Fatalf("likeness %g of %+v", got, w.accounts[a].habit)
		}
		w.Keep(a, true) // it is of the cluster all the same, and was of no part of everybody else
		if kept := w.Likeness(a); math.Abs(kept-got) > 1e-6 {
			rt.Fatalf("likeness %g, %g where it is suspended", got, kept)
		}
	})
}

// What a suspended account still sends is no conduct; what it had sent before counts where a former life suspended it, and its
// facts come afterwards.
func TestVolumeOfTheSuspended(t *testing.T) {
	day := func(n int64) int64 { return (20_000 + n) * link.PaneMS }
	fact := func(n int64, count uint64) *link.Fact {
		return &link.Fact{Account: "a", Stream: event.StreamRequest, Kind: link.KindVolume, First: day(n), Last: day(n) + 1000, Pane: link.Pane(day(n)), Count: count}
	}
	for _, c := range []struct {
		name string
		keep func(g *Graph, a Account)
		want float64 // exchanges a day
	}{
		{"not suspended", func(*Graph, Account) {}, 16},
		{"suspended", func(g *Graph, a Account) { g.Keep(a, true) }, 0},
		{"suspended by a former life after its first day", func(g *Graph, a Account) { g.KeepSince(a, day(1)) }, 8},
	} {
		g := New(DefaultConfig())
		a := g.Intern("a", 0)
		c.keep(g, a)
		g.Observe(fact(0, 8))
		g.Observe(fact(1, 24))
		if got := g.Rate(a); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s: %g exchanges a day, want %g", c.name, got, c.want)
		}
	}
}

// Many who are as alike as no people are, are so whatever their pace; a few may be by chance.
func TestTellingEvenness(t *testing.T) {
	group := func(n int, mean, deviation float64) (h habits) {
		for i := range n {
			h.add(&habit{rated: true, rate: float32(mean + deviation*float64(1-2*(i%2)))}, 1)
		}
		return h
	}
	everybody := group(2000, 1, 1.2)
	for _, c := range []struct {
		name string
		of   habits
		want bool
	}{
		{"many, slow and alike", group(300, 0, 0.3), true},
		{"many, slow and a little alike", group(300, 0, 0.8), false},
		{"few, slow and alike", group(drivenUsers-1, 0, 0.3), false},
	} {
		got := c.of.conduct(&everybody)
		if c.want != (got.Busy == 0 && got.Even > ConductCap) || c.want == (got.Busy < 0 && got.Even <= ConductCap) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
