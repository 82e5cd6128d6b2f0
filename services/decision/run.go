package decision

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/obs"
)

// Run serves until ctx ends.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	svc := obs.NewService("decision", cfg.Log, Conditions()...)
	view, metrics := NewView(), NewMetrics(svc.Registerer())
	mux := http.NewServeMux()
	Register(mux, view, cfg.Loading, metrics)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return svc.RunHTTP(ctx, cfg.HTTP, cfg.Pprof, mux) })
	g.Go(func() error { return Consume(ctx, cfg.Kafka.Options("iolaus-decision", svc.Log), view, svc, metrics) })
	return g.Wait()
}
