package baseline

import (
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

func country(s string) event.Country { return event.Country(s[0])<<8 | event.Country(s[1]) }

func pay(account string, at int64, with func(*event.Payment)) func(Detector) {
	e := &event.Payment{Meta: meta(account, at), Kind: event.PaymentCharge, ProcessorRisk: -1}
	with(e)
	return func(d Detector) { d.Payment(e) }
}

// What each line of the sheet asks for, alone: the sum of account "a" is the points of the
// lines named.
func TestRuleSheet(t *testing.T) {
	plain := signup("a", 0)
	for _, tt := range []struct {
		name   string
		stream stream
		want   float64
	}{
		{"a plain account with a public mailbox", stream{plain, request("a", hourMS, 1, 5)}, 0},
		{"own mail domain", stream{signup("a", 0, func(e *event.Signup) { e.FreeMail, e.EmailDomain = false, 3 })}, 5},
		{"VoIP number from elsewhere", stream{signup("a", 0, func(e *event.Signup) {
			e.PhoneType, e.PhoneCountry, e.Country = event.PhoneVoIP, country("US"), country("SG")
		})}, 20 + 15},
		{"an absent country disagrees with none", stream{signup("a", 0, func(e *event.Signup) { e.PhoneCountry = country("US") })}, 0},
		{"form in 2 s through a proxy", stream{signup("a", 0, func(e *event.Signup) { e.FormMS, e.IPType = 2000, event.IPProxy })}, 15 + 20},
		{"an absent form time is not fast", stream{signup("a", 0, func(e *event.Signup) { e.FormMS = -1 })}, 0},
		{"the second account on a card raises the first", stream{plain, card("a", 0, 4), card("b", 5, 4)}, 15},
		{"the third too", stream{plain, card("a", 0, 4), card("b", 5, 4), card("c", 6, 4)}, 15 + 35},
		{"device of five", stream{signup("a", 0, device), signup("b", 1, device), signup("c", 2, device), signup("d", 3, device), signup("e", 4, device)}, 20 + 20},
		{"virtual card of another country", stream{signup("a", 0, func(e *event.Signup) { e.Country = country("JP") }),
			pay("a", 1, func(e *event.Payment) {
				e.Funding, e.IssuerCountry, e.BillingCountry = event.FundingVirtual, country("US"), country("US")
			})}, 15 + 15 + 10},
		{"risk 80 is both steps", stream{pay("a", 1, func(e *event.Payment) { e.ProcessorRisk = 80 })}, 10 + 20},
		{"three declines within a day", stream{decline(0), decline(1), decline(dayMS)}, 20},
		{"three declines over more", stream{decline(0), decline(1), decline(dayMS + 1)}, 0},
		{"chargeback", stream{pay("a", 1, func(e *event.Payment) { e.Kind = event.PaymentChargeback })}, 50},
		{"first exchange at once", stream{plain, request("a", minuteMS, 1, 0)}, 10},
		{"60 in a minute", append(stream{plain}, times(60, "a", hourMS, 100)...), 10},
		{"500 on the first day, at an even pace", append(stream{plain}, times(500, "a", hourMS, 100_000)...), 20},
		{"four days later they count for nothing", append(stream{plain}, times(500, "a", 4*dayMS, 100_000)...), 0},
		{"22 hours of one day", append(stream{plain}, times(22, "a", hourMS, hourMS)...), 10},
		{"21 hours", append(stream{plain}, times(21, "a", hourMS, hourMS)...), 0},
	} {
		for _, v := range tt.stream.into(NewRules()) {
			if v.Account == "a" && v.Score != tt.want {
				t.Errorf("%s: %v points, want %v", tt.name, v.Score, tt.want)
			}
		}
	}
}

// What vouches for an account takes points away, and a sum is what counts at its highest.
func TestRulesThatVouch(t *testing.T) {
	fast := func(e *event.Signup) { e.FormMS, e.IPType, e.PhoneType = 1000, event.IPTor, event.PhoneVoIP } // 15+30+20
	cardOfThree := stream{card("b", 1, 4), card("c", 2, 4), card("a", 3, 4)}                               // 50
	for _, tt := range []struct {
		name   string
		vouch  func(*event.Signup)
		want   bool
		points float64
	}{
		{"nobody does", func(*event.Signup) {}, true, 115},
		{"single sign-on", func(e *event.Signup) { e.SSOOrg = 1 }, true, 75},
		{"sign-on and a programme", func(e *event.Signup) { e.SSOOrg, e.Program = 1, event.ProgramEducation }, false, 60},
	} {
		world := append(stream{signup("a", 0, fast, tt.vouch)}, cardOfThree...)
		if v := world.into(NewRules())[0]; v.Flagged != tt.want || v.Score != tt.points {
			t.Errorf("%s: %+v, want %v points", tt.name, v, tt.points)
		}
	}
}

// Every line can be reached: none has the points 0, or a name twice.
func TestRuleNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range ruleSheet() {
		if r.points == 0 || r.name == "" || seen[r.name] {
			t.Errorf("%+v", r.name)
		}
		seen[r.name] = true
	}
}

func device(e *event.Signup) { e.Device = 9 }

func decline(at int64) func(Detector) {
	return pay("a", at, func(e *event.Payment) { e.Kind = event.PaymentDecline })
}
