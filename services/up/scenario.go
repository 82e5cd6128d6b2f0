package up

import (
	"context"
	"fmt"
	"os"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/simulate"
)

// playable is one record of a scenario; key and value are valid until the next.
type playable struct {
	stream     event.Stream
	ts         int64
	key, value []byte
}

// isFolder tells a folder of input files from a scenario's name or file.
func (s Scenario) isFolder() bool {
	info, err := os.Stat(s.Source)
	return err == nil && info.IsDir()
}

// check loads the scenario, to fail before anything is started.
func (s Scenario) check() error {
	if s.Source == "" || s.isFolder() {
		return nil
	}
	_, err := simulate.Load(s.Source)
	return err
}

// each yields the scenario's records in order of event time. It can be called again
// and yields the same.
func (s Scenario) each(ctx context.Context, yield func(playable) error) error {
	if s.isFolder() {
		return replay.EachLine(ctx, s.Source, func(l replay.Line) error {
			return yield(playable{l.Stream, l.TS, l.AccountID, l.Value})
		})
	}
	sc, err := simulate.Load(s.Source)
	if err != nil {
		return err
	}
	w, err := simulate.New(sc.Scaled(s.Scale, s.Scale), s.Seed)
	if err != nil {
		return fmt.Errorf("making the scenario: %w", err)
	}
	var failed error
	var key []byte
	w.Events(func(e simulate.Event) bool {
		key = append(key[:0], e.AccountID...)
		failed = yield(playable{e.Stream, e.TS, key, e.Value})
		return failed == nil
	})
	return failed
}
