package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/report"
)

// worlds measures simulate and replay on the scenario of the reports, and what is found.
type worlds struct {
	bench *bench
	scale string
	seeds []int
}

func newWorldCmd(b *bench) *cobra.Command {
	w := worlds{bench: b}
	cmd := &cobra.Command{
		Use: "replay", Short: "simulate and replay of files: events/s, and what of press is found",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return w.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&w.scale, "scale", "1:20", "scale of press")
	cmd.Flags().IntSliceVar(&w.seeds, "seeds", []int{1, 2, 3, 4, 5}, "seeds")
	return cmd
}

func (w *worlds) run(ctx context.Context) error {
	program, err := w.bench.program()
	if err != nil {
		return err
	}
	for _, seed := range w.seeds {
		if err := w.one(ctx, program, seed); err != nil {
			return err
		}
	}
	return nil
}

func (w *worlds) one(ctx context.Context, program string, seed int) error {
	dir, done, err := w.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	in := filepath.Join(dir, "world")
	made, out, err := timed(ctx, program, "simulate", "--scenario", "press", "--scale", w.scale, "--seed", strconv.Itoa(seed), "--out", in)
	if err != nil {
		return err
	}
	events := sumOf(out)
	made.row(fmt.Sprintf("simulate press %s seed %d to files, %d events", w.scale, seed, events), events, "200k events/s")
	read, out, err := timed(ctx, program, "replay", "--input", in, "--out", filepath.Join(dir, "out"), "--json")
	if err != nil {
		return err
	}
	var m report.Metrics
	if err := json.Unmarshal(out, &m); err != nil {
		return fmt.Errorf("reading the metrics: %w", err)
	}
	read.row(fmt.Sprintf("replay press %s seed %d, JSON of %d B", w.scale, seed, sizeOf(in)/max(events, 1)), events, "200k events/s")
	found(w.scale, seed, &m)
	return nil
}

// found prints what a replay found, by campaign and in all.
func found(scale string, seed int, m *report.Metrics) {
	fraud, honest := m.Labels["fraud"], m.Labels["legit"]
	row(fmt.Sprintf("press %s seed %d: campaign accounts suspended", scale, seed),
		fmt.Sprintf("%.1f%% (%d of %d)", 100*fraud.Recall, fraud.Suspended, fraud.Accounts), "≥ 95%")
	row(fmt.Sprintf("press %s seed %d: their exchanges served before", scale, seed), fmt.Sprintf("%.1f%%", 100*fraud.Leakage), "≤ 10%")
	row(fmt.Sprintf("press %s seed %d: honest accounts suspended", scale, seed),
		fmt.Sprintf("%d of %d (throttled %d, to verify %d)", honest.Suspended, honest.Accounts, honest.Throttled, honest.Verified), "0")
}

// cost is what a command took.
type cost struct {
	wall time.Duration
	cpu  float64
}

func (c cost) row(figure string, events int64, target string) {
	row(figure, fmt.Sprintf("%.0fk events/s; %s (%.1f s wall, %.1f s CPU)", float64(events)/c.wall.Seconds()/1000,
		perCPU(events, c.cpu), c.wall.Seconds(), c.cpu), target)
}

// timed runs a command and returns its output.
func timed(ctx context.Context, program string, args ...string) (c cost, out []byte, err error) {
	note("%s %s", filepath.Base(program), strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the program under test
	var messages strings.Builder
	cmd.Stderr = &messages
	start := time.Now()
	out, err = cmd.Output()
	if err != nil {
		return c, nil, fmt.Errorf("running iolaus %s: %w: %s", args[0], err, messages.String())
	}
	c.wall = time.Since(start)
	c.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return c, out, nil
}

var counts = regexp.MustCompile(`(\d+) (?:signups|payments|requests|labels)`)

// sumOf adds up what simulate says it wrote.
func sumOf(out []byte) (n int64) {
	for m := range slices.Values(counts.FindAllSubmatch(out, -1)) {
		v, _ := strconv.ParseInt(string(m[1]), 10, 64)
		n += v
	}
	return n
}

func sizeOf(dir string) (n int64) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}
