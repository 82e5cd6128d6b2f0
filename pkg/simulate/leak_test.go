package simulate

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// fields of each stream whose presence must not depend on the class. Not among them are
// those that say something about an account: org_id, sso_org, program, referral_code,
// campaign, template_hash (a prompt may be absent).
var leakFields = map[event.Stream][]string{
	event.StreamSignup: {"event_id", "account_id", "ts", "ip", "asn", "ip_type", "country", "email", "email_hash", "email_domain", "email_shape",
		"phone", "phone_country", "phone_type", "device_id", "ja4", "user_agent", "method", "form_ms"},
	event.StreamRequest: {"event_id", "api_key_id", "conversation_id", "turn", "ip", "asn", "ip_type", "country", "ja4", "user_agent", "model", "endpoint",
		"status", "input_tokens", "output_tokens", "cached_tokens", "latency_ms", "stream", "tool_calls", "task", "suffix_hash", "cot_score"},
}

// leakWorld has developers at home and an attacker who copies them in all that has nothing
// to do with being a campaign: paying ways, referral, cards, phones.
func leakWorld(t *testing.T) *World {
	t.Helper()
	sc, err := Parse([]byte(`
name: leak
start: "2026-03-02"
days: 14
honest: {accounts: 2500, exchanges: 30000, older: 0.1, classes: {individual_chat: 0, framework_user: 0, mobile_user: 0, vpn_user: 0, household: 0,
  family_device: 0, virtual_card: 0, heavy_agent: 0, org_sso: 0, org_plain: 0, startup: 0, agency: 0, student: 0, course: 0, hackathon: 0, referral: 0,
  reseller: 0, load_test: 0, eval_lab: 0}}
campaigns:
  - {name: fleet, accounts: 2500, exchanges: 30000, pools: [{name: main, share: 1, effort: {level: L2, client: popular, aged: 0.1, ramp_days: 10}}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, 21)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Nothing in the form of the records tells the classes apart: every field is present as
// often (by account, within four standard errors), ids have one form and evenly spread
// digits, times have the same milliseconds.
func TestNoLeakInForm(t *testing.T) {
	w := leakWorld(t)
	truth := w.Truth()
	type side struct {
		accounts map[event.Stream]map[string]bool
		present  map[string]map[string]bool // field -> accounts that ever had it
		digits   map[string][16]float64     // id field -> first digit
		ms       []float64
	}
	sides := [2]side{}
	for i := range sides {
		sides[i] = side{map[event.Stream]map[string]bool{event.StreamSignup: {}, event.StreamRequest: {}}, map[string]map[string]bool{}, map[string][16]float64{}, nil}
	}
	seen := map[string]bool{}
	idForm := regexp.MustCompile(`^(ev|acct|key|conv|dev)_[0-9a-f]{16}$`)
	for e := range w.Events {
		fields := leakFields[e.Stream]
		if fields == nil {
			continue
		}
		s := &sides[0]
		if !truth[e.AccountID].Honest {
			s = &sides[1]
		}
		s.accounts[e.Stream][e.AccountID] = true
		s.ms = append(s.ms, float64(e.TS%1000))
		for _, f := range fields {
			v := field(e.Value, f)
			if v == "" {
				continue
			}
			key := e.Stream.String() + "." + f
			if s.present[key] == nil {
				s.present[key] = map[string]bool{}
			}
			s.present[key][e.AccountID] = true
			switch f {
			case "event_id", "account_id", "api_key_id", "conversation_id", "device_id":
				if !idForm.MatchString(v) {
					t.Fatalf("%s: %s", f, v)
				}
				if seen[v] {
					continue
				}
				seen[v] = true
				d, _ := strconv.ParseUint(v[len(v)-16:len(v)-15], 16, 8)
				counts := s.digits[f]
				counts[d]++
				s.digits[f] = counts
			}
		}
	}
	for stream, fields := range leakFields {
		for _, f := range fields {
			key := stream.String() + "." + f
			a, na := float64(len(sides[0].present[key])), float64(len(sides[0].accounts[stream]))
			b, nb := float64(len(sides[1].present[key])), float64(len(sides[1].accounts[stream]))
			p := (a + b) / (na + nb)
			if se := math.Sqrt(p * (1 - p) * (1/na + 1/nb)); math.Abs(a/na-b/nb) > 4*se+1e-9 {
				t.Errorf("%s: honest %.3f, campaign %.3f", key, a/na, b/nb)
			}
		}
	}
	for i := range sides {
		for f, counts := range sides[i].digits {
			total, chi := 0.0, 0.0
			for _, c := range counts {
				total += c
			}
			for _, c := range counts {
				chi += (c - total/16) * (c - total/16) / (total / 16)
			}
			if chi > 60 { // 15 degrees of freedom: p < 1e-6
				t.Errorf("side %d: first digits of %s: chi-square %.0f", i, f, chi)
			}
		}
	}
	if d := ks(sides[0].ms, sides[1].ms); d > 0.02 {
		t.Errorf("milliseconds: KS distance %.3f", d)
	}
}
