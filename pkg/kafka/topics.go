package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Topic is a topic as it should be. A topic that exists is left as it is.
type Topic struct {
	Name       string
	Partitions int           // 0 = Config.Partitions
	Compact    bool          // keep the newest record of each key
	Retention  time.Duration // 0 = for ever where compacted, else the broker's default
	MaxBytes   int           // largest batch; 0 = the broker's default
	Forever    bool          // never delete by age
	Whole      time.Duration // where compacted: how long every record stays, before only the newest of its key does
}

// ErrCoPartition says that topics which must be partitioned alike are not.
var ErrCoPartition = errors.New("topics are not co-partitioned")

// EnsureTopics creates those of the topics that do not exist.
func EnsureTopics(ctx context.Context, adm *kadm.Client, cfg Config, topics []Topic) error {
	names := make([]string, 0, len(topics))
	for _, t := range topics {
		names = append(names, t.Name)
	}
	known, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("listing topics: %w", err)
	}
	replicas, err := replication(ctx, adm, cfg)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if known.Has(t.Name) {
			continue
		}
		if err := create(ctx, adm, cfg, t, replicas); err != nil {
			return err
		}
	}
	return nil
}

func create(ctx context.Context, adm *kadm.Client, cfg Config, t Topic, replicas int16) error {
	n := t.Partitions
	if n == 0 {
		n = cfg.Partitions
	}
	_, err := adm.CreateTopic(ctx, int32(n), replicas, t.configs(), t.Name) //nolint:gosec // at most 1024
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("creating topic %s: %w", t.Name, err)
	}
	return nil
}

const wantedReplicas = 3

func replication(ctx context.Context, adm *kadm.Client, cfg Config) (int16, error) {
	if cfg.Replication > 0 {
		return int16(cfg.Replication), nil //nolint:gosec // at most 9
	}
	brokers, err := adm.ListBrokers(ctx)
	if err != nil {
		return 0, fmt.Errorf("listing brokers: %w", err)
	}
	return int16(max(1, min(wantedReplicas, len(brokers)))), nil //nolint:gosec // at most 3
}

func (t Topic) configs() map[string]*string {
	c := map[string]*string{}
	var policy []string
	if t.Compact {
		policy = append(policy, "compact")
	}
	if t.Retention > 0 {
		policy = append(policy, "delete")
		ms := strconv.FormatInt(t.Retention.Milliseconds(), 10)
		c["retention.ms"] = &ms
	}
	if t.Forever {
		never := "-1"
		c["retention.ms"] = &never
	}
	if t.Whole > 0 {
		ms := strconv.FormatInt(t.Whole.Milliseconds(), 10)
		c["min.compaction.lag.ms"] = &ms
	}
	if t.MaxBytes > 0 {
		n := strconv.Itoa(t.MaxBytes)
		c["max.message.bytes"] = &n
	}
	if len(policy) > 0 {
		p := strings.Join(policy, ",")
		c["cleanup.policy"] = &p
	}
	return c
}

// CheckCoPartitioned returns how many partitions the topics have. Where they differ
// it returns ErrCoPartition with all counts: an account's events would reach different owners.
func CheckCoPartitioned(ctx context.Context, adm *kadm.Client, topics ...string) (int, error) {
	known, err := adm.ListTopics(ctx, topics...)
	if err != nil {
		return 0, fmt.Errorf("listing topics: %w", err)
	}
	counts := make([]int, 0, len(topics))
	parts := make([]string, 0, len(topics))
	for _, t := range topics {
		d, ok := known[t]
		if !ok || d.Err != nil {
			return 0, fmt.Errorf("listing topics: %s: %w", t, errors.Join(d.Err, kerr.UnknownTopicOrPartition))
		}
		counts = append(counts, len(d.Partitions))
		parts = append(parts, fmt.Sprintf("%s has %d", t, len(d.Partitions)))
	}
	if slices.Min(counts) != slices.Max(counts) {
		return 0, fmt.Errorf("%w: %s partitions; give them the same number", ErrCoPartition, strings.Join(parts, ", "))
	}
	return counts[0], nil
}
