package simulate

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Event is one record for one input topic; its key is AccountID. Value is valid until
// the next event.
type Event struct {
	Stream    event.Stream
	TS        int64 // event time, Unix ms
	AccountID string
	Value     []byte // in the world's encoding
}

// sliceMS is how much of the world is made at once: every account's events of an hour,
// then one sort. Memory is bounded by an hour of events, not by the stream.
const sliceMS = hourMS

// chunkSize is how many accounts a core takes at a time.
const chunkSize = 512

// Events yields every event of the world in order of (time, stream), until yield
// answers false. A World plays once. Slices are made ahead on all cores while the
// caller consumes; the bytes are the same on one core.
func (w *World) Events(yield func(Event) bool) {
	free, ready := make(chan *batch, 3), make(chan *batch, 3)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range cap(free) {
		free <- w.newBatch()
	}
	wg.Go(func() {
		defer close(ready)
		w.produce(free, ready, stop)
	})
	defer wg.Wait()
	defer close(stop)
	for b := range ready {
		for i := range b.items {
			it := &b.items[i]
			buf := b.chunks[it.chunk].buf
			if !yield(Event{it.stream, it.ts, w.accounts[it.account].id, buf[it.start:it.end]}) {
				return
			}
		}
		free <- b
	}
}

// produce makes slice after slice until the last label.
func (w *World) produce(free <-chan *batch, ready chan<- *batch, stop <-chan struct{}) {
	end := w.end
	for _, a := range w.accounts {
		end = max(end, a.label.ts+1)
	}
	for from := w.start; from < end; from += sliceMS {
		if day := int((from - w.start) / dayMS); (from-w.start)%dayMS == 0 && day < w.days {
			w.eachChunk(func(_ int, accounts []*account) {
				for _, a := range accounts {
					if a.days[day] > 0 || a.next < len(a.plan) {
						w.planDay(a, day)
					}
				}
			})
		}
		var b *batch
		select {
		case b = <-free:
		case <-stop:
			return
		}
		w.fillBatch(b, from+sliceMS)
		select {
		case ready <- b:
		case <-stop:
			return
		}
	}
}

// item is one event's place in a batch.
type item struct {
	ts         int64
	key        uint64 // decides between accounts at the same millisecond
	account    uint32
	start, end uint32
	chunk      uint16
	stream     event.Stream
}

func (x item) compare(y item) int {
	return cmp.Or(cmp.Compare(x.ts, y.ts), cmp.Compare(x.stream, y.stream), cmp.Compare(x.key, y.key), cmp.Compare(x.start, y.start))
}

// batch is a slice of the world: each chunk of accounts writes to its own buffer.
type batch struct {
	chunks []writer
	places [][]item
	items  []item
}

func (w *World) newBatch() *batch {
	n := (len(w.accounts) + chunkSize - 1) / chunkSize
	b := &batch{chunks: make([]writer, n), places: make([][]item, n)}
	for i := range b.chunks {
		b.chunks[i].encoding = w.encoding
	}
	return b
}

func (w *World) fillBatch(b *batch, until int64) {
	w.eachChunk(func(chunk int, accounts []*account) {
		out := &emitter{world: w, w: &b.chunks[chunk], items: b.places[chunk][:0], chunk: uint16(chunk)}
		out.w.buf = out.w.buf[:0]
		for _, a := range accounts {
			out.account(a, until)
		}
		b.places[chunk] = out.items
	})
	b.items = b.items[:0]
	for _, p := range b.places {
		b.items = append(b.items, p...)
	}
	slices.SortFunc(b.items, item.compare)
}

// eachChunk runs f over all chunks of accounts on all cores.
func (w *World) eachChunk(f func(chunk int, accounts []*account)) {
	chunks := (len(w.accounts) + chunkSize - 1) / chunkSize
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(chunks, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
				f(i, w.accounts[i*chunkSize:min(len(w.accounts), (i+1)*chunkSize)])
			}
		})
	}
	wg.Wait()
}

// emitter writes the events of one chunk of accounts for one slice.
type emitter struct {
	world *World
	w     *writer
	items []item
	chunk uint16
	q     request
}

// account writes what an account does before a time, the end of an hour.
func (e *emitter) account(a *account, hour int64) {
	seed, until := e.world.seed, hour
	if up := a.signup; up != nil && up.ts < until {
		if !a.older {
			up.encode(e.w, a, a.nextEvent(seed))
			e.place(a, event.StreamSignup, up.ts)
		}
		a.signup = nil
	}
	for len(a.paid) > 0 && a.paid[0].ts < until {
		a.paid[0].encode(e.w, a, a.nextEvent(seed))
		e.place(a, event.StreamPayment, a.paid[0].ts)
		a.paid = a.paid[1:]
	}
	if a.cut > 0 {
		until = min(until, a.cut)
	}
	for a.next < len(a.plan) && a.plan[a.next].ts < until {
		s := e.world.exchange(a, a.plan[a.next], &e.q)
		e.q.encode(e.w, a, s, a.nextEvent(seed))
		e.place(a, event.StreamRequest, e.q.ts)
		if a.sent++; a.first == 0 {
			a.first = e.q.ts
		}
		a.next++
	}
	if l := &a.label; l.ts > 0 && l.ts < hour {
		l.encode(e.w, a, a.nextEvent(seed))
		e.place(a, event.StreamLabel, l.ts)
		l.ts = 0
	}
}

// place notes where the event just written lies.
func (e *emitter) place(a *account, stream event.Stream, ts int64) {
	e.items = append(e.items, item{ts, a.key, a.index, uint32(e.w.start), uint32(len(e.w.buf)), e.chunk, stream})
}
