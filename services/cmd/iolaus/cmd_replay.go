package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/report"
)

// replayKey tokenises a replay whose configuration names no key. It is public: whoever
// keeps a replay's results for longer should set privacy.hmac_key. A random key would
// make two replays of the same input differ.
const replayKey = "iolaus replay, no secret: set privacy.hmac_key"

type replayFlags struct {
	input, out, labels, from, to, runID string
	brokers, policies                   []string
	feedLabels, asJSON                  bool
}

func newReplayCmd() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay (--input DIR | --brokers LIST --from T --to T) --out DIR",
		Short: "Run the detector over history, touching nothing live",
		Long: `Run the detector over a folder of the four input files, or over a range of event time of the
input topics, in one deterministic order. Nothing live is touched: no consumer group, no
write to a topic, no Redis, no ClickHouse. The same input and policy give the same bytes.

Written to --out: decisions.jsonl, clusters.jsonl, metrics.json and report.html. Labels only
judge the result, unless --feed-labels gives them to the detector. With several --policy each
has a folder of its own under --out, named after its file.`,
		Example: `  iolaus simulate --scenario press --scale 1:20 --seed 1 --out world
  iolaus replay --input world --out result && open result/report.html
  iolaus replay --brokers kafka:9092 --from 2026-04-22T00:00:00Z --to 2026-06-05T00:00:00Z --out result`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runReplay(cmd, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.input, "input", "", "folder of signups.jsonl, requests.jsonl, payments.jsonl, labels.jsonl")
	fl.StringSliceVar(&f.brokers, "brokers", nil, "Kafka brokers to read the input topics from")
	fl.StringVar(&f.from, "from", "", "first event time, RFC 3339 or Unix milliseconds")
	fl.StringVar(&f.to, "to", "", "event time to stop before")
	fl.StringArrayVar(&f.policies, "policy", nil, "policy file; may be given more than once (default: the built-in policy)")
	fl.StringVar(&f.labels, "labels", "", "labels file to judge by (default: the input's own labels)")
	fl.BoolVar(&f.feedLabels, "feed-labels", false, "give the input's labels to the detector when their time comes")
	fl.StringVar(&f.out, "out", "", "folder for the results")
	fl.StringVar(&f.runID, "run-id", "replay", "name of the run, in metrics.json and the report")
	fl.BoolVar(&f.asJSON, "json", false, "print the metrics as JSON")
	bindSettings(cmd, "privacy", "stage.lateness", "stage.max_bytes", "log")
	return cmd
}

func runReplay(cmd *cobra.Command, f *replayFlags) error {
	s, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	cfg, err := f.config(&s)
	if err != nil {
		return err
	}
	policies := f.policies
	if len(policies) == 0 {
		policies = []string{""}
	}
	for _, p := range policies {
		if _, err := policy.Load(p); err != nil {
			return usagef("--policy: %w", err)
		}
	}
	if f.labels != "" {
		if _, err := os.Stat(f.labels); err != nil {
			return usagef("--labels: %w", err)
		}
	}
	for _, p := range policies {
		run := cfg
		run.Policy = p
		if len(policies) > 1 {
			run.Out, run.RunID = run.Out+"/"+policyName(p), run.RunID+"-"+policyName(p)
		}
		m, err := replayOne(cmd, run)
		if err != nil {
			return err
		}
		if err := printMetrics(cmd.OutOrStdout(), m, run.Out, f.asJSON); err != nil {
			return err
		}
	}
	return nil
}

// config checks the flags against one another.
func (f *replayFlags) config(s *settings) (replay.Config, error) {
	cfg := replay.Config{Input: f.input, Labels: f.labels, FeedLabels: f.feedLabels, Out: f.out, RunID: f.runID,
		Graph: graph.DefaultConfig(), Lateness: s.Stage.Lateness,
		Decode: decode.Config{Privacy: s.Privacy, Limits: decode.Limits{MaxBytes: s.Stage.MaxBytes, MaxFuture: s.Stage.MaxFuture}}}
	if cfg.Decode.Privacy.HMACKey == "" {
		cfg.Decode.Privacy.HMACKey = replayKey
	}
	switch {
	case f.out == "":
		return cfg, usagef("--out: name a folder for the results")
	case (f.input == "") == (len(f.brokers) == 0):
		return cfg, usagef("name either --input or --brokers")
	case f.input != "":
		if info, err := os.Stat(f.input); err != nil || !info.IsDir() {
			return cfg, usagef("--input: %s is no folder that can be read", f.input)
		}
		return cfg, invalid(cfg.Decode.Validate())
	}
	var err error
	cfg.Kafka.Brokers = f.brokers
	if cfg.Kafka.From, err = parseTime(f.from); err != nil {
		return cfg, usagef("--from: %w", err)
	}
	if cfg.Kafka.To, err = parseTime(f.to); err != nil {
		return cfg, usagef("--to: %w", err)
	}
	if !cfg.Kafka.From.Before(cfg.Kafka.To) {
		return cfg, usagef("--to: must be later than --from")
	}
	return cfg, invalid(cfg.Decode.Validate())
}

// parseTime reads RFC 3339, a date, or Unix milliseconds.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, fmt.Errorf("is not set")
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q is neither RFC 3339 nor Unix milliseconds", s)
	}
	return t, nil
}

func policyName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")
}

func replayOne(cmd *cobra.Command, cfg replay.Config) (report.Metrics, error) {
	start := time.Now()
	line := newProgressLine(cmd.ErrOrStderr(), start)
	cfg.Progress = func(p replay.Progress) {
		line.show(p.Done, p.Total, fmt.Sprintf("%d events, event time %s, %d suspended",
			p.Events, time.UnixMilli(p.EventMS).UTC().Format("2006-01-02 15:04"), p.Suspended))
	}
	m, err := replay.Run(cmd.Context(), cfg)
	line.end()
	return m, err
}

func printMetrics(w io.Writer, m report.Metrics, out string, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	}
	var events uint64
	for _, n := range m.Events {
		events += n
	}
	fmt.Fprintf(w, "%d events of %d accounts, %d decisions, %d clusters, %d accounts suspended\n",
		events, m.Accounts, m.Decisions, m.Clusters, m.Suspended.Suspended)
	for _, name := range sortedKeys(m.Campaigns) {
		o := m.Campaigns[name]
		fmt.Fprintf(w, "  %-24s %6d of %6d suspended (%.1f%%), %.1f%% of exchanges served before\n",
			name, o.Suspended, o.Accounts, 100*o.Recall, 100*o.Leakage)
	}
	if o, ok := m.Labels["legit"]; ok {
		fmt.Fprintf(w, "  honest: %d of %d suspended, %d throttled, %d to verify\n", o.Suspended, o.Accounts, o.Throttled, o.Verified)
	}
	fmt.Fprintf(w, "report: %s/report.html\n", out)
	return nil
}
