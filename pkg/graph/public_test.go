package graph

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// pays says of n accounts, name00 and so on, how each pays and whether it is older than the stream.
func (w *world) pays(name string, n int, how func(i int) Standing) {
	w.t.Helper()
	for i := range n {
		w.SetStanding(w.Intern(fmt.Sprintf(name, i), 0), how(i))
	}
}

// asEverybody is one in ten on light instruments, and half of them older than the stream.
func asEverybody(i int) Standing { return Standing{Payer: true, Light: i%10 == 0, Old: i%2 == 0} }

// asTheCampaign pays by light instruments, nine in ten, and has signed up during the stream.
func asTheCampaign(i int) Standing { return Standing{Payer: true, Light: i%10 != 0} }

// aLittleMoreSo is three in ten: enough to be compared with, and too little to confirm a cluster.
func aLittleMoreSo(i int) Standing { return Standing{Payer: true, Light: i%10 < 3} }

// ofEveryAge has not paid.
func ofEveryAge(i int) Standing { return Standing{Old: i%2 == 0} }

func younger(int) Standing { return Standing{} }

// A campaign that is a large part of the population is rare all the same: those outside its cluster who have its prompt pay
// as its members do and are as young, and are kin. A framework's users are as everybody is, and the public.
func TestKinAreNoPublic(t *testing.T) {
	const outside = 40
	for _, c := range []struct {
		name          string
		hypothesis    bool
		members, have int                  // of the members have the prompt
		inside        func(i int) Standing // of those members
		out           func(i int) Standing // of those outside who have it
		want          bool                 // the prompt is rare
		all           func(i int) Standing // of everybody else; nil is asEverybody
	}{
		{"a campaign's own prompt", false, 40, 40, asTheCampaign, asTheCampaign, true, nil},
		{"a framework's prompt", false, 40, 40, asTheCampaign, asEverybody, false, nil},
		{"half of those outside are kin", false, 40, 40, asTheCampaign, func(i int) Standing {
			if i%2 == 0 {
				return asTheCampaign(i / 2)
			}
			return asEverybody(i / 2)
		}, false, nil},
		// Members who pay as everybody does have no kin.
		{"members as everybody is", false, 40, 40, asEverybody, asTheCampaign, false, nil},
		// One of two that say so is not enough.
		{"those outside are younger, and pay as everybody does", false, 40, 40, asTheCampaign, func(i int) Standing {
			return Standing{Payer: true, Light: i%10 == 0}
		}, false, nil},
		{"those outside pay as the members do, and are of every age", false, 40, 40, asTheCampaign, func(i int) Standing {
			return Standing{Payer: true, Light: i%10 != 0, Old: i%2 == 0}
		}, false, nil},
		{"members are older than everybody, and pay as they do", false, 40, 40, func(i int) Standing {
			return Standing{Payer: true, Light: i%10 == 0, Old: true}
		}, func(i int) Standing { return Standing{Payer: true, Light: i%10 == 0, Old: true} }, false, nil},
		{"members who pay little else than everybody", false, 40, 40, func(i int) Standing {
			return Standing{Payer: true, Light: i%10 < 2, Old: i%2 == 0}
		}, func(i int) Standing { return Standing{Payer: true, Light: true, Old: i%2 == 0} }, false, nil},
		{"a firm, where everybody else is on light instruments", false, 40, 40, asEverybody, asEverybody, false, func(i int) Standing {
			return Standing{Payer: true, Light: i%10 != 0, Old: i%2 == 0}
		}},
		// Where too few have paid, instruments are not compared, and ages are.
		{"nobody has paid, and all are of every age", false, 40, 40, ofEveryAge, ofEveryAge, false, nil},
		{"nobody has paid, and all are younger", false, 40, 40, younger, younger, true, nil},
		{"too few payers outside", false, 40, 40, asTheCampaign, func(i int) Standing {
			return Standing{Payer: i < kinPayers-1, Light: true, Old: i%2 == 0}
		}, false, nil},
		{"too few inside", false, 40, kinPayers - 1, asTheCampaign, asTheCampaign, false, nil},
		// While nothing but content speaks for a cluster, its members count among those who make the prompt common.
		{"a hypothesis", true, 40, 40, aLittleMoreSo, aLittleMoreSo, false, nil},
		{"the same, confirmed", false, 40, 40, aLittleMoreSo, aLittleMoreSo, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(600)
			if c.all == nil {
				c.all = asEverybody
			}
			w.pays("honest%04d", 600, c.all)
			for i := range outside {
				w.tell(fmt.Sprintf("out%02d", i), "template:t")
			}
			w.pays("out%02d", outside, c.out)
			cl := w.put("c-x", "m", c.members, func(i int) []string {
				things := []string{"suffix:s", "template:t"}
				if i >= c.have {
					things[1] = "template:other"
				}
				if !c.hypothesis {
					things = append(things, "device:d", fmt.Sprint("card:", i/2))
				}
				return things
			})
			w.pays("m%02d", c.members, c.inside)
			if w.settled(cl); w.confirmed(cl) == c.hypothesis {
				t.Fatalf("confirmed %v: %v", !c.hypothesis, w.Families(cl))
			}
			fit := w.fitOf(cl, "template:t")
			if got := fit.isRare(link.KindTemplate); got != c.want {
				t.Errorf("rare %v: %+v", got, fit.Kinds[link.KindTemplate])
			}
			check(t, w.Graph)
		})
	}
}

// Of those outside a part between none and all are of the public, the fewer the more of them pay, or are as young, as the members
// do; all are where nothing can be compared, for too few are known inside, outside or elsewhere.
func TestPublicIsAPart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		honest, members, outside := rapid.IntRange(0, 300).Draw(rt, "honest"), rapid.IntRange(0, 40).Draw(rt, "members"), rapid.IntRange(2, 40).Draw(rt, "outside")
		ages := rapid.Bool().Draw(rt, "by age")
		like := func(campaign bool) Standing { // as a campaign's account is, or as others are
			if ages {
				return Standing{Old: !campaign}
			}
			return Standing{Payer: true, Light: campaign}
		}
		part := func(what string) func(int) Standing {
			of := rapid.IntRange(0, 10).Draw(rt, what)
			return func(i int) Standing { return like(i%10 < of) }
		}
		w.crowd(honest)
		w.pays("honest%04d", honest, part("of ten honest ones"))
		cl := w.put("c-x", "m", max(2, members), func(i int) []string {
			if i < members {
				return []string{"template:t"}
			}
			return []string{"template:other"}
		})
		w.pays("m%02d", members, part("of ten members"))
		for i := range outside {
			w.tell(fmt.Sprintf("out%02d", i), "template:t")
		}
		w.pays("out%02d", outside, func(int) Standing { return Standing{Old: ages} })
		e := &w.entities[w.byKey[entityKey{w.names["t"], link.KindTemplate}]]
		last := float64(outside)
		for n := range outside + 1 { // one more of them is as the campaign is
			got, _ := w.public(e, cl, float64(outside))
			if math.IsNaN(got) || got < 0 || got > float64(outside) {
				rt.Fatalf("%g of %d outside are the public", got, outside)
			}
			known := n // of those outside
			if ages {
				known = outside
			}
			if (known < kinPayers || members < kinPayers || honest+2 < leastKnown) && got != float64(outside) {
				rt.Fatalf("%g of %d are the public, and known are %d of them, %d members and %d others", got, outside, known, members, honest)
			}
			if got > last+1e-9 {
				rt.Fatalf("%g of %d are the public, and were %g with fewer that are as the campaign is", got, outside, last)
			}
			if last = got; n < outside {
				w.SetStanding(w.account(fmt.Sprintf("out%02d", n)), like(true))
			}
		}
		check(rt, w.Graph)
	})
}

// The links of suspended accounts outlive the window, those of the public do not: who had the prompt then counts as public
// for as long as they are kept, and no longer than the thing is known.
func TestPastPublic(t *testing.T) {
	build := func(suspended bool, honest int) (w *world, cl Cluster) {
		w = newWorld(t)
		w.crowd(600)
		for i := range honest {
			w.tell(fmt.Sprintf("honest%04d", i), "template:t")
		}
		cl = w.settled(w.put("c-x", "m", 40, func(i int) []string { return append(ringThings("x", i), "template:t") }))
		for i := range 40 {
			w.Keep(w.account(fmt.Sprintf("m%02d", i)), suspended)
		}
		return w, cl
	}
	for _, c := range []struct {
		name      string
		suspended bool
		honest    int
		past      int32
		want      bool // the prompt is rare when the public has gone
	}{
		{"a framework's prompt, whose campaign was suspended", true, 100, 100, false},
		{"a campaign's own", true, 0, 0, true},
		// The members work on: so may the public, and there is nothing to make up for.
		{"nobody was suspended", false, 100, 100, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, cl := build(c.suspended, c.honest)
			w.now += 10 * link.PaneMS
			w.crowd(600) // which does not use the prompt any more
			if !c.suspended {
				for i := range 40 {
					w.tell(fmt.Sprintf("m%02d", i), append(ringThings("x", i), "template:t")...)
				}
			}
			w.now += 6 * link.PaneMS
			w.Expire(w.now)
			e := &w.entities[w.byKey[entityKey{w.names["t"], link.KindTemplate}]]
			if e.past != c.past || e.df != 40 {
				t.Fatalf("%d had it, want %d; %d have it", e.past, c.past, e.df)
			}
			w.settled(cl)
			fit := w.fitOf(cl, "template:t")
			if got := fit.isRare(link.KindTemplate); got != c.want {
				t.Errorf("rare %v: %+v", got, fit.Kinds[link.KindTemplate])
			}
		})
	}
	// When the suspended accounts' links expire too the thing is forgotten, and nobody had it who has it then.
	w, _ := build(true, 30)
	for range 90 {
		w.now += link.PaneMS
		w.Expire(w.now)
	}
	for _, id := range []string{"x", "y"} {
		w.tell(id, "template:t")
	}
	if e := &w.entities[w.byKey[entityKey{w.names["t"], link.KindTemplate}]]; e.past != 0 || e.df != 2 {
		t.Errorf("%d had it, %d have it", e.past, e.df)
	}
	check(t, w.Graph)
}

// In a small population strangers too few for their makeup to tell who they are are no public, where the members are so many more.
func TestFewStrangers(t *testing.T) {
	for _, c := range []struct {
		name             string
		members, outside int
		want             bool // the prompt is rare
	}{
		{"ten beside forty members", 40, 10, true},
		{"ten beside twelve", 12, 10, false},
		{"twenty beside forty, as everybody is", 40, 20, false},
	} {
		w := newWorld(t)
		w.crowd(600)
		w.pays("honest%04d", 600, asEverybody)
		for i := range c.outside {
			w.tell(fmt.Sprintf("out%02d", i), "template:t")
		}
		w.pays("out%02d", c.outside, asEverybody)
		cl := w.put("c-x", "m", c.members, func(i int) []string {
			return []string{"suffix:s", "template:t", "device:d", fmt.Sprint("card:", i/2)}
		})
		w.pays("m%02d", c.members, asTheCampaign)
		fit := w.fitOf(w.settled(cl), "template:t")
		if got := fit.isRare(link.KindTemplate); got != c.want {
			t.Errorf("%s: rare is %v, %+v", c.name, got, fit.Kinds[link.KindTemplate])
		}
	}
}
