package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/obs"
)

// service is one that `iolaus run` can run alone.
type service struct {
	name, short string
	sections    []string // of the settings, beside http, log and pprof
	prepare     func(s settings, log *zap.Logger) (serve, error)
}

// serve runs a service until its context ends; its configuration has been checked.
type serve func(ctx context.Context) error

func newRunCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "run SERVICE", Short: "Run one service against configured backends",
		Long: `Run one service until it is interrupted. Any number of instances of a service may run. A backend
that is down is waited for, and GET /readyz says so. Every service serves /healthz, /readyz and
/metrics on http.addr, and Go profiles on pprof.addr.`,
		Example: `  IOLAUS_KAFKA_BROKERS=kafka:9092 IOLAUS_REDIS_URL=redis://redis:6379 iolaus run request
  iolaus run decision --config /etc/iolaus.yaml --http.addr :8080`,
		RunE: needSubcommand,
	}
	for _, s := range services() {
		cmd.AddCommand(newRunServiceCmd(s))
	}
	return cmd
}

func newRunServiceCmd(svc service) *cobra.Command {
	cmd := &cobra.Command{
		Use: svc.name, Short: svc.short, Args: cobra.NoArgs,
		Example: "  iolaus run " + svc.name + " --config iolaus.yaml --http.addr 127.0.0.1:8080",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runService(cmd, svc) },
	}
	bindSettings(cmd, append([]string{"http", "log", "pprof"}, svc.sections...)...)
	return cmd
}

func runService(cmd *cobra.Command, svc service) error {
	s, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	log, err := obs.NewLogger(s.Log)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }() // standard error cannot be synced everywhere
	run, err := svc.prepare(s, log)
	if err != nil {
		return invalid(err)
	}
	build := obs.Build()
	log.Info("starting", zap.String("service", svc.name), zap.String("version", build.Version), zap.String("commit", build.Commit))
	err = run(cmd.Context())
	if err != nil && (cmd.Context().Err() == nil || !errors.Is(err, context.Canceled)) {
		return err
	}
	log.Info("stopped", zap.String("service", svc.name))
	return nil
}
