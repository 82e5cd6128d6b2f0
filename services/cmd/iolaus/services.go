package main

import (
	"context"
	"fmt"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

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

// services lists them in the order of the flow:
//
//	signups, requests, payments ─► signup, request, payment ─► cluster ─► decision ─► gateways
//	                                                              └─► sink ─► ClickHouse ─► console
func services() []service {
	stages := []string{"kafka", "redis", "privacy", "dlq", "schema_registry", "stage"}
	return []service{
		{"signup", "Keep what is known of accounts from their creation", stages, stageService(signup.Run)},
		{"request", "Keep the windows of what accounts ask of the API", stages, stageService(request.Run)},
		{"payment", "Keep the windows of what accounts pay", stages, stageService(payment.Run)},
		{"cluster", "Find clusters, score them, decide", []string{"kafka", "redis", "cluster", "policy"}, prepareCluster},
		{"sink", "Write decisions, scores and activity to ClickHouse", []string{"kafka", "clickhouse", "privacy", "schema_registry", "stage.max_bytes", "stage.max_future", "sink", "run", "dlq"}, prepareSink},
		{"decision", "Answer what an account may do, over HTTP and gRPC", []string{"kafka", "decision"}, prepareDecision},
		{"console", "Show dashboards, clusters and accounts in a browser", []string{"clickhouse", "run"}, prepareConsole},
	}
}

// stageService makes a service of one of the three first stages.
func stageService(run func(context.Context, stage.ServiceConfig) error) func(settings, *zap.Logger) (serve, error) {
	return func(s settings, log *zap.Logger) (serve, error) {
		cfg := stage.ServiceConfig{
			Kafka: s.Kafka, Redis: s.Redis, Decode: s.decodeConfig(), Seal: s.DLQ, Settings: s.Stage.Settings, HTTP: s.HTTP, Pprof: s.Pprof, Log: log,
		}
		return func(ctx context.Context) error { return run(ctx, cfg) }, cfg.Validate()
	}
}

func prepareCluster(s settings, log *zap.Logger) (serve, error) {
	if err := firstError(s.Kafka.Validate, s.Redis.Validate, s.Cluster.Validate, s.HTTP.Validate, s.Pprof.Validate); err != nil {
		return nil, err
	}
	svc := obs.NewService("cluster", log, "kafka", "redis", "state")
	store, err := redisstore.New(s.Redis)
	if err != nil {
		return nil, err
	}
	c, err := cluster.New(cluster.Config{
		Tuning: s.Cluster, Policy: s.Policy.File, Kafka: s.Kafka, Client: s.Kafka.Options("iolaus-cluster", log), Store: store, Status: svc, Log: svc.Log,
	}, cluster.NewMetrics(svc.Registerer()))
	if err != nil {
		return nil, fmt.Errorf("policy.file: %w", err)
	}
	return func(ctx context.Context) error {
		defer func() {
			if err := store.Close(); err != nil {
				log.Debug("closing redis", zap.Error(err))
			}
		}()
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return svc.RunHTTP(ctx, s.HTTP, s.Pprof, nil) })
		g.Go(func() error { return c.Run(ctx) })
		return g.Wait()
	}, nil
}

func prepareSink(s settings, log *zap.Logger) (serve, error) {
	cfg := sink.Config{
		Kafka: s.Kafka, ClickHouse: s.ClickHouse, Decode: s.decodeConfig(), HTTP: s.HTTP, Pprof: s.Pprof, Batch: s.Sink, Seal: s.DLQ, RunID: s.RunOf.ID, Log: log,
	}
	return func(ctx context.Context) error { return sink.Run(ctx, cfg) }, cfg.Validate()
}

func prepareDecision(s settings, log *zap.Logger) (serve, error) {
	cfg := decision.Config{Kafka: s.Kafka, HTTP: s.HTTP, Pprof: s.Pprof, Loading: s.Decision.Loading, Log: log}
	return func(ctx context.Context) error { return decision.Run(ctx, cfg) }, cfg.Validate()
}

func prepareConsole(s settings, log *zap.Logger) (serve, error) {
	cfg := console.Config{ClickHouse: s.ClickHouse, HTTP: s.HTTP, Pprof: s.Pprof, RunID: s.RunOf.ID, Log: log}
	return func(ctx context.Context) error { return console.Run(ctx, cfg) }, cfg.Validate()
}

// firstError returns what the first check that fails says.
func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
