package eval

import (
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// Guard bounds figures: by world or scenario, then by figure.
type Guard map[string]map[string]Bound

// Bound is what a figure must not fall below, or rise above.
type Bound struct {
	Min *float64 `yaml:"min"`
	Max *float64 `yaml:"max"`
}

// LoadGuard reads a guard file.
func LoadGuard(path string) (Guard, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the guard: %w", err)
	}
	return parseGuard(b)
}

func parseGuard(b []byte) (Guard, error) {
	var g Guard
	if err := yaml.UnmarshalWithOptions(b, &g, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the guard: %w", err)
	}
	for world, figures := range g {
		for name, bound := range figures {
			if bound.Min == nil && bound.Max == nil {
				return nil, fmt.Errorf("reading the guard: %s: %s has neither min nor max", world, name)
			}
		}
	}
	return g, nil
}

// Check names each figure that is out of bounds, in order. A bound on a world that was not run, or
// on a figure that it does not have, is named too: a guard that guards nothing would not be noticed.
func (g Guard) Check(results []Result) []string {
	var faults []string
	for _, world := range sortedKeys(g) {
		met := false
		for i := range results {
			r := &results[i]
			if r.World != world && r.Scenario != world {
				continue
			}
			met = true
			faults = append(faults, checkFigures(r, g[world])...)
		}
		if !met {
			faults = append(faults, world+": was not run")
		}
	}
	return faults
}

func checkFigures(r *Result, bounds map[string]Bound) (faults []string) {
	figures := r.Figures()
	for _, name := range sortedKeys(bounds) {
		b := bounds[name]
		v, ok := figures[name]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("%s: %s: the world has no such figure", r.World, name))
		case b.Min != nil && v < *b.Min:
			faults = append(faults, fmt.Sprintf("%s: %s is %.4g, at least %.4g is guarded", r.World, name, v, *b.Min))
		case b.Max != nil && v > *b.Max:
			faults = append(faults, fmt.Sprintf("%s: %s is %.4g, at most %.4g is guarded", r.World, name, v, *b.Max))
		}
	}
	return faults
}

// GuardError lists the figures that fell.
type GuardError []string

// Error lists the figures.
func (f GuardError) Error() string {
	return fmt.Sprintf("%d guarded figures fell: %s", len(f), strings.Join(f, "; "))
}
