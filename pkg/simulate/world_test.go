package simulate

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// world makes a scaled world of a built-in scenario.
func world(t testing.TB, name string, accounts, exchanges float64, seed uint64, options ...Option) *World {
	t.Helper()
	sc, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc.Scaled(accounts, exchanges), seed, options...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// digest is a hash over all that a world yields, in order.
func digest(w *World) string {
	h := sha256.New()
	for e := range w.Events {
		fmt.Fprintf(h, "%d %d %s %s\n", e.Stream, e.TS, e.AccountID, e.Value)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// The same scenario, seed and scale give the same bytes on any number of cores, and
// another seed gives others.
func TestDeterministic(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			one := runtime.GOMAXPROCS(1)
			first := digest(world(t, name, 0.03, 0.002, 7))
			runtime.GOMAXPROCS(max(2, one))
			again := digest(world(t, name, 0.03, 0.002, 7))
			runtime.GOMAXPROCS(one)
			if first != again {
				t.Error("one core and two give different bytes")
			}
			if digest(world(t, name, 0.03, 0.002, 8)) == first {
				t.Error("two seeds give the same bytes")
			}
		})
	}
}

// field reads a field of a generated JSON object, whose strings hold no escapes; "" where absent.
func field(value []byte, name string) string {
	i := bytes.Index(value, []byte(`"`+name+`":`))
	if i < 0 {
		return ""
	}
	rest := value[i+len(name)+3:]
	if rest[0] == '"' {
		return string(rest[1 : 1+bytes.IndexByte(rest[1:], '"')])
	}
	return string(rest[:bytes.IndexAny(rest, ",}")])
}

// tally is what a world was seen to hold.
type tally struct {
	streams   [event.NumStreams]int64
	accounts  map[string]map[string]bool // by campaign; "" = honest
	exchanges map[string]int64
	lastUse   map[string]int64 // by campaign
	labels    map[string]label
}

func count(t *testing.T, w *World) tally {
	t.Helper()
	truth := w.Truth()
	c := tally{accounts: map[string]map[string]bool{}, exchanges: map[string]int64{}, lastUse: map[string]int64{}, labels: map[string]label{}}
	for id, v := range truth {
		if c.accounts[v.Campaign] == nil {
			c.accounts[v.Campaign] = map[string]bool{}
		}
		c.accounts[v.Campaign][id] = true
	}
	last, stream := int64(0), event.Stream(0)
	ids, used := map[string]bool{}, map[string]bool{}
	for e := range w.Events {
		if e.TS < last || e.TS == last && e.Stream < stream {
			t.Fatalf("out of order: %d %s after %d %s", e.TS, e.Stream, last, stream)
		}
		last, stream = e.TS, e.Stream
		c.streams[e.Stream]++
		id, account, ts := field(e.Value, "event_id"), field(e.Value, "account_id"), field(e.Value, "ts")
		if ts != strconv.FormatInt(e.TS, 10) || account != e.AccountID || ids[id] {
			t.Fatalf("record does not match its event, or its id is used: %s", e.Value)
		}
		ids[id] = true
		campaign := truth[account].Campaign
		if e.Stream == event.StreamSignup && used[account] {
			t.Fatalf("used or paid for before it was there: %s", e.Value)
		}
		used[account] = true
		switch e.Stream {
		case event.StreamRequest:
			c.exchanges[campaign]++
			c.lastUse[campaign] = e.TS
		case event.StreamLabel:
			c.labels[account] = label{ts: e.TS, label: field(e.Value, "label"), campaign: field(e.Value, "campaign")}
		}
	}
	return c
}

// Accounts and exchanges are exactly the scenario's, campaign by campaign, at several
// scales; labels cover every account, tell the truth, and come after the fact.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name                string
		accounts, exchanges float64
	}{
		{"press", 0.02, 0.002},            // fewer exchanges an account
		{"press", 0.002, 0.002},           // the least there can be
		{"alibaba-2026-04", 0.01, 0.01},   // as reported, in small
		{"deepseek-2026-02", 0.5, 0.5},    // half size
		{"moonshot-2026-02", 0.1, 0.02},   // few accounts, much traffic
		{"minimax-2026-02", 0.05, 0.0051}, // a scale that does not divide
	} {
		t.Run(fmt.Sprintf("%s x%g x%g", c.name, c.accounts, c.exchanges), func(t *testing.T) {
			w := world(t, c.name, c.accounts, c.exchanges, 3)
			got := count(t, w)
			check := func(what string, n, want int64) {
				if n != want {
					t.Errorf("%s: %d, want %d", what, n, want)
				}
			}
			check("honest accounts", int64(len(got.accounts[""])), int64(w.scenario.Honest.Accounts))
			check("honest exchanges", got.exchanges[""], w.scenario.Honest.Exchanges)
			check("requests", got.streams[event.StreamRequest], w.Exchanges())
			check("labels", int64(len(got.labels)), int64(len(w.accounts)))
			for _, camp := range w.scenario.Campaigns {
				check(camp.Name+" accounts", int64(len(got.accounts[camp.Name])), int64(camp.Accounts))
				check(camp.Name+" exchanges", got.exchanges[camp.Name], camp.Exchanges)
				for id := range got.accounts[camp.Name] {
					if l := got.labels[id]; l.label != "fraud" || l.campaign != camp.Name || l.ts <= got.lastUse[camp.Name] {
						t.Fatalf("label %+v at %d, campaign's last exchange %d", l, l.ts, got.lastUse[camp.Name])
					}
				}
			}
			for id := range got.accounts[""] {
				if got.labels[id].label != "legit" {
					t.Fatalf("honest account labelled %+v", got.labels[id])
				}
			}
		})
	}
}

// The reports' sizes: 28.8M over 25,000 accounts; over 150k, 3.4M and 13M, together
// over 16M over 24,000; all four in press.
func TestReportedSizes(t *testing.T) {
	size := func(name string) (accounts int, exchanges int64) {
		sc, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range sc.Campaigns {
			accounts, exchanges = accounts+c.Accounts, exchanges+c.Exchanges
		}
		return accounts, exchanges
	}
	if a, e := size("alibaba-2026-04"); a != 25_000 || e != 28_800_000 {
		t.Errorf("alibaba: %d accounts, %d exchanges", a, e)
	}
	var accounts int
	var exchanges int64
	for name, atLeast := range map[string]int64{"deepseek-2026-02": 150_001, "moonshot-2026-02": 3_400_001, "minimax-2026-02": 13_000_001} {
		a, e := size(name)
		if e < atLeast {
			t.Errorf("%s: %d exchanges", name, e)
		}
		accounts, exchanges = accounts+a, exchanges+e
	}
	if accounts != 24_000 || exchanges <= 16_000_000 {
		t.Errorf("the three of February: %d accounts, %d exchanges", accounts, exchanges)
	}
	if a, e := size("press"); a != 49_000 || e != exchanges+28_800_000 {
		t.Errorf("press: %d accounts, %d exchanges", a, e)
	}
}

// A consumer that stops early leaves nothing running.
func TestStopsEarly(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	n := 0
	for range world(t, "press", 0.01, 0.001, 1).Events {
		if n++; n == 100 {
			break
		}
	}
	if n != 100 {
		t.Errorf("%d events", n)
	}
}

// Half of minimax's exchanges go to the new model from a day after its launch; before
// it nobody's do.
func TestPivot(t *testing.T) {
	w := world(t, "minimax-2026-02", 0.02, 0.004, 5)
	launch := w.models[len(w.models)-1].launch
	truth := w.Truth()
	var fresh, all, honestFresh, honestAll float64
	for e := range w.Events {
		if e.Stream != event.StreamRequest {
			continue
		}
		isNew := strings.Contains(string(e.Value), `"model":"atlas-5-large"`)
		switch {
		case e.TS < launch-hourMS && isNew: // a session starts on one model and keeps it
			t.Fatalf("asked for before its launch: %s", e.Value)
		case e.TS < launch+dayMS:
		case truth[e.AccountID].Honest:
			honestAll++
			if isNew {
				honestFresh++
			}
		default:
			all++
			if isNew {
				fresh++
			}
		}
	}
	if share := fresh / all; share < 0.5 || share > 0.8 {
		t.Errorf("campaign's share of the new model %.2f", share)
	}
	if share := honestFresh / honestAll; share < 0.1 || share > 0.6 {
		t.Errorf("honest share of the new model %.2f", share)
	}
}
