// Package up runs everything on one machine: the embedded stores, all services and,
// where one is named, a scenario that is played to the input topics.
//
//	scenario ──player──► Kafka ──► signup, request, payment ──► cluster ──► decision ─┐
//	                       ▲             │ windows: Redis          │                   ├─ one address:
//	                       │             └─────────► sink ◄────────┘                   │  /, /v1/…, /metrics
//	                 any other client                 └─► ClickHouse ──► console ──────┘
//
// Each store is replaced by a real one when its address is configured. Everything that
// was started is stopped, in the reverse order, before Run returns.
package up

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/migrations"
	"github.com/iolaus-io/iolaus/services/cluster"
	"github.com/iolaus-io/iolaus/services/sink"
)

// Run serves until ctx ends or, with UntilDone, until the scenario has been played and all
// that follows from it is written everywhere.
func Run(ctx context.Context, cfg Config) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	pol, err := policy.Load(cfg.Policy)
	if err != nil {
		return err
	}
	started := time.Now()
	lock, err := prepareData(ctx, &cfg)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // the lock ends with it
	if err := ensureKey(&cfg); err != nil {
		return err
	}
	l, err := obs.Listen(cfg.HTTP.Addr) // first: a taken address is told before anything starts
	if err != nil {
		return err
	}
	b, err := startBackends(ctx, &cfg, cfg.Log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := prepareStores(ctx, &cfg); err != nil {
		return errors.Join(err, l.Close())
	}
	store, err := clickhouse.Connect(cfg.ClickHouse, nil)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer store.Close() //nolint:errcheck // only read from
	run := &runner{cfg: &cfg, listener: l, store: store, backends: b, started: started, policyVersion: pol.Version()}
	return run.serve(ctx)
}

// prepareStores makes the topics and the tables.
func prepareStores(ctx context.Context, cfg *Config) error {
	cl, err := kgo.NewClient(cfg.Kafka.Options("iolaus-up", cfg.Log)...)
	if err != nil {
		return fmt.Errorf("kafka.brokers: %w", err)
	}
	defer cl.Close()
	topics := slices.Concat(stage.Topics(), cluster.Topics(), sink.Topics())
	if err := kafka.EnsureTopics(ctx, kadm.NewClient(cl), cfg.Kafka, topics); err != nil {
		return err
	}
	if _, err := clickhouse.Migrate(ctx, cfg.ClickHouse, migrations.FS()); err != nil {
		return err
	}
	return nil
}

// runner is one run, with what lives as long.
type runner struct {
	cfg           *Config
	listener      net.Listener
	store         *clickhouse.Client
	backends      *backends
	started       time.Time
	policyVersion string
	svcs          *services
	player        *player
	adm           *kadm.Client
}

// serve runs the services until ctx ends or the work is done.
func (r *runner) serve(ctx context.Context) error {
	cl, err := kgo.NewClient(r.options("iolaus-up")...)
	if err != nil {
		return fmt.Errorf("kafka.brokers: %w", err)
	}
	defer cl.Close()
	r.adm = kadm.NewClient(cl)
	if r.svcs, err = newServices(r.cfg, r.store); err != nil {
		return errors.Join(err, r.listener.Close())
	}
	defer r.svcs.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	r.svcs.start(ctx, g)
	mux := http.NewServeMux()
	r.svcs.routes(mux)
	g.Go(func() error { return obs.Serve(ctx, r.listener, mux, r.cfg.Log) })
	g.Go(func() error { return obs.RunPprof(ctx, r.cfg.Pprof, r.cfg.Log) })
	g.Go(func() error {
		err := r.work(ctx)
		if r.cfg.UntilDone || err != nil {
			stop()
		}
		return err
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (r *runner) options(id string) []kgo.Opt { return r.cfg.Kafka.Options(id, r.cfg.Log) }

// work waits for readiness, says what runs where, plays the scenario and shows the summary.
func (r *runner) work(ctx context.Context) error {
	r.greet()
	if err := r.svcs.awaitReady(ctx); err != nil {
		return err
	}
	fmt.Fprintf(r.cfg.Print, "Ready in %s.\n", time.Since(r.started).Round(100*time.Millisecond))
	if r.cfg.Scenario.Source == "" {
		<-ctx.Done()
		return nil
	}
	var err error
	if r.player, err = newPlayer(r.options("iolaus-player"), r.cfg.Scenario, r.svcs.cluster.Judged); err != nil {
		return err
	}
	defer r.player.close()
	s := &summary{w: r.cfg.Print, terminal: r.cfg.Terminal, player: r.player, adm: r.adm, store: r.store,
		runID: r.cfg.RunID, started: r.started}
	showing, hide := context.WithCancel(ctx)
	shown := make(chan struct{})
	go func() { defer close(shown); s.run(showing) }()
	defer func() { hide(); <-shown }()
	if err := r.player.play(ctx); err != nil {
		return endOf(ctx, err)
	}
	if n := r.player.skipped.Load(); n > 0 {
		fmt.Fprintf(r.cfg.Print, "%s%d events of the scenario were in the topics already and were not played again.\n", s.clear(), n)
	}
	if !r.cfg.UntilDone {
		<-ctx.Done()
		return nil
	}
	if err := r.drain(ctx); err != nil {
		return endOf(ctx, err)
	}
	hide()
	<-shown
	s.final(ctx)
	if r.cfg.Out == "" {
		return nil
	}
	if err := writeResults(ctx, r.cfg, r.options("iolaus-results"), r.policyVersion); err != nil {
		return err
	}
	fmt.Fprintf(r.cfg.Print, "Results in %s: decisions.jsonl, clusters.jsonl, metrics.json, report.html\n", r.cfg.Out)
	return nil
}

// endOf turns an error that only says that ctx ended into none.
func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (r *runner) greet() {
	w := r.cfg.Print
	base := "http://" + r.listener.Addr().String()
	fmt.Fprintln(w, "Iolaus is starting.")
	for _, line := range r.backends.lines {
		fmt.Fprintln(w, "  "+line)
	}
	fmt.Fprintf(w, "  Page        %s/\n  API         %s/v1/clusters   (OpenAPI: %s/openapi.json)\n  Metrics     %s/metrics   Ready: %s/readyz\n",
		base, base, base, base, base)
	if r.backends.chdb != nil {
		fmt.Fprintf(w, "  SQL         curl -s 'http://%s/' --data 'SELECT action, count() FROM iolaus.decisions GROUP BY action'\n", r.backends.chdb.Addr())
	}
	if sc := r.cfg.Scenario; sc.Source != "" && !sc.isFolder() {
		fmt.Fprintf(w, "  Scenario    %s, seed %d, scale %g\n", sc.Source, sc.Seed, sc.Scale)
	} else if sc.Source != "" {
		fmt.Fprintf(w, "  Scenario    the files of %s\n", sc.Source)
	}
}

// settle is how long nothing more may come before the work counts as done.
const settle = 1500 * time.Millisecond

// drain waits until everything that was played has been folded, judged and written: the
// first stage and the sink without lag, the graph's owner at the end of the links, and all
// of that still so a moment later, for the stages tell their open minutes when idle.
func (r *runner) drain(ctx context.Context) error {
	quietSince := time.Time{}
	var lastEnds string
	for {
		done, ends, err := r.drained(ctx)
		if err != nil {
			r.cfg.Log.Warn("asking whether the work is done", zap.Error(err))
		}
		switch {
		case !done || err != nil || ends != lastEnds:
			quietSince, lastEnds = time.Time{}, ends
		case quietSince.IsZero():
			quietSince = time.Now()
		case time.Since(quietSince) >= settle:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
