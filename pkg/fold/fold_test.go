package fold_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/oracle"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

const start = 1_775_000_000_000 // 31 March 2026

// newest keeps of each minute the row with the most events, as the sink does.
type newest map[oracle.ActivityKey]wire.Activity

func (n newest) add(rows []wire.Activity) {
	for _, r := range rows {
		k := oracle.ActivityKey{Account: r.AccountID, Stream: r.Stream, Minute: r.MinuteMS}
		r.OrgID = ""
		if old, ok := n[k]; !ok || r.Events > old.Events {
			n[k] = r
		}
	}
}

func (n newest) check(t *rapid.T, log *oracle.Log) {
	want := log.Activity()
	for k, r := range want {
		r.OrgID = "" // the org is as known when the row was told
		want[k] = r
	}
	if d := cmp.Diff(want, map[oracle.ActivityKey]wire.Activity(n)); d != "" {
		t.Fatalf("activity rows are not the log's (-want +got):\n%s", d)
	}
}

// plan is how a history is folded: how often the state is packed and unpacked, and
// its minutes flushed, on the way.
type plan struct {
	seed         uint64
	events       int
	lateness     int64
	repack, tell int
}

func drawPlan(t *rapid.T) plan {
	return plan{
		seed:     rapid.Uint64().Draw(t, "seed"),
		events:   rapid.IntRange(1, 400).Draw(t, "events"),
		lateness: rapid.SampledFrom([]int64{0, 60_000, window.DefaultLatenessMS, 2 * window.DefaultLatenessMS}).Draw(t, "lateness"),
		repack:   rapid.IntRange(1, 40).Draw(t, "repack"),
		tell:     rapid.IntRange(1, 60).Draw(t, "tell"),
	}
}

// Requests folded in any order, packed and unpacked at any time, equal the oracle.
func TestRequestWindowsEqualOracle(t *testing.T) {
	changes := 0
	defer func() {
		if changes == 0 {
			t.Error("no history had a key change: the comparison says nothing of them")
		}
	}()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		log, h, rows := oracle.NewLog(p.lateness), oracle.NewHistory(p.seed, "a", start), newest{}
		st, out := new(window.RequestState), new(fold.Out)
		for i := range p.events {
			e := h.Request()
			if got, want := fold.Request(st, &e, fold.Pos{Offset: int64(i)}, p.lateness, out), log.AddRequest(e, int64(i)); got != want {
				t.Fatalf("event %d: late = %v, want %v", i, got, want)
			}
			rows.add(out.Activity)
			if i%p.repack == 0 {
				st = repack(t, st, window.DecodeRequest)
			}
			if i%p.tell == 0 {
				fold.FlushRequest(st, "a", out)
				rows.add(out.Activity)
			}
		}
		for _, k := range st.Features(0).Keys {
			if k.Change.At != 0 {
				changes++
			}
		}
		for _, ahead := range []int64{0, 5_000, 3_000_000, 40_000_000, 5 * 24 * 3600_000, 30 * 24 * 3600_000} {
			if d := cmp.Diff(log.RequestFeatures("a", st.Last()+ahead), st.Features(st.Last()+ahead)); d != "" {
				t.Fatalf("features %d ms after the last event (-want +got):\n%s", ahead, d)
			}
		}
		fold.FlushRequest(st, "a", out)
		rows.add(out.Activity)
		rows.check(t, log)
	})
}

// The same for payments.
func TestPaymentWindowsEqualOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		log, h, rows := oracle.NewLog(p.lateness), oracle.NewHistory(p.seed, "a", start), newest{}
		st, out := new(window.PaymentState), new(fold.Out)
		for i := range p.events {
			e := h.Payment()
			if got, want := fold.Payment(st, &e, fold.Pos{Offset: int64(i)}, p.lateness, out), log.AddPayment(e, int64(i)); got != want {
				t.Fatalf("event %d: late = %v, want %v", i, got, want)
			}
			rows.add(out.Activity)
			if i%p.repack == 0 {
				st = repack(t, st, window.DecodePayment)
			}
			if i%p.tell == 0 {
				fold.FlushPayment(st, "a", out)
				rows.add(out.Activity)
			}
		}
		for _, ahead := range []int64{0, 5_000, 3_000_000, 40_000_000, 30 * 24 * 3600_000} {
			if d := cmp.Diff(log.PaymentFeatures("a", st.Last()+ahead), st.Features(st.Last()+ahead)); d != "" {
				t.Fatalf("features %d ms after the last event (-want +got):\n%s", ahead, d)
			}
		}
		fold.FlushPayment(st, "a", out)
		rows.add(out.Activity)
		rows.check(t, log)
	})
}

// The same for signups.
func TestSignupWindowsEqualOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		log, h, rows := oracle.NewLog(p.lateness), oracle.NewHistory(p.seed, "a", start), newest{}
		st, out := new(window.SignupState), new(fold.Out)
		for i := range p.events {
			e := h.Signup()
			if got, want := fold.Signup(st, &e, fold.Pos{Offset: int64(i)}, p.lateness, out), log.AddSignup(e, int64(i)); got != want {
				t.Fatalf("event %d: late = %v, want %v", i, got, want)
			}
			rows.add(out.Activity)
			if i%p.repack == 0 {
				st = repack(t, st, window.DecodeSignup)
			}
		}
		for _, ahead := range []int64{0, 5_000, 3_000_000, 40_000_000, 30 * 24 * 3600_000} {
			if d := cmp.Diff(log.SignupFeatures("a", st.Last()+ahead), st.Features(st.Last()+ahead)); d != "" {
				t.Fatalf("features %d ms after the last event (-want +got):\n%s", ahead, d)
			}
		}
		fold.FlushSignup(st, "a", out)
		rows.add(out.Activity)
		rows.check(t, log)
	})
}

// repack goes through the packed form, which must pack to the same bytes again.
func repack[S interface{ Append([]byte) []byte }](t *rapid.T, st S, decode func([]byte) (S, error)) S {
	b := st.Append(nil)
	got, err := decode(b)
	if err != nil {
		t.Fatalf("decoding %x: %v", b, err)
	}
	if again := got.Append(nil); !bytes.Equal(b, again) {
		t.Fatalf("packed again:\n%x\nbefore:\n%x", again, b)
	}
	return got
}

// Facts do not depend on where the state was packed: what a resident state and one
// that goes through its packed form at every event tell is the same.
func TestFactsSurvivePacking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		h := oracle.NewHistory(p.seed, "a", start)
		a, b := new(window.RequestState), new(window.RequestState)
		outA, outB := new(fold.Out), new(fold.Out)
		for i := range p.events {
			e := h.Request()
			fold.Request(a, &e, fold.Pos{Offset: int64(i)}, p.lateness, outA)
			fold.Request(b, &e, fold.Pos{Offset: int64(i)}, p.lateness, outB)
			if d := cmp.Diff(outA.Facts, outB.Facts); d != "" {
				t.Fatalf("event %d: facts of the resident and of the packed state differ:\n%s", i, d)
			}
			b = repack(t, b, window.DecodeRequest)
		}
	})
}

// Facts are told at counts 1, 4, 16, 64 of a value in a day, the volume at powers of two.
func TestFactThresholds(t *testing.T) {
	st, out := new(window.RequestState), new(fold.Out)
	var keys, volumes []uint64
	for i := range 70 {
		e := event.Request{Meta: event.Meta{AccountID: "a", TS: start + int64(i)*1000}, APIKey: 7, CoT: -1}
		fold.Request(st, &e, fold.Pos{Offset: int64(i)}, 0, out)
		for _, f := range out.Facts {
			if f.Token == 0 {
				volumes = append(volumes, f.Count)
			} else {
				keys = append(keys, f.Count)
			}
		}
	}
	if got, want := fmt.Sprint(keys, volumes), "[1 4 16 64] [1 2 4 8 16 32 64]"; got != want {
		t.Errorf("counts told = %s, want %s", got, want)
	}
}

// An account that goes through more addresses in a day than its table holds tells
// only as many facts as the table holds.
func TestFactBudget(t *testing.T) {
	st, out, told := new(window.RequestState), new(fold.Out), 0
	for i := range 500 {
		e := event.Request{Meta: event.Meta{AccountID: "a", TS: start + int64(i)*1000}, Suffix: uint64(i + 1), CoT: -1}
		fold.Request(st, &e, fold.Pos{Offset: int64(i)}, 0, out)
		for _, f := range out.Facts {
			if f.Token != 0 {
				told++
			}
		}
	}
	if told != window.TableSuffix.Cap() {
		t.Errorf("%d facts, want %d", told, window.TableSuffix.Cap())
	}
}
