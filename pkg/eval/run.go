package eval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/baseline"
	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/replay"
)

// Config says what to judge.
type Config struct {
	Worlds    []World
	Out       string        // folder for worlds and for each world's replay
	Replay    replay.Config // what all replays have in common: Decode, Lateness, Graph, Policy
	Ablations bool          // on the first world of each scenario
	Baselines bool          // on every world
	// ClosedLoop makes each world a second time with accounts banned when the first run suspended
	// them, so that their work moves elsewhere, and judges that too. Folders have no second time.
	ClosedLoop bool
	Keep       bool         // keep worlds that were made
	Tell       func(string) // progress, several times a second; nil = silent
	Done       func(*Result)
}

// Report is eval.json.
type Report struct {
	Policy  string    `json:"policy_version"`
	Results []Result  `json:"results"`
	Summary []Summary `json:"summary"` // over the seeds of a scenario
}

// runner holds what the worlds have in common.
type runner struct {
	cfg    Config
	report Report
}

// Run judges every world.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg.Tell = oneAtATime(cfg.Tell)
	if len(cfg.Worlds) == 0 {
		return nil, errors.New("no world to judge")
	}
	for i := range cfg.Worlds {
		if err := cfg.Worlds[i].Check(); err != nil {
			return nil, err
		}
	}
	r := &runner{cfg: cfg}
	ablated := map[string]bool{}
	for i := range cfg.Worlds {
		w := &cfg.Worlds[i]
		if err := r.world(ctx, w, cfg.Ablations && !ablated[w.Scenario]); err != nil {
			return nil, fmt.Errorf("%s: %w", w.Name(), err)
		}
		ablated[w.Scenario] = true
	}
	r.report.Summary = summarise(r.report.Results)
	return &r.report, nil
}

// oneAtATime lets several replays tell how far they are.
func oneAtATime(tell func(string)) func(string) {
	var mu sync.Mutex
	return func(what string) {
		if tell != nil {
			mu.Lock()
			defer mu.Unlock()
			tell(what)
		}
	}
}

// world makes one world where need be, and judges it.
func (r *runner) world(ctx context.Context, w *World, ablate bool) error {
	dir := w.Input
	if dir == "" {
		dir = r.folder(w.Name(), "world")
		if !r.cfg.Keep {
			defer func() { _ = os.RemoveAll(dir) }() // what stays is told by the disk
		}
		if err := w.make(ctx, dir, r.cfg.Tell); err != nil {
			return err
		}
	}
	res, err := r.judge(ctx, w, w.Name(), dir)
	if err != nil {
		return err
	}
	if ablate {
		if err := r.ablate(ctx, res, dir); err != nil {
			return err
		}
	}
	r.done(res)
	if r.cfg.ClosedLoop && w.Input == "" {
		return r.again(ctx, w)
	}
	return nil
}

func (r *runner) done(res *Result) {
	r.report.Results = append(r.report.Results, *res)
	if r.cfg.Done != nil {
		r.cfg.Done(res)
	}
}

func (r *runner) folder(world, what string) string {
	return filepath.Join(r.cfg.Out, strings.ReplaceAll(world, string(filepath.Separator), "-"), what)
}

// tee watches for several.
type tee []replay.Watcher

// Event tells each.
func (t tee) Event(e *replay.Event) {
	for _, w := range t {
		w.Event(e)
	}
}

// Output tells each.
func (t tee) Output(out *detect.Output) {
	for _, w := range t {
		w.Output(out)
	}
}

// judge replays a folder and counts.
func (r *runner) judge(ctx context.Context, w *World, name, dir string) (*Result, error) {
	truths, err := ReadTruths(ctx, dir, r.cfg.Replay.Decode)
	if err != nil {
		return nil, err
	}
	rec := newRecord(truths)
	watch := tee{rec}
	var others *rivals
	if r.cfg.Baselines {
		others = newRivals(truths, baseline.All())
		watch = append(watch, others)
	}
	cfg := r.replay(name, dir)
	cfg.Out, cfg.Watch, cfg.Cost = r.folder(name, "replay"), watch, &replay.Cost{}
	m, err := replay.Run(ctx, cfg)
	if err != nil {
		return nil, err
	}
	r.report.Policy = m.PolicyVersion
	res := rec.result(&m)
	res.World, res.Scenario, res.Seed, res.Cost = name, w.Scenario, w.Seed, cfg.Cost
	if others != nil {
		r.cfg.Tell(name + ": baselines")
		res.Baselines = others.judged(rec.subjects())
	}
	return &res, nil
}

// replay is the common configuration on a folder, without results.
func (r *runner) replay(name, dir string) replay.Config {
	cfg := r.cfg.Replay
	cfg.Input, cfg.RunID, cfg.Out = dir, name, ""
	cfg.Progress = func(p replay.Progress) {
		r.cfg.Tell(fmt.Sprintf("%s: %d%% read, %d events, event time %s, %d suspended", name, 100*p.Done/max(1, p.Total),
			p.Events, time.UnixMilli(p.EventMS).UTC().Format("2006-01-02 15:04"), p.Suspended))
	}
	return cfg
}

// ablate replays the folder once for each ablation, as many at a time as there are cores: a replay
// is mostly one thread.
func (r *runner) ablate(ctx context.Context, res *Result, dir string) error {
	truths, err := ReadTruths(ctx, dir, r.cfg.Replay.Decode)
	if err != nil {
		return err
	}
	without := ablations()
	res.Ablations = make([]Judged, len(without))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range without {
		group.Go(func() error {
			a := &without[i]
			rec := newRecord(truths)
			cfg := r.replay(res.World+" "+a.name, dir)
			cfg.Graph, cfg.Watch = a.apply(cfg.Graph), rec
			if _, err := replay.Run(ctx, cfg); err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			res.Ablations[i] = judge(a.name, rec.subjects())
			res.Ablations[i].Rank.Curve = nil
			return nil
		})
	}
	return group.Wait()
}

// again makes the world that follows from the first run's suspensions, and judges it.
func (r *runner) again(ctx context.Context, w *World) error {
	option, err := bans(filepath.Join(r.folder(w.Name(), "replay"), "decisions.jsonl"))
	if err != nil {
		return err
	}
	name := w.Name() + "+bans"
	dir := r.folder(name, "world")
	if !r.cfg.Keep {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if err := w.make(ctx, dir, r.cfg.Tell, option); err != nil {
		return err
	}
	res, err := r.judge(ctx, w, name, dir)
	if err != nil {
		return err
	}
	res.Scenario += "+bans"
	r.done(res)
	return nil
}
