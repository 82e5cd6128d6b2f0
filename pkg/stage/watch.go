package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tracker knows which partitions are owned, for readiness and the display of lag. Safe
// for concurrent use.
type tracker struct {
	health Health
	mu     sync.Mutex
	joined bool
	states map[int32]*tracked
}

type tracked struct {
	owned bool
	why   string
	next  *atomic.Int64
}

func newTracker(h Health) *tracker { return &tracker{health: h, states: map[int32]*tracked{}} }

func (t *tracker) loading(partition int32, why string) { t.set(partition, &tracked{why: why}) }

func (t *tracker) owned(partition int32, next *atomic.Int64) {
	t.set(partition, &tracked{owned: true, next: next})
}

func (t *tracker) gone(partition int32) { t.set(partition, nil) }

func (t *tracker) join() {
	t.mu.Lock()
	t.joined = true
	t.tell()
	t.mu.Unlock()
}

func (t *tracker) set(partition int32, s *tracked) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s == nil {
		delete(t.states, partition)
	} else {
		t.states[partition] = s
	}
	t.tell()
}

// tell says whether every partition is owned. The caller holds the lock.
func (t *tracker) tell() {
	if !t.joined {
		t.health.NotReady(ConditionState, "joining the group")
		return
	}
	for _, p := range slices.Sorted(maps.Keys(t.states)) {
		if s := t.states[p]; !s.owned {
			t.health.NotReady(ConditionState, fmt.Sprintf("partition %d is %s", p, s.why))
			return
		}
	}
	t.health.Ready(ConditionState, true)
}

// positions returns the next offset of each owned partition.
func (t *tracker) positions() map[int32]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[int32]int64, len(t.states))
	for p, s := range t.states {
		if s.owned {
			out[p] = s.next.Load()
		}
	}
	return out
}

const (
	watchEvery   = 2 * time.Second
	watchTimeout = 2 * time.Second
)

// watch asks the dependencies whether they answer, and how far behind the partitions
// are, until ctx ends.
func (s *stage[E, S, P]) watch(ctx context.Context) {
	joined := s.group.Joined()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	s.ask(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-joined:
			joined = nil
			s.tracker.join()
		case <-tick.C:
			s.ask(ctx)
		}
	}
}

func (s *stage[E, S, P]) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	s.answers(ctx, ConditionRedis, s.redis.Ping(ctx))
	ends, err := s.adm.ListEndOffsets(ctx, s.spec.Topic())
	if err == nil {
		err = ends.Error()
	}
	s.answers(ctx, ConditionKafka, err)
	if err != nil {
		return
	}
	for p, next := range s.tracker.positions() {
		if end, ok := ends.Lookup(s.spec.Topic(), p); ok {
			s.metrics.lag(p, max(end.Offset-next, 0))
		}
	}
}

func (s *stage[E, S, P]) answers(ctx context.Context, condition string, err error) {
	switch {
	case err == nil:
		s.cfg.Health.Ready(condition, true)
	case !errors.Is(context.Cause(ctx), context.Canceled): // which is the end of the service
		s.cfg.Health.NotReady(condition, "does not answer")
	}
}
