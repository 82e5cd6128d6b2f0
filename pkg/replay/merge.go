package replay

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// merged yields the events of several sources in merge order. Each source is read
// ahead in a goroutine of its own; the order does not depend on their speed.
type merged struct {
	heads  heads
	wg     sync.WaitGroup
	stop   context.CancelFunc
	waited time.Duration // for sources, once a batch
}

// head is a source's next event.
type head struct {
	batch []Event
	next  int
	ch    chan batch
}

type batch struct {
	events []Event
	err    error
}

// readAhead is how many batches a source may be ahead of the merge.
const readAhead = 4

func merge(ctx context.Context, sources []source) (*merged, error) {
	ctx, stop := context.WithCancel(ctx)
	m := &merged{stop: stop}
	for _, s := range sources {
		h := &head{ch: make(chan batch, readAhead)}
		m.wg.Add(1)
		go func() {
			defer m.wg.Done()
			pump(ctx, s, h.ch)
		}()
		m.heads = append(m.heads, h)
	}
	live := m.heads[:0]
	for _, h := range m.heads {
		ok, err := h.fill()
		if err != nil {
			m.close()
			return nil, err
		}
		if ok {
			live = append(live, h)
		}
	}
	m.heads = live
	heap.Init(&m.heads)
	return m, nil
}

func pump(ctx context.Context, s source, ch chan<- batch) {
	defer close(ch)
	for {
		events, err := s.read(ctx)
		if len(events) == 0 && err == nil {
			return
		}
		select {
		case ch <- batch{events, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// fill takes the source's next batch; false is its end.
func (h *head) fill() (bool, error) {
	b, ok := <-h.ch
	if !ok {
		return false, nil
	}
	h.batch, h.next = b.events, 0
	return true, b.err
}

// next returns the next event of all, nil at the end. It is valid until the next call.
func (m *merged) next() (*Event, error) {
	for len(m.heads) > 0 {
		h := m.heads[0]
		if h.next < len(h.batch) {
			e := &h.batch[h.next]
			h.next++
			if h.next < len(h.batch) {
				heap.Fix(&m.heads, 0)
			}
			return e, nil
		}
		since := time.Now()
		ok, err := h.fill()
		m.waited += time.Since(since)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			heap.Pop(&m.heads)
		default:
			heap.Fix(&m.heads, 0)
		}
	}
	return nil, nil
}

func (m *merged) close() {
	m.stop()
	m.wg.Wait()
}

type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	a, b := h[i], h[j]
	// A spent batch must be refilled before anything can follow: it goes first.
	if a.next >= len(a.batch) || b.next >= len(b.batch) {
		return a.next >= len(a.batch) && b.next < len(b.batch)
	}
	return a.batch[a.next].before(&b.batch[b.next])
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
