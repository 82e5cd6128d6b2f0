package decision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Conditions of readiness.
const (
	condKafka = "kafka" // answers, and has the topics
	condState = "state" // is loaded
)

// How often Kafka is asked for the ends of the topics, and how long one answer may take.
const (
	measureEvery   = time.Second
	measureTimeout = 5 * time.Second
	maxPoll        = 5000 // records applied at a time
	warnEvery      = 10 * time.Second
)

func topics() []string {
	return []string{wire.TopicDecisions, wire.TopicClusterScores, wire.TopicMembers}
}

// Conditions are what an obs.Service for this service waits for.
func Conditions() []string { return []string{condKafka, condState} }

// Consume keeps the view up to date until ctx ends; its error is then nil. While Kafka is
// down it waits, the view answers what it has, and the service is not ready.
func Consume(ctx context.Context, base []kgo.Opt, view *View, svc *obs.Service, m *Metrics) error {
	opts := append([]kgo.Opt{}, base...)
	opts = append(opts,
		kgo.ConsumeTopics(topics()...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // a transaction's end takes an offset too
	)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("making the Kafka client: %w", err)
	}
	defer client.Close()
	c := &consumer{client: client, view: view, svc: svc, metrics: m}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { c.consume(ctx); return nil })
	g.Go(func() error { c.measure(ctx, kadm.NewClient(client)); return nil })
	return g.Wait()
}

type consumer struct {
	client     *kgo.Client
	view       *View
	svc        *obs.Service
	metrics    *Metrics
	lastWarned time.Time // by consume only
}

func (c *consumer) consume(ctx context.Context) {
	for {
		fetches := c.client.PollRecords(ctx, maxPoll)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			c.warn("reading", zap.String("topic", topic), zap.Int32("partition", partition), zap.Error(err))
		})
		c.apply(fetches)
	}
}

// apply takes a poll. The client starts over at the beginning of a partition whose log was
// replaced, so nothing here depends on offsets.
func (c *consumer) apply(fetches kgo.Fetches) {
	next := map[topicPartition]int64{}
	n := 0
	fetches.EachRecord(func(r *kgo.Record) {
		next[topicPartition{r.Topic, r.Partition}] = r.Offset + 1
		if r.Attrs.IsControl() {
			return
		}
		n++
		c.applyRecord(r)
	})
	if len(next) == 0 {
		return
	}
	c.metrics.batch.Observe(float64(n))
	c.view.appliedBatch(next, time.Now())
	c.report()
}

func (c *consumer) applyRecord(r *kgo.Record) {
	if err := c.view.apply(r.Topic, r.Key, r.Value, kafka.Header(r, wire.HeaderStanding)); err != nil {
		c.metrics.invalid.WithLabelValues(r.Topic).Inc()
		c.warn("record left out", zap.String("topic", r.Topic), zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset), zap.Error(err))
		return
	}
	c.metrics.applied.WithLabelValues(r.Topic).Inc()
}

// warn is for what may repeat with every record or poll.
func (c *consumer) warn(msg string, fields ...zap.Field) {
	if time.Since(c.lastWarned) < warnEvery {
		return
	}
	c.lastWarned = time.Now()
	c.svc.Log.Warn(msg, fields...)
}

func (c *consumer) report() {
	asOf := c.view.Freshness()
	c.metrics.freshness(asOf)
	if asOf.Loading {
		c.svc.NotReady(condState, "loading")
		return
	}
	c.svc.Ready(condState, true)
}

// measure asks for the ends of the topics: that gives the lag, tells when all is loaded, and
// shows whether Kafka is there.
func (c *consumer) measure(ctx context.Context, admin *kadm.Client) {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		extents, err := extentsOf(ctx, admin)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.svc.NotReady(condKafka, err.Error())
		default:
			c.view.measured(extents)
			c.svc.Ready(condKafka, true)
			c.report()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// extentsOf lists what is committed in every partition of the topics. A missing topic is an error.
func extentsOf(ctx context.Context, admin *kadm.Client) (map[topicPartition]extent, error) {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	first, err := admin.ListStartOffsets(ctx, topics()...)
	if err != nil {
		return nil, notAnswered(err)
	}
	ends, err := admin.ListCommittedOffsets(ctx, topics()...)
	if err != nil {
		return nil, notAnswered(err)
	}
	out := map[topicPartition]extent{}
	for _, topic := range topics() {
		if len(ends[topic]) == 0 {
			return nil, fmt.Errorf("topic %s does not exist yet", topic)
		}
		for p, end := range ends[topic] {
			start, ok := first.Lookup(topic, p)
			err := errors.Join(end.Err, start.Err)
			switch {
			case errors.Is(err, kerr.UnknownTopicOrPartition):
				return nil, fmt.Errorf("topic %s does not exist yet", topic)
			case err != nil || !ok:
				return nil, fmt.Errorf("topic %s, partition %d is not available", topic, p)
			}
			out[topicPartition{topic, p}] = extent{first: start.Offset, end: end.Offset}
		}
	}
	return out, nil
}

// notAnswered is one short line for /readyz; what kadm says may name every broker.
func notAnswered(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("does not answer")
	}
	return fmt.Errorf("asking for offsets: %w", err)
}
