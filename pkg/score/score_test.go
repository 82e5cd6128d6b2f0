package score

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// A family is capped whatever adds up in it, trust is not, and the total is the prior and the families.
func TestAccountIsCappedByFamily(t *testing.T) {
	cfg := DefaultConfig()
	rapid.Check(t, func(t *rapid.T) {
		var fit graph.Affinity
		var own Own
		for f := range fit.Families {
			fit.Families[f] = rapid.Float64Range(-3, 10).Draw(t, "fit")
			own.Families[f] = rapid.Float64Range(-10, 10).Draw(t, "own")
		}
		fit.Families[link.FamilyNone] = 0
		own.Families[link.FamilyNone] = -rapid.Float64Range(0, 20).Draw(t, "trust")
		fit.Size = rapid.IntRange(0, 5000).Draw(t, "size")
		population := rapid.IntRange(0, 100_000).Draw(t, "population")
		total, fam := cfg.Account(&fit, &own, population)
		sum := 0.0
		for f, v := range fam {
			if v > graph.FamilyCap(link.Family(f)) {
				t.Fatalf("%s says %.2f, its cap is %.2f", link.Family(f), v, graph.FamilyCap(link.Family(f)))
			}
			sum += v
		}
		if fam[link.FamilyNone] != own.Families[link.FamilyNone] {
			t.Fatalf("trust of %.2f counts as %.2f", own.Families[link.FamilyNone], fam[link.FamilyNone])
		}
		prior := total - sum
		if prior < cfg.AccountPrior-1e-9 || prior > maxPrior+1e-9 {
			t.Fatalf("prior %.3f of a cluster of %d in %d", prior, fit.Size, population)
		}
	})
}

// The larger its cluster, the likelier an account is of it, up to a bound; in no cluster it has the configured prior.
func TestAccountPrior(t *testing.T) {
	cfg := DefaultConfig()
	prior := func(size, population int) float64 {
		total, _ := cfg.Account(&graph.Affinity{Size: size}, &Own{}, population)
		return total
	}
	if got := prior(0, 1000); got != cfg.AccountPrior {
		t.Errorf("in no cluster: %.2f", got)
	}
	if a, b := prior(10, 10_000), prior(1000, 10_000); a >= b {
		t.Errorf("of 10: %.2f, of 1000: %.2f", a, b)
	}
	if got := prior(10_000, 10_000); got != maxPrior {
		t.Errorf("of everybody: %.2f", got)
	}
}

// Size speaks for small clusters and against large ones, within bounds.
func TestSizeOdds(t *testing.T) {
	last := math.Inf(-1)
	for _, size := range []int{-1, 0, 1, 2, 3, 4, 5, 8, 16, 100, 25_000, 1 << 30} {
		got := SizeOdds(size)
		if got < last || math.IsNaN(got) || math.IsInf(got, 0) {
			t.Errorf("size %d: %.2f after %.2f", size, got, last)
		}
		last = got
	}
	if SizeOdds(2) >= 0 || SizeOdds(100) <= 0 || SizeOdds(25_000) != SizeOdds(1<<30) {
		t.Error("a pair is honest, a hundred are not, and there is a bound")
	}
}

func TestProbability(t *testing.T) {
	for _, c := range []struct{ odds, want float64 }{{0, 0.5}, {math.Inf(-1), 0}, {math.Inf(1), 1}, {-800, 0}, {800, 1}} {
		if got := Probability(c.odds); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%g gives %g, want %g", c.odds, got, c.want)
		}
	}
}

// Reasons come the heaviest first, for or against, and ties by code: the same whatever order they were found in.
func TestSortReasons(t *testing.T) {
	want := []wire.Reason{{Code: "b", Contribution: -6}, {Code: "a", Contribution: 2}, {Code: "c", Contribution: -2}, {Code: "d", Contribution: 0.1}}
	rapid.Check(t, func(t *rapid.T) {
		got := slices.Clone(want)
		for i, j := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order") {
			got[i] = want[j]
		}
		if SortReasons(got); !slices.Equal(got, want) {
			t.Fatalf("got %v", got)
		}
	})
}

// Reasons say what is inside and outside the cluster; what weighs nothing is not said.
func TestSharedReasons(t *testing.T) {
	var fit graph.Affinity
	fit.Kinds[link.KindInstrument] = graph.Share{LogOdds: 3, Inside: 0.51234567, Outside: 0.001}
	fit.Kinds[link.KindIP] = graph.Share{LogOdds: 0.05, Inside: 0.5, Outside: 0.4}
	fit.Kinds[link.TraitTask] = graph.Share{LogOdds: -0.5, Inside: 0, Outside: 0.4}
	got := SharedReasons(&fit)
	if len(got) != 2 || got[0].Code != "shared_instrument" || got[0].Family != "payment" || got[0].Value != 0.5123 ||
		got[1].Code != "task_concentration" || got[1].Contribution != -0.5 {
		t.Fatalf("got %+v", got)
	}
}

func trait(f *window.Features, k link.Kind) (uint64, bool) {
	for _, t := range Traits(nil, f) {
		if t.Kind == k {
			return t.Token, true
		}
	}
	return 0, false
}

// Two accounts have one token of a trait where they are alike in it, and none where windows say nothing.
func TestTraits(t *testing.T) {
	busy := func(change func(*window.RequestFeatures)) *window.Features { return requests(change) }
	for _, c := range []struct {
		name string
		kind link.Kind
		a, b *window.Features
		same bool
	}{
		{"signups in one hour", link.TraitSignupHour, signup(nil), signup(func(s *window.SignupFeatures) { s.First += 1000 }), true},
		{"signups an hour apart", link.TraitSignupHour, signup(nil), signup(func(s *window.SignupFeatures) { s.First += 3_600_000 }), false},
		{"one way in", link.TraitSignup, signup(nil), signup(func(s *window.SignupFeatures) { s.First += day; s.FormMS = 1 }), true},
		{"another method", link.TraitSignup, signup(nil), signup(func(s *window.SignupFeatures) { s.Method = event.MethodGitHub }), false},
		{"countries that differ", link.TraitSignup, signup(nil), signup(func(s *window.SignupFeatures) { s.PhoneCountry = country("SG") }), false},
		{"countries not given", link.TraitSignup, signup(nil), signup(func(s *window.SignupFeatures) { s.PhoneCountry = 0 }), false},
		{"one task", link.TraitTask, busy(func(r *window.RequestFeatures) { r.Tasks[event.TaskChat] = 50 }),
			busy(func(r *window.RequestFeatures) { r.Tasks[event.TaskChat] = 900 }), true},
		{"another task", link.TraitTask, busy(func(r *window.RequestFeatures) { r.Tasks[event.TaskChat] = 50 }),
			busy(func(r *window.RequestFeatures) { r.Tasks[event.TaskWriting] = 50 }), false},
		{"requests of one size", link.TraitTokens, busy(nil),
			busy(func(r *window.RequestFeatures) { r.Sums[window.Fortnight].Input += 500 }), true},
		{"ten times the output", link.TraitTokens, busy(nil),
			busy(func(r *window.RequestFeatures) { r.Sums[window.Fortnight].Output *= 10 }), false},
		{"many tools", link.TraitTools, busy(nil), busy(func(r *window.RequestFeatures) { r.Sums[window.Fortnight].Tools = 5000 }), false},
		{"flat and not", link.TraitHours, busy(func(r *window.RequestFeatures) { fill(r, 10, allHours()...) }),
			busy(func(r *window.RequestFeatures) { fill(r, 100, 9, 10) }), false},
	} {
		a, okA := trait(c.a, c.kind)
		b, okB := trait(c.b, c.kind)
		if !okA || !okB || a == 0 || b == 0 || (a == b) != c.same {
			t.Errorf("%s: %x (%v) and %x (%v), want the same: %v", c.name, a, okA, b, okB, c.same)
		}
	}
}

// Token 0 takes a trait away, and a trait that is not named stays as it is.
func TestTraitsOfWindowsThatSayNothing(t *testing.T) {
	for _, tr := range Traits(nil, &window.Features{}) {
		if tr.Token != 0 {
			t.Errorf("nothing is known, and %v has token %x", tr.Kind, tr.Token)
		}
	}
	few := requests(func(r *window.RequestFeatures) { r.Total = minRequests - 1 })
	if _, ok := trait(few, link.TraitTokens); ok {
		t.Error("a few requests make a token shape")
	}
	idle := requests(func(r *window.RequestFeatures) { r.Sums[window.Fortnight] = window.RequestSums{} })
	if token, ok := trait(idle, link.TraitTokens); !ok || token != 0 {
		t.Errorf("a fortnight without requests has token shape %x", token)
	}
	unknown := requests(func(r *window.RequestFeatures) { r.Tasks[event.TaskUnknown] = 100 })
	if token, ok := trait(unknown, link.TraitTask); ok && token != 0 {
		t.Errorf("tasks that nobody classified have token %x", token)
	}
}

// An account's pace is a reason where it says something, with its own rate and everybody else's.
func TestPaceReason(t *testing.T) {
	c := graph.Conduct{LogRateOfAll: math.Log(2)}
	if rs := PaceReason(nil, c, 64, 0.05); len(rs) != 0 {
		t.Errorf("a few hundredths: %+v", rs)
	}
	for _, worth := range []float64{1.2, -0.7} {
		want := wire.Reason{Code: "members_pace", Family: "history", Value: 64, Baseline: 2, Contribution: worth}
		if rs := PaceReason(nil, c, 64, worth); len(rs) != 1 || rs[0] != want {
			t.Errorf("%+v, want %+v", rs, want)
		}
	}
}
