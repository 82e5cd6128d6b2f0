package simulate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Counts are the events written, by stream.
type Counts [event.NumStreams]int64

// Total is the number of all events.
func (c Counts) Total() (n int64) {
	for _, v := range c {
		n += v
	}
	return n
}

// WriteFiles plays the world into dir/{signups,requests,payments,labels}.jsonl, each in
// time order. The world must be in JSON. progress, where given, is called every few
// thousand events with what has been written and the event time reached.
func (w *World) WriteFiles(ctx context.Context, dir string, progress func(c Counts, ts int64)) (Counts, error) {
	var counts Counts
	if w.encoding != JSON {
		return counts, errors.New("files hold JSON only")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return counts, fmt.Errorf("making the folder: %w", err)
	}
	var out [event.NumStreams]*bufio.Writer
	var files [event.NumStreams]*os.File
	for s := range files {
		f, err := os.Create(filepath.Join(dir, event.Stream(s).String()+".jsonl"))
		if err != nil {
			return counts, fmt.Errorf("making the file: %w", err)
		}
		defer func() { _ = f.Close() }() // for the error paths: closed below where all went well
		files[s], out[s] = f, bufio.NewWriterSize(f, 1<<18)
	}
	var failed error
	n := 0
	w.Events(func(e Event) bool {
		o := out[e.Stream]
		_, failed = o.Write(e.Value)
		if failed == nil {
			failed = o.WriteByte('\n')
		}
		counts[e.Stream]++
		if n++; n&0xfff == 0 {
			failed = errors.Join(failed, ctx.Err())
			if progress != nil {
				progress(counts, e.TS)
			}
		}
		return failed == nil
	})
	for s := range out {
		failed = errors.Join(failed, out[s].Flush(), files[s].Close())
	}
	if failed != nil {
		return counts, fmt.Errorf("writing events: %w", failed)
	}
	return counts, nil
}
