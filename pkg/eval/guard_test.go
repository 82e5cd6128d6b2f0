package eval

import (
	"slices"
	"strings"
	"testing"
)

// One result, with figures that the tiny world has: recall.L1 is 1, leakage.L1 0.4, honest.suspended 0.
func TestGuard(t *testing.T) {
	results := []Result{tiny().result()}
	for _, c := range []struct {
		name, guard string
		want        []string // what each fault must hold
	}{
		{"all is well", "tiny: {recall.L1: {min: 1}, leakage.L1: {max: 0.4}, honest.suspended: {max: 0}, trap.shared_home.suspended: {max: 0}}", nil},
		{"by the world's name", "tiny@1:1: {recall.L1: {min: 1}}", nil},
		{"below", "tiny: {recall.L3: {min: 0.6}, recall.L1: {min: 0.9}}", []string{"tiny@1:1: recall.L3 is 0, at least 0.6"}},
		{"above", "tiny: {leakage.L1: {max: 0.05}}", []string{"leakage.L1 is 0.4, at most 0.05"}},
		{"two of one figure", "tiny: {clusters.mixed_share: {min: 0.5, max: 0.9}}", []string{"mixed_share is 1, at most 0.9"}},
		{"several, in order", "tiny: {recall.all: {min: 0.9}, leakage.all: {max: 0}}", []string{"leakage.all", "recall.all"}},
		{"no such figure", "tiny: {recall.L7: {min: 0}}", []string{"recall.L7: the world has no such figure"}},
		{"no such world", "other: {recall.L1: {min: 0}}", []string{"other: was not run"}},
	} {
		g, err := parseGuard([]byte(c.guard))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := g.Check(results)
		if !slices.EqualFunc(got, c.want, strings.Contains) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestGuardMistakes(t *testing.T) {
	for name, text := range map[string]string{
		"not a guard":      "just text",
		"an unknown bound": "w: {recall.L1: {least: 1}}",
		"no bound":         "w: {recall.L1: {}}",
	} {
		if g, err := parseGuard([]byte(text)); err == nil {
			t.Errorf("%s: no error, %v", name, g)
		}
	}
	if _, err := LoadGuard("no/such/file"); err == nil {
		t.Error("no error without a file")
	}
}

func TestSummary(t *testing.T) {
	a, b, c := tiny().result(), tiny().result(), tiny().result()
	b.Levels[0].Recall, c.Scenario = 0.5, "other"
	s := summarise([]Result{a, b, c})
	if len(s) != 1 || s[0].Scenario != "tiny" || s[0].Worlds != 2 || s[0].Figures["recall.L1"] != (Spread{0.75, 0.5, 1}) {
		t.Errorf("%+v", s)
	}
}
