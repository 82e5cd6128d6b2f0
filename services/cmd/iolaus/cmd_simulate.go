package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/simulate"
)

type simulateFlags struct {
	scenario, out, format, bans          string
	seed                                 uint64
	brokers                              []string
	scale, scaleAccounts, scaleExchanges string
	list                                 bool
}

func newSimulateCmd() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --scenario NAME|FILE --seed N (--out DIR | --brokers LIST)",
		Short: "Make a world of honest customers and campaigns, as files or on Kafka",
		Long: `Make a world of honest customers and campaigns and write what happens in it: to the four
files signups.jsonl, requests.jsonl, payments.jsonl and labels.jsonl, each in time order, or to
the input topics of a Kafka cluster. The same scenario, seed and scale give the same bytes.

A scenario is a built-in name (--list) or a YAML file, as docs/scenarios.md describes it.
--scale makes both accounts and exchanges fewer, as a fraction (0.05), a ratio (1:20) or a
percentage (5%); --scale-accounts and --scale-exchanges scale one of them.

--bans closes the loop: accounts of campaigns that a decisions.jsonl suspends, and stolen keys
that it revokes, stop at that event time; their remaining exchanges go to their siblings and
to replacements. Up to the first ban, and for honest accounts to the end, the bytes stay the same.`,
		Example: `  iolaus simulate --list
  iolaus simulate --scenario press --scale 1:20 --seed 1 --out world
  iolaus simulate --scenario levels --seed 1 --bans result/decisions.jsonl --out world-2
  iolaus simulate --scenario my.yaml --seed 7 --brokers kafka:9092 --format protobuf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSimulate(cmd, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.scenario, "scenario", "", "built-in scenario or YAML file")
	fl.Uint64Var(&f.seed, "seed", 1, "seed: another one is another world of the same scenario")
	fl.StringVar(&f.out, "out", "", "folder for the four files")
	fl.StringVar(&f.bans, "bans", "", "decisions.jsonl of an earlier run: what it takes down is down in this world")
	fl.StringSliceVar(&f.brokers, "brokers", nil, "Kafka brokers to produce the input topics to")
	fl.StringVar(&f.format, "format", "json", "encoding on Kafka: json or protobuf")
	fl.StringVar(&f.scale, "scale", "1", "accounts and exchanges, of the scenario's own")
	fl.StringVar(&f.scaleAccounts, "scale-accounts", "", "accounts alone (default: as --scale)")
	fl.StringVar(&f.scaleExchanges, "scale-exchanges", "", "exchanges alone (default: as --scale)")
	fl.BoolVar(&f.list, "list", false, "list the built-in scenarios")
	return cmd
}

func runSimulate(cmd *cobra.Command, f *simulateFlags) error {
	if f.list {
		return listScenarios(cmd.OutOrStdout())
	}
	switch {
	case f.scenario == "":
		return usagef("--scenario: name one (see --list) or a file")
	case (f.out == "") == (len(f.brokers) == 0):
		return usagef("name either --out or --brokers")
	case f.format != "json" && f.format != "protobuf":
		return usagef("--format: %q is neither json nor protobuf", f.format)
	case f.format == "protobuf" && f.out != "":
		return usagef("--format: files hold JSON only")
	}
	sc, err := simulate.Load(f.scenario)
	if err != nil {
		return invalid(err)
	}
	if sc, err = f.scaled(sc); err != nil {
		return err
	}
	encoding := simulate.JSON
	if f.format == "protobuf" {
		encoding = simulate.Protobuf
	}
	options := []simulate.Option{simulate.WithEncoding(encoding)}
	if f.bans != "" {
		bans, err := simulate.ReadBans(f.bans)
		if err != nil {
			return invalid(fmt.Errorf("--bans: %w", err))
		}
		options = append(options, simulate.WithBans(bans))
	}
	w, err := simulate.New(sc, f.seed, options...)
	if err != nil {
		return err
	}
	if f.bans != "" {
		fmt.Fprintln(cmd.OutOrStdout(), w.Moved())
	}
	return playWorld(cmd, f, w)
}

func listScenarios(w io.Writer) error {
	for _, name := range simulate.Names() {
		sc, err := simulate.Load(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-18s %s\n", name, sc.Description)
	}
	return nil
}

// scaled applies the three scale flags.
func (f *simulateFlags) scaled(sc *simulate.Scenario) (*simulate.Scenario, error) {
	accounts, err := parseScale("--scale", f.scale)
	if err != nil {
		return nil, err
	}
	exchanges := accounts
	if f.scaleAccounts != "" {
		if accounts, err = parseScale("--scale-accounts", f.scaleAccounts); err != nil {
			return nil, err
		}
	}
	if f.scaleExchanges != "" {
		if exchanges, err = parseScale("--scale-exchanges", f.scaleExchanges); err != nil {
			return nil, err
		}
	}
	return sc.Scaled(accounts, exchanges), nil
}

// parseScale reads 0.05, 1:20, 1/20 or 5%; the flag is named in the error.
func parseScale(flag, s string) (float64, error) {
	num, den, ratio := strings.Cut(strings.ReplaceAll(s, "/", ":"), ":")
	if !ratio {
		den = "1"
		if strings.HasSuffix(s, "%") {
			num, den = strings.TrimSuffix(s, "%"), "100"
		}
	}
	a, errA := strconv.ParseFloat(num, 64)
	b, errB := strconv.ParseFloat(den, 64)
	if v := a / b; errA == nil && errB == nil && v > 0 && v <= 1000 {
		return v, nil
	}
	return 0, usagef("%s: %q is no fraction, ratio or percentage above 0", flag, s)
}

// playWorld writes the world out and says what there was.
func playWorld(cmd *cobra.Command, f *simulateFlags, w *simulate.World) error {
	start := time.Now()
	line := newProgressLine(cmd.ErrOrStderr(), start)
	from, to := w.Span()
	progress := func(c simulate.Counts, ts int64) {
		line.show(ts-from, to-from, fmt.Sprintf("%d events, event time %s", c.Total(), time.UnixMilli(ts).UTC().Format("2006-01-02 15:04")))
	}
	var counts simulate.Counts
	var err error
	where := f.out
	if f.out != "" {
		counts, err = w.WriteFiles(cmd.Context(), f.out, progress)
	} else {
		where = strings.Join(f.brokers, ",")
		counts, err = produceWorld(cmd.Context(), f, w, progress)
	}
	line.end()
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Fprintf(cmd.OutOrStdout(), "%d signups, %d payments, %d requests, %d labels to %s in %s (%.0f events/s)\n",
		counts[0], counts[1], counts[2], counts[3], where, took.Round(time.Millisecond), float64(counts.Total())/took.Seconds())
	return nil
}

// produceWorld sends the events to the input topics, keyed by account. Topics that are
// missing are made by the cluster's own rules for that.
func produceWorld(ctx context.Context, f *simulateFlags, w *simulate.World, progress func(simulate.Counts, int64)) (simulate.Counts, error) {
	var counts simulate.Counts
	cl, err := kgo.NewClient(kgo.SeedBrokers(f.brokers...), kgo.ClientID("iolaus-simulate"), kgo.AllowAutoTopicCreation(),
		kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(50_000), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	if err != nil {
		return counts, usagef("--brokers: %w", err)
	}
	defer cl.Close()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var headers []kgo.RecordHeader
	if f.format == "protobuf" {
		headers = []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/x-protobuf")}}
	}
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			fail(err)
		}
	}
	w.Events(func(e simulate.Event) bool {
		cl.Produce(ctx, &kgo.Record{Topic: e.Stream.String(), Key: []byte(e.AccountID), Value: append([]byte(nil), e.Value...),
			Headers: headers}, done) // stamped now: retention goes by the stamp, and would drop a history at once
		counts[e.Stream]++
		if counts[e.Stream]&0x3ff == 0 {
			progress(counts, e.TS)
		}
		return ctx.Err() == nil
	})
	if err := cl.Flush(ctx); err != nil && context.Cause(ctx) == nil {
		return counts, fmt.Errorf("flushing: %w", err)
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return counts, fmt.Errorf("producing: %w", err)
	}
	return counts, ctx.Err()
}
