package graph

import (
	"fmt"
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
	if at := w.TiedAt(owner); at != w.now || at <= before {
		t.Errorf("tied at %d, want %d", at, w.now)
	}
	if w.HasHardware(owner) {
		t.Error("the owner's own device and card are not the ring's")
	}
	if !w.HasHardware(w.account("a03")) {
		t.Error("the ring shares a device")
	}
	if at := w.TiedAt(w.account("honest0001")); at != 0 || w.HasHardware(w.account("honest0001")) {
		t.Errorf("a loner is tied at %d", at)
	}
	w.tell("owner", "device:d-a")
	if !w.HasHardware(owner) {
		t.Error("the ring's device is the owner's, and does not count")
	}
}
