package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// latency measures append → decision: from the moment at which the record that tips an
// account was due to be produced to the moment at which a reader of committed records
// holds the decision. The load is open: a record that is sent late, because anything stands,
// counts from when it was due.
type latency struct {
	bench   *bench
	rate    int
	length  time.Duration
	scale   float64
	profile string
	upArgs  []string

	mu     sync.Mutex
	due    map[tip]time.Time
	took   map[string][]time.Duration // by action
	others int
}

// tip names a record: an account's event times are all different.
type tip struct {
	account string
	ts      int64
}

func newLatencyCmd(b *bench) *cobra.Command {
	l := latency{bench: b, due: map[tip]time.Time{}, took: map[string][]time.Duration{}}
	cmd := &cobra.Command{
		Use: "latency", Short: "Append to decision, open loop, beside background traffic",
		Long: `Warm iolaus up with a world in which campaigns run; then new accounts of those campaigns come in,
event by event, beside honest background traffic, all with event time now.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd.Context()) },
	}
	fl := cmd.Flags()
	fl.IntVar(&l.rate, "rate", 5000, "background requests a second")
	fl.DurationVar(&l.length, "for", time.Minute, "how long accounts arrive")
	fl.Float64Var(&l.scale, "scale", 0.05, "accounts of press")
	fl.StringVar(&l.profile, "profile", "", "write a CPU profile of the measured time to this file")
	fl.StringArrayVar(&l.upArgs, "up", nil, "further argument of iolaus up")
	return cmd
}

func (l *latency) run(ctx context.Context) error {
	w, err := newCampaigns(l.scale)
	if err != nil {
		return err
	}
	dir, done, err := l.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	d, err := l.bench.up(ctx, dir, l.upArgs...)
	if err != nil {
		return err
	}
	defer func() {
		if err := d.stop(); err != nil {
			note("stopping: %v", err)
		}
	}()
	if err := l.warm(ctx, d, w); err != nil {
		return err
	}
	return l.measure(ctx, d, w)
}

// warm plays the world's history and lets the background run until it is steady.
func (l *latency) warm(ctx context.Context, d *deployment, w *campaigns) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(d.brokers), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	if err := w.playHistory(ctx, cl, time.Now().Add(-time.Minute).UnixMilli()); err != nil {
		return err
	}
	background := l.background(d, 10*time.Second)
	background.introduce = true
	if _, err := background.inProcess(ctx); err != nil {
		return err
	}
	watch, err := newWatcher(d)
	if err != nil {
		return err
	}
	defer watch.close()
	return watch.awaitIdle(ctx, 10*time.Minute)
}

func (l *latency) background(d *deployment, length time.Duration) *load {
	return &load{brokers: []string{d.brokers}, topic: "requests", format: "json", rate: l.rate, length: length, accounts: 20_000, seed: 1}
}

func (l *latency) measure(ctx context.Context, d *deployment, w *campaigns) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(d.brokers), kgo.ConsumeTopics(wire.TopicDecisions),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()),
		kgo.ProducerLinger(0), kgo.MetadataMinAge(250*time.Millisecond))
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var g errgroup.Group
	g.Go(func() error { l.read(reading, cl); return nil })
	var background produced
	g.Go(func() (err error) {
		background, err = l.background(d, l.length+2*time.Second).inProcess(ctx)
		return err
	})
	if l.profile != "" {
		g.Go(func() error { return d.profile(ctx, l.profile, l.length) })
	}
	time.Sleep(2 * time.Second) // the background runs
	sent, err := l.arrive(ctx, cl, w)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // what is still on its way
	stop()
	if err := g.Wait(); err != nil {
		return err
	}
	l.print(sent, background)
	return nil
}

// arrive produces the new accounts' events when they are due, and returns how many.
func (l *latency) arrive(ctx context.Context, cl *kgo.Client, w *campaigns) (int, error) {
	schedule := w.schedule(l.length)
	start := time.Now()
	for i, a := range schedule {
		due := start.Add(a.at)
		time.Sleep(time.Until(due))
		ts := due.UnixMilli()
		l.mu.Lock()
		l.due[tip{a.event.account, ts}] = due
		l.mu.Unlock()
		cl.Produce(ctx, a.event.record(ts), nil)
		if ctx.Err() != nil {
			return i, ctx.Err()
		}
	}
	return len(schedule), nil
}

// read notes when each decision is seen.
func (l *latency) read(ctx context.Context, cl *kgo.Client) {
	for ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		now := time.Now()
		l.mu.Lock()
		for it := fetches.RecordIter(); !it.Done(); {
			var d wire.Decision
			if json.Unmarshal(it.Next().Value, &d) != nil {
				continue
			}
			due, ok := l.due[tip{d.AccountID, d.EventTS}]
			if !ok {
				l.others++ // an account of the history, drawn in by a newcomer
				continue
			}
			l.took[d.Action] = append(l.took[d.Action], now.Sub(due))
		}
		l.mu.Unlock()
	}
}

func (l *latency) print(sent int, background produced) {
	var all []time.Duration
	for _, t := range l.took {
		all = append(all, t...)
	}
	suspensions := l.took["suspend"]
	row(fmt.Sprintf("append → decision, %d events/s in the background, %d records of new campaign accounts", l.rate, sent),
		fmt.Sprintf("p50 %s, p99 %s over %d decisions; suspensions alone p50 %s, p99 %s over %d (%d decisions about others; generator at most %d ms behind)",
			quantile(all, 0.5), quantile(all, 0.99), len(all), quantile(suspensions, 0.5), quantile(suspensions, 0.99), len(suspensions), l.others, background.BehindMS),
		"p50 ≤ 15 ms, p99 ≤ 60 ms")
}

func quantile(all []time.Duration, q float64) string {
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)].Round(100 * time.Microsecond).String()
}
