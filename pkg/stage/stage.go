package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
)

// stage is one stream's first stage in this process, the same for all owners.
type stage[E, S any, P Packed[S]] struct {
	spec       Spec[E, S, P]
	cfg        Config
	lateness   int64
	partitions int
	base       *decode.Decoder
	client     *kgo.Client // produces, and asks for offsets
	adm        *kadm.Client
	redis      *redisstore.Store
	group      *kafka.Group
	metrics    *metrics
	warn       *warnings
	tracker    *tracker
}

// Run works until ctx ends. A dependency that is down is waited for; an error means a
// configuration that cannot work.
func Run[E, S any, P Packed[S]](ctx context.Context, spec Spec[E, S, P], cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	s := &stage[E, S, P]{
		spec: spec, cfg: cfg, lateness: cfg.Settings.Lateness.Milliseconds(),
		metrics: newMetrics(cfg.Metrics), warn: newWarnings(cfg.Log),
	}
	var err error
	if s.base, err = decode.New(cfg.Decode); err != nil {
		return err
	}
	if s.redis, err = redisstore.New(cfg.Redis); err != nil {
		return err
	}
	defer s.redis.Close() //nolint:errcheck // nothing to be done about it
	opts := cfg.Kafka.Options("iolaus-"+spec.Topic(), cfg.Log)
	if s.client, err = kgo.NewClient(opts...); err != nil {
		return fmt.Errorf("connecting to kafka: %w", err)
	}
	defer s.client.Close()
	s.adm = kadm.NewClient(s.client)
	if err := s.prepare(ctx); err != nil {
		return ignoreEnd(ctx, err)
	}
	return s.serve(ctx, opts)
}

// ignoreEnd makes the end of ctx no error.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // this is what it is for
	}
	return err
}

// prepare sets the topics up and checks them, waiting for the brokers.
func (s *stage[E, S, P]) prepare(ctx context.Context) error {
	var p pause
	for {
		err := s.prepareOnce(ctx)
		if err == nil || errors.Is(err, kafka.ErrCoPartition) {
			return err
		}
		s.cfg.Health.NotReady(ConditionKafka, "not reachable")
		if n := s.warn.note("prepare"); n > 0 {
			s.cfg.Log.Warn("waiting for kafka", zap.Error(err))
		}
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
}

func (s *stage[E, S, P]) prepareOnce(ctx context.Context) (err error) {
	if err := kafka.EnsureTopics(ctx, s.adm, s.cfg.Kafka, Topics()); err != nil {
		return err
	}
	s.partitions, err = kafka.CheckCoPartitioned(ctx, s.adm, Inputs()...)
	return err
}

func (s *stage[E, S, P]) serve(ctx context.Context, opts []kgo.Opt) error {
	s.tracker = newTracker(s.cfg.Health)
	ready := make(chan struct{}) // the group is needed by the owners that it starts
	group, err := kafka.JoinGroup(ctx, s.cfg.Kafka, opts, s.spec.Group, s.spec.Topic(), func(partition int32) func(context.Context) {
		s.tracker.loading(partition, "being acquired")
		return func(ctx context.Context) {
			<-ready
			s.own(ctx, opts, partition)
		}
	})
	if err != nil {
		return err
	}
	s.group = group
	close(ready)
	defer group.Close()
	s.watch(ctx)
	return nil
}

// own is the life of a partition from assignment to revocation: owner after owner, a new
// one whenever anything went wrong.
func (s *stage[E, S, P]) own(ctx context.Context, opts []kgo.Opt, partition int32) {
	log := s.cfg.Log.With(zap.Int32("partition", partition))
	s.metrics.owners.Inc()
	defer s.metrics.owners.Dec()
	defer s.metrics.forget(partition)
	defer s.tracker.gone(partition)
	var p pause
	for ctx.Err() == nil {
		s.tracker.loading(partition, "being acquired")
		began := time.Now()
		err := s.ownOnce(ctx, opts, partition, log)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.dropped(partition, err, log)
		if time.Since(began) > longPause {
			p.reset()
		}
		if p.wait(ctx) != nil {
			return
		}
	}
}

func (s *stage[E, S, P]) dropped(partition int32, err error, log *zap.Logger) {
	cause := "error"
	if errors.Is(err, redisstore.ErrFenced) {
		cause = "fenced"
	}
	s.metrics.dropped.WithLabelValues(cause).Inc()
	s.tracker.loading(partition, "waiting after an error")
	if n := s.warn.note("dropped " + cause); n > 0 {
		log.Warn("partition dropped, acquiring it again", zap.String("cause", cause), zap.Int("count", n), zap.Error(err))
	}
}

// ownOnce is the life of one owner.
func (s *stage[E, S, P]) ownOnce(ctx context.Context, opts []kgo.Opt, partition int32, log *zap.Logger) error {
	epoch, pos, err := s.redis.Acquire(ctx, s.spec.Stream, partition)
	if err != nil {
		return err
	}
	bounds, err := kafka.PartitionBounds(ctx, s.adm, s.spec.Topic(), partition)
	if err != nil {
		return err
	}
	from, err := s.startOf(partition, pos, bounds, log)
	if err != nil {
		return err
	}
	reader, err := kafka.NewReader(opts, s.spec.Topic(), partition, from)
	if err != nil {
		return err
	}
	defer reader.Close()
	o := &owner[E, S, P]{
		stage: s, lease: redisstore.Lease{Stream: s.spec.Stream, Partition: partition, Epoch: epoch}, pos: pos, next: from,
		decoder: s.base.Clone(), states: newStates[S, P](s.cfg.Settings.Resident / s.partitions), told: time.Now(),
	}
	o.stored.Store(from)
	o.progress.begin(pos, from >= bounds.End)
	s.tracker.owned(partition, &o.stored)
	log.Debug("partition acquired", zap.Int64("epoch", epoch), zap.Int64("next", pos.Next), zap.Int64("from", from), zap.Int64("end", bounds.End))
	return o.run(ctx, reader)
}

// startOf says where to read from: where the activity of the events before has been told.
func (s *stage[E, S, P]) startOf(partition int32, pos redisstore.Position, b kafka.Bounds, log *zap.Logger) (int64, error) {
	if pos.Next > b.End {
		return 0, fmt.Errorf("%s/%d ends at %d but its stored position is %d: the topic was made anew or lost its end; restore it, or use another redis.prefix",
			s.spec.Topic(), partition, b.End, pos.Next)
	}
	if pos.Next >= 0 && pos.Next < b.Start {
		log.Error("records are gone that were never read", zap.Int64("count", b.Start-pos.Next))
	}
	return max(pos.Told, b.Start), nil
}
