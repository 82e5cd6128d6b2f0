package eval

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func fraud(campaign, level string) *Truth {
	return &Truth{Label: event.LabelFraud, Campaign: campaign, Level: level}
}

func legit(class, trap string) *Truth {
	return &Truth{Label: event.LabelLegit, Class: class, Trap: trap}
}

// Five accounts of two campaigns, worked out by hand.
func TestOutcomes(t *testing.T) {
	subjects := []Subject{
		{Account: "a1", Truth: fraud("a", "L1"), Exchanges: 100, Before: 10, Suspended: true, Seconds: 60, Cluster: "c1"},
		{Account: "a2", Truth: fraud("a", "L1"), Exchanges: 50, Before: 2, Suspended: true, Seconds: 600, Cluster: "c1"},
		{Account: "a3", Truth: fraud("a", "L1"), Exchanges: 50, Before: 50, Cluster: "c2"}, // never suspended: all of it leaks
		{Account: "a4", Truth: fraud("a", "L3")}, // never did anything
		{Account: "b1", Truth: fraud("b", "L1"), Exchanges: 7, Before: 0, Suspended: true, Cluster: "c1"},
		{Account: "h1", Truth: legit("x", ""), Exchanges: 9, Before: 9, Cluster: "c2"},
		{Account: "u1", Exchanges: 9, Before: 9, Cluster: "c1"}, // no label: counts in its cluster alone
	}
	got := outcomes(subjects, func(t *Truth) string { return t.Campaign + " " + t.Level })
	if len(got) != 3 {
		t.Fatalf("groups: %+v", got)
	}
	a := got[0]
	want := Outcome{Name: "a L1", Accounts: 3, Suspended: 2, Recall: 2. / 3, Exchanges: 200, Served: 62, Leakage: 0.31,
		MedianSeconds: 60, P90Seconds: 600, MedianExchanges: 2, P90Exchanges: 10,
		// c1 holds a1, a2, b1 and u1, c2 holds a3 and h1: 3 of 6 are of campaign a.
		Clusters: 2, Largest: 2. / 3, Purity: 0.5}
	if a != want {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if l3 := got[1]; l3.Name != "a L3" || l3.Recall != 0 || l3.Leakage != 0 || l3.Purity != 0 {
		t.Errorf("an idle account: %+v", l3)
	}
	if all := outcomes(subjects, func(*Truth) string { return "all" }); all[0].Accounts != 5 || all[0].Served != 62 {
		t.Errorf("all: %+v", all)
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		vs   []float64
		q    float64
		want float64
	}{
		{nil, 0.5, 0},
		{[]float64{3}, 0.9, 3},
		{[]float64{4, 1, 3, 2}, 0.5, 2}, // nearest rank: the second of four
		{[]float64{4, 1, 3, 2}, 0.9, 4},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.9, 9},
		{[]float64{2, 1}, 0, 1},
	} {
		if got := quantile(c.vs, c.q); got != c.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", c.vs, c.q, got, c.want)
		}
	}
}

// Upper one-sided bounds; those above zero are of published Clopper–Pearson tables, to four digits.
func TestUpperBound(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{
		{0, 0, 1},      // nothing is known of nobody
		{0, 2, 1},      // 3/2 is no rate
		{0, 300, 0.01}, // the rule of three
		{0, 57000, 3. / 57000},
		{1, 10, 0.3942},
		{2, 10, 0.5069},
		{5, 10, 0.7776},
		{1, 100, 0.0466},
		{10, 10, 1},
	} {
		if got := upperBound(c.k, c.n); math.Abs(got-c.want) > 6e-5 {
			t.Errorf("upperBound(%d, %d) = %.5f, want %.5f", c.k, c.n, got, c.want)
		}
	}
}

// The bound is above the rate and falls as evidence grows.
func TestUpperBoundIsAbove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60000).Draw(t, "n")
		k := rapid.IntRange(0, min(n, 200)).Draw(t, "k")
		b := upperBound(k, n)
		if rate := float64(k) / float64(n); b < rate || b > 1 {
			t.Fatalf("bound %g of %d in %d", b, k, n)
		}
		if more := upperBound(k, 2*n); more > b {
			t.Fatalf("bound %g of %d in %d, %g in twice as many", b, k, n, more)
		}
	})
}

func TestHonest(t *testing.T) {
	subjects := []Subject{
		{Truth: legit("student", "campus"), Final: wire.ActionAllow, EverVerified: true},
		{Truth: legit("student", "campus"), Final: wire.ActionSuspend, Suspended: true, EverThrottled: true},
		{Truth: legit("reseller", ""), Final: wire.ActionThrottle, EverThrottled: true},
		{Truth: &Truth{Label: event.LabelCompromised, Class: "student"}, Final: wire.ActionVerify, EverVerified: true}, // an owner is honest
		{Truth: fraud("a", "L0"), Suspended: true},
		{Suspended: true},
	}
	got := honest(subjects, func(t *Truth) string { return t.Class })
	if len(got) != 2 || got[0].Name != "reseller" {
		t.Fatalf("classes: %+v", got)
	}
	s := got[1]
	s.SuspendedBound, s.ThrottledBound, s.VerifiedBound = 0, 0, 0
	if want := (Honest{Name: "student", Accounts: 3, Suspended: 1, Throttled: 1, Verified: 2, FinalSuspended: 1, FinalVerified: 1}); s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	traps := honest(subjects, func(t *Truth) string { return t.Trap })
	if len(traps) != 1 || traps[0].Name != "campus" || traps[0].Accounts != 2 || traps[0].SuspendedBound < 0.5 {
		t.Errorf("traps: %+v", traps)
	}
}

// Groupings of four, with figures as scikit-learn's documentation gives them.
func TestAgree(t *testing.T) {
	for _, c := range []struct {
		name                           string
		truth, found                   string // one letter an account
		homogeneity, completeness, ari float64
		purity                         float64
	}{
		{"nothing", "", "", 1, 1, 1, 1},
		{"the same under other names", "aabb", "bbaa", 1, 1, 1, 1},
		{"one true group is split", "aabb", "aabc", 1, 2. / 3, 4. / 7, 1},
		{"two true groups are one", "aabb", "aaaa", 0, 1, 0, 0.5},
		{"across", "aabb", "abab", 0, 0, -0.5, 0.5},
		{"everybody alone", "aabb", "abcd", 1, 0.5, 0, 1},
		{"one group found whole", "aaaa", "bbbb", 1, 1, 1, 1},
		{"half mixed", "aabc", "aabb", 2. / 3, 1, 4. / 7, 0.75},
	} {
		var items []placed
		for i := range c.truth {
			items = append(items, placed{c.truth[i : i+1], c.found[i : i+1]})
		}
		got := agree(items)
		if !near(got.Homogeneity, c.homogeneity) || !near(got.Completeness, c.completeness) || !near(got.ARI, c.ari) || !near(got.Purity, c.purity) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Against definitions taken literally: pairs counted one by one, entropies from probabilities.
func TestAgreeAgainstBruteForce(t *testing.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	rapid.Check(t, func(t *rapid.T) {
		items := make([]placed, rapid.IntRange(1, 40).Draw(t, "accounts"))
		for i := range items {
			items[i] = placed{name.Draw(t, "truth"), name.Draw(t, "cluster")}
		}
		got := agree(items)
		if want := bruteARI(items); !near(got.ARI, want) {
			t.Fatalf("ARI %g, want %g of %v", got.ARI, want, items)
		}
		turned := make([]placed, len(items))
		for i, it := range items {
			turned[i] = placed{it.cluster, it.truth}
		}
		if want := bruteHomogeneity(items); !near(got.Homogeneity, want) {
			t.Fatalf("homogeneity %g, want %g of %v", got.Homogeneity, want, items)
		}
		if want := bruteHomogeneity(turned); !near(got.Completeness, want) {
			t.Fatalf("completeness %g, want %g of %v", got.Completeness, want, items)
		}
		if back := agree(turned); !near(back.ARI, got.ARI) || !near(back.Homogeneity, got.Completeness) {
			t.Fatalf("turned round %+v, %+v", got, back)
		}
	})
}

// bruteARI goes through all pairs: both together, together in one alone, or apart (Hubert and Arabie).
func bruteARI(items []placed) float64 {
	var tp, fp, fn, tn float64
	for i := range items {
		for j := range i {
			same, found := items[i].truth == items[j].truth, items[i].cluster == items[j].cluster
			switch {
			case same && found:
				tp++
			case found:
				fp++
			case same:
				fn++
			default:
				tn++
			}
		}
	}
	if fp == 0 && fn == 0 {
		return 1
	}
	return 2 * (tp*tn - fn*fp) / ((tp+fn)*(fn+tn) + (tp+fp)*(fp+tn))
}

// bruteHomogeneity is the mutual information over the truth's entropy, from probabilities.
func bruteHomogeneity(items []placed) float64 {
	p := func(match func(placed) bool) float64 {
		n := 0.0
		for _, it := range items {
			if match(it) {
				n++
			}
		}
		return n / float64(len(items))
	}
	var information, entropy float64
	for _, a := range []string{"a", "b", "c", "d"} {
		pa := p(func(it placed) bool { return it.truth == a })
		if pa > 0 {
			entropy -= pa * math.Log(pa)
		}
		for _, b := range []string{"a", "b", "c", "d"} {
			pb := p(func(it placed) bool { return it.cluster == b })
			if both := p(func(it placed) bool { return it.truth == a && it.cluster == b }); both > 0 {
				information += both * math.Log(both/(pa*pb))
			}
		}
	}
	if entropy == 0 {
		return 1
	}
	return information / entropy
}

// What counts as mixed, and whom each scope takes in.
func TestClusters(t *testing.T) {
	subjects := []Subject{
		{Account: "a1", Truth: fraud("a", "L1"), Cluster: "c1", Suspended: true},
		{Account: "a2", Truth: fraud("a", "L1"), Cluster: "c1", Suspended: true},
		{Account: "a3", Truth: fraud("a", "L1")},                          // in no cluster
		{Account: "a4", Truth: fraud("a", "L1"), Cluster: "c3"},           // in one that nothing was done about
		{Account: "b1", Truth: fraud("b", "L1"), Cluster: "c2"},           // enforced
		{Account: "h1", Truth: legit("x", ""), Cluster: "c1", Left: true}, // was in an enforced one
		{Account: "h2", Truth: legit("x", ""), Cluster: "c2"},             // still is
		{Account: "h3", Truth: legit("x", ""), Cluster: "c4"},             // harmless
		{Account: "h4", Truth: legit("x", "")},                            // harmless
		{Account: "u1", Cluster: "c1"},                                    // of nobody
	}
	c := clustersOf(subjects, map[string]bool{"c1": true, "c2": true, "c9": true}, 7)
	if c.Ever != 7 || c.Enforced != 3 || c.Mixed != 1 || c.MixedEver != 2 || !near(c.Share, 2./3) {
		t.Errorf("%+v", c)
	}
	if c.OfActed.Accounts != 5 || c.OfActed.Clusters != 2 || !near(c.OfActed.Purity, 0.6) { // a1 a2 | h1, b1 | h2
		t.Errorf("of enforced: %+v", c.OfActed)
	}
	if c.OfAll.Accounts != 7 || c.OfAll.Clusters != 4 {
		t.Errorf("of all: %+v", c.OfAll)
	}
	if c.OfFraud.Accounts != 7 || c.OfFraud.Clusters != 4 { // a1-a4, b1, h1, h2; a3 is alone
		t.Errorf("of campaigns: %+v", c.OfFraud)
	}
}

func TestSecondPool(t *testing.T) {
	pool := func(name, level string) *Truth {
		return &Truth{Label: event.LabelFraud, Campaign: "a", Pool: name, Level: level}
	}
	got := secondPool([]Subject{
		{Truth: pool("second", "L1"), Suspended: true, Before: 0},
		{Truth: pool("2", "L1"), Suspended: true, Before: 9},
		{Truth: pool("second-pool", "L2"), Suspended: true, Before: 10},
		{Truth: pool("second", "L2")}, // never served, never suspended: not caught
		{Truth: pool("first", "L1"), Suspended: true},
		{Truth: legit("x", ""), Suspended: true},
	})
	want := []Second{{"L1", 2, 0.5, 1, 1}, {"L2", 2, 0, 0, 0.5}, {"all", 4, 0.25, 0.5, 0.75}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDetection(t *testing.T) {
	got := detection([]Subject{
		{Truth: fraud("a", "L1"), Suspended: true, Before: 0},
		{Truth: fraud("a", "L1"), Suspended: true, Before: 3},
		{Truth: fraud("a", "L1"), Suspended: true, Before: 5000}, // past the last point
		{Truth: fraud("a", "L1")},
	})
	want := []float64{0.25, 0.25, 0.25, 0.5}
	if len(got) != 1 || !slices.Equal(got[0].Shares[:4], want) || got[0].Shares[len(Exchanges)-1] != 0.5 {
		t.Errorf("%+v", got)
	}
}

func TestReliabilityOfSubjects(t *testing.T) {
	var subjects []Subject
	for i := range 40 {
		s := Subject{Truth: legit("x", ""), Last: 0.75}
		if i%4 == 0 {
			s.Truth = fraud("a", "L1")
		}
		subjects = append(subjects, s)
	}
	subjects = append(subjects, Subject{Last: 0.1}) // no label
	r := reliability(subjects)
	if !near(r.ECE, 0.5) || !near(r.Worst, 0.5) || !near(r.Brier, 0.25*0.0625+0.75*0.5625) || r.Bins[7].Accounts != 40 || r.Bins[7].Fraud != 10 {
		t.Errorf("%+v", r)
	}
}

func TestPct(t *testing.T) {
	for v, want := range map[float64]string{0: "0.0%", 1: "100.0%", 0.5: "50.0%", 0.00026: "0.026%", 0.9999: "99.990%"} {
		if got := pct(v); got != want {
			t.Errorf("pct(%v) = %s, want %s", v, got, want)
		}
	}
	for s, want := range map[float64]string{0: "0s", 61: "61s", 600: "10m", 7200: "2.0h", 345600: "4.0d"} {
		if got := span(s); got != want {
			t.Errorf("span(%v) = %s, want %s", s, got, want)
		}
	}
	if got := both(0, 0) + " " + both(3, 1); got != "0 3 (1)" {
		t.Error(got)
	}
}
