package graph

import (
	"fmt"
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// Colleagues are the others of the same org_id, and how many of them somebody vouches for. A domain, which anybody can
// claim, makes none.
func TestColleagues(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.tell(fmt.Sprintf("o%02d", i), "org:firm", "domain:firm")
	}
	w.tell("claims", "domain:firm")
	w.tell("alone", "org:own")
	vouch := func(id string, trust float64) { w.own(id, map[link.Family]float64{link.FamilyNone: trust}) }
	expect := func(when, id string, vouched, all int) {
		t.Helper()
		check(t, w.Graph)
		if v, n := w.Colleagues(w.account(id)); v != vouched || n != all && vouched > 0 {
			t.Errorf("%s, %s: %d of %d, want %d of %d", when, id, v, n, vouched, all)
		}
	}
	expect("before", "o00", 0, 5)
	vouch("o01", -6)
	vouch("o02", -4)
	vouch("o03", -3.5) // a campus network, or colleagues: not vouched for itself
	vouch("alone", -6)
	expect("vouched", "o00", 2, 5)
	expect("vouched", "o01", 1, 5)
	expect("vouched", "o03", 2, 5)
	expect("vouched", "claims", 0, 0)
	expect("vouched", "alone", 0, 0)
	vouch("o02", 0)
	expect("no longer", "o00", 1, 5)
	vouch("claims", -6)
	w.tell("claims", "org:firm")
	expect("one more", "o00", 2, 6)
	w.now += 10 * link.PaneMS
	w.tell("o00", "org:firm")
	w.tell("claims", "org:firm")
	w.now += 6 * link.PaneMS
	w.Expire(w.now)
	expect("the rest has gone", "o00", 1, 1)
	expect("the rest has gone", "claims", 0, 1)
}

// What a thing belongs to of the clusters that count, as one account sees it; to ask is to change nothing.
func TestTieOf(t *testing.T) {
	w := newWorld(t)
	w.crowd(1500)
	w.ring("a", 8)
	w.ring("b", 5)
	for _, id := range []string{"honest0001", "b01", "b02"} {
		w.tell(id, "template:t-a", "client:c-"+id)
	}
	hashes, keys := len(w.templates.of), len(w.byKey)
	near, a, b := w.names["t-a"]^0b1011, w.together("a", 8), w.together("b", 5)
	all := func(Cluster) bool { return true }
	only := func(c Cluster) func(Cluster) bool { return func(x Cluster) bool { return x == c } }
	for _, x := range []struct {
		name   string
		who    string
		kind   link.Kind
		token  uint64
		counts func(Cluster) bool
		want   Tie
	}{
		{"of a stranger", "honest0002", link.KindTemplate, w.names["t-a"], all, Tie{a, 10, 11}},
		{"a variant of it", "honest0002", link.KindTemplate, near, all, Tie{a, 10, 11}},
		{"one cluster counts", "honest0002", link.KindTemplate, w.names["t-a"], only(b), Tie{b, 2, 11}},
		{"none counts", "honest0002", link.KindTemplate, w.names["t-a"], only(NoCluster), Tie{NoCluster, 0, 11}},
		{"of one who has it", "honest0001", link.KindTemplate, w.names["t-a"], all, Tie{a, 10, 10}},
		{"of a member", "a00", link.KindTemplate, w.names["t-a"], only(a), Tie{a, 7, 10}},
		{"of a member of what does not count", "b01", link.KindTemplate, w.names["t-a"], only(a), Tie{a, 8, 10}},
		{"of one whom only one has", "a00", link.KindClient, w.names["c-b01"], all, Tie{Cluster: NoCluster}},
		{"never seen", "a00", link.KindTemplate, 0xDEAD_BEEF_0BAD_F00D, all, Tie{Cluster: NoCluster}},
		{"none", "a00", link.KindTemplate, 0, all, Tie{Cluster: NoCluster}},
		{"a prompt is no suffix", "a00", link.KindSuffix, w.names["t-a"], all, Tie{Cluster: NoCluster}},
	} {
		if got := w.TieOf(w.account(x.who), x.kind, x.token, x.counts); got != x.want {
			t.Errorf("%s: %+v, want %+v", x.name, got, x.want)
		}
	}
	if len(w.templates.of) != hashes || len(w.byKey) != keys {
		t.Error("to ask has changed the graph")
	}
}

// The prompts of some hashes and those that an account has used first since then, each once, the most exclusive first.
func TestPromptTies(t *testing.T) {
	w := newWorld(t)
	w.crowd(1500)
	w.ring("a", 8)
	w.group("free", 4, func(int) []string { return []string{"template:common"} })
	w.tell("a01", "template:common")
	w.tell("owner", "template:old")
	w.tell("other", "template:old")
	w.now += link.PaneMS
	since := w.now
	w.tell("owner", "template:common", "template:t-a", "template:lone", "suffix:s-a")
	a := w.together("a", 8)
	only := func(c Cluster) bool { return c == a }
	own, common := Tie{a, 8, 8}, Tie{a, 1, 5}
	for _, c := range []struct {
		name   string
		hashes []uint64
		since  int64
		want   []Tie
	}{
		{"nothing asked for", nil, 0, nil},
		{"by hash, a variant too", []uint64{w.names["t-a"] ^ 1, w.names["t-a"], 0, 0xDEAD_BEEF}, 0, []Tie{own}},
		{"since then", nil, since, []Tie{own, common}},
		{"both, each once", []uint64{w.names["common"], w.names["t-a"]}, since, []Tie{own, common}},
		{"nothing since", nil, since + 60_000, nil},
		{"an older one as well", []uint64{w.names["old"]}, since, []Tie{own, common, {NoCluster, 0, 1}}},
	} {
		got := w.PromptTies(w.account("owner"), c.hashes, c.since, only)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Since when content ties an account, and whether something does that a thief of its key does not bring.
func TestTiedAtAndHardware(t *testing.T) {
	w := newWorld(t)
	w.crowd(1500)
	w.tell("owner", "template:own", "device:own", "card:own")
	before := w.now
	w.now += 6 * link.PaneMS
	w.ring("a", 8)
	w.now += 1000
	w.Observe(&link.Fact{Account: "owner", Kind: link.KindTemplate, Token: w.names["t-a"], First: w.now, Last: w.now, Count: 5})
	w.Observe(&link.Fact{Account: "owner", Kind: link.KindSuffix, Token: w.names["s-a"], First: w.now + 1000, Last: w.now + 9000, Count: 12})
	w.place("owner")
	owner := w.account("owner")
	if w.ClusterOf(owner) != w.together("a", 8) {
		t.Fatal("the owner is not with those who use the key")
	}
	if at, most := w.TiedAt(owner); at != w.now || at <= before || most != 12 {
		t.Errorf("tied at %d by %d exchanges of a day, want %d by 12", at, most, w.now)
	}
	if w.HasHardware(owner) {
		t.Error("the owner's own device and card are not the ring's")
	}
	if !w.HasHardware(w.account("a03")) {
		t.Error("the ring shares a device")
	}
	if at, most := w.TiedAt(w.account("honest0001")); at != 0 || most != 0 || w.HasHardware(w.account("honest0001")) {
		t.Errorf("a loner is tied at %d by %d exchanges of a day", at, most)
	}
	w.tell("owner", "device:d-a")
	if !w.HasHardware(owner) {
		t.Error("the ring's device is the owner's, and does not count")
	}
}

// A hard thing that others have as well, as many as members or more, is a stock device or a provider's card: it says nothing
// of what no thief of a key brings.
func TestHardwareOfOthers(t *testing.T) {
	for _, c := range []struct {
		name            string
		members, others int // who have the device
		want            bool
	}{
		{"the cluster's alone", 4, 0, true},
		{"one in three is another's", 4, 2, true},
		{"half of them", 4, 4, true},
		{"more than half", 4, 5, false},
		{"a stock device", 4, 300, false},
		{"a stock device that most members have", 12, 300, false},
		{"its own", 1, 0, false},
		{"another's, who is no member", 1, 1, false},
	} {
		w := newWorld(t)
		w.crowd(500)
		for i := range c.others {
			w.tell(fmt.Sprintf("honest%04d", i), "device:stock")
		}
		w.put("c-x", "m", 12, func(i int) []string {
			if i < c.members {
				return []string{"template:t", "device:stock"}
			}
			return []string{"template:t", fmt.Sprint("device:own", i)}
		})
		if got := w.HasHardware(w.account("m00")); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if c.members < 12 && w.HasHardware(w.account("m11")) {
			t.Errorf("%s: who has a device of its own shares one", c.name)
		}
		// A card that the cluster shares beside it is hardware whatever the device is.
		w.tell("m00", "card:shared")
		w.tell("m11", "card:shared")
		if !w.HasHardware(w.account("m00")) {
			t.Errorf("%s: the card does not count", c.name)
		}
	}
}

// A firm whose prompt a campaign copies had it well before most who have it now, and has none of the campaign's own; a
// campaign's account came with the others, or has what is typical of it.
func TestBorrowed(t *testing.T) {
	const days = borrowedMS/link.PaneMS + 1
	for _, c := range []struct {
		name  string
		later int64 // days between the firm's use of its prompt and the campaign's
		use   int   // of the campaign's 30 accounts use the firm's prompt
		firm  []string
		who   string
		want  bool
		mixed bool // the campaign shares the prompt with honest users
	}{
		{"the firm", days, 12, nil, "firm00", true, false},
		{"its other account", days, 12, nil, "firm01", true, false},
		{"a campaign's account that uses it too", days, 12, nil, "m03", false, false},
		{"one that does not", days, 12, nil, "m29", false, false},
		{"who is in no cluster", days, 12, nil, "honest0001", false, false},
		// All at once: whose prompt it is cannot be told.
		{"the same day", 0, 12, nil, "firm00", false, false},
		{"hardly earlier", days - 2, 12, nil, "firm00", false, false},
		// What most of the campaign has is its own, whoever had it first.
		{"a prompt that is typical of the campaign", days, 20, nil, "firm00", false, false},
		// A few may be colleagues.
		{"a prompt of a few", days, fewColleagues - 2, nil, "firm00", false, false},
		{"who has the campaign's own as well", days, 12, []string{"template:lure"}, "firm00", false, false},
		// Two prompts that a campaign has are more than one copy.
		{"who has two of its prompts", days, 12, []string{"template:second"}, "firm00", false, false},
		{"beside a prompt that nobody shares", days, 12, []string{"template:mine"}, "firm00", true, false},
		{"a program's prompt", days, 12, nil, "firm00", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(500)
			firm := append([]string{"template:firm"}, c.firm...)
			cl := w.put("c-x", "firm", 2, same(firm...))
			w.now += c.later * link.PaneMS
			w.put("c-x", "m", 30, func(i int) []string {
				things := []string{"template:lure", "device:d"}
				if i < c.use {
					things = append(things, "template:firm")
				}
				if i >= 12 && i < 24 {
					things = append(things, "template:second")
				}
				return things
			})
			if c.mixed {
				w.entities[w.byKey[entityKey{w.names["firm"], link.KindTemplate}]].other(cl).mixed = true
			}
			if got := w.Borrowed(w.account(c.who)); got != c.want {
				t.Errorf("borrowed %v", got)
			}
			check(t, w.Graph)
		})
	}
	// Of six that had it well before most, only those count who were among the first.
	w := newWorld(t)
	w.put("c-x", "firm", 1, same("template:firm"))
	w.put("c-x", "early", 4, same("template:lure", "template:firm"))
	w.now += 1000
	w.put("c-x", "next", 1, same("template:firm"))
	w.now += days * link.PaneMS
	w.put("c-x", "m", 30, func(i int) []string {
		if i < 8 {
			return []string{"template:lure", "template:firm"}
		}
		return []string{"template:lure"}
	})
	if !w.Borrowed(w.account("firm00")) || w.Borrowed(w.account("next00")) {
		t.Errorf("borrowed from the first %v, from the sixth %v", w.Borrowed(w.account("firm00")), w.Borrowed(w.account("next00")))
	}
	// A prompt that most who have it use outside of the cluster is nobody's to copy.
	w = newWorld(t)
	w.crowd(500)
	w.put("c-x", "firm", 2, same("template:firm"))
	w.now += days * link.PaneMS
	w.put("c-x", "m", 30, func(i int) []string {
		if i < 12 {
			return []string{"template:lure", "template:firm"}
		}
		return []string{"template:lure"}
	})
	if !w.Borrowed(w.account("firm00")) {
		t.Fatal("it is not borrowed while nobody else has it, and the case says nothing")
	}
	for i := range 15 {
		w.tell(fmt.Sprintf("honest%04d", i), "template:firm")
	}
	if w.Borrowed(w.account("firm00")) {
		t.Error("borrowed, and most who have it are of no cluster")
	}
}
