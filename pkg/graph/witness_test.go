package graph

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// A program brings its client with it: a client that goes with shared content is no second witness, a
// shared device is. Both contents are two only where the cluster itself is known by two families.
func TestWitnesses(t *testing.T) {
	for _, c := range []struct {
		name      string
		confirmed bool
		comes     []string
		want      int
	}{
		{"prompt", true, []string{"template:t"}, 1},
		{"prompt and client", true, []string{"template:t", "client:c"}, 1},
		{"prompt and device", true, []string{"template:t", "device:d"}, 2},
		{"prompt and card", true, []string{"template:t", "card:1"}, 2},
		{"both contents", true, []string{"template:t", "suffix:s"}, 2},
		{"both contents, of a hypothesis", false, []string{"template:t", "suffix:s"}, 1},
		{"nothing", true, []string{"card:own"}, 0},
		// A framework's prompt and frame, which half of the cluster has and so have many others, are no family.
		{"a framework's contents", true, []string{"template:framework", "suffix:framework"}, 0},
		{"a framework's contents, and a card", true, []string{"template:framework", "suffix:framework", "card:1"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1000)
			for i := range 60 {
				w.tell(fmt.Sprintf("honest%04d", i), "template:framework", "suffix:framework")
			}
			cl := w.put("c-x", "m", 12, func(i int) []string {
				things := []string{"template:t", "suffix:s", "client:c"}
				if i%2 == 0 {
					things = append(things, "template:framework", "suffix:framework")
				}
				if c.confirmed {
					things = append(things, "device:d", fmt.Sprint("card:", i/2))
				}
				return things
			})
			w.settled(cl)
			fit := w.fitOf(cl, c.comes...)
			if got := w.Witnesses(cl, &fit, &fit.Families); got != c.want {
				t.Fatalf("%d witnesses, want %d: %v", got, c.want, fit.Families)
			}
			if c.comes[0] == "template:framework" && (fit.Families[link.FamilyContent] < w.cfg.FamilyBar || fit.content() != 0) {
				t.Fatalf("content says %.2f, what is rare %.2f: the case says nothing", fit.Families[link.FamilyContent], fit.content())
			}
		})
	}
}

// What a member must have to be acted against: a system prompt of the cluster's own, several that are each less typical of it,
// something that is hard to share, or the cluster's own user block where payment or identity speak for the tie as well.
func TestBadge(t *testing.T) {
	const suspends = 2.5 // what the built-in policy asks for
	for _, c := range []struct {
		name  string
		comes []string
		badge bool
	}{
		{"a prompt of all", []string{"template:all"}, true},
		{"a prompt of one in six", []string{"template:0"}, false},
		{"two such", []string{"template:0", "template:1"}, true},
		{"a device of all", []string{"device:all"}, true},
		{"its user block alone", []string{"suffix:all"}, false},
		{"its user block and a little", []string{"suffix:all", "referral:code0"}, false},
		{"its user block and payment", []string{"suffix:all", "card:0", "shape:prepaid"}, true},
		{"its user block and identity", []string{"suffix:all", "mailshape:ab"}, true},
		{"its user block and a little of both", []string{"suffix:all", "referral:code0", "billing:0"}, true},
		// What is not the cluster's own is none, whatever else there is.
		{"a popular user block and payment", []string{"suffix:framework", "shape:prepaid", "mailshape:ab"}, false},
		{"a popular prompt, twice", []string{"template:framework", "template:framework2"}, false},
		{"network", []string{"ip:all"}, false},
		{"payment alone of what is easy to share", []string{"shape:prepaid"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1000)
			for i := range 1000 {
				id := fmt.Sprintf("honest%04d", i)
				w.tell(id, fmt.Sprint("shape:pop", i%9), fmt.Sprint("mailshape:pop", i%20))
				if i < 60 {
					w.tell(id, "template:framework", "template:framework2", "suffix:framework")
				}
			}
			cl := w.settled(w.put("c-x", "m", 24, func(i int) []string {
				return []string{"template:all", fmt.Sprint("template:", i%6), "template:framework", "template:framework2", "suffix:all", "suffix:framework",
					"device:all", fmt.Sprint("card:", i/2), "shape:prepaid", "mailshape:ab", fmt.Sprint("referral:code", i%4),
					fmt.Sprint("billing:", i%6), "ip:all"}
			}))
			fit := w.fitOf(cl, c.comes...)
			if got := fit.Badge() >= suspends; got != c.badge {
				t.Errorf("badge %.2f: %.2f", fit.Badge(), fit.Families)
			}
		})
	}
}

// Independent counts what a cluster's members share, each cause once and the network not at all; a little of each
// of the lesser families is one.
func TestIndependent(t *testing.T) {
	type families = map[link.Family]float64
	const third = littleOfEach / 3
	for _, c := range []struct {
		name string
		own  families
		more []string
		want int
	}{
		{"content", nil, nil, 1},
		{"content and client", nil, []string{"client:c"}, 1},
		{"content and network", families{link.FamilyNetwork: 2}, []string{"ip:one"}, 1},
		{"content and device", nil, []string{"device:d"}, 2},
		{"content and payment", families{link.FamilyPayment: 1.2}, nil, 2},
		{"a little of each", families{link.FamilyPayment: third + 0.05, link.FamilyIdentity: third + 0.05, link.FamilyTiming: third + 0.05}, nil, 2},
		{"less of each", families{link.FamilyPayment: third - 0.05, link.FamilyIdentity: third - 0.05, link.FamilyTiming: third - 0.05}, nil, 1},
		// What speaks for the accounts does not hide what speaks against them, and makes nothing of nothing.
		{"a little, and trust", families{link.FamilyNone: -3, link.FamilyPayment: 1.5*third + 0.05, link.FamilyHistory: 1.5*third + 0.05}, nil, 2},
		{"negative families are no evidence", families{link.FamilyPayment: -3, link.FamilyTiming: 0.9}, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1500)
			cl := w.put("c-x", "m", 10, same(append([]string{"template:t"}, c.more...)...))
			for i := range 10 {
				w.own(fmt.Sprintf("m%02d", i), c.own)
			}
			w.settled(cl)
			if got := w.Independent(cl); got != c.want {
				t.Fatalf("%d, want %d: %.2f", got, c.want, w.Families(cl))
			}
			if got := w.confirmed(cl); got != (c.want >= 2) {
				t.Fatalf("confirmed %v", got)
			}
		})
	}
}

// Whatever is shared, no family says more than its cap, what is rare is never more than what is said, and all
// is a number.
func TestFamiliesAreCapped(t *testing.T) {
	kinds := []string{"ip", "prefix", "asn", "device", "card", "email", "phone", "domain", "org", "key", "referral", "client", "shape", "billing", "template", "suffix"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		things := func(who string) []string {
			var ts []string
			for i := range rapid.IntRange(0, 8).Draw(rt, who) {
				ts = append(ts, fmt.Sprintf("%s:%d", rapid.SampledFrom(kinds).Draw(rt, "kind"), rapid.IntRange(0, 2).Draw(rt, fmt.Sprint("thing", i))))
			}
			return ts
		}
		c := w.put("c-x", "m", rapid.IntRange(1, 12).Draw(rt, "members"), func(int) []string { return things("member") })
		for i := range rapid.IntRange(0, 12).Draw(rt, "others") {
			w.tell(fmt.Sprint("o", i), things("other")...)
		}
		for _, m := range append([]Account{w.Intern("loner", 0)}, w.Members(c)...) {
			fit := w.affinity(m, c)
			total := 0.0
			for f, v := range fit.Families {
				if v > familyCaps[f] || math.IsNaN(v) || math.IsInf(v, 0) {
					rt.Fatalf("%s says %g", link.Family(f), v)
				}
				total += v
			}
			if math.Abs(total-fit.Total) > 1e-9 || math.IsNaN(fit.Match) {
				rt.Fatalf("total %g of %v, match %g", fit.Total, fit.Families, fit.Match)
			}
			if rare := fit.Rare(); rare < 0 || rare > 7.5 {
				rt.Fatalf("rare %g", rare)
			}
			for k := range fit.Kinds {
				s := &fit.Kinds[k]
				if s.seen && (s.Inside < 0 || s.Inside > 1 || s.Outside <= 0 || s.Outside > 1 || s.Capture <= 0 || s.Capture > 1) {
					rt.Fatalf("%s: %+v", link.Kind(k), *s)
				}
			}
		}
	})
}
