package score

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// readTrait reads one trait whatever it is worth.
func readTrait(f *window.Features, k link.Kind) (uint64, bool) {
	for i := range traits {
		if traits[i].Kind == k {
			return traits[i].Read(f)
		}
	}
	return 0, false
}

// starts makes conversations begin at these seconds, the latest first.
func starts(at ...int64) *window.Features {
	return requests(func(r *window.RequestFeatures) { copy(r.Starts[:], at) })
}

func models(use ...window.ModelUse) *window.Features {
	return requests(func(r *window.RequestFeatures) { copy(r.Models[:], use) })
}

// used is an account that signed up and made its first request after ms.
func used(ms int64) *window.Features {
	f := signup(nil)
	f.Requests = requests(func(r *window.RequestFeatures) { r.First, r.At = f.Signup.First+ms, now }).Requests
	return f
}

func aged(days int64, requestsADay uint64) *window.Features {
	f := signup(func(s *window.SignupFeatures) { s.First = now - days*day })
	f.Requests = requests(func(r *window.RequestFeatures) {
		r.At = now
		r.Sums[window.Fortnight].Requests = requestsADay * uint64(r.ActiveDay)
	}).Requests
	return f
}

func paid(minor uint64) *window.Features {
	f := requests(nil)
	f.Payments = payments(func(p *window.PaymentFeatures) { p.Sums[window.Fortnight].ChargedMinor = minor }).Payments
	return f
}

func amount(v uint64) *window.Features {
	return payments(func(p *window.PaymentFeatures) { p.AmountShape = v })
}

func synced(granularity int, a, b uint32) *window.Features {
	return requests(func(r *window.RequestFeatures) { r.Sync[granularity] = [2]uint32{a, b} })
}

func streamed(streams, cached, conversations uint64) *window.Features {
	return requests(func(r *window.RequestFeatures) {
		r.Tasks[event.TaskChat], r.Streams, r.Conversations = 100, streams, conversations
		r.Sums[window.Fortnight].Cached = cached
	})
}

// Accounts that are alike have one token; those that only look alike at a glance have two.
func TestNewTraits(t *testing.T) {
	const old, fresh = 7, 9
	pivot := func(at int64) *window.Features {
		return models(window.ModelUse{Model: fresh, First: at, Total: 5}, window.ModelUse{Model: old, First: now - 5*day, Total: 50})
	}
	for _, c := range []struct {
		name string
		kind link.Kind
		a, b *window.Features
		same bool
	}{
		{"the same minutes", link.TraitSync1, synced(0, 3, 5), synced(0, 3, 5), true},
		{"one minute in common", link.TraitSync1, synced(0, 3, 5), synced(0, 3, 7), false},
		{"the same ten minutes", link.TraitSync10, synced(1, 3, 5), synced(1, 3, 5), true},
		{"colleagues who begin in one hour of many", link.TraitSync60, synced(2, 3, 5), synced(2, 4, 5), false},
		{"failed over together", link.TraitHandover, requests(func(r *window.RequestFeatures) { r.Handover = 11 }),
			requests(func(r *window.RequestFeatures) { r.Handover = 11 }), true},
		{"throttled at another time", link.TraitHandover, requests(func(r *window.RequestFeatures) { r.Handover = 11 }),
			requests(func(r *window.RequestFeatures) { r.Handover = 12 }), false},
		{"one queue", link.TraitPace, starts(4000, 3000, 2000, 1000), starts(94010, 93000, 92000, 91010), true},
		{"a person", link.TraitPace, starts(4000, 3000, 2000, 1000), starts(4000, 3950, 3900, 1000), false},
		{"a slower job", link.TraitPace, starts(4000, 3000, 2000, 1000), starts(40000, 30000, 20000, 10000), false},
		{"used at once", link.TraitFirstUse, used(60_000), used(50_000), true},
		{"used after days", link.TraitFirstUse, used(60_000), used(3 * day), false},
		{"moved on one day", link.TraitPivot, pivot(now), pivot(now + 3_600_000), true},
		{"moved a day later", link.TraitPivot, pivot(now), pivot(now - day), false},
		{"one harness", link.TraitUsage, streamed(100, 50_000, 10), streamed(100, 55_000, 11), true},
		{"streams some", link.TraitUsage, streamed(100, 50_000, 10), streamed(40, 50_000, 10), false},
		{"one turn each", link.TraitUsage, streamed(100, 50_000, 10), streamed(100, 50_000, 100), false},
		{"one model", link.TraitModel, models(window.ModelUse{Model: old, Total: 9}), models(window.ModelUse{Model: old, Total: 900}), true},
		{"another", link.TraitModel, models(window.ModelUse{Model: old, Total: 9}), models(window.ModelUse{Model: fresh, Total: 9}), false},
		{"one rate", link.TraitRate, aged(3, 800), aged(4, 850), true},
		{"that rate after months", link.TraitRate, aged(3, 800), aged(90, 800), false},
		{"more", link.TraitRate, aged(3, 800), aged(3, 8000), false},
		{"one amount", link.TraitAmount, amount(2000<<24 | 5), amount(2000<<24 | 5), true},
		{"another currency", link.TraitAmount, amount(2000<<24 | 5), amount(2000<<24 | 6), false},
		{"bills that follow use", link.TraitSpend, paid(1000), paid(1100), true},
		{"credits", link.TraitSpend, paid(1000), paid(0), false},
	} {
		a, okA := readTrait(c.a, c.kind)
		b, okB := readTrait(c.b, c.kind)
		if !okA || !okB || a == 0 || b == 0 || (a == b) != c.same {
			t.Errorf("%s: %x (%v) and %x (%v), want the same: %v", c.name, a, okA, b, okB, c.same)
		}
	}
}

// Where windows do not say, there is no category.
func TestNewTraitsSayNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		kind link.Kind
		f    *window.Features
	}{
		{"no session signature", link.TraitSync1, requests(nil)},
		{"no session signature", link.TraitSync10, requests(nil)},
		{"no session signature", link.TraitSync60, requests(nil)},
		{"never throttled nor silent", link.TraitHandover, requests(nil)},
		{"three conversations", link.TraitPace, starts(3000, 2000, 1000)},
		{"at one second", link.TraitPace, starts(5, 5, 5, 5)},
		{"older than the stream", link.TraitFirstUse, requests(nil)},
		{"never used", link.TraitFirstUse, signup(nil)},
		{"one model from the start", link.TraitPivot, models(window.ModelUse{Model: 7, First: now - 5*day, Total: 50})},
		{"tried two models on its first day", link.TraitPivot, models(window.ModelUse{Model: 7, First: now - 5*day, Total: 50},
			window.ModelUse{Model: 9, First: now - 5*day + 1000, Total: 50})},
		{"no model given", link.TraitModel, requests(nil)},
		{"no input", link.TraitUsage, requests(func(r *window.RequestFeatures) { r.Sums[window.Fortnight].Input = 0 })},
		{"no active day", link.TraitRate, requests(func(r *window.RequestFeatures) { r.ActiveDay = 0 })},
		{"amounts that differ", link.TraitAmount, payments(nil)},
		{"never paid", link.TraitSpend, requests(nil)},
	} {
		if token, _ := readTrait(c.f, c.kind); token != 0 {
			t.Errorf("%s: %s has token %x", c.name, c.kind.Spec().Code, token)
		}
	}
}

// Traits names each kind that is worth something once at most, traits only, and does not depend on what dst held.
func TestTraitsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := worst()
		f.Requests.Total = rapid.Uint64Range(0, 20).Draw(t, "total")
		f.Requests.Conversations = rapid.Uint64Range(0, 200).Draw(t, "conversations")
		copy(f.Requests.Starts[:], rapid.SliceOfN(rapid.Int64Range(0, 1<<33), 0, 4).Draw(t, "starts"))
		f.Payments.Sums[window.Fortnight].ChargedMinor = rapid.Uint64().Draw(t, "charged")
		got := Traits(nil, f)
		seen := map[link.Kind]bool{}
		for _, tr := range got {
			if seen[tr.Kind] || !tr.Kind.Trait() || tr.Kind.Spec().Cap == 0 {
				t.Fatalf("trait %d: twice, none, or worth nothing", tr.Kind)
			}
			seen[tr.Kind] = true
		}
		more := Traits([]graph.Trait{{Kind: 1, Token: 1}}, f)
		if len(more) != len(got)+1 || len(got) > 0 && more[1] != got[0] {
			t.Fatalf("%v after one, %v after none", more, got)
		}
	})
}

// typical is an account with all three windows.
func typical() *window.Features {
	f := signup(nil)
	f.Requests = requests(func(r *window.RequestFeatures) {
		fill(r, 20, 8, 9, 10, 11, 13, 14, 15)
		r.Tasks[event.TaskChat], r.Tasks[event.TaskWriting] = 60, 80
		r.Conversations, r.Streams, r.CoTCount, r.CoTSum = 30, 100, 100, 12
		copy(r.Starts[:], []int64{4000, 3000, 2500, 100})
		r.Models[0], r.Sync[0], r.Sync[1], r.Sync[2] = window.ModelUse{Model: 3, First: now - day, Total: 140}, [2]uint32{1, 3}, [2]uint32{5, 7}, [2]uint32{9, 11}
	}).Requests
	f.Payments = payments(func(p *window.PaymentFeatures) { fortnight(p, 3, 0); p.AmountShape = 2000 << 24 }).Payments
	return f
}

func BenchmarkOwn(b *testing.B) {
	var own Own
	f, signals := typical(), Signals()
	b.ReportAllocs()
	for b.Loop() {
		own.Read(signals, f, now)
	}
}

func BenchmarkTraits(b *testing.B) {
	f := typical()
	var dst []graph.Trait
	b.ReportAllocs()
	for b.Loop() {
		dst = Traits(dst[:0], f)
	}
}

func BenchmarkSignal(b *testing.B) {
	f := typical()
	for _, s := range Signals() {
		b.Run(s.Code, func(b *testing.B) {
			for b.Loop() {
				s.Read(f, now)
			}
		})
	}
	for i := range traits {
		b.Run(traits[i].Kind.Spec().Code, func(b *testing.B) {
			for b.Loop() {
				traits[i].Read(f)
			}
		})
	}
}
