package baseline

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// start is midnight of some day, UTC.
const start = 20_000 * dayMS

// stream is a world of a few accounts as functions on a detector.
type stream []func(Detector)

func (s stream) into(d Detector) []Verdict {
	for _, do := range s {
		do(d)
	}
	return d.Verdicts()
}

func meta(account string, at int64) event.Meta { return event.Meta{AccountID: account, TS: start + at} }

func signup(account string, at int64, with ...func(*event.Signup)) func(Detector) {
	e := &event.Signup{Meta: meta(account, at), FormMS: -1, FreeMail: true}
	for _, w := range with {
		w(e)
	}
	return func(d Detector) { d.Signup(e) }
}

func request(account string, at int64, ip event.Token, template uint64) func(Detector) {
	e := &event.Request{Meta: meta(account, at), Network: event.Network{IP: ip}, Template: template, CoT: -1}
	return func(d Detector) { d.Request(e) }
}

func card(account string, at int64, instrument event.Token) func(Detector) {
	e := &event.Payment{Meta: meta(account, at), Kind: event.PaymentCardAdded, Instrument: instrument, ProcessorRisk: -1}
	return func(d Detector) { d.Payment(e) }
}

// times repeats an exchange at a step.
func times(n int, account string, at, step int64) stream {
	var s stream
	for i := range n {
		s = append(s, request(account, at+int64(i)*step, 0, 0))
	}
	return s
}

func flagged(vs []Verdict) map[string]int64 {
	m := map[string]int64{}
	for _, v := range vs {
		if v.Flagged {
			m[v.Account] = v.At - start
		}
	}
	return m
}

// Each detector flags whom its rule names, at the event that tipped it, and nobody else.
func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		name   string
		detect func() Detector
		stream stream
		want   map[string]int64 // account → time of the flag since start
	}{
		{"60 within an hour of the clock", func() Detector { return NewRateLimit() },
			slices.Concat(times(60, "many", 0, 1000), times(59, "few", 0, 1000)), map[string]int64{"many": 59_000}},
		{"300 over 24 hours, 13 an hour", func() Detector { return NewRateLimit() },
			times(300, "steady", 0, 280_000), map[string]int64{"steady": 299 * 280_000}},
		{"as many over two days are too few", func() Detector { return NewRateLimit() },
			times(300, "slow", 0, 600_000), map[string]int64{}},
		{"the third account on an address flags the first two as well", func() Detector { return NewAccountsPerIP() },
			stream{request("a", 0, 7, 0), request("b", 10, 7, 0), request("b", 15, 7, 0), request("c", 20, 7, 0), request("d", 30, 8, 0)},
			map[string]int64{"a": 20, "b": 20, "c": 20}},
		{"a new day counts anew", func() Detector { return NewAccountsPerIP() },
			stream{request("a", 0, 7, 0), request("b", 10, 7, 0), request("c", dayMS, 7, 0)}, map[string]int64{}},
		{"an absent address is no address", func() Detector { return NewAccountsPerIP() },
			stream{request("a", 0, 0, 0), request("b", 10, 0, 0), request("c", 20, 0, 0)}, map[string]int64{}},
		{"three accounts on one card", func() Detector { return NewSharedCard() },
			stream{card("a", 0, 1), card("b", 10, 1), card("c", 20, 1), card("d", 30, 2), card("e", 40, 2)},
			map[string]int64{"a": 20, "b": 20, "c": 20}},
		{"a chain of two cards is three accounts too", func() Detector { return NewSharedCard() },
			stream{card("a", 0, 1), card("b", 10, 1), card("c", 20, 2), card("b", 30, 2)},
			map[string]int64{"a": 30, "b": 30, "c": 30}},
		{"an address does not make a shared card", func() Detector { return NewSharedCard() },
			stream{request("a", 0, 7, 0), request("b", 0, 7, 0), request("c", 0, 7, 0)}, map[string]int64{}},
		{"card, address and template chain up", func() Detector { return NewAnyShared() },
			stream{card("a", 0, 1), card("b", 10, 1), request("b", 20, 7, 0), request("c", 30, 7, 9), request("d", 40, 8, 9)},
			map[string]int64{"a": 30, "b": 30, "c": 30, "d": 40}},
	} {
		got := flagged(tt.stream.into(tt.detect()))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (want -, got +)\n%s", tt.name, d)
		}
	}
}

// worldOf draws a small world in which things are often shared.
func worldOf(t *rapid.T) stream {
	var s stream
	at := int64(0)
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		at += rapid.Int64Range(0, 3*hourMS).Draw(t, "step")
		account := fmt.Sprint("a", rapid.IntRange(0, 9).Draw(t, "account"))
		token := event.Token(rapid.Uint64Range(0, 4).Draw(t, "token"))
		switch rapid.IntRange(0, 2).Draw(t, "stream") {
		case 0:
			s = append(s, signup(account, at, func(e *event.Signup) { e.Device, e.IP = token, event.Token(at%5) }))
		case 1:
			s = append(s, request(account, at, token, uint64(at%3)))
		default:
			s = append(s, card(account, at, token))
		}
	}
	return s
}

// Whatever the world: verdicts come once an account, ordered, with a time exactly where
// flagged, and the same again from the same events.
func TestVerdictsOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		world := worldOf(t)
		again := All()
		for i, d := range All() {
			vs := world.into(d)
			if diff := cmp.Diff(vs, world.into(again[i])); diff != "" {
				t.Fatalf("%s differs from itself: %s", d.Name(), diff)
			}
			if !slices.IsSortedFunc(vs, func(a, b Verdict) int {
				if a.Account < b.Account {
					return -1
				}
				return 1
			}) {
				t.Fatalf("%s: not in order, or twice: %v", d.Name(), vs)
			}
			for _, v := range vs {
				if v.Flagged != (v.At != 0) || math.IsNaN(v.Score) {
					t.Fatalf("%s: %+v", d.Name(), v)
				}
			}
		}
	})
}

// The names are those of the tables, and each is there once.
func TestAll(t *testing.T) {
	var names []string
	for _, d := range All() {
		names = append(names, d.Name())
	}
	want := []string{"rate limit", "accounts per address", "shared card", "any shared thing", "rule sheet", "MIDAS-F", "FRAUDAR (batch)"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// The panes of the rate limit against all times remembered.
func TestHoursAgainstAllTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h hours
		var all []int64
		newest := int64(0)
		for range rapid.IntRange(1, 80).Draw(t, "events") {
			hour := 1000 + rapid.Int64Range(0, 60).Draw(t, "hour")
			if hour > newest-24 {
				all = append(all, hour)
			}
			newest = max(newest, hour)
			inHour := h.count(hour)
			wantHour, wantDay := uint32(0), uint32(0)
			for _, x := range all {
				if x == hour && hour > newest-24 {
					wantHour++
				}
				if x > newest-24 {
					wantDay++
				}
			}
			if inHour != wantHour || h.day != wantDay {
				t.Fatalf("hour %d: %d in the hour, %d in the day, want %d and %d", hour, inHour, h.day, wantHour, wantDay)
			}
		}
	})
}

// Components against a flood over all pairs (account, thing), after each event: who is
// connected, and who is flagged since when.
func TestComponentsAgainstFlood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewSharedCard()
		uses := map[event.Token]map[string]bool{}
		first := map[string]int64{}
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			account := fmt.Sprint("a", rapid.IntRange(0, 9).Draw(t, "account"))
			token := event.Token(rapid.Uint64Range(1, 9).Draw(t, "card"))
			card(account, int64(i), token)(d)
			if uses[token] == nil {
				uses[token] = map[string]bool{}
			}
			uses[token][account] = true
			for _, v := range d.Verdicts() {
				size := reach(uses, v.Account)
				if size >= 3 && first[v.Account] == 0 {
					first[v.Account] = start + int64(i)
				}
				if want := (Verdict{v.Account, first[v.Account], float64(size), size >= 3}); v != want {
					t.Fatalf("event %d: %+v, want %+v", i, v, want)
				}
			}
		}
	})
}

// reach counts the accounts that a chain of shared cards leads to.
func reach(uses map[event.Token]map[string]bool, account string) int {
	in := map[string]bool{account: true}
	for grown := true; grown; {
		grown = false
		for _, accounts := range uses {
			touched := false
			for a := range accounts {
				touched = touched || in[a]
			}
			for a := range accounts {
				if touched && !in[a] {
					in[a], grown = true, true
				}
			}
		}
	}
	return len(in)
}

// An account's busiest address against a count over all events.
func TestAccountsPerIPAgainstAllEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type use struct {
			day int64
			ip  event.Token
		}
		d := NewAccountsPerIP()
		users := map[use]map[string]bool{}
		at := int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			at += rapid.Int64Range(0, 8*hourMS).Draw(t, "step")
			account := fmt.Sprint("a", rapid.IntRange(0, 7).Draw(t, "account"))
			u := use{at / dayMS, event.Token(rapid.Uint64Range(1, 3).Draw(t, "address"))}
			request(account, at, u.ip, 0)(d)
			if users[u] == nil {
				users[u] = map[string]bool{}
			}
			users[u][account] = true
		}
		for _, v := range d.Verdicts() {
			want := 0
			for _, accounts := range users {
				if accounts[v.Account] {
					want = max(want, len(accounts))
				}
			}
			if v.Score != float64(want) || v.Flagged != (want >= maxAccountsPerIP) {
				t.Fatalf("%+v, want %d", v, want)
			}
		}
	})
}
