package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

// throughput is the measurement of the highest rate that all stages sustain.
type throughput struct {
	bench    *bench
	format   string
	rate     int // fixed, or where the search begins
	length   time.Duration
	warm     time.Duration
	accounts int
	find     bool
	profile  string
	upArgs   []string
}

// Rates that the issue asks for, events a second.
var rateTargets = map[string]int{"json": 80_000, "protobuf": 150_000}

func newThroughputCmd(b *bench) *cobra.Command {
	t := throughput{bench: b}
	cmd := &cobra.Command{
		Use: "throughput", Short: "Sustained events/s through all services on embedded backends",
		Long: `Start iolaus up, produce requests at a fixed open rate from another process, and see whether the
lag of any part grows: the account stages, the cluster service, the sink. With --find the highest
rate that is sustained is searched for, to 8%.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd.Context()) },
	}
	fl := cmd.Flags()
	fl.StringVar(&t.format, "format", "json", "json or protobuf")
	fl.IntVar(&t.rate, "rate", 0, "requests a second (default: what is promised for the format)")
	fl.DurationVar(&t.length, "for", time.Minute, "how long each rate is measured")
	fl.DurationVar(&t.warm, "warm", 10*time.Second, "how long each rate is played before")
	fl.IntVar(&t.accounts, "accounts", 50_000, "accounts, their shares by Zipf's law")
	fl.BoolVar(&t.find, "find", false, "search for the highest rate that is sustained")
	fl.StringVar(&t.profile, "profile", "", "write a CPU profile of the measured time to this file")
	fl.StringArrayVar(&t.upArgs, "up", nil, "further argument of iolaus up")
	return cmd
}

func (t *throughput) run(ctx context.Context) error {
	target, ok := rateTargets[t.format]
	if !ok {
		return fmt.Errorf("--format: %q is neither json nor protobuf", t.format)
	}
	if t.rate == 0 {
		t.rate = target
	}
	dir, done, err := t.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	d, err := t.bench.up(ctx, dir, t.upArgs...)
	if err != nil {
		return err
	}
	defer func() {
		if err := d.stop(); err != nil {
			note("stopping: %v", err)
		}
	}()
	w, err := newWatcher(d)
	if err != nil {
		return err
	}
	defer w.close()
	if err := t.introduce(ctx, d, w); err != nil {
		return err
	}
	best, err := t.search(ctx, d, w)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("all stages, %s requests of %d B, %s", t.format, best.done.Bytes/max(best.done.Events, 1), t.length)
	row(name, best.String(), fmt.Sprintf("%dk events/s, lag not growing", target/1000))
	return nil
}

func (t *throughput) load(d *deployment, rate int, length time.Duration) *load {
	return &load{brokers: []string{d.brokers}, topic: "requests", format: t.format, rate: rate, length: length, accounts: t.accounts, seed: 1}
}

// introduce makes the accounts known, so that the measured time is steady state.
func (t *throughput) introduce(ctx context.Context, d *deployment, w *watcher) error {
	l := t.load(d, t.rate/8, time.Second)
	l.introduce = true
	if _, err := l.inProcess(ctx); err != nil {
		return err
	}
	return w.awaitIdle(ctx, 5*time.Minute)
}

// search measures one rate or, with --find, narrows the highest down.
func (t *throughput) search(ctx context.Context, d *deployment, w *watcher) (best outcome, err error) {
	low, high := 0, 0
	for rate := t.rate; ; {
		o, err := t.measure(ctx, d, w, rate)
		if err != nil {
			return best, err
		}
		note("%s", o)
		if o.sustained() || best.rate == 0 {
			best = o
		}
		if !t.find {
			return o, nil
		}
		if o.sustained() {
			low = rate
		} else {
			high = rate
		}
		switch {
		case high == 0:
			rate = low * 3 / 2
		case low == 0 && rate < 2000:
			return best, nil
		case float64(high-low) < 0.08*float64(high):
			return best, nil
		default:
			rate = (low + high) / 2
		}
		if err := w.awaitIdle(ctx, 10*time.Minute); err != nil {
			return best, err
		}
	}
}

// outcome is how one rate went.
type outcome struct {
	rate   int
	done   produced
	trends map[string]trend
	used   cpu
	sum    float64 // CPU seconds of the system, without the generator
	others float64 // CPU seconds of whatever else ran on the machine
}

func (t *throughput) measure(ctx context.Context, d *deployment, w *watcher, rate int) (o outcome, err error) {
	if t.warm > 0 {
		if _, err := t.load(d, rate, t.warm).inProcess(ctx); err != nil {
			return o, err
		}
	}
	before, err := d.cpu()
	if err != nil {
		return o, err
	}
	machine := machineCPU()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var samples []sample
	var g errgroup.Group
	g.Go(func() (err error) { samples, err = w.every(watching); return err })
	if t.profile != "" {
		g.Go(func() error { return d.profile(ctx, t.profile, t.length) })
	}
	o.rate = rate
	o.done, err = t.load(d, rate, t.length).inProcess(ctx)
	stop()
	if failed := g.Wait(); failed != nil && err == nil {
		err = failed
	}
	if err != nil {
		return o, err
	}
	after, err := d.cpu()
	if err != nil {
		return o, err
	}
	o.used, o.sum = after.since(before)
	o.others = machineCPU() - machine - o.sum - o.done.CPUSeconds
	o.trends = map[string]trend{}
	for _, part := range []string{partStages, partCluster, partSink} {
		o.trends[part] = trendOf(samples, part)
	}
	return o, nil
}

// sustained: the generator kept its rate, and no part fell behind.
func (o *outcome) sustained() bool {
	for _, t := range o.trends {
		if t.growing() {
			return false
		}
	}
	return float64(o.done.Events) >= 0.98*float64(o.rate)*o.done.Seconds && o.done.BehindMS < 1000
}

func (o outcome) String() string {
	var b strings.Builder
	if o.sustained() {
		fmt.Fprintf(&b, "%.1fk events/s sustained; ", float64(o.done.Events)/o.done.Seconds/1000)
	} else {
		fmt.Fprintf(&b, "**%.1fk events/s not sustained** (generator at most %d ms behind); ", float64(o.rate)/1000, o.done.BehindMS)
	}
	// What was folded, not what was produced: a backlog is work that is still to be done.
	folded := o.done.Events - int64(o.trends[partStages].perSecond*o.done.Seconds)
	fmt.Fprintf(&b, "%s (", perCPU(folded, o.sum))
	for _, name := range slices.Sorted(maps.Keys(o.used)) {
		fmt.Fprintf(&b, "%s %.1f s, ", name, o.used[name])
	}
	fmt.Fprintf(&b, "generator %.1f s, others on the machine %.1f s); lag, mean/last/growth a second of inflow:", o.done.CPUSeconds, o.others)
	for _, part := range []string{partStages, partCluster, partSink} {
		t := o.trends[part]
		fmt.Fprintf(&b, " %s %d/%d/%+.0f of %.0f", part, t.mean, t.last, t.perSecond, t.inflow)
	}
	return b.String()
}
