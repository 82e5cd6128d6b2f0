package sink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/kafka"
)

const (
	// metadataMaxAge bounds how long a topic that is made later goes unread.
	metadataMaxAge = 10 * time.Second

	// rebalanceSlack is what a rebalance needs beside the lanes' drain.
	rebalanceSlack = 10 * time.Second

	maxHeartbeat = 3 * time.Second

	// fetchMaxWait is how long a partition that was paused may wait for a fetch of the
	// others, which are quiet, to come back.
	fetchMaxWait = 250 * time.Millisecond
)

// connect joins the group. Rebalances wait while a poll's records are handed out, so that
// no lane gets records that were fetched for an earlier one. ctx ends the waiting that
// assignment may need.
func (s *sink) connect(ctx context.Context) (*kgo.Client, error) {
	session := s.cfg.Kafka.Session
	client, err := kgo.NewClient(slices.Concat(s.cfg.Kafka.Options(Group, s.log), []kgo.Opt{
		kgo.ConsumerGroup(Group),
		kgo.ConsumeTopics(Inputs()...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(fetchMaxWait),
		kgo.KeepControlRecords(), // so that the group reaches the end of a partition
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(session),
		kgo.HeartbeatInterval(min(maxHeartbeat, session/3)),
		kgo.RebalanceTimeout(s.cfg.Batch.Drain + rebalanceSlack),
		kgo.MetadataMaxAge(metadataMaxAge),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { s.assigned(ctx, parts) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { s.revoked(parts) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { s.lost(parts) }),
	})...)
	if err != nil {
		return nil, fmt.Errorf("joining group %s: %w", Group, err)
	}
	return client, nil
}

// makeTopics makes the sink's own topics, and waits for Kafka meanwhile.
func (s *sink) makeTopics(ctx context.Context) error {
	client, err := kgo.NewClient(s.cfg.Kafka.Options(Group, s.log)...)
	if err != nil {
		return fmt.Errorf("connecting to kafka: %w", err)
	}
	defer client.Close()
	for {
		err := kafka.EnsureTopics(ctx, kadm.NewClient(client), s.cfg.Kafka, Topics())
		if err == nil {
			return nil
		}
		if s.kafka.log.allow(time.Now()) {
			s.log.Warn("making topics", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryWait):
		}
	}
}
