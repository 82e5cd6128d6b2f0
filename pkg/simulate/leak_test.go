package simulate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// leakWorld is the whole honest population and two campaigns that do what the effort says
// and otherwise live as people do, half of them at L2, half at L3.
func leakWorld(t *testing.T, accounts int, classes string) *World {
	t.Helper()
	var where strings.Builder
	for _, c := range newAtlas().countries.values {
		fmt.Fprintf(&where, "%s: %g, ", c.code, c.weight)
	}
	sc, err := Parse(fmt.Appendf(nil, `
name: leak
start: "2026-03-02"
days: 14
honest: {accounts: %d, exchanges: %d, older: 0.15%s}
campaigns:
  - name: fleet
    accounts: %d
    exchanges: %d
    kinds: {chat: 0.5, code: 0.2, agent: 0.1, batch: 0.2}
    countries: {%s}
    pools:
      - {name: two, share: 0.5, effort: {level: L2, client: popular, aged: 0.15, ramp_days: 10}}
      - {name: three, share: 0.5, effort: {level: L3, client: popular, aged: 0.15, ramp_days: 10}}
`, accounts, 20*accounts, classes, accounts, 20*accounts, strings.TrimSuffix(where.String(), ", ")))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, 21)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// onlyDevelopers leaves out every class but the one that does what campaigns seem to do.
func onlyDevelopers() string {
	var b strings.Builder
	for _, name := range classNames() {
		if name != "individual_dev" {
			fmt.Fprintf(&b, "%s: 0, ", name)
		}
	}
	return ", classes: {" + strings.TrimSuffix(b.String(), ", ") + "}"
}

// note is a record of the world as the learner gets it.
type note struct {
	stream  event.Stream
	account *account
	fields  []kv
}

// notes are a world's records as far as the learner looks, without the labels, which no
// part of the detector sees.
func notes(w *World) []note {
	byID := map[string]*account{}
	for _, a := range w.accounts {
		byID[a.id] = a
	}
	var out []note
	var seen [event.NumStreams]map[*account]int
	for i := range seen {
		seen[i] = map[*account]int{}
	}
	for e := range w.Events {
		a := byID[e.AccountID]
		if seen[e.Stream][a]++; e.Stream != event.StreamLabel && seen[e.Stream][a] <= sampledOf(e.Stream) {
			out = append(out, note{e.Stream, a, fieldsOf(e.Value)})
		}
	}
	return out
}

// side is 0 for honest accounts, 1 for a campaign's.
func side(a *account) int {
	if a.fleet != nil {
		return 1
	}
	return 0
}

// learn lets the learner see records, with what a leak makes of some of the campaigns'.
func learn(all []note, mayDiffer map[string]string, leak func(note) []kv) *learner {
	l := newLearner(mayDiffer)
	for _, n := range all {
		fields := n.fields
		if leak != nil && n.account.fleet != nil {
			fields = leak(n)
		}
		l.observe(n.stream, n.account.id, side(n.account), fields)
	}
	return l
}

// leakBound is the advantage (share of campaigns' accounts less that of honest ones, or the
// other way round) that no rule on a record's form may exceed. Between two samples of 4,000
// accounts chance alone reaches 0.05 in some thousands of rules.
const leakBound = 0.1

// No single rule on a field's presence, form, digits or grain, no pair of absent fields, no
// order and no grain of time tells campaigns from honest accounts: beside a campaign that
// is where the population is, and in the built-in worlds with all that attackers try.
func TestNoRuleTells(t *testing.T) {
	check := func(t *testing.T, l *learner) {
		for i, found := range l.best() {
			if i < 5 {
				t.Logf("%.3f %s", found.advantage, found.rule)
			}
			if found.advantage > leakBound {
				t.Errorf("advantage %.2f: %s", found.advantage, found.rule)
			}
		}
	}
	t.Run("among the population", func(t *testing.T) { check(t, learn(notes(leakWorld(t, 4000, "")), mayDiffer, nil)) })
	for _, name := range []string{"levels", "experts"} {
		t.Run(name, func(t *testing.T) { check(t, learn(notes(world(t, name, 0.2, 0.04, 3)), elsewhere(), nil)) })
	}
}

// What the population shares, campaigns share too: a campaign's account has as often a value
// that some honest account has as an honest account has one that another has, or more often,
// where it keeps to a popular kind (a BIN of virtual cards).
func TestNoValueIsExclusive(t *testing.T) {
	type value struct{ field, value string }
	owners := map[value]map[*account]bool{}
	for _, n := range notes(leakWorld(t, 4000, "")) {
		for _, f := range n.fields {
			switch full := n.stream.String() + "." + f.name; full {
			case "signups.asn", "signups.ip_type", "signups.method", "signups.phone_type", "signups.phone_country", "signups.user_agent", "signups.ja4",
				"requests.asn", "requests.model", "requests.endpoint", "requests.task", "requests.status", "requests.country",
				"payments.kind", "payments.bin", "payments.funding", "payments.currency", "payments.issuer_country":
				v := value{full, f.value}
				if owners[v] == nil {
					owners[v] = map[*account]bool{}
				}
				owners[v][n.account] = true
			}
		}
	}
	all, known := map[string]*[2]float64{}, map[string]*[2]float64{}
	for v, of := range owners {
		if all[v.field] == nil {
			all[v.field], known[v.field] = &[2]float64{}, &[2]float64{}
		}
		honest := 0
		for a := range of {
			honest += 1 - side(a)
		}
		for a := range of {
			all[v.field][side(a)]++
			if honest+side(a) > 1 { // another honest account than itself
				known[v.field][side(a)]++
			}
		}
	}
	for f, n := range all {
		h, c := known[f][0]/max(1, n[0]), known[f][1]/max(1, n[1])
		t.Logf("%s: honest %.3f, campaign %.3f", f, h, c)
		if c < h-leakBound {
			t.Errorf("%s: of honest accounts' values %.3f are another's too, of campaigns' %.3f", f, h, c)
		}
	}
	if len(all) != 18 {
		t.Errorf("%d fields seen, want 18", len(all))
	}
}

// The learner finds what leaks: each deliberate leak, in the records of a quarter of the
// campaigns' accounts, shows as a rule above the bound.
func TestLeaksAreFound(t *testing.T) {
	set := func(record []kv, name string, change func(string) string) []kv {
		for i := range record {
			if record[i].name == name {
				record[i].value = change(record[i].value)
			}
		}
		return record
	}
	drop := func(record []kv, name string) []kv {
		var out []kv
		for _, f := range record {
			if f.name != name {
				out = append(out, f)
			}
		}
		return out
	}
	world := notes(leakWorld(t, 1000, ""))
	for _, c := range []struct {
		name string
		leak func([]kv) []kv
		want string // part of the rule
	}{
		{"a field is never sent", func(r []kv) []kv { return drop(r, "device_id") }, "device_id"},
		{"one field is absent where another is there", func(r []kv) []kv { return drop(r, "latency_ms") }, "presence without requests.latency_ms"},
		{"ids are shorter", func(r []kv) []kv {
			return set(r, "conversation_id", func(v string) string { return v[:len(v)-2] })
		}, "conversation_id/form:len"},
		{"ids have another prefix", func(r []kv) []kv {
			return set(r, "api_key_id", func(v string) string { return "sk_" + v[4:] })
		}, "api_key_id/form:prefix"},
		{"ids have another alphabet", func(r []kv) []kv { return set(r, "event_id", strings.ToUpper) }, "event_id/form"},
		{"ids begin alike", func(r []kv) []kv {
			return set(r, "account_id", func(v string) string { return v[:5] + "0" + v[6:] })
		}, "account_id/digits:first"},
		{"times are whole hundredths", func(r []kv) []kv {
			return set(r, "ts", func(v string) string { return v[:len(v)-1] + "0" })
		}, "ts/grain"},
		{"latencies are round", func(r []kv) []kv {
			return set(r, "latency_ms", func(v string) string { return v + "0" })
		}, "latency_ms/grain"},
		{"fields come in another order", func(r []kv) []kv {
			r[0], r[2] = r[2], r[0]
			return r
		}, "/order"},
		{"a value that nobody else sends", func(r []kv) []kv {
			return set(r, "user_agent", func(string) string { return "Mozilla/9" })
		}, "signups.user_agent/value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := learn(world, mayDiffer, func(n note) []kv {
				if n.account.key%4 != 0 {
					return n.fields
				}
				return c.leak(slices.Clone(n.fields))
			}).best()
			for _, found := range all {
				if found.advantage > leakBound && strings.Contains(found.rule, c.want) {
					return
				}
			}
			t.Errorf("best rule %.2f %s, none above %.2f has %s", all[0].advantage, all[0].rule, leakBound, c.want)
		})
	}
}

// presenceFields must be there as often for a campaign as for the honest developers whom it
// copies. Not among them are those that say who someone belongs to, and template_hash: a
// prompt may be absent.
var presenceFields = map[event.Stream][]string{
	event.StreamSignup: {"event_id", "account_id", "ts", "ip", "asn", "ip_type", "country", "email", "email_hash", "email_domain", "email_shape",
		"phone", "phone_country", "phone_type", "device_id", "ja4", "user_agent", "method", "form_ms", "org_id"},
	event.StreamRequest: {"event_id", "api_key_id", "conversation_id", "turn", "ip", "asn", "ip_type", "country", "ja4", "user_agent", "model", "endpoint",
		"status", "input_tokens", "output_tokens", "cached_tokens", "latency_ms", "stream", "tool_calls", "task", "suffix_hash", "cot_score", "org_id"},
}

// Beside developers, who are what campaigns seem to be, the test is sharper: every field is
// present as often, by account within four standard errors; ids have evenly spread digits;
// times have the same milliseconds.
func TestNoLeakBesideDevelopers(t *testing.T) {
	w := leakWorld(t, 2500, onlyDevelopers())
	var accounts [event.NumStreams][2]float64
	present := map[string]*[2]float64{}
	counted, seenStream := map[string]bool{}, map[string]bool{}
	digits := map[string]*[2][16]float64{}
	var ms [2][]float64
	fraud := map[string]int{}
	for _, a := range w.accounts {
		fraud[a.id] = side(a)
	}
	for e := range w.Events {
		fields := presenceFields[e.Stream]
		if fields == nil {
			continue
		}
		who := fraud[e.AccountID]
		if key := e.Stream.String() + e.AccountID; !seenStream[key] {
			seenStream[key] = true
			accounts[e.Stream][who]++
		}
		ms[who] = append(ms[who], float64(e.TS%1000))
		for _, f := range fields {
			v := field(e.Value, f)
			if v == "" {
				continue
			}
			key := e.Stream.String() + "." + f
			if present[key] == nil {
				present[key], digits[f] = &[2]float64{}, &[2][16]float64{}
			}
			if once := key + e.AccountID; !counted[once] {
				counted[once] = true
				present[key][who]++
			}
			if strings.HasSuffix(f, "_id") && !counted[v] {
				counted[v] = true
				d, _ := strconv.ParseUint(v[len(v)-16:len(v)-15], 16, 8)
				digits[f][who][d]++
			}
		}
	}
	for stream, fields := range presenceFields {
		for _, f := range fields {
			n, p := accounts[stream], present[stream.String()+"."+f]
			if p == nil {
				t.Errorf("%s.%s never is there", stream, f)
				continue
			}
			both := (p[0] + p[1]) / (n[0] + n[1])
			if se := math.Sqrt(both * (1 - both) * (1/n[0] + 1/n[1])); math.Abs(p[0]/n[0]-p[1]/n[1]) > 4*se+1e-9 {
				t.Errorf("%s.%s: honest %.3f, campaign %.3f", stream, f, p[0]/n[0], p[1]/n[1])
			}
		}
	}
	for f, sides := range digits {
		for who, counts := range sides {
			total, chi := 0.0, 0.0
			for _, c := range counts {
				total += c
			}
			for _, c := range counts {
				chi += (c - total/16) * (c - total/16) / (total/16 + 1e-9)
			}
			if chi > 60 { // 15 degrees of freedom: p < 1e-6
				t.Errorf("side %d: first digits of %s: chi-square %.0f", who, f, chi)
			}
		}
	}
	if d := ks(ms[0], ms[1]); d > 0.02 {
		t.Errorf("milliseconds: KS distance %.3f", d)
	}
}

// Addresses of version 6 are as usual on a campaign's home lines as on people's.
func TestAddressVersions(t *testing.T) {
	w := leakWorld(t, 2500, onlyDevelopers())
	var six, all [2]float64
	for _, a := range w.accounts {
		if s := a.place(a.created).at(a.created, a.key, a.key); s.ipType == "residential" {
			all[side(a)]++
			if s.ip.Is6() {
				six[side(a)]++
			}
		}
	}
	if h, f := six[0]/all[0], six[1]/all[1]; math.Abs(h-f) > 0.05 || h < 0.1 {
		t.Errorf("version 6: honest %.3f, campaign %.3f", h, f)
	}
}
