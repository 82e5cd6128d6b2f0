package stage

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 50 * time.Millisecond
	longPause  = 3 * time.Second
)

// pause is the wait before another try: longer each time, with some chance in it so
// that owners that failed together do not try together.
type pause struct{ last time.Duration }

func (p *pause) wait(ctx context.Context) error {
	p.last = min(max(2*p.last, firstPause), longPause)
	t := time.NewTimer(p.last/2 + rand.N(p.last))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (p *pause) reset() { p.last = 0 }

// retry calls f until it succeeds or ctx ends.
func retry(ctx context.Context, f func() error) error {
	var p pause
	for {
		err := f()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
}

// graceful returns a context that ends some time after parent does.
func graceful(parent context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() { time.AfterFunc(grace, cancel) })
	return ctx, func() { stop(); cancel() }
}
