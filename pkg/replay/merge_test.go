package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// memory is a source of events in batches of drawn sizes.
type memory struct {
	batches [][]Event
	fails   error
}

func (m *memory) read(context.Context) ([]Event, error) {
	if len(m.batches) == 0 {
		return nil, m.fails
	}
	b := m.batches[0]
	m.batches = m.batches[1:]
	return b, nil
}
func (m *memory) progress() (int64, int64) { return 0, 0 }
func (m *memory) close()                   {}

func drain(t rapid.TB, sources []source) ([]Event, error) {
	t.Helper()
	m, err := merge(context.Background(), sources)
	if err != nil {
		return nil, err
	}
	defer m.close()
	var got []Event
	for {
		e, err := m.next()
		if err != nil || e == nil {
			return got, err
		}
		got = append(got, *e)
	}
}

// Sources that are each in order come out in the one order of them all, however they are cut into batches.
func TestMergeIsASort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sources []source
		var want []Event
		for i := range rapid.IntRange(0, 6).Draw(t, "sources") {
			ts := int64(0)
			m := &memory{}
			var b []Event
			for off := range rapid.IntRange(0, 30).Draw(t, "events") {
				ts += rapid.Int64Range(0, 2).Draw(t, "step")
				e := Event{Stream: event.Stream(i % 4), Partition: int32(i / 4), Offset: int64(off), TS: ts}
				b, want = append(b, e), append(want, e)
				if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
					m.batches, b = append(m.batches, b), nil
				}
			}
			if len(b) > 0 {
				m.batches = append(m.batches, b)
			}
			sources = append(sources, m)
		}
		slices.SortStableFunc(want, func(a, b Event) int {
			switch {
			case a.before(&b):
				return -1
			case b.before(&a):
				return 1
			}
			return 0
		})
		got, err := drain(t, sources)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

// A source that is out of order in itself loses nothing and stays in its own order.
func TestMergeOfDisorderLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sources []source
		n := 0
		for i := range rapid.IntRange(1, 4).Draw(t, "sources") {
			var b []Event
			for off, ts := range rapid.SliceOfN(rapid.Int64Range(0, 9), 1, 20).Draw(t, "times") {
				b = append(b, Event{Stream: event.Stream(i), Offset: int64(off), TS: ts})
				n++
			}
			sources = append(sources, &memory{batches: [][]Event{b}})
		}
		got, err := drain(t, sources)
		if err != nil || len(got) != n {
			t.Fatalf("%d events of %d, %v", len(got), n, err)
		}
		var next [event.NumStreams]int64
		for _, e := range got {
			if e.Offset != next[e.Stream] {
				t.Fatalf("%s: offset %d, want %d", e.Stream, e.Offset, next[e.Stream])
			}
			next[e.Stream]++
		}
	})
}

func TestMergeReportsAFailure(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		m    *memory
	}{
		{"at once", &memory{fails: broken}},
		{"later", &memory{batches: [][]Event{{{TS: 1}}}, fails: broken}},
	} {
		if _, err := drain(t, []source{c.m, &memory{}}); !errors.Is(err, broken) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// At equal times what an account is known by comes before what it does.
func TestOrderAtEqualTimes(t *testing.T) {
	var sources []source
	for _, s := range []event.Stream{event.StreamLabel, event.StreamRequest, event.StreamPayment, event.StreamSignup} {
		sources = append(sources, &memory{batches: [][]Event{{{Stream: s, TS: 5}}}})
	}
	got, err := drain(t, sources)
	if err != nil {
		t.Fatal(err)
	}
	order := ""
	for _, e := range got {
		order += fmt.Sprint(e.Stream, " ")
	}
	if order != "signups payments requests labels " {
		t.Fatalf("order %s", order)
	}
}
