package fold_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// typical is a month of an account that makes perDay requests in conversations of a
// few turns, from two networks, with two clients and three templates.
func typical(account string, perDay, days int, seed uint64) []event.Request {
	rnd := rand.New(rand.NewPCG(seed, 1))
	var events []event.Request
	for day := range days {
		ts := int64(start) + int64(day)*24*3600_000 + rnd.Int64N(6*3600_000)
		for n := 0; n < perDay; {
			turns := 1 + rnd.IntN(6)
			place := rnd.Uint64N(3)
			for range turns {
				events = append(events, event.Request{
					Meta:    event.Meta{EventID: fmt.Sprint(account, day, n), AccountID: account, TS: ts},
					Network: event.Network{IP: event.Token(100 + place), Prefix: event.Token(200 + place), ASN: uint32(3000 + place/2)},
					APIKey:  event.Token(300), JA4: event.Token(400 + place%2), UserAgent: 5, Status: 200, Model: 1,
					InputTokens: 500 + rnd.Int64N(6000), OutputTokens: 100 + rnd.Int64N(1500), CachedTokens: rnd.Int64N(2) * rnd.Int64N(4000),
					Task: event.Task(1 + rnd.IntN(3)), Template: 1000 + rnd.Uint64N(3), Suffix: rnd.Uint64(), CoT: rnd.Float32(),
				})
				ts += 10_000 + rnd.Int64N(60_000)
				n++
			}
			ts += rnd.Int64N(12 * 3600_000 * 6 / int64(perDay))
		}
	}
	return events
}

// TestPackedSize says what a typical account's requests take; it fails if they
// take much more than they do now.
func TestPackedSize(t *testing.T) {
	for _, c := range []struct {
		perDay, atMost int
	}{
		{6, 400},   // a person
		{26, 500},  // the campaigns' usual rate
		{860, 950}, // the highest rate reported
	} {
		st, out := new(window.RequestState), new(fold.Out)
		for i, e := range typical("acct-000001", c.perDay, 30, 7) {
			fold.Request(st, &e, fold.Pos{Offset: int64(1e6 + i)}, window.DefaultLatenessMS, out)
		}
		n := len(st.Append(nil))
		t.Logf("%d requests a day: %d bytes", c.perDay, n)
		if n > c.atMost {
			t.Errorf("%d requests a day: %d bytes, want at most %d", c.perDay, n, c.atMost)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, perDay := range []int{26, 860} {
		b.Run(fmt.Sprint("perday=", perDay), func(b *testing.B) {
			var accounts [64][]event.Request
			var states [64]*window.RequestState
			for i := range accounts {
				accounts[i], states[i] = typical(fmt.Sprint("acct-", i), perDay, 16, uint64(i)), new(window.RequestState)
			}
			out := new(fold.Out)
			facts, rows := 0, 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				a := accounts[i%64]
				e := &a[i/64%len(a)]
				if i/64%len(a) == 0 {
					states[i%64].Reset()
				}
				fold.Request(states[i%64], e, fold.Pos{Offset: int64(i)}, window.DefaultLatenessMS, out)
				facts += len(out.Facts)
				rows += len(out.Activity)
			}
			b.ReportMetric(float64(facts)/float64(b.N), "facts/op")
			b.ReportMetric(float64(rows)/float64(b.N), "rows/op")
		})
	}
}

func BenchmarkPack(b *testing.B) {
	st, out := new(window.RequestState), new(fold.Out)
	for i, e := range typical("acct-000001", 26, 30, 7) {
		fold.Request(st, &e, fold.Pos{Offset: int64(i)}, window.DefaultLatenessMS, out)
	}
	packed := st.Append(nil)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]byte, 0, 1024)
		for range b.N {
			dst = st.Append(dst[:0])
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if err := st.Decode(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
