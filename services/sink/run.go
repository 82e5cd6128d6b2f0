package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/seal"
)

// Conditions of readiness.
const (
	condKafka      = "kafka"
	condClickHouse = "clickhouse"
)

// pollRecords bounds what one poll returns.
const pollRecords = 10_000

// retryWait lies between two tries at Kafka.
const retryWait = 250 * time.Millisecond

// sink is the running service.
type sink struct {
	cfg     Config
	log     *zap.Logger
	service *obs.Service
	metrics *metrics
	store   *clickhouse.Client
	client  *kgo.Client
	admin   *kadm.Client
	routes  map[string]route
	sealer  *seal.Sealer // nil where no key is set

	kafka, stored *dependency
	poisonLog     throttle

	connected chan struct{} // closed once client and admin are set

	mu    sync.Mutex
	lanes map[string]map[int32]*lane
}

// Run writes to ClickHouse until ctx ends. It returns an error only for a configuration
// that cannot work; anything that is down is waited for.
func Run(ctx context.Context, cfg Config) error {
	s, err := newSink(cfg)
	if err != nil {
		return err
	}
	defer func() {
		if err := s.store.Close(); err != nil {
			s.log.Debug("closing clickhouse", zap.Error(err))
		}
	}()
	g, ctx := errgroup.WithContext(ctx)
	if cfg.Service == nil {
		g.Go(func() error { return s.service.RunHTTP(ctx, cfg.HTTP, cfg.Pprof, nil) })
	}
	g.Go(func() error { return s.consume(ctx) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// NewObs makes the service that the sink shows itself by.
func NewObs(log *zap.Logger) *obs.Service {
	return obs.NewService("sink", log, condKafka, condClickHouse)
}

func newSink(cfg Config) (*sink, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	labels, err := decode.New(cfg.Decode)
	if err != nil {
		return nil, err
	}
	service := cfg.Service
	if service == nil {
		service = NewObs(cfg.Log)
	}
	s := &sink{
		cfg: cfg, log: service.Log, service: service, metrics: newMetrics(service.Registerer()),
		routes: map[string]route{}, connected: make(chan struct{}), lanes: map[string]map[int32]*lane{},
	}
	s.kafka = newDependency(func(ok bool) { s.service.Ready(condKafka, ok) })
	s.stored = newDependency(func(ok bool) { s.service.Ready(condClickHouse, ok) })
	for _, r := range routes(cfg.RunID, labels) {
		s.routes[r.topic] = r
	}
	if cfg.Seal.Enabled() {
		if s.sealer, err = seal.New(cfg.Seal); err != nil {
			return nil, err
		}
	}
	if s.store, err = clickhouse.Connect(cfg.ClickHouse, s.metrics.call); err != nil {
		return nil, err
	}
	return s, nil
}

// consume waits for the schema, joins the group and hands records to the lanes.
func (s *sink) consume(ctx context.Context) error {
	if err := s.awaitSchema(ctx); err != nil {
		return err
	}
	if err := s.makeTopics(ctx); err != nil {
		return err
	}
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	s.client, s.admin = client, kadm.NewClient(client)
	close(s.connected)                      // the callbacks may have begun
	defer s.client.CloseAllowingRebalance() // revokes: the lanes finish
	watched := make(chan struct{})
	go func() { defer close(watched); s.watch(ctx) }()
	defer func() { <-watched }()
	for {
		fetches := s.client.PollRecords(ctx, pollRecords)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fetches.EachError(s.fetchFailed)
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if l := s.lane(p.Topic, p.Partition); l != nil && len(p.Records) > 0 {
				s.hand(l, p.Records)
			}
		})
		s.client.AllowRebalance()
	}
}

// awaitSchema waits until ClickHouse answers and has been migrated.
func (s *sink) awaitSchema(ctx context.Context) error {
	var said throttle
	for {
		rows, err := s.store.Conn().Query(ctx, "SELECT 1 FROM iolaus.replay_runs_log LIMIT 0")
		if err == nil {
			s.stored.answered(true)
			return rows.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.service.NotReady(condClickHouse, "does not answer, or iolaus migrate has not been run")
		if said.allow(time.Now()) {
			s.log.Warn("waiting for the tables", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryWait):
		}
	}
}

// fetchFailed tells of what the client then tries again by itself.
func (s *sink) fetchFailed(topic string, partition int32, err error) {
	if s.kafka.log.allow(time.Now()) {
		s.log.Warn("fetching", zap.String("topic", topic), zap.Int32("partition", partition), zap.Error(err))
	}
}

func (s *sink) lane(topic string, partition int32) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lanes[topic][partition]
}

// assigned starts a lane for each new partition, where the group stands and with the
// batch that an earlier owner announced. It runs before the first fetch.
func (s *sink) assigned(ctx context.Context, parts map[string][]int32) {
	<-s.connected
	s.kafka.answered(true)
	if len(parts) == 0 {
		return
	}
	start, ok := s.positions(ctx, parts)
	if !ok {
		return // the client is closing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, partitions := range parts {
		if s.lanes[topic] == nil {
			s.lanes[topic] = map[int32]*lane{}
		}
		for _, p := range partitions {
			at := start.of(topic, p)
			l := newLane(context.Background(), place{topic, start.ids[topic], p}, s.routes[topic].rows(), at.offset, at.plan)
			s.lanes[topic][p] = l
			go s.run(l)
		}
	}
}

// revoked lets the lanes finish; lost drops them, for the partition has an owner already.
func (s *sink) revoked(parts map[string][]int32) {
	s.end(parts, func(l *lane) { l.stop(s.cfg.Batch.Drain) })
}

func (s *sink) lost(parts map[string][]int32) {
	s.end(parts, func(l *lane) { l.drop(); <-l.ended })
}

func (s *sink) end(parts map[string][]int32, how func(*lane)) {
	var wg sync.WaitGroup
	for topic, partitions := range parts {
		for _, p := range partitions {
			l := s.lane(topic, p)
			if l == nil {
				continue
			}
			wg.Go(func() {
				how(l)
				s.kafka.waits(l, false)
				s.stored.waits(l, false)
			})
			s.mu.Lock()
			delete(s.lanes[topic], p)
			s.mu.Unlock()
		}
	}
	wg.Wait()
	s.client.ResumeFetchPartitions(parts) // a pause outlives its lane
}

// insertUntil sends the lane's rows until they are in.
func (s *sink) insertUntil(l *lane, token string) error {
	return s.store.InsertUntil(l.ctx, l.rows, token, func(err error) {
		s.stored.waits(l, err != nil)
		if err != nil && s.stored.log.allow(time.Now()) {
			s.log.Warn("clickhouse does not take a batch; sending it again", zap.String("topic", l.place.topic), zap.Error(err))
		}
	})
}

// commitUntil commits the lane's offset until Kafka has taken it.
func (s *sink) commitUntil(l *lane, offset int64, metadata string) error {
	for {
		err := s.commit(l, offset, metadata)
		s.kafka.waits(l, err != nil)
		if err == nil {
			return nil
		}
		if s.kafka.log.allow(time.Now()) {
			s.log.Warn("committing", zap.String("topic", l.place.topic), zap.Error(err))
		}
		select {
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-time.After(retryWait):
		}
	}
}

func (s *sink) commit(l *lane, offset int64, metadata string) error {
	ctx := kgo.PreCommitFnContext(l.ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				req.Topics[i].Partitions[j].Metadata = &metadata
			}
		}
		return nil
	})
	at := map[string]map[int32]kgo.EpochOffset{l.place.topic: {l.place.partition: {Epoch: -1, Offset: offset}}}
	var failed error
	s.client.CommitOffsetsSync(ctx, at, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = commitError(resp, err)
	})
	if failed != nil {
		return fmt.Errorf("committing offset %d: %w", offset, failed)
	}
	return nil
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
