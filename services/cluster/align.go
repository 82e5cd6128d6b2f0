package cluster

import (
	"container/heap"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// aligner holds facts back while another input partition is behind in event time and
// still has records to fold, so that a service that catches up after an outage, or a
// history that is played at full speed, is judged in the order in which it happened.
//
// What a source says of itself is old when it is read. So each release goes by a barrier:
// Kafka is asked where the inputs and the links end. A source that had told, before the
// question, that it is stored up to its input's end holds nobody back; another one holds
// back what is later than the event time that it had told of. What they told of was on the
// links by then, so once the links are read up to where they ended, nothing earlier than
// the limit can come any more.
type aligner struct {
	slackMS int64         // how far ahead of the slowest source a fact may run
	maxHold time.Duration // a source that does not move for so long holds nobody back
	sources map[sourceKey]*sourceState
	held    factHeap
	moved   bool // a source has told of progress since the last barrier
	up      bool // a barrier stands
	limit   int64
	seen    int64 // event time that all had reached when it was raised
	links   kadm.ListedOffsets
}

type sourceKey struct {
	stream    event.Stream
	partition int32
}

type sourceState struct {
	offset  int64 // input offset up to which it has folded and stored
	eventMS int64
	stuck   time.Time // since when it has had more to fold without a sign of life; zero = it has not
}

func newAligner(slack, maxHold time.Duration) *aligner {
	return &aligner{slackMS: slack.Milliseconds(), maxHold: maxHold, sources: map[sourceKey]*sourceState{}}
}

// progress notes how far a source has come.
func (a *aligner) progress(p *wire.Progress) {
	s := a.source(p.Stream, p.Partition)
	a.moved = true
	s.eventMS = max(s.eventMS, p.EventMS)
	if p.Offset > s.offset {
		s.offset, s.stuck = p.Offset, time.Time{}
	}
}

func (a *aligner) source(s event.Stream, partition int32) *sourceState {
	k := sourceKey{s, partition}
	if a.sources[k] == nil {
		a.sources[k] = &sourceState{}
	}
	return a.sources[k]
}

// hold takes a fact in.
func (a *aligner) hold(f link.Fact) { heap.Push(&a.held, f) }

// barrierTopics are the topics whose ends raise wants.
func barrierTopics() []string {
	topics := []string{wire.TopicLinks}
	for _, s := range windowStreams {
		topics = append(topics, s.String())
	}
	return topics
}

// idle reports whether there is nothing that a barrier could tell.
func (a *aligner) idle() bool { return len(a.held) == 0 && !a.moved && !a.up }

// raise sets the barrier, from what is known now and where the topics end.
func (a *aligner) raise(ends kadm.ListedOffsets, now time.Time) {
	a.moved, a.up, a.links, a.limit = false, true, ends, a.latest()
	slowest, latest := int64(math.MaxInt64), int64(0)
	for _, stream := range windowStreams {
		for id, end := range ends[stream.String()] {
			s := a.source(stream, id)
			latest = max(latest, s.eventMS)
			switch {
			case s.offset >= end.Offset:
				s.stuck = time.Time{}
				continue
			case s.stuck.IsZero():
				s.stuck = now
			case now.Sub(s.stuck) > a.maxHold:
				continue
			}
			slowest = min(slowest, s.eventMS)
		}
	}
	if slowest < math.MaxInt64 {
		a.limit = min(a.limit, slowest+a.slackMS)
	}
	a.seen = min(slowest, latest)
}

// latest is the event time of the latest fact that is held.
func (a *aligner) latest() int64 {
	latest := int64(math.MinInt64)
	for i := len(a.held) / 2; i < len(a.held); i++ { // the later half of a heap holds its greatest
		latest = max(latest, a.held[i].Last)
	}
	return latest
}

// waiting reports whether the links must be read further before anything may go.
func (a *aligner) waiting(at positions) bool {
	return a.up && !at.reached(a.links, wire.TopicLinks)
}

// release takes the barrier down and appends to dst the facts that may go, in order of
// event time.
func (a *aligner) release(dst []link.Fact) []link.Fact {
	a.up = false
	for len(a.held) > 0 && a.held[0].Last <= a.limit {
		dst = append(dst, heap.Pop(&a.held).(link.Fact))
	}
	return dst
}

func (a *aligner) len() int { return len(a.held) }

// factHeap orders by event time, then by what is the same in every run.
type factHeap []link.Fact

func (h factHeap) Len() int { return len(h) }
func (h factHeap) Less(i, j int) bool {
	x, y := &h[i], &h[j]
	switch {
	case x.Last != y.Last:
		return x.Last < y.Last
	case x.Stream != y.Stream:
		return x.Stream < y.Stream
	case x.Partition != y.Partition:
		return x.Partition < y.Partition
	case x.Offset != y.Offset:
		return x.Offset < y.Offset
	default:
		return x.Kind < y.Kind
	}
}
func (h factHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *factHeap) Push(x any)   { *h = append(*h, x.(link.Fact)) }
func (h *factHeap) Pop() any {
	old := *h
	f := old[len(old)-1]
	*h = old[:len(old)-1]
	return f
}
