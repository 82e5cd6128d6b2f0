package eval

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/iolaus-io/iolaus/pkg/simulate"
)

// World is what a detector is judged on: a scenario to be made, or a folder that is there.
type World struct {
	Scenario string // built-in name or file; for a folder its name
	Scale    float64
	Seed     uint64
	Input    string // folder of the four input files, "" = make it
}

// Name is how tables, files and guards call the world.
func (w *World) Name() string {
	if w.Input != "" {
		return w.Scenario
	}
	scenario := strings.TrimSuffix(filepath.Base(w.Scenario), ".yaml")
	return fmt.Sprintf("%s@%s:%d", scenario, strconv.FormatFloat(w.Scale, 'g', -1, 64), w.Seed)
}

// Folder returns a world that was made elsewhere.
func Folder(dir string) World {
	return World{Scenario: filepath.Base(filepath.Clean(dir)), Scale: 1, Input: dir}
}

// ParseWorlds reads NAME[@SCALE][:SEED], with SCALE as 0.1, 1/20 or 5%, and SEED as 7 or 1-3, which
// is a world for each. Scale and seed are 1 where they are left out.
func ParseWorlds(s string) ([]World, error) {
	w := World{Scenario: s, Scale: 1}
	first, last := uint64(1), uint64(1)
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		from, to, span := strings.Cut(s[i+1:], "-")
		if !span {
			to = from
		}
		var errFrom, errTo error
		first, errFrom = strconv.ParseUint(from, 10, 64)
		last, errTo = strconv.ParseUint(to, 10, 64)
		if errFrom != nil || errTo != nil || last < first || last-first >= 100 {
			return nil, fmt.Errorf("%q: the seed is neither a number nor a range of up to 100", s)
		}
		w.Scenario = s[:i]
	}
	if i := strings.LastIndexByte(w.Scenario, '@'); i >= 0 {
		scale, err := parseScale(w.Scenario[i+1:])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
		w.Scenario, w.Scale = w.Scenario[:i], scale
	}
	if w.Scenario == "" {
		return nil, fmt.Errorf("%q names no scenario", s)
	}
	var out []World
	for seed := first; seed <= last; seed++ {
		w.Seed = seed
		out = append(out, w)
	}
	return out, nil
}

func parseScale(s string) (float64, error) {
	num, den, ok := strings.Cut(s, "/")
	switch {
	case ok:
	case strings.HasSuffix(s, "%"):
		num, den = strings.TrimSuffix(s, "%"), "100"
	default:
		den = "1"
	}
	a, errA := strconv.ParseFloat(num, 64)
	b, errB := strconv.ParseFloat(den, 64)
	if v := a / b; errA == nil && errB == nil && v > 0 && v <= 1000 {
		return v, nil
	}
	return 0, fmt.Errorf("scale %q is no fraction, ratio or percentage above 0", s)
}

// Full is what "iolaus eval" runs: every scenario of the issue on seeds that nothing was tuned on.
func Full() []World {
	return worlds("levels:101-103", "experts:101-102", "framed:101-102", "stolen:101-102", "second-pool:101-102",
		"half:101", "honest:101")
}

// Quick is what CI runs: under a minute on two cores.
func Quick() []World {
	return worlds("quick:11-12", "honest@0.1:13")
}

func worlds(specs ...string) (out []World) {
	for _, s := range specs {
		ws, err := ParseWorlds(s)
		if err != nil {
			panic(err) // a constant of this file, read by every test
		}
		out = append(out, ws...)
	}
	return out
}

//go:embed quick.yaml
var quick []byte

// scenario reads what the world is made by: quick is this package's own.
func (w *World) scenario() (*simulate.Scenario, error) {
	if w.Scenario == "quick" {
		return simulate.Parse(quick)
	}
	return simulate.Load(w.Scenario)
}

// Check finds mistakes before hours have passed.
func (w *World) Check() error {
	if w.Input != "" {
		return nil
	}
	_, err := w.scenario()
	return err
}

// make writes the world into dir.
func (w *World) make(ctx context.Context, dir string, tell func(string), options ...simulate.Option) error {
	sc, err := w.scenario()
	if err != nil {
		return err
	}
	world, err := simulate.New(sc.Scaled(w.Scale, w.Scale), w.Seed, options...)
	if err != nil {
		return fmt.Errorf("making %s: %w", w.Name(), err)
	}
	_, err = world.WriteFiles(ctx, dir, func(c simulate.Counts, _ int64) {
		tell(fmt.Sprintf("%s: making, %d events", w.Name(), c.Total()))
	})
	if err != nil {
		return fmt.Errorf("making %s: %w", w.Name(), err)
	}
	return nil
}
