package console

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/obs"
)

// condClickHouse is the condition of readiness.
const condClickHouse = "clickhouse"

// How often ClickHouse is asked whether it is there, and how long it may take.
const (
	pingEvery   = 2 * time.Second
	pingTimeout = 5 * time.Second
)

// Run serves until ctx ends.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	client, err := clickhouse.Connect(cfg.ClickHouse, nil)
	if err != nil {
		return err
	}
	svc := NewObs(cfg.Log)
	defer func() {
		if err := client.Close(); err != nil {
			svc.Log.Debug("closing clickhouse", zap.Error(err))
		}
	}()
	mux := http.NewServeMux()
	Register(mux, NewSource(client.Conn(), NewMetrics(svc.Registerer())), cfg.RunID, svc.Log)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return svc.RunHTTP(ctx, cfg.HTTP, cfg.Pprof, mux) })
	g.Go(func() error { Watch(ctx, client, svc); return nil })
	return g.Wait()
}

// NewObs makes the service that the page shows itself by.
func NewObs(log *zap.Logger) *obs.Service { return obs.NewService("console", log, condClickHouse) }

// Watch keeps the service's readiness true until ctx ends.
func Watch(ctx context.Context, client *clickhouse.Client, svc *obs.Service) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		svc.Ready(condClickHouse, ping(ctx, client))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func ping(ctx context.Context, client *clickhouse.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return client.Ping(ctx) == nil
}
