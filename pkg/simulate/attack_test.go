package simulate

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// parsed makes a world of a scenario document.
func parsed(t *testing.T, doc string, options ...Option) *World {
	t.Helper()
	sc, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, 9, options...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const honestDoc = `
name: attacks
start: "2026-03-02"
days: 20
honest: {accounts: 1500, exchanges: 60000}
`

// values are all records of a world but its labels, and the labels' notes by account.
func values(w *World) (records map[string]string, notes map[string]string) {
	records, notes = map[string]string{}, map[string]string{}
	for e := range w.Events {
		if e.Stream == event.StreamLabel {
			notes[e.AccountID] = field(e.Value, "label") + " " + field(e.Value, "note")
		} else {
			records[string(e.Value)] = e.AccountID
		}
	}
	return records, notes
}

func noteOf(note, key string) string {
	for _, word := range strings.Fields(note) {
		if k, v, _ := strings.Cut(word, "="); k == key {
			return v
		}
	}
	return ""
}

// A campaign works with stolen keys: exactly its share of the exchanges comes under the
// owners' names, each with the key that the owner's label names, from the time that it
// names on; what the owners do themselves stays as it is without the campaign.
func TestStolenKeys(t *testing.T) {
	alone, _ := values(parsed(t, honestDoc))
	w := parsed(t, honestDoc+`campaigns: [{name: thief, accounts: 20, exchanges: 20000, start_day: 4, level: L2,
  stolen: {keys: 12, share: 0.25, start_day: 2, spread_days: 4}}]`)
	if w.scenario.Campaigns[0].Stolen.Exchanges != 5000 {
		t.Fatalf("%d exchanges with stolen keys", w.scenario.Campaigns[0].Stolen.Exchanges)
	}
	clients := map[string]int{}
	truth := w.Truth()
	var byThief []string
	records, notes := values(w)
	for value, account := range records {
		if _, own := alone[value]; !own && truth[account].Honest {
			byThief = append(byThief, value)
		}
	}
	kept := 0
	for value := range alone {
		if _, ok := records[value]; ok {
			kept++
		}
	}
	if kept != len(alone) || len(byThief) != 5000 {
		t.Errorf("%d of %d honest records as before, %d with stolen keys", kept, len(alone), len(byThief))
	}
	first, sent := map[string]int64{}, map[string]int{}
	for _, value := range byThief {
		account, ts := field([]byte(value), "account_id"), field([]byte(value), "ts")
		note := notes[account]
		if key := field([]byte(value), "api_key_id"); key == "" || noteOf(note, "key") != key || !strings.HasPrefix(note, "compromised class=") {
			t.Fatalf("key %s under note %q", key, note)
		}
		at, _ := strconv.ParseInt(ts, 10, 64)
		if f := first[account]; f == 0 || at < f {
			first[account] = at
		}
		sent[account]++
		clients[field([]byte(value), "ja4")]++
	}
	owned := 0
	for account, note := range notes {
		if noteOf(note, "key") == "" {
			continue
		}
		if noteOf(note, "from") != strconv.FormatInt(first[account], 10) || noteOf(note, "stolen") != strconv.Itoa(sent[account]) || noteOf(note, "level") != "L2" {
			t.Errorf("note %q, first %d, sent %d", note, first[account], sent[account])
		}
		if v := truth[account]; !v.Honest || v.Key != noteOf(note, "key") || v.Campaign != "" {
			t.Errorf("truth of an owner: %+v", v)
		}
		for value := range alone { // the owner's own history with the key
			if strings.Contains(value, noteOf(note, "key")) {
				owned++
			}
		}
	}
	if len(first) != 12 || owned < 200 {
		t.Errorf("%d owners, who used the keys %d times", len(first), owned)
	}
}

// Framing copies a victim's prompts, line, referral code and mail domain; nothing of the
// victim changes, and its label says legit.
func TestFraming(t *testing.T) {
	alone, _ := values(parsed(t, honestDoc))
	w := parsed(t, honestDoc+`campaigns: [{name: framer, accounts: 120, exchanges: 12000, start_day: 3, level: L2,
  framing: {victims: 15, accounts: 4, share: 0.6}}]`)
	victims := map[string]*account{} // by account id
	prompts := []uint64{}
	lines, codes, mail := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range w.accounts {
		if a.framed {
			victims[a.id] = a
			prompts = append(prompts, a.content.own...)
		}
	}
	framers := map[string]bool{}
	for id, v := range w.Truth() {
		if v.Attack == "framing" {
			framers[id] = true
		}
	}
	for value := range alone {
		if v := []byte(value); victims[field(v, "account_id")] != nil {
			lines[field(v, "ip")], codes[field(v, "referral_code")] = true, true
			if _, domain, ok := strings.Cut(field(v, "email"), "@"); ok {
				mail[domain] = true
			}
		}
	}
	records, notes := values(w)
	kept, copied, fromLine, withCode, atDomain := 0, 0, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for value, account := range records {
		v := []byte(value)
		if _, ok := alone[value]; ok {
			kept++
		}
		if !framers[account] {
			continue
		}
		if template, err := strconv.ParseUint(field(v, "template_hash"), 16, 64); err == nil && nearest(template, prompts) <= 3 {
			copied++
		}
		if lines[field(v, "ip")] {
			fromLine[account] = true
		}
		if code := field(v, "referral_code"); code != "" && codes[code] {
			withCode[account] = true
		}
		if _, domain, ok := strings.Cut(field(v, "email"), "@"); ok && mail[domain] && !w.names.isFree(domain) {
			atDomain[account] = true
		}
	}
	if kept != len(alone) {
		t.Errorf("%d of %d honest records as before", kept, len(alone))
	}
	if len(victims) < 15 || len(framers) < 30 || copied < 200 || len(fromLine) < 20 {
		t.Errorf("%d victims, %d framers, %d copied prompts, %d accounts from victims' lines", len(victims), len(framers), copied, len(fromLine))
	}
	t.Logf("%d victims, %d framers: %d copied prompts, %d from lines, %d codes, %d domains", len(victims), len(framers), copied, len(fromLine), len(withCode), len(atDomain))
	for id := range victims {
		if !strings.HasPrefix(notes[id], "legit ") || noteOf(notes[id], "trap") != "framed" {
			t.Errorf("a victim's label: %s", notes[id])
		}
	}
	for id := range framers {
		if noteOf(notes[id], "attack") != "framing" || !strings.HasPrefix(notes[id], "fraud ") {
			t.Errorf("a framer's label: %s", notes[id])
		}
	}
}

// Customers of a relay who have an account of their own: their prompts come from both,
// and nothing of their own account changes.
func TestPatrons(t *testing.T) {
	alone, _ := values(parsed(t, honestDoc))
	w := parsed(t, honestDoc+`campaigns: [{name: relay, like: moonshot-relay, level: L3, accounts: 60, exchanges: 6000, start_day: 1, patrons: 12}]`)
	var prompts []uint64
	for _, c := range w.gangs[0].patrons {
		prompts = append(prompts, c.prompts.own...)
	}
	truth := w.Truth()
	records, notes := values(w)
	kept, passed := 0, 0
	for value, account := range records {
		if _, ok := alone[value]; ok {
			kept++
		}
		h, err := strconv.ParseUint(field([]byte(value), "template_hash"), 16, 64)
		if !truth[account].Honest && err == nil && nearest(h, prompts) <= 3 {
			passed++
		}
	}
	labels := 0
	for _, note := range notes {
		if strings.HasPrefix(note, "legit ") && noteOf(note, "trap") == "relay_customer" {
			labels++
		}
	}
	if kept != len(alone) || passed < 200 || labels != 12 {
		t.Errorf("%d of %d honest records as before, %d exchanges passed on, %d labels", kept, len(alone), passed, labels)
	}
}

// A pool that is banned by a script: nobody sends after its ban, replacements sign up
// after one, the siblings do more, the next pool comes up when most is banned, and not
// an exchange is lost.
func TestBansByScript(t *testing.T) {
	for _, bans := range []string{"{hours: 60, replace: 0.2}", "{exchanges: 40, replace: 0.2}", "{hours: 90, exchanges: 80, share: 0.8}"} {
		t.Run(bans, func(t *testing.T) {
			w := parsed(t, fmt.Sprintf(`
name: banned
start: "2026-03-02"
days: 26
campaigns: [{name: c, accounts: 200, exchanges: 20000, start_day: 1, days: 24, level: L1, pools: [
  {name: one, share: 0.5, traffic: 0.4, effort: {ramp_days: 2}, bans: %s},
  {name: two, share: 0.5, traffic: 0.6, start_day: 18, follows: one, effort: {ramp_days: 2}}]}]`, bans))
			one, two := w.gangs[0].fleets[0], w.gangs[0].fleets[1]
			byID, banned, replaced := map[string]*account{}, 0, 0
			earliest := w.end
			for _, a := range one.members {
				byID[a.id] = a
				if at := a.post.bannedAt; at > 0 {
					banned++
					earliest = min(earliest, at)
				}
			}
			for _, a := range one.members {
				if a.post.reserve {
					replaced++
					if a.created < earliest {
						t.Errorf("a replacement signed up at %d, the first ban was at %d", a.created, earliest)
					}
				}
			}
			if at := one.mostlyBanned(); at > 0 && two.from > at {
				t.Errorf("the second pool starts %d h after most of the first is banned", (two.from-at)/hourMS)
			}
			counts := map[string]int{}
			for e := range w.Events {
				if e.Stream != event.StreamRequest {
					continue
				}
				a := byID[e.AccountID]
				if a == nil {
					counts["two"]++
					continue
				}
				counts["one"]++
				counts[a.id]++
				if at := a.post.bannedAt; at > 0 && e.TS >= at {
					t.Fatalf("an exchange %d ms after the ban", e.TS-at)
				}
			}
			if counts["one"] != 8000 || counts["two"] != 12000 {
				t.Errorf("%d and %d exchanges", counts["one"], counts["two"])
			}
			for id := range byID {
				if counts[id] == 0 {
					t.Error("an account without an exchange")
				}
			}
			if banned < 60 || strings.Contains(bans, "replace") != (replaced == 20) {
				t.Errorf("%d banned, %d replacements", banned, replaced)
			}
		})
	}
}

// Whatever the script of bans: a pool's exchanges are dealt out exactly, each account's to
// days on which it is up, and hardly an account goes without.
func TestBansDealExactly(t *testing.T) {
	tr, err := loadTraces()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		accounts := rapid.IntRange(4, 120).Draw(t, "accounts")
		exchanges := int64(accounts * rapid.IntRange(2, 60).Draw(t, "each"))
		sc := &Scenario{Name: "x", Start: "2026-03-02", Days: 20, Campaigns: []Campaign{{Name: "c", Accounts: accounts, Exchanges: exchanges,
			StartDay: rapid.Float64Range(0, 5).Draw(t, "start"), Days: rapid.Float64Range(3, 14).Draw(t, "days"),
			Pools: []Pool{{Name: "a", Share: 1, Bans: Bans{Hours: rapid.Float64Range(0, 300).Draw(t, "hours"), Exchanges: rapid.Float64Range(0, 90).Draw(t, "volume"),
				Share: rapid.Float64Range(0.1, 1).Draw(t, "share"), Replace: rapid.Float64Range(0, 0.8).Draw(t, "replace")}}}}}}
		if err := sc.fill(); err != nil {
			t.Fatal(err)
		}
		if err := sc.Validate(); err != nil {
			t.Fatal(err)
		}
		w := build(sc, rapid.Uint64().Draw(t, "seed"), tr)
		sum, without := int64(0), 0
		for _, a := range w.gangs[0].fleets[0].members {
			n := int64(0)
			for d, q := range a.days {
				lo, hi := w.start+int64(d)*dayMS, w.start+int64(d+1)*dayMS
				if n += int64(q); q > 0 && (a.from >= hi || a.to <= lo) {
					t.Fatalf("%d exchanges on day %d, up from %d to %d", q, d, (a.from-w.start)/hourMS, (a.to-w.start)/hourMS)
				}
			}
			if sum += n; n == 0 {
				without++
			}
		}
		if sum != exchanges || exchanges >= int64(20*accounts) && without*20 > accounts+19 {
			t.Fatalf("%d of %d exchanges, %d of %d accounts without", sum, exchanges, without, accounts)
		}
	})
}

// The probe comes before the campaign scales: few accounts, many requests.
func TestProbe(t *testing.T) {
	w := world(t, "xiaomi-2026-09", 1, 0.5, 3)
	var probe, before int
	start := w.gangs[0].fleets[1].from
	truth := w.Truth()
	accounts := map[string]bool{}
	for e := range w.Events {
		if e.Stream != event.StreamRequest || e.TS >= start {
			continue
		}
		if v := truth[e.AccountID]; v.Pool == "probe" {
			probe++
			accounts[e.AccountID] = true
		} else if !v.Honest {
			before++
		}
	}
	if want := int(w.gangs[0].fleets[0].pool.Exchanges); probe != want || want < 6000 || len(accounts) > 15 || before > 0 { // 3% of half of 405,000
		t.Errorf("probe of %d requests by %d accounts, %d others", probe, len(accounts), before)
	}
}

// Paraphrases are far from what they say.
func TestRewriteIsFar(t *testing.T) {
	r := rng(4)
	for range 1000 {
		base := r.u64()
		if d := bits.OnesCount64(base ^ rewrite(base, &r)); d < 12 || d > 32 {
			t.Fatalf("%d bits", d)
		}
	}
}
