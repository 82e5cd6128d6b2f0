package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// lease is membership of the owner group: whoever is assigned the partition owns the graph.
type lease struct {
	cl   *kgo.Client
	won  chan struct{}
	done chan struct{}
}

// openLease joins the group. lost is called once if the partition is taken away.
func (s *Service) openLease(ctx context.Context, lost context.CancelCauseFunc) (*lease, error) {
	l := &lease{won: make(chan struct{}), done: make(chan struct{})}
	won := false
	opts := append([]kgo.Opt{}, s.cfg.Client...)
	cl, err := kgo.NewClient(append(opts,
		kgo.ConsumerGroup(ownerGroup), kgo.ConsumeTopics(wire.TopicControl), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(s.cfg.Tuning.SessionTimeout), kgo.HeartbeatInterval(s.cfg.Tuning.SessionTimeout/6),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) {
			if len(got[wire.TopicControl]) > 0 && !won {
				won = true
				close(l.won)
			}
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
			if len(gone[wire.TopicControl]) > 0 {
				lost(errDeposed)
			}
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
			if len(gone[wire.TopicControl]) > 0 {
				lost(errDeposed)
			}
		}))...)
	if err != nil {
		return nil, fmt.Errorf("joining the owner group: %w", err)
	}
	l.cl = cl
	go l.poll(ctx)
	return l, nil
}

// poll keeps the membership alive; the topic's records are operator commands, which the
// life that follows reads for itself.
func (l *lease) poll(ctx context.Context) {
	defer close(l.done)
	for {
		f := l.cl.PollFetches(ctx)
		if ctx.Err() != nil || errors.Is(f.Err0(), kgo.ErrClientClosed) {
			return
		}
	}
}

func (l *lease) close() {
	l.cl.Close()
	<-l.done
}
