package replay

import (
	"bytes"
	"context"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/simulate"
)

// A world that is played from memory gives what its files give.
func TestRecords(t *testing.T) {
	sc, err := simulate.Load("press")
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.New(sc.Scaled(0.01, 0.0004), 1)
	if err != nil {
		t.Fatal(err)
	}
	files, memory := t.TempDir(), t.TempDir()
	replayed(t, configOf(small(t, 1), files))
	cfg := configOf("", memory)
	cfg.Records = func(yield func(event.Stream, []byte) bool) {
		w.Events(func(e simulate.Event) bool { return yield(e.Stream, e.Value) })
	}
	replayed(t, cfg)
	want, got := results(t, files), results(t, memory)
	for name := range want {
		if !bytes.Equal(want[name], got[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// Records that are played without end stop when the replay is interrupted.
func TestRecordsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	cfg := configOf("", "")
	cfg.Records = func(yield func(event.Stream, []byte) bool) {
		for yield(event.StreamRequest, []byte(requestLine(n))) {
			if n++; n == 10_000 {
				cancel()
			}
		}
	}
	if _, err := Run(ctx, cfg); err == nil {
		t.Fatal("an interrupted replay went well")
	}
}
