package replay

import (
	"context"
	"sync/atomic"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// Records plays records in merge order: it hands each to yield until that answers false. A
// value is valid until the next.
type Records func(yield func(s event.Stream, value []byte) bool)

// played is one source of all streams, in memory: nothing is written for a replay of a simulated
// world, however large.
type played struct {
	batches chan raw
	stop    chan struct{}
	done    atomic.Int64
	decs    [event.NumStreams]decoder
}

// raw is a batch of records that are not yet decoded.
type raw struct {
	streams []event.Stream
	ends    []int // of each in bytes
	bytes   []byte
}

func openRecords(records Records, dec *decode.Decoder) []source {
	p := &played{batches: make(chan raw, readAhead), stop: make(chan struct{})}
	for s := range p.decs {
		p.decs[s] = decoder{stream: event.Stream(s), dec: dec.Clone()} //nolint:gosec // an index of the streams
	}
	go p.play(records)
	return []source{p}
}

func (p *played) play(records Records) {
	defer close(p.batches)
	var b raw
	send := func() bool {
		select {
		case p.batches <- b:
			b = raw{bytes: make([]byte, 0, len(b.bytes)*5/4)}
			return true
		case <-p.stop:
			return false
		}
	}
	stopped := false
	records(func(s event.Stream, value []byte) bool {
		b.bytes = append(b.bytes, value...)
		b.streams, b.ends = append(b.streams, s), append(b.ends, len(b.bytes))
		stopped = len(b.ends) == batchSize && !send()
		return !stopped
	})
	if !stopped && len(b.ends) > 0 {
		send()
	}
}

func (p *played) read(ctx context.Context) ([]Event, error) {
	var b raw
	select {
	case b = <-p.batches: // empty at the end
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for s := range p.decs {
		p.decs[s].events = nil
	}
	events, from := make([]Event, 0, len(b.ends)), 0
	for i, end := range b.ends {
		d := &p.decs[b.streams[i]]
		if d.events == nil {
			d.begin()
		}
		d.add(decode.Record{Value: b.bytes[from:end]}, 0, p.done.Add(1))
		events, from = append(events, d.events[len(d.events)-1]), end
	}
	return events, nil
}

func (p *played) progress() (int64, int64) { return p.done.Load(), 0 }
func (p *played) close()                   { close(p.stop) }
