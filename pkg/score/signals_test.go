package score

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

const (
	day = int64(link.PaneMS)
	now = 20_000 * day
)

func country(s string) event.Country { return event.Country(s[0])<<8 | event.Country(s[1]) }

// signup is an honest one, changed.
func signup(change func(*window.SignupFeatures)) *window.Features {
	s := &window.SignupFeatures{First: now - 5*day, Last: now - 5*day, Total: 1, IPType: event.IPResidential,
		Country: country("DE"), PhoneCountry: country("DE"), PhoneType: event.PhoneMobile, Method: event.MethodEmail, FormMS: 25_000}
	if change != nil {
		change(s)
	}
	return &window.Features{Signup: s}
}

// requests is an ordinary fortnight, changed.
func requests(change func(*window.RequestFeatures)) *window.Features {
	r := &window.RequestFeatures{First: now - 5*day, Last: now, Total: 100, ActiveDay: 5}
	r.Sums[window.Fortnight] = window.RequestSums{Requests: 100, Input: 100_000, Output: 30_000, Tools: 10}
	if change != nil {
		change(r)
	}
	return &window.Features{Requests: r}
}

func payments(change func(*window.PaymentFeatures)) *window.Features {
	p := &window.PaymentFeatures{First: now - 30*day, Last: now, Total: 5, IssuerCountry: country("DE"), BillingCountry: country("DE")}
	p.Types[event.InstrumentCard] = 5
	if change != nil {
		change(p)
	}
	return &window.Features{Payments: p}
}

func fortnight(p *window.PaymentFeatures, charges, declines uint64) {
	p.Sums[window.Fortnight].Charges, p.Sums[window.Fortnight].Declines = charges, declines
	p.Life.Charges, p.Life.Declines = charges, declines
}

func chargedBack(f *window.Features) *window.Features {
	f.Payments = payments(func(p *window.PaymentFeatures) { p.Life.Chargebacks = 1 }).Payments
	return f
}

// fill puts n requests into each of the given hours of the day.
func fill(r *window.RequestFeatures, n uint32, hours ...int) {
	for _, h := range hours {
		r.Hours[h] += n
	}
}

func allHours() []int {
	var hs []int
	for h := range 24 {
		hs = append(hs, h)
	}
	return hs
}

// What a signal says of a case: against the account, for it, or nothing.
const (
	against = 1
	nothing = 0
	forIt   = -1
)

func TestSignals(t *testing.T) {
	empty := &window.Features{}
	for _, c := range []struct {
		name   string
		signal Signal
		f      *window.Features
		want   int
	}{
		// network_type
		{"no windows", networkType, empty, nothing},
		{"home", networkType, signup(nil), nothing},
		{"unknown network", networkType, signup(func(s *window.SignupFeatures) { s.IPType = event.IPUnknown }), nothing},
		{"proxy", networkType, signup(func(s *window.SignupFeatures) { s.IPType = event.IPProxy }), against},
		{"tor", networkType, signup(func(s *window.SignupFeatures) { s.IPType = event.IPTor }), against},
		{"VPN", networkType, signup(func(s *window.SignupFeatures) { s.IPType = event.IPVPN }), against},
		{"hosting", networkType, signup(func(s *window.SignupFeatures) { s.IPType = event.IPHosting }), against},
		{"a window without a signup", networkType, &window.Features{Signup: &window.SignupFeatures{IPType: event.IPTor}}, nothing},

		// country_mismatch
		{"no windows", countryMismatch, empty, nothing},
		{"one country", countryMismatch, signup(nil), nothing},
		{"no country given", countryMismatch, signup(func(s *window.SignupFeatures) { s.Country, s.PhoneCountry = 0, 0 }), nothing},
		{"phone from elsewhere", countryMismatch, signup(func(s *window.SignupFeatures) { s.PhoneCountry = country("SG") }), against},
		{"card from elsewhere than its address", countryMismatch, payments(func(p *window.PaymentFeatures) { p.IssuerCountry = country("US") }), against},
		{"only the card says", countryMismatch, payments(nil), nothing},

		// declines
		{"no windows", declines, empty, nothing},
		{"no payments", declines, payments(nil), nothing},
		{"two declines, a typo", declines, payments(func(p *window.PaymentFeatures) { fortnight(p, 1, 2) }), nothing},
		{"card testing", declines, payments(func(p *window.PaymentFeatures) { fortnight(p, 1, 9) }), against},

		// chargebacks
		{"no windows", chargebacks, empty, nothing},
		{"none", chargebacks, payments(func(p *window.PaymentFeatures) { fortnight(p, 9, 0) }), nothing},
		{"one", chargebacks, payments(func(p *window.PaymentFeatures) { p.Life.Chargebacks = 1 }), against},

		// card_testing
		{"no windows", cardTesting, empty, nothing},
		{"an empty card, tried four times", cardTesting, payments(func(p *window.PaymentFeatures) { p.DeclineRun, p.DeclinedInstruments = 4, 1 }), nothing},
		{"an expired card and a wrong one", cardTesting, payments(func(p *window.PaymentFeatures) { p.DeclineRun, p.DeclinedInstruments = 3, 2 }), nothing},
		{"many cards over the years, never in a row", cardTesting, payments(func(p *window.PaymentFeatures) { p.DeclineRun, p.DeclinedInstruments = 1, 6 }), nothing},
		{"a list of cards", cardTesting, payments(func(p *window.PaymentFeatures) { p.DeclineRun, p.DeclinedInstruments = 5, 5 }), against},

		// chain_of_thought
		{"no windows", chainOfThought, empty, nothing},
		{"no score on any request", chainOfThought, requests(nil), nothing},
		{"too few scored", chainOfThought, requests(func(r *window.RequestFeatures) { r.CoTCount, r.CoTSum = minRequests-1, minRequests-1 }), nothing},
		{"honest mean", chainOfThought, requests(func(r *window.RequestFeatures) { r.CoTCount, r.CoTSum = 100, 10 }), nothing},
		{"eliciting", chainOfThought, requests(func(r *window.RequestFeatures) { r.CoTCount, r.CoTSum = 100, 80 }), against},

		// task_focus
		{"no windows", taskFocus, empty, nothing},
		{"no tasks", taskFocus, requests(nil), nothing},
		{"too few", taskFocus, requests(func(r *window.RequestFeatures) { r.Tasks[event.TaskLongHorizon] = minRequests - 1 }), nothing},
		{"a mix", taskFocus, requests(func(r *window.RequestFeatures) {
			r.Tasks[event.TaskLongHorizon], r.Tasks[event.TaskChat] = 50, 50
		}), nothing},
		{"only what was sought", taskFocus, requests(func(r *window.RequestFeatures) {
			r.Tasks[event.TaskAgenticReasoning], r.Tasks[event.TaskSoftwareEngineering] = 60, 40
		}), against},

		// other_tasks
		{"no windows", trustOtherTasks, empty, nothing},
		{"tasks that no classifier told", trustOtherTasks, requests(func(r *window.RequestFeatures) { r.Tasks[event.TaskUnknown] = 100 }), nothing},
		{"too few that it told", trustOtherTasks, requests(func(r *window.RequestFeatures) {
			r.Tasks[event.TaskUnknown], r.Tasks[event.TaskChat] = 100, minRequests-1
		}), nothing},
		{"a fifth is what was sought", trustOtherTasks, requests(func(r *window.RequestFeatures) {
			r.Tasks[event.TaskChat], r.Tasks[event.TaskLongHorizon] = 80, 20
		}), nothing},
		{"talk, and a little code", trustOtherTasks, requests(func(r *window.RequestFeatures) {
			r.Tasks[event.TaskChat], r.Tasks[event.TaskSoftwareEngineering] = 90, 10
		}), forIt},

		// day_flatness
		{"no windows", dayFlatness, empty, nothing},
		{"no requests", dayFlatness, requests(nil), nothing},
		{"flat on two days", dayFlatness, requests(func(r *window.RequestFeatures) { fill(r, 10, allHours()...); r.ActiveDay = 2 }), nothing},
		{"flat, too few", dayFlatness, requests(func(r *window.RequestFeatures) { fill(r, 2, allHours()...) }), nothing},
		{"flat", dayFlatness, requests(func(r *window.RequestFeatures) { fill(r, 10, allHours()...) }), against},
		// A working day that wraps around midnight UTC is a day with a night all the same.
		{"sleeps, elsewhere", dayFlatness, requests(func(r *window.RequestFeatures) { fill(r, 20, 20, 21, 22, 23, 0, 1, 2, 3) }), nothing},

		// fast_form
		{"no windows", fastForm, empty, nothing},
		{"a person", fastForm, signup(nil), nothing},
		{"absent", fastForm, signup(func(s *window.SignupFeatures) { s.FormMS = -1 }), nothing},
		{"a script", fastForm, signup(func(s *window.SignupFeatures) { s.FormMS = 400 }), against},
		{"no signup seen", fastForm, &window.Features{Signup: &window.SignupFeatures{FormMS: 0}}, nothing},

		// verified_organisation
		{"no windows", trustSSO, empty, nothing},
		{"by mail", trustSSO, signup(nil), nothing},
		{"vouched for", trustSSO, signup(func(s *window.SignupFeatures) { s.SSO = true }), forIt},

		// pays_by_invoice
		{"no windows", trustInvoice, empty, nothing},
		{"card", trustInvoice, payments(nil), nothing},
		{"invoice", trustInvoice, payments(func(p *window.PaymentFeatures) { p.Invoice = true }), forIt},

		// tenure: an account without a signup is older than the stream.
		{"no signup in the stream", trustTenure, requests(nil), forIt},
		{"new", trustTenure, signup(nil), nothing},
		{"40 days", trustTenure, signup(func(s *window.SignupFeatures) { s.First = now - 40*day }), forIt},
		{"a clock ahead", trustTenure, signup(func(s *window.SignupFeatures) { s.First = now + day }), nothing},

		// steady_payer
		{"no windows", trustPayer, empty, nothing},
		{"two charges", trustPayer, payments(func(p *window.PaymentFeatures) { fortnight(p, 2, 0) }), nothing},
		{"since yesterday", trustPayer, payments(func(p *window.PaymentFeatures) { fortnight(p, 9, 0); p.First = now - day }), nothing},
		{"a month of charges", trustPayer, payments(func(p *window.PaymentFeatures) { fortnight(p, 4, 1) }), forIt},
		{"with a chargeback", trustPayer, payments(func(p *window.PaymentFeatures) { fortnight(p, 4, 0); p.Life.Chargebacks = 1 }), nothing},
		{"with declines", trustPayer, payments(func(p *window.PaymentFeatures) { fortnight(p, 4, 3) }), nothing},

		// long_use
		{"no windows", trustLongUse, empty, nothing},
		{"a week", trustLongUse, requests(nil), nothing},
		{"two months", trustLongUse, requests(func(r *window.RequestFeatures) { r.First = now - 60*day }), forIt},
		{"two months on a shelf", trustLongUse, requests(func(r *window.RequestFeatures) { r.First, r.ActiveDay = now-60*day, 1 }), nothing},
		{"two months, and a chargeback", trustLongUse, chargedBack(requests(func(r *window.RequestFeatures) { r.First = now - 60*day })), nothing},

		// diverse_content
		{"no windows", trustDiversity, empty, nothing},
		{"one prompt", trustDiversity, requests(func(r *window.RequestFeatures) {
			r.Templates[window.Fortnight].N = 1
			r.Tasks[event.TaskChat], r.Tasks[event.TaskWriting], r.Tasks[event.TaskOther] = 30, 30, 30
		}), nothing},
		{"many prompts for one task", trustDiversity, requests(func(r *window.RequestFeatures) {
			r.Templates[window.Fortnight].N = 8
			r.Tasks[event.TaskLongHorizon] = 90
		}), nothing},
		{"an agency", trustDiversity, requests(func(r *window.RequestFeatures) {
			r.Templates[window.Fortnight].N = 8
			r.Tasks[event.TaskChat], r.Tasks[event.TaskWriting], r.Tasks[event.TaskOther] = 30, 30, 30
		}), forIt},

		// institutional_network
		{"no windows", trustNetwork, empty, nothing},
		{"home", trustNetwork, signup(nil), nothing},
		{"campus", trustNetwork, signup(func(s *window.SignupFeatures) { s.IPType = event.IPEducation }), forIt},
		{"company", trustNetwork, signup(func(s *window.SignupFeatures) { s.IPType = event.IPCorporate }), forIt},
	} {
		_, _, contribution, ok := c.signal.Read(c.f, now)
		got := nothing
		if ok && contribution != 0 {
			got = int(math.Copysign(1, contribution))
		}
		if got != c.want {
			t.Errorf("%s, %s: says %d (%.2f, %v), want %d", c.signal.Code, c.name, got, contribution, ok, c.want)
		}
	}
}

// Each signal has a code of its own, says nothing where there are no windows, save that an account
// is older than the stream, and only trust speaks for an account.
func TestSignalsAreApart(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Signals() {
		if s.Code == "" || seen[s.Code] {
			t.Errorf("code %q twice", s.Code)
		}
		seen[s.Code] = true
		if _, _, c, ok := s.Read(&window.Features{}, now); ok && c > 0 {
			t.Errorf("%s speaks against an account that nothing is known of", s.Code)
		}
	}
	for _, s := range Signals() {
		if _, _, c, ok := s.Read(worst(), now); ok && math.Abs(c) > s.Cap+1e-9 {
			t.Errorf("%s says %.2f, its cap is %.2f", s.Code, c, s.Cap)
		}
		if _, _, c, ok := s.Read(worst(), now); ok && s.Family != link.FamilyNone && c < 0 {
			t.Errorf("%s of family %s speaks for an account", s.Code, s.Family)
		}
	}
}

// worst is an account that every signal speaks against, and none for.
func worst() *window.Features {
	f := signup(func(s *window.SignupFeatures) {
		s.IPType, s.FormMS, s.PhoneCountry = event.IPTor, 10, country("SG")
	})
	f.Requests = requests(func(r *window.RequestFeatures) {
		fill(r, 1000, allHours()...)
		r.CoTCount, r.CoTSum = 24_000, 24_000
		r.Tasks[event.TaskAgenticReasoning] = 24_000
	}).Requests
	f.Payments = payments(func(p *window.PaymentFeatures) {
		fortnight(p, 0, 500)
		p.Life.Chargebacks = 500
		p.DeclineRun, p.DeclinedInstruments = 200, 8
		p.IssuerCountry, p.BillingCountry = country("US"), country("BR")
	}).Payments
	return f
}

// Signals are bounded: nothing that an account does alone, in whatever numbers, suspends it.
func TestAloneNobodyIsFraud(t *testing.T) {
	var own Own
	own.Read(Signals(), worst(), now)
	if len(own.Reasons) < 7 {
		t.Errorf("only %d reasons: %v", len(own.Reasons), own.Reasons)
	}
	for f, v := range own.Families {
		if math.IsNaN(v) || math.Abs(v) > 3 {
			t.Errorf("%s says %.2f", link.Family(f), v)
		}
	}
	for _, r := range own.Reasons {
		if r.Code == "" || r.Family == "" || r.Contribution == 0 || r.Value != round(r.Value) {
			t.Errorf("reason %+v", r)
		}
	}
}

// The quietest eight hours are those of a search over all starts, wherever the night lies.
func TestQuietShareIsTheLeastOfAllNights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var hours [24]uint32
		for h := range hours {
			hours[h] = rapid.Uint32Range(0, 1000).Draw(t, "n")
		}
		got, n := quietShare(&hours)
		var total, least uint64 = 0, math.MaxUint64
		for start := range 24 {
			var night uint64
			for h := range 8 {
				night += uint64(hours[(start+h)%24])
			}
			least = min(least, night)
			total += uint64(hours[start])
		}
		want := 0.0
		if total > 0 {
			want = float64(least) / float64(total)
		}
		if n != total || got != want || got > 1.0/3+1e-9 {
			t.Fatalf("%v: %f of %d, want %f of %d", hours, got, n, want, total)
		}
	})
}

// What was read before leaves nothing behind.
func TestReadAgain(t *testing.T) {
	var want, got Own
	want.Read(Signals(), typical(), now)
	got.Read(Signals(), worst(), now)
	got.Read(Signals(), typical(), now)
	if got.Families != want.Families || !slices.Equal(got.Reasons, want.Reasons) {
		t.Errorf("read after another account: %+v, want %+v", got, want)
	}
}
