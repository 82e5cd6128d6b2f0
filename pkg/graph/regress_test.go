package graph

import (
	"fmt"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// Looking again at who is kept is no account's clock: today stays where events are.
func TestKeptAccountsDoNotMoveToday(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 5)
	for i := range 5 {
		a, _ := w.Find(fmt.Sprintf("a%02d", i))
		w.Keep(a, true)
	}
	w.now += 20 * link.PaneMS
	w.crowd(50)
	for range 5 {
		today := w.Today()
		if today != link.Pane(w.now) {
			t.Fatalf("today is %d, events are of day %d", today, link.Pane(w.now))
		}
		w.Expire(int64(today) * link.PaneMS)
	}
}

// The organisation of a cluster is an organisation, also when what it was is gone.
func TestAffiliationIsOfAnAffiliation(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 4)
	for i := range 4 {
		w.tell(fmt.Sprintf("a%02d", i), "domain:firm")
	}
	if got := w.affiliationOf(w.together("a", 4)); got != 1 {
		t.Fatalf("affiliation %.2f of a cluster of one firm", got)
	}
	w.now += 10 * link.PaneMS
	for i := range 4 {
		w.tell(fmt.Sprintf("a%02d", i), ringThings("a", i)...)
	}
	w.now += 6 * link.PaneMS
	w.Expire(w.now) // the domain's links are stale
	for i := range 4 {
		w.tell(fmt.Sprintf("a%02d", i), "ip:shared")
	}
	a, _ := w.Find("a00")
	if got := w.affiliationOf(w.ClusterOf(a)); got != 0 {
		t.Fatalf("affiliation %.2f of a cluster without one", got)
	}
}

// A cluster whose members' facts are gone gives no NaN.
func TestRestoredWithoutFacts(t *testing.T) {
	w := newWorld(t)
	for i := range 800 {
		w.Restore("c-old", fmt.Sprint("m", i), 0, testStart)
	}
	for i := range 3 {
		w.tell(fmt.Sprint("m", i), "device:one", "card:one")
	}
	a, _ := w.Find("m0")
	fit := w.Fit(a)
	if fit.Total != fit.Total {
		t.Fatalf("fit %v", fit.Families)
	}
}

// A merge needs members that fit both now.
func TestBridgesThatLeftDoNotCount(t *testing.T) {
	w := newWorld(t)
	w.crowd(1500)
	w.ring("a", 12)
	w.ring("b", 10)
	a, b := w.account("a00"), w.account("b00")
	ca, cb := w.together("a", 12), w.together("b", 10)
	w.bridge(b, cb, ca, w.now)
	w.leave(b, w.now)
	b1, _ := w.Find("b01")
	w.bridge(b1, cb, ca, w.now)
	if w.ClusterOf(a) == w.ClusterOf(b1) {
		t.Fatal("an account that has left merged two clusters")
	}
}
