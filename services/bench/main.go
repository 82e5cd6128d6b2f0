// Command bench measures the figures that Iolaus promises, on the built binary and on
// embedded backends, and prints them as rows of one table. docs/benchmarks.md says what
// each measures; scripts/bench.sh runs all.
//
//	go run ./services/bench throughput --format json --rate 80000
//
// Load comes from a process of its own at a fixed, open rate: it never waits for the
// system under test. Besides wall time each figure gives events per CPU-second, by process,
// which other work on the machine disturbs far less.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(execute()) }

func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var b bench
	root := &cobra.Command{
		Use: "bench", Short: "Measure the figures that Iolaus promises",
		SilenceUsage: true, Args: cobra.NoArgs,
	}
	root.PersistentFlags().StringVar(&b.binary, "iolaus", "bin/iolaus", "the binary to measure")
	root.PersistentFlags().StringVar(&b.scratch, "scratch", "", "folder for data, removed afterwards (default: the system's)")
	root.AddCommand(newProduceCmd(), newThroughputCmd(&b), newNaiveCmd(&b), newLatencyCmd(&b),
		newWorldCmd(&b), newGrowthCmd(), newFootprintCmd(&b), newFirstCmd(&b))
	if err := root.ExecuteContext(ctx); err != nil {
		return 1
	}
	return 0
}

// bench is what all measurements share.
type bench struct {
	binary  string
	scratch string
}

// folder makes a folder for one measurement; done removes it.
func (b *bench) folder() (dir string, done func(), err error) {
	dir, err = os.MkdirTemp(b.scratch, "iolaus-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the data: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// program is the absolute path of the binary under test.
func (b *bench) program() (string, error) {
	path, err := filepath.Abs(b.binary)
	if err != nil {
		return "", fmt.Errorf("--iolaus: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("--iolaus: %w (run make build)", err)
	}
	return path, nil
}

// row prints one row of the table of figures.
func row(figure, value, target string) {
	fmt.Printf("| %s | %s | %s |\n", figure, value, target)
}

// note tells a person what is going on, beside the table.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// perCPU formats events per CPU-second.
func perCPU(events int64, seconds float64) string {
	if seconds <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.0fk events/CPU-s", float64(events)/seconds/1000)
}
