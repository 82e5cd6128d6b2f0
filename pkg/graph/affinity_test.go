package graph

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// put makes n members of a named cluster that touch what things says, whether they belong there or not.
func (w *world) put(cluster, name string, n int, things func(i int) []string) Cluster {
	w.t.Helper()
	c := NoCluster
	for i := range n {
		id := fmt.Sprintf("%s%02d", name, i)
		a := w.Restore(cluster, id, 0, w.now)
		w.tell(id, things(i)...)
		c = w.ClusterOf(a)
	}
	return c
}

// settled brings the sums of a cluster up to date without anybody moving.
func (w *world) settled(c Cluster) Cluster {
	for range 2 { // what some say changes how typical others are
		for _, m := range w.Members(c) {
			fit := w.affinity(m, c)
			w.settle(m, &fit)
		}
	}
	check(w.t, w.Graph)
	return c
}

// own says what an account's windows say.
func (w *world) own(id string, fam map[link.Family]float64) {
	var own [link.NumFamilies]float64
	for f, v := range fam {
		own[f] = v
	}
	w.SetOwn(w.account(id), own, own[link.FamilyNone] < -3.6)
}

// fitOf compares a newcomer that touches things with a cluster.
func (w *world) fitOf(c Cluster, things ...string) Affinity {
	w.tell("newcomer", things...)
	return w.affinity(w.account("newcomer"), c)
}

func same(things ...string) func(int) []string { return func(int) []string { return things } }

// What a newcomer's thing is worth beside a cluster, by what the cluster is.
func TestWhatAShareIsWorth(t *testing.T) {
	own := func(kind string, i int) string { return fmt.Sprintf("%s:own-%s-%d", kind, kind, i) }
	for _, c := range []struct {
		name    string
		members int
		things  func(i int) []string
		comes   []string
		kind    link.Kind
		least   float64
		most    float64
	}{
		// Half of the members come through a gateway that sends no client: they say nothing about clients.
		{"missing fields say nothing", 10, func(i int) []string {
			if i%2 == 0 {
				return []string{"template:t"}
			}
			return []string{"template:t", "client:c"}
		}, []string{"template:t", "client:c"}, link.KindClient, 1.2, 3},
		// Half of the members have another client: that is something else.
		{"who has another client has it", 10, func(i int) []string { return []string{"template:t", fmt.Sprint("client:c", i%2)} },
			[]string{"template:t", "client:pop1"}, link.KindClient, -0.5, -0.1},
		// Twenty accounts of which four pay with one card: one firm's bill.
		{"one bill", 20, func(i int) []string {
			if i < 4 {
				return []string{"template:t", "card:firm"}
			}
			return []string{"template:t", own("card", i)}
		}, []string{"card:firm"}, link.KindInstrument, 0, oneBill},
		// Two shared cards are two firms.
		{"two bills", 20, func(i int) []string { return []string{"template:t", fmt.Sprint("card:firm", i%2)} },
			[]string{"card:firm0"}, link.KindInstrument, 0, oneBill},
		// Ten cards with two accounts each are a campaign's.
		{"many cards", 20, func(i int) []string { return []string{"template:t", fmt.Sprint("card:", i/2)} },
			[]string{"card:0"}, link.KindInstrument, 1, 3.5},
		// The same of a billing address.
		{"one address of billing", 20, same("template:t", "billing:office"), []string{"billing:office"}, link.KindBilling, 0, oneBill},
		// Cards of one shape where all have one card: one card.
		{"one card's shape", 20, same("template:t", "card:one", "shape:prepaid"), []string{"card:one", "shape:prepaid"}, link.KindCardShape, 0, oneBill},
		// Cards of one shape where everybody has a card of their own.
		{"many cards of one shape", 20, func(i int) []string { return []string{"template:t", own("card", i), "shape:prepaid"} },
			[]string{"card:mine", "shape:prepaid"}, link.KindCardShape, 1, 2},
		// All came by one code: that they came from one address is no news, nor is the code.
		{"event: address", 20, same("template:t", "referral:meetup", "ip:hall"), []string{"referral:meetup", "ip:hall"}, link.KindIP, 0, 0},
		{"event: code", 20, same("template:t", "referral:meetup", "ip:hall"), []string{"referral:meetup", "ip:hall"}, link.KindReferral, 0, 0},
		{"event: mail", 20, same("template:t", "referral:meetup", "mailshape:ab"), []string{"referral:meetup", "mailshape:ab"}, link.KindDomainShape, 0, 0},
		// What an event does not explain: a device.
		{"event: device", 20, same("template:t", "referral:meetup", "device:d"), []string{"referral:meetup", "device:d"}, link.KindDevice, 1, 3},
		// One in four came by the code: no event.
		{"no event", 20, func(i int) []string {
			if i%4 == 0 {
				return []string{"ip:hall", "referral:meetup"}
			}
			return []string{"ip:hall", own("referral", i)}
		}, []string{"referral:meetup", "ip:hall"}, link.KindIP, 1, 2},
		// A firm's one card and address, in a cluster that is the firm.
		{"organisation: card", 20, func(i int) []string { return []string{"template:t", "org:firm", fmt.Sprint("card:firm", i/7)} },
			[]string{"org:firm", "card:firm0"}, link.KindInstrument, 1, 3.5},
		{"organisation: address", 20, same("template:t", "org:firm", "ip:office"), []string{"org:firm", "ip:office"}, link.KindIP, 0, 0},
		// A team of eight with one bill that is known by nothing else: its address and its clients are its own.
		{"team: address", 8, same("template:t", "card:team", "ip:home"), []string{"card:team", "ip:home"}, link.KindIP, 0, 0},
		{"team: client", 8, same("template:t", "card:team", "client:cli"), []string{"card:team", "client:cli"}, link.KindClient, 0, 0},
		// A thing that two members of thirty touch says little where it is easy to share, and something where it is hard.
		{"a soft thing of few", 30, func(i int) []string { return []string{fmt.Sprint("ip:", i/2)} }, []string{"ip:0"}, link.KindIP, 0, 1.4},
		{"a device of few", 30, func(i int) []string { return []string{fmt.Sprint("device:", i/2)} }, []string{"device:0"}, link.KindDevice, hardInside * 2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1000)
			for i := range 600 { // people who have clients, cards' shapes and codes
				w.tell(fmt.Sprintf("honest%04d", i), fmt.Sprint("client:pop", i%9), fmt.Sprint("shape:pop", i%9), fmt.Sprint("referral:pop", i%50), fmt.Sprint("mailshape:pop", i%20))
			}
			cl := w.put("c-x", "m", c.members, c.things)
			fit := w.fitOf(cl, c.comes...)
			check(t, w.Graph)
			s := fit.Kinds[c.kind]
			if !s.seen || s.LogOdds < c.least || s.LogOdds > c.most {
				t.Fatalf("%s is worth %.2f (inside %.2f, outside %.4f), want %.2f to %.2f", c.kind, s.LogOdds, s.Inside, s.Outside, c.least, c.most)
			}
		})
	}
}

// Who touches nothing of a kind changes nothing that the kind says: neither members nor strangers.
func TestMissingFieldsSayNothing(t *testing.T) {
	build := func(silentIn, silentOut int) Share {
		w := newWorld(t)
		c := w.put("c-x", "m", 10, func(i int) []string { return []string{fmt.Sprint("template:t", i%3), "ip:one"} })
		w.put("c-x", "silent", silentIn, same("ip:one"))
		for i := range 40 {
			w.tell(fmt.Sprint("other", i), fmt.Sprint("template:other", i))
		}
		for i := range silentOut {
			w.tell(fmt.Sprint("quiet", i), fmt.Sprint("ip:quiet", i))
		}
		fit := w.fitOf(c, "template:t0")
		return fit.Kinds[link.KindTemplate]
	}
	want := build(0, 0)
	rapid.Check(t, func(rt *rapid.T) {
		got := build(rapid.IntRange(0, 12).Draw(rt, "members"), rapid.IntRange(0, 30).Draw(rt, "strangers"))
		if got.LogOdds != want.LogOdds || got.Inside != want.Inside || got.Outside != want.Outside || got.Capture != want.Capture {
			rt.Fatalf("%+v, without them %+v", got, want)
		}
	})
	w := newWorld(t)
	c := w.put("c-x", "m", 10, same("client:c", "template:t"))
	if fit := w.fitOf(c, "template:t"); fit.Kinds[link.KindClient].seen || fit.Families[link.FamilyDevice] != 0 {
		t.Fatalf("an account without a client is judged by it: %+v", fit.Kinds[link.KindClient])
	}
}

// The more strangers know a prompt, the less it says, and from one in a hundred of everybody it ties nobody to a
// cluster for which nothing but content speaks.
func TestPopularContentIsNotRare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		c := w.put("c-x", "m", 6, same("template:t"))
		crowd, users := rapid.IntRange(100, 900).Draw(rt, "crowd"), rapid.IntRange(0, 40).Draw(rt, "users")
		for i := range crowd {
			thing := fmt.Sprint("template:own", i)
			if i < users {
				thing = "template:t"
			}
			w.tell(fmt.Sprint("h", i), thing)
		}
		fit := w.fitOf(c, "template:t")
		share := float64(6+users+1) / float64(6+crowd+smoothing+1) // with the newcomer
		s := fit.Kinds[link.KindTemplate]
		if rare := fit.Rare() > 0; rare != (share <= commonProgram) {
			rt.Fatalf("%d of %d know it, %.4f: rare %v", 6+users, 6+crowd, share, rare)
		}
		if share > commonProgram && (s.LogOdds > commonContent || fit.typical(1)) {
			rt.Fatalf("a prompt that %.4f have is worth %.2f", share, s.LogOdds)
		}
		a := w.account("newcomer")
		w.Place(a, w.now, true)
		if share > commonProgram && w.ClusterOf(a) != NoCluster {
			rt.Fatal("it ties all the same")
		}
	})
}

// What a campaign has is rare where hardly a stranger has it, whether all of its cluster has it or not; where strangers have
// it of whom nothing says that they are the campaign's own, it is not, however many of those who have it are members.
func TestRareOutside(t *testing.T) {
	for _, c := range []struct {
		name                string
		confirmed           bool
		outside, inside, of int // strangers who have the prompt; members who do, of how many
		want                bool
	}{
		{"strangers have it", true, 30, 60, 60, false},
		{"a hypothesis makes the prompt common itself", false, 30, 60, 60, false},
		{"most by far who have it are strangers", true, 290, 60, 60, false},
		{"few of its members have it", true, 20, 20, 60, false},
		{"but what hardly a stranger has is rare", true, 0, 20, 60, true},
		{"and two strangers are hardly any", true, 2, 60, 60, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(300)
			for i := range c.outside {
				w.tell(fmt.Sprintf("honest%04d", i), "template:t")
			}
			cl := w.put("c-x", "m", c.of, func(i int) []string {
				things := []string{"suffix:s", fmt.Sprint("template:own", i)}
				if i < c.inside {
					things[1] = "template:t"
				}
				if c.confirmed {
					things = append(things, "device:d", fmt.Sprint("card:", i/2))
				}
				return things
			})
			w.settled(cl)
			if w.confirmed(cl) != c.confirmed {
				t.Fatalf("confirmed %v: %v", w.confirmed(cl), w.Families(cl))
			}
			fit := w.fitOf(cl, "template:t")
			if got := fit.isRare(link.KindTemplate); got != c.want {
				t.Fatalf("rare %v: %+v", got, fit.Kinds[link.KindTemplate])
			}
		})
	}
}

// By content alone an account joins only what is typical: a majority's of a hypothesis, a third's of a confirmed cluster.
func TestTypical(t *testing.T) {
	for share := 1; share <= 10; share++ {
		for _, confirmed := range []bool{false, true} {
			w := newWorld(t)
			w.crowd(1000)
			c := w.put("c-x", "m", 10, func(i int) []string {
				things := []string{fmt.Sprint("template:t", i), "suffix:all"}
				if i < share {
					things[0] = "template:t"
				}
				if confirmed {
					things = append(things, "device:d", fmt.Sprint("card:", i/2))
				}
				return things
			})
			w.settled(c)
			if w.confirmed(c) != confirmed {
				t.Fatalf("confirmed %v", w.confirmed(c))
			}
			w.tell("newcomer", "template:t")
			w.place("newcomer")
			want := share >= 5 || confirmed && share >= 4
			if got := w.clusterOf("newcomer") == "c-x"; got != want {
				t.Errorf("%d of 10 have its prompt, confirmed %v: joins %v", share, confirmed, got)
			}
		}
	}
}

// A prompt of a firm may be copied: whoever has it is not of the firm, a colleague is.
func TestCopiedPrompt(t *testing.T) {
	for _, kind := range []string{"domain", "org", "sso"} {
		w := newWorld(t)
		w.crowd(2000)
		w.group("m", 12, func(i int) []string { return []string{"template:t", "suffix:s", kind + ":firm", fmt.Sprint("ip:", i)} })
		c := w.together("m", 12)
		w.tell("outsider", "template:t", "suffix:s", "ip:elsewhere")
		w.tell("rival", "template:t", "suffix:s", kind+":rival")
		w.tell("colleague", "template:t", "suffix:s", kind+":firm")
		for _, who := range []string{"outsider", "rival", "colleague"} {
			w.place(who)
			if got := w.ClusterOf(w.account(who)) == c; got != (who == "colleague") {
				t.Errorf("%s: the %s is of the cluster: %v", kind, who, got)
			}
		}
		check(t, w.Graph)
	}
}

// What a suspended account had counts in full, however few members touch it, while enough of those who do are suspended:
// a second pool comes with what is left of the first's. A human who lets the account go takes that back.
func TestLeftOfASuspendedAccount(t *testing.T) {
	w := newWorld(t)
	w.crowd(2000)
	c := w.settled(w.put("ring", "a", 40, func(i int) []string {
		return []string{"template:lure", fmt.Sprintf("device:farm-%d", i/2)}
	}))
	worth := func() float64 {
		fit := w.fitOf(c, "device:farm-0")
		return fit.Kinds[link.KindDevice].tie
	}
	before := worth()
	w.Keep(w.account("a00"), true)
	w.Keep(w.account("a00"), true) // said twice, counted once
	suspended := worth()
	if suspended <= before || suspended < link.KindDevice.Spec().Cap-0.5 {
		t.Errorf("worth %.2f while nobody is suspended, %.2f after", before, suspended)
	}
	for i := range 4 {
		w.tell(fmt.Sprintf("stranger%d", i), "device:farm-0") // most who touch it are not
	}
	if many := worth(); many >= suspended {
		t.Errorf("worth %.2f where strangers touch it too, %.2f before", many, suspended)
	}
	w.Keep(w.account("a00"), false)
	for e := range w.entities {
		if w.entities[e].kept != 0 {
			t.Fatalf("entity %v counts %d suspended", w.entities[e].key, w.entities[e].kept)
		}
	}
}
