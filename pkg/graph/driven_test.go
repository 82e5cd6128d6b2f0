package graph

import (
	"math"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// A prompt is driven where many of known rates keep one pace, above everybody's or so alike that nobody else is.
func TestDriven(t *testing.T) {
	crowd := func(n int, mean, deviation float64) habits {
		h := habits{}
		for i := range n {
			sign := float64(1 - 2*(i%2))
			h.add(&habit{rated: true, rate: float32(mean + sign*deviation)}, 1)
		}
		return h
	}
	for _, c := range []struct {
		name  string
		crowd habits
		kind  link.Kind
		want  bool
	}{
		{"a dispatcher's accounts", crowd(200, 2.5, 0.5), link.KindTemplate, true},
		{"as alike, and no faster than people", crowd(200, 1, 0.9), link.KindTemplate, false},
		{"slower, and more alike than any people", crowd(200, 0.5, 0.3), link.KindTemplate, true},
		{"users of a program, who differ", crowd(500, 2.5, 1.2), link.KindTemplate, false},
		{"too few to tell", crowd(39, 2.5, 0.3), link.KindTemplate, false},
		{"few, and alike by chance", crowd(42, 1.3, 0.75), link.KindTemplate, false},
	} {
		g := New(DefaultConfig())
		g.population = crowd(2000, 1, 1.2)
		e := &entity{key: entityKey{1, c.kind}, crowd: c.crowd}
		if got := g.driven(e); got != c.want {
			t.Errorf("%s: driven is %v", c.name, got)
		}
		g.cfg.Off[link.FamilyTiming] = true
		if g.driven(e) {
			t.Errorf("%s: driven without timing", c.name)
		}
	}
	if d := crowd(200, 2.5, 0.5); math.Abs(d.deviation()-0.5) > 0.01 {
		t.Fatalf("deviation %g", d.deviation())
	}
}
