package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Own is called when a partition is assigned, and returns at once the function that
// owns it: that one runs on a goroutine of its own, does its own retrying, and returns
// soon after ctx ends.
type Own func(partition int32) func(ctx context.Context)

// Group is a member of a consumer group that reads nothing itself: it runs one owner
// for each partition of the topic that is assigned to it, and each owner reads its
// partition with a Reader from where it knows to go on. The offsets of the group are for
// the display of lag only.
type Group struct {
	client *kgo.Client
	topic  string
	own    Own

	ctx    context.Context //nolint:containedctx // the life of the owners, ended by Close
	cancel context.CancelFunc
	joined chan struct{} // closed at the first assignment, be it of nothing
	mu     sync.Mutex
	owners map[int32]*owner
}

type owner struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// JoinGroup joins and returns; assignments come and go until Close.
func JoinGroup(ctx context.Context, cfg Config, opts []kgo.Opt, group, topic string, own Own) (*Group, error) {
	g := &Group{topic: topic, own: own, owners: map[int32]*owner{}, joined: make(chan struct{})}
	g.ctx, g.cancel = context.WithCancel(ctx)
	client, err := kgo.NewClient(slices.Concat(opts, []kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(cfg.Session),
		kgo.HeartbeatInterval(min(cfg.Session/3, maxHeartbeat)),
		kgo.RebalanceTimeout(max(cfg.Session, minRebalance)),
		kgo.DisableAutoCommit(),
		kgo.FetchMaxBytes(1), // paused below; whatever slips through stays small
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { g.assigned(p[topic]) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { g.revoked(p[topic]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { g.revoked(p[topic]) }),
	})...)
	if err != nil {
		g.cancel()
		return nil, fmt.Errorf("joining group %s: %w", group, err)
	}
	client.PauseFetchTopics(topic)
	g.mu.Lock()
	g.client = client
	g.mu.Unlock()
	return g, nil
}

// Close ends the owners, waits for them and leaves the group, so that others take
// over at once.
func (g *Group) Close() {
	g.cancel()
	g.mu.Lock()
	ids := make([]int32, 0, len(g.owners))
	for p := range g.owners {
		ids = append(ids, p)
	}
	g.mu.Unlock()
	g.revoked(ids)
	g.client.Close()
}

// Joined is closed once the group has given this member its first assignment, which may
// be of no partition.
func (g *Group) Joined() <-chan struct{} { return g.joined }

// ShowOffset commits an offset to the group for the display of lag, without waiting;
// done is called with what came of it. A failure only makes the display old.
func (g *Group) ShowOffset(partition int32, next int64, done func(error)) {
	g.mu.Lock()
	client := g.client
	g.mu.Unlock()
	at := map[string]map[int32]kgo.EpochOffset{g.topic: {partition: {Epoch: -1, Offset: next}}}
	client.CommitOffsets(g.ctx, at, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		done(commitError(resp, err))
	})
}

func commitError(resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Group) assigned(partitions []int32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range partitions {
		if g.owners[p] != nil || g.ctx.Err() != nil {
			continue
		}
		ctx, cancel := context.WithCancel(g.ctx)
		o := &owner{cancel: cancel, done: make(chan struct{})}
		g.owners[p] = o
		run := g.own(p)
		go func() {
			defer close(o.done)
			run(ctx)
		}()
	}
	select {
	case <-g.joined:
	default:
		close(g.joined)
	}
}

// revoked ends the owners and waits, so that the next owner rarely meets this one.
func (g *Group) revoked(partitions []int32) {
	g.mu.Lock()
	var ended []*owner
	for _, p := range partitions {
		if o := g.owners[p]; o != nil {
			o.cancel()
			ended = append(ended, o)
			delete(g.owners, p)
		}
	}
	g.mu.Unlock()
	for _, o := range ended {
		<-o.done
	}
}
