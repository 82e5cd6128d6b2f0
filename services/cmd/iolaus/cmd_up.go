package main

import (
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/services/up"
)

type upFlags struct {
	data, scenario, scale, out, http, kafka, clickhouse string
	seed                                                uint64
	speed                                               float64
	untilDone, noBrowser                                bool
}

func newUpCmd() *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything on this machine, on embedded backends",
		Long: `Run all services on this machine, on an embedded Kafka, Redis and ClickHouse, each replaced
by a real one when its address is configured (IOLAUS_KAFKA_BROKERS, IOLAUS_REDIS_URL,
IOLAUS_CLICKHOUSE_DSN). Any Kafka or ClickHouse client may connect to the embedded ones.

With --scenario events are played to the input topics: a built-in scenario (iolaus simulate
--list), a YAML file, or a folder of signups.jsonl, requests.jsonl, payments.jsonl and
labels.jsonl. Ctrl-C stops everything; a second start on the same data goes on where the
first stopped, and plays only what it had not.`,
		Example: `  iolaus up --scenario press
  iolaus up --data ./data --http 127.0.0.1:8080 --kafka 127.0.0.1:9092 --clickhouse 127.0.0.1:8123
  iolaus up --scenario ./world --until-done --out ./live`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUp(cmd, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "iolaus-data", "folder of the embedded backends' data")
	fl.StringVar(&f.scenario, "scenario", "", "scenario to play: a name, a YAML file or a folder of input files")
	fl.StringVar(&f.scale, "scale", "1:20", "accounts and exchanges of a named scenario or file, of its own")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of a named scenario or file")
	fl.Float64Var(&f.speed, "speed", 0, "play at so many times the scenario's own pace; 0 = as fast as it goes")
	fl.BoolVar(&f.untilDone, "until-done", false, "end when the scenario has been played and all that follows is written")
	fl.StringVar(&f.out, "out", "", "with --until-done: folder for the live path's results, in the form of iolaus replay")
	fl.StringVar(&f.http, "http", "", "address of the page and the API (the setting http.addr)")
	fl.StringVar(&f.kafka, "kafka", "", "where the embedded Kafka listens, host:port (default: a free loopback port)")
	fl.StringVar(&f.clickhouse, "clickhouse", "", "where the embedded ClickHouse listens over HTTP, host:port (default: a free loopback port)")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "do not open the page, on a terminal")
	bindSettings(cmd, "kafka", "redis", "clickhouse.dsn", "privacy", "dlq", "schema_registry", "stage", "cluster", "policy", "sink",
		"decision", "run", "http", "log", "pprof")
	return cmd
}

func runUp(cmd *cobra.Command, f *upFlags) error {
	if !cmd.Flags().Changed("log.level") && os.Getenv("IOLAUS_LOG_LEVEL") == "" {
		_ = cmd.Flags().Set("log.level", "warn") // the summary is what a person reads here
	}
	s, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	scale, err := parseScale("--scale", f.scale)
	if err != nil {
		return err
	}
	if f.http != "" {
		s.HTTP.Addr = f.http
	}
	log, err := obs.NewLogger(s.Log)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }() // standard error cannot be synced everywhere
	terminal := term.IsTerminal(int(os.Stdout.Fd()))
	cfg := up.Config{
		Data: f.data, ListenKafka: f.kafka, ListenClickHouse: f.clickhouse,
		Scenario:  up.Scenario{Source: f.scenario, Scale: scale, Seed: f.seed, Speed: f.speed},
		UntilDone: f.untilDone, Out: f.out, Terminal: terminal, Print: cmd.OutOrStdout(),
		Kafka: s.Kafka, Redis: s.Redis, ClickHouse: s.ClickHouse, Decode: s.decodeConfig(), Seal: s.DLQ, Stage: s.Stage.Settings,
		Cluster: s.Cluster, Policy: s.Policy.File, Sink: s.Sink, Loading: s.Decision.Loading, RunID: s.RunOf.ID,
		HTTP: s.HTTP, Pprof: s.Pprof, Log: log,
	}
	if err := cfg.Validate(); err != nil {
		return invalid(err)
	}
	if terminal && !f.noBrowser && !f.untilDone {
		openBrowser("http://" + s.HTTP.Addr)
	}
	return up.Run(cmd.Context(), cfg)
}

// openBrowser shows the page where there is something to show it with; nothing depends on it.
func openBrowser(url string) {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	if path, err := exec.LookPath(name); err == nil && (runtime.GOOS == "darwin" || os.Getenv("DISPLAY") != "") {
		_ = exec.Command(path, url).Start()
	}
}
