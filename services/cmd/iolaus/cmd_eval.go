package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/eval"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/services/console"
)

type evalFlags struct {
	worlds, inputs                                []string
	out, guard, policy                            string
	quick, ablations, baselines, closedLoop, keep bool
}

func newEvalCmd() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval [--world NAME@SCALE:SEED | --input DIR]… [--quick] [--out DIR] [--guard FILE]",
		Short: "Judge the detector on worlds whose truth is known",
		Long: `Make worlds, or read them from folders, run each through replay, and say per campaign and
effort, honest class and trap what was caught, how late, and who was wronged. Prints a table and
writes eval.json and eval.html to --out; docs/evaluation.md defines each figure.

A world is a scenario with a scale and a seed: levels@0.1:7, experts@1/4:1-3 (three seeds), or a
scenario file. Without --world and --input the worlds are those that the project judges itself on.
--quick takes small ones, which run in under a minute, and neither ablations nor baselines.
--guard FILE bounds figures: where one is out of bounds the command names it and ends with 1.`,
		Example: `  iolaus eval --quick --out eval-out
  iolaus eval --world levels@0.25:1-3 --closed-loop --out eval-out
  iolaus eval --input world --baselines=false --out eval-out && open eval-out/eval.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEval(cmd, &f) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.worlds, "world", nil, "scenario to make, NAME@SCALE:SEED; may be given more than once")
	fl.StringArrayVar(&f.inputs, "input", nil, "folder of the four input files; may be given more than once")
	fl.BoolVar(&f.quick, "quick", false, "small worlds, no ablations, no baselines")
	fl.StringVar(&f.out, "out", "eval-out", "folder for eval.json, eval.html and each world's replay")
	fl.StringVar(&f.guard, "guard", "", "file of bounds on figures")
	fl.StringVar(&f.policy, "policy", "", "policy file (default: the built-in policy)")
	fl.BoolVar(&f.ablations, "ablations", true, "each family off in turn, and the hard-to-evade alone (one world of a scenario)")
	fl.BoolVar(&f.baselines, "baselines", true, "judge the baselines on the same worlds")
	fl.BoolVar(&f.closedLoop, "closed-loop", false, "make each world again with what was suspended banned, and judge it too")
	fl.BoolVar(&f.keep, "keep", false, "keep the worlds that were made")
	bindSettings(cmd, "privacy", "stage.lateness", "stage.max_bytes", "log")
	return cmd
}

func runEval(cmd *cobra.Command, f *evalFlags) error {
	s, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	cfg, err := f.config(cmd, &s)
	if err != nil {
		return err
	}
	var guard eval.Guard
	if f.guard != "" {
		if guard, err = eval.LoadGuard(f.guard); err != nil {
			return invalid(err)
		}
	}
	start := time.Now()
	line := newProgressLine(cmd.ErrOrStderr(), start)
	cfg.Tell = line.note
	out := cmd.OutOrStdout()
	var failed error
	cfg.Done = func(r *eval.Result) {
		line.end()
		if err := r.WriteTable(out); failed == nil {
			failed = err
		}
	}
	report, err := eval.Run(cmd.Context(), cfg)
	line.end()
	if err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("printing the table: %w", failed)
	}
	js, css := console.Chart()
	if err := report.Write(f.out, eval.Assets{JS: js, CSS: css}); err != nil {
		return err
	}
	fmt.Fprintf(out, "\njudged in %s: %s\n", time.Since(start).Round(time.Second), filepath.Join(f.out, "eval.html"))
	return f.judge(out, guard, report)
}

// config turns flags into what to judge.
func (f *evalFlags) config(cmd *cobra.Command, s *settings) (eval.Config, error) {
	cfg := eval.Config{Out: f.out, Ablations: f.ablations, Baselines: f.baselines, ClosedLoop: f.closedLoop, Keep: f.keep,
		Replay: replay.Config{Policy: f.policy, Graph: graph.DefaultConfig(), Lateness: s.Stage.Lateness,
			Decode: decode.Config{Privacy: s.Privacy, Limits: decode.Limits{MaxBytes: s.Stage.MaxBytes, MaxFuture: s.Stage.MaxFuture}}}}
	if cfg.Replay.Decode.Privacy.HMACKey == "" {
		cfg.Replay.Decode.Privacy.HMACKey = replayKey
	}
	if f.quick {
		cfg.Ablations = f.ablations && cmd.Flags().Changed("ablations")
		cfg.Baselines = f.baselines && cmd.Flags().Changed("baselines")
	}
	if _, err := policy.Load(f.policy); err != nil {
		return cfg, usagef("--policy: %w", err)
	}
	for _, spec := range f.worlds {
		ws, err := eval.ParseWorlds(spec)
		if err != nil {
			return cfg, usagef("--world: %w", err)
		}
		if err := ws[0].Check(); err != nil {
			return cfg, usagef("--world: %w", err)
		}
		cfg.Worlds = append(cfg.Worlds, ws...)
	}
	for _, dir := range f.inputs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return cfg, usagef("--input: %s is no folder that can be read", dir)
		}
		cfg.Worlds = append(cfg.Worlds, eval.Folder(dir))
	}
	if len(cfg.Worlds) == 0 {
		cfg.Worlds = eval.Full()
		if f.quick {
			cfg.Worlds = eval.Quick()
		}
	}
	return cfg, invalid(cfg.Replay.Decode.Validate())
}

// judge holds the report against the guard.
func (f *evalFlags) judge(out io.Writer, guard eval.Guard, report *eval.Report) error {
	if guard == nil {
		return nil
	}
	if fallen := guard.Check(report.Results); len(fallen) > 0 {
		for _, what := range fallen {
			fmt.Fprintln(out, "FELL", what)
		}
		return eval.GuardError(fallen)
	}
	fmt.Fprintf(out, "all figures are within %s\n", f.guard)
	return nil
}
