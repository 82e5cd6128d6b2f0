package cluster

import (
	"context"
	"time"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// chunk bounds how many facts are evaluated, and how many accounts' windows are read,
// between two transactions.
const chunk = 2000

// evaluate judges the facts that may go, event by event as a replay does.
func (l *life) evaluate(ctx context.Context) error {
	if l.align.idle() || l.align.waiting(l.at) {
		return nil
	}
	if !l.align.up {
		listed, err := ends(ctx, l.adm, barrierTopics()...)
		if err != nil {
			return err
		}
		l.align.raise(listed, time.Now())
		if l.align.waiting(l.at) {
			return nil
		}
	}
	l.facts = l.align.release(l.facts[:0])
	for facts := l.facts; len(facts) > 0; {
		n := min(chunk, len(facts))
		for n < len(facts) && sameEvent(&facts[n-1], &facts[n]) {
			n++
		}
		if err := l.judge(ctx, facts[:n]); err != nil {
			return err
		}
		facts = facts[n:]
	}
	l.s.judged.Store(l.align.seen)
	return nil
}

func sameEvent(a, b *link.Fact) bool {
	return a.Stream == b.Stream && a.Partition == b.Partition && a.Offset == b.Offset
}

// judge reads the windows that the facts' accounts may need, lets the detector look
// after each event, and writes what follows.
func (l *life) judge(ctx context.Context, facts []link.Fact) error {
	started := time.Now()
	if err := l.loadPatiently(ctx, l.wants(facts)); err != nil {
		return err
	}
	for len(facts) > 0 {
		n := 1
		for n < len(facts) && sameEvent(&facts[0], &facts[n]) {
			n++
		}
		for i := range facts[:n] {
			l.detector.Observe(&facts[i])
		}
		if err := l.look(); err != nil {
			return err
		}
		facts = facts[n:]
	}
	l.s.metrics.Evaluation.Observe(time.Since(started).Seconds())
	return l.publish(ctx)
}

// wants lists the accounts that the detector may look at, and how new their windows
// must be: facts are acknowledged before the windows are stored, so one may come first.
func (l *life) wants(facts []link.Fact) []want {
	index := make(map[string]int, len(facts))
	var ws []want
	for i := range facts {
		f := &facts[i]
		if l.stopped[f.Account] {
			continue
		}
		at, known := index[f.Account]
		if !known {
			at = len(ws)
			index[f.Account] = at
			ws = append(ws, want{account: f.Account, partition: f.Partition})
		}
		ws[at].need[f.Stream] = max(ws[at].need[f.Stream], f.Offset+1)
	}
	return ws
}

// look lets the detector judge what was observed.
func (l *life) look() error {
	l.refs = l.detector.Dirty(l.refs[:0])
	for _, r := range l.refs {
		l.join(r)
	}
	return l.judgeNow()
}

func (l *life) join(r detect.Ref) {
	l.detector.Join(r.Account, l.windows.features(r.Account, r.At), r.At)
}

// judgeNow evaluates and notes what the detector says.
func (l *life) judgeNow() error {
	out := l.detector.Evaluate(time.Now().UnixMilli())
	for i := range out.Decisions {
		l.noteStop(&out.Decisions[i])
	}
	l.s.metrics.observe(out)
	l.say(out)
	return nil
}

// patience is how long windows are waited for that are behind their facts. The store is
// written right after the facts, so milliseconds suffice unless the writer died in between;
// then its successor tells the facts again.
const patience = 250 * time.Millisecond

// loadPatiently reads windows. It waits for a store that is down: it is busy, and
// consumption pauses.
func (l *life) loadPatiently(ctx context.Context, ws []want) error {
	deadline := time.Now().Add(patience)
	l.windows.reset()
	for {
		started := time.Now()
		behind, err := l.windows.load(ctx, l.s.cfg.Store, ws)
		l.s.cfg.Status.Ready("redis", err == nil)
		pause := backoff
		if err == nil {
			l.s.metrics.Redis.Observe(time.Since(started).Seconds())
			if len(behind) == 0 || time.Now().After(deadline) {
				return nil
			}
			ws, pause = behind, time.Millisecond
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
