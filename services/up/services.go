package up

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/services/cluster"
	"github.com/iolaus-io/iolaus/services/console"
	"github.com/iolaus-io/iolaus/services/decision"
	"github.com/iolaus-io/iolaus/services/payment"
	"github.com/iolaus-io/iolaus/services/request"
	"github.com/iolaus-io/iolaus/services/signup"
	"github.com/iolaus-io/iolaus/services/sink"
)

// services are all services of the process, each as it would run alone, on one address.
type services struct {
	cfg     *Config
	store   *clickhouse.Client
	windows *redisstore.Store
	cluster *cluster.Service
	view    *decision.View

	signup, request, payment *obs.Service
	clusterObs, sink         *obs.Service
	decision, console        *obs.Service
	decisionMetrics          *decision.Metrics
	consoleMetrics           *console.Metrics
}

func newServices(cfg *Config, store *clickhouse.Client) (*services, error) {
	s := &services{
		cfg: cfg, store: store, view: decision.NewView(),
		signup: stage.NewObs("signup", cfg.Log), request: stage.NewObs("request", cfg.Log), payment: stage.NewObs("payment", cfg.Log),
		clusterObs: obs.NewService("cluster", cfg.Log, "kafka", "redis", "state"), sink: sink.NewObs(cfg.Log),
		decision: obs.NewService("decision", cfg.Log, decision.Conditions()...), console: console.NewObs(cfg.Log),
	}
	s.decisionMetrics = decision.NewMetrics(s.decision.Registerer())
	s.consoleMetrics = console.NewMetrics(s.console.Registerer())
	var err error
	if s.windows, err = redisstore.New(cfg.Redis); err != nil {
		return nil, err
	}
	s.cluster, err = cluster.New(cluster.Config{
		Tuning: cfg.Cluster, Policy: cfg.Policy, Kafka: cfg.Kafka, Client: cfg.Kafka.Options("iolaus-cluster", s.clusterObs.Log),
		Store: s.windows, Status: s.clusterObs, Log: s.clusterObs.Log,
	}, cluster.NewMetrics(s.clusterObs.Registerer()))
	return s, err
}

func (s *services) close() {
	if err := s.windows.Close(); err != nil {
		s.cfg.Log.Debug("closing redis", zap.Error(err))
	}
}

func (s *services) all() []*obs.Service {
	return []*obs.Service{s.signup, s.request, s.payment, s.clusterObs, s.sink, s.decision, s.console}
}

// start runs every service in the group, in the order of the flow.
func (s *services) start(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return signup.Run(ctx, s.stage(s.signup)) })
	g.Go(func() error { return request.Run(ctx, s.stage(s.request)) })
	g.Go(func() error { return payment.Run(ctx, s.stage(s.payment)) })
	g.Go(func() error { return s.cluster.Run(ctx) })
	g.Go(func() error { return sink.Run(ctx, s.sinkConfig()) })
	g.Go(func() error {
		return decision.Consume(ctx, s.cfg.Kafka.Options("iolaus-decision", s.decision.Log), s.view, s.decision, s.decisionMetrics)
	})
	g.Go(func() error { console.Watch(ctx, s.store, s.console); return nil })
}

func (s *services) stage(shown *obs.Service) stage.ServiceConfig {
	return stage.ServiceConfig{
		Kafka: s.cfg.Kafka, Redis: s.cfg.Redis, Decode: s.cfg.Decode, Seal: s.cfg.Seal, Settings: s.cfg.Stage,
		HTTP: s.cfg.HTTP, Pprof: s.cfg.Pprof, Log: s.cfg.Log, Service: shown,
	}
}

func (s *services) sinkConfig() sink.Config {
	return sink.Config{
		Kafka: s.cfg.Kafka, ClickHouse: s.cfg.ClickHouse, Decode: s.cfg.Decode, HTTP: s.cfg.HTTP, Pprof: s.cfg.Pprof,
		Batch: s.cfg.Sink, Seal: s.cfg.Seal, RunID: s.cfg.RunID, Log: s.cfg.Log, Service: s.sink,
	}
}

func (s *services) routes(mux *http.ServeMux) {
	obs.Routes(mux, s.all()...)
	decision.Register(mux, s.view, s.cfg.Loading, s.decisionMetrics)
	console.Register(mux, console.NewSource(s.store.Conn(), s.consoleMetrics), s.cfg.RunID, s.console.Log)
}

// awaitReady waits until every service is.
func (s *services) awaitReady(ctx context.Context) error {
	for {
		pending := 0
		for _, svc := range s.all() {
			pending += len(svc.Pending())
		}
		if pending == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
