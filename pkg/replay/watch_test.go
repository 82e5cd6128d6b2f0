package replay

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// seen counts what a watcher is told.
type seen struct {
	events    map[event.Stream]uint64
	exchanges map[string]int
	last      int64
	decisions int
	disorder  int
	unknown   int // decisions on accounts before their first event
}

func (s *seen) Event(e *Event) {
	s.events[e.Stream]++
	s.exchanges[e.meta().AccountID]++
	if e.TS < s.last {
		s.disorder++
	}
	s.last = e.TS
}

func (s *seen) Output(out *detect.Output) {
	s.decisions += len(out.Decisions)
	for i := range out.Decisions {
		if d := &out.Decisions[i]; s.exchanges[d.AccountID] == 0 || d.EventTS > s.last {
			s.unknown++
		}
	}
}

// A watcher hears of every event in order, and of every decision after the event that led to it;
// watching and measuring change nothing.
func TestWatch(t *testing.T) {
	in := small(t, 1)
	plain := t.TempDir()
	want := replayed(t, configOf(in, plain))
	s := &seen{events: map[event.Stream]uint64{}, exchanges: map[string]int{}}
	out := t.TempDir()
	cfg := configOf(in, out)
	cfg.Watch, cfg.Cost = s, &Cost{}
	m := replayed(t, cfg)
	for stream, n := range s.events {
		if n != want.Events[stream.String()] {
			t.Errorf("%s: %d events of %d", stream, n, want.Events[stream.String()])
		}
	}
	if s.events[event.StreamRequest] == 0 || s.events[event.StreamLabel] != 0 || s.decisions != want.Decisions || s.disorder > 0 || s.unknown > 0 {
		t.Errorf("%+v, want %d decisions", s, want.Decisions)
	}
	a, b := results(t, plain), results(t, out)
	if string(a["decisions.jsonl"]) != string(b["decisions.jsonl"]) || string(a["clusters.jsonl"]) != string(b["clusters.jsonl"]) {
		t.Error("watching changes the results")
	}
	c := cfg.Cost
	var events uint64
	for _, n := range m.Events {
		events += n
	}
	if c.Events != events || c.Accounts != len(s.exchanges) || c.Active == 0 || c.GraphBytes == 0 || c.WindowBytes == 0 {
		t.Errorf("%d events, %d accounts: %+v", events, m.Accounts, c)
	}
	if c.Decode <= 0 || c.Fold <= 0 || c.Detect <= 0 || c.Watch <= 0 || c.Per(c.Detect) <= 0 {
		t.Errorf("no time was taken: %+v", c)
	}
}

// Without a folder nothing is written, and the metrics are the same.
func TestNoOut(t *testing.T) {
	in := small(t, 2)
	want := replayed(t, configOf(in, t.TempDir()))
	t.Chdir(t.TempDir())
	m := replayed(t, configOf(in, ""))
	if m.Decisions != want.Decisions || m.Suspended != want.Suspended {
		t.Errorf("%+v, want %+v", m, want)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("written: %v, %v", left, err)
	}
}

// The thread's time is shared out by what elapsed, and what is left is the rest.
func TestSplit(t *testing.T) {
	var c Cost
	c.split(10*time.Second, 20*time.Second, &[numStages]time.Duration{4 * time.Second, 8 * time.Second, 2 * time.Second})
	if c.Fold != 2*time.Second || c.Detect != 4*time.Second || c.Watch != time.Second || c.Rest != 3*time.Second {
		t.Errorf("%+v", c)
	}
	c = Cost{}
	c.split(0, 0, &[numStages]time.Duration{})
	if c != (Cost{}) || c.Per(0) != 0 {
		t.Errorf("of nothing: %+v", c)
	}
}

func TestReadLabels(t *testing.T) {
	dir := folder(t, map[string]string{"labels": `{"event_id":"e1","account_id":"a","ts":1767268800000,"label":"fraud","source":"analyst","note":"n"}
{"event_id":"e2"}
{"event_id":"e3","account_id":"b","ts":1767268800000,"label":"legit","source":"analyst"}
`})
	var got []string
	cfg := configOf(dir, "")
	err := Labels(context.Background(), dir+"/labels.jsonl", cfg.Decode, func(l *event.Label) { got = append(got, l.AccountID+l.Note) })
	if err != nil || len(got) != 2 || got[0] != "an" || got[1] != "b" {
		t.Errorf("%q, %v", got, err)
	}
	if err := Labels(context.Background(), dir+"/none.jsonl", cfg.Decode, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}
