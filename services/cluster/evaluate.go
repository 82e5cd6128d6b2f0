package cluster

import (
	"context"
	"time"

	"github.com/iolaus-io/iolaus/pkg/detect"
)

// chunk bounds how many accounts' windows are read at a time.
const chunk = 2000

// patience is how long windows are waited for that are behind their facts. The store is
// written right after the facts, so milliseconds suffice unless the writer died in between;
// then its successor tells the facts again.
const patience = 250 * time.Millisecond

// evaluateDirty reads the windows of the accounts that something happened to, and
// writes what follows. Accounts whose windows are behind are looked at again.
func (l *life) evaluateDirty(ctx context.Context) error {
	for _, r := range l.waiting {
		l.detector.Again(r.Account, r.At)
	}
	l.waiting = l.waiting[:0]
	refs := l.detector.Dirty(nil)
	if len(refs) == 0 {
		return nil
	}
	started := time.Now()
	for len(refs) > 0 {
		n := min(chunk, len(refs))
		if err := l.joinChunk(ctx, refs[:n], started); err != nil {
			return err
		}
		refs = refs[n:]
	}
	out, err := l.detector.Evaluate(time.Now().UnixMilli())
	if err != nil {
		return err
	}
	l.s.metrics.observe(out, started)
	return publish(ctx, l.cl, out)
}

func (l *life) joinChunk(ctx context.Context, refs []detect.Ref, now time.Time) error {
	js, err := l.loadPatiently(ctx, refs)
	if err != nil {
		return err
	}
	for i := range js {
		j := &js[i]
		if j.behind && l.mayWait(now) {
			l.waiting = append(l.waiting, j.ref)
		} else {
			delete(l.need, j.ref.Account)
		}
		l.detector.Join(j.ref.Account, &j.features, j.ref.At)
	}
	if len(l.waiting) == 0 {
		l.patience = time.Time{}
	}
	return nil
}

func (l *life) mayWait(now time.Time) bool {
	if l.patience.IsZero() {
		l.patience = now.Add(patience)
	}
	return now.Before(l.patience)
}

// loadPatiently waits for a store that is down: it is busy, and consumption pauses.
func (l *life) loadPatiently(ctx context.Context, refs []detect.Ref) ([]joined, error) {
	for {
		started := time.Now()
		js, err := join(ctx, l.s.cfg.Store, refs, l.need)
		if err == nil {
			l.s.cfg.Status.Ready("redis", true)
			l.s.metrics.Redis.Observe(time.Since(started).Seconds())
			return js, nil
		}
		l.s.cfg.Status.Ready("redis", false)
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(backoff):
		}
	}
}
