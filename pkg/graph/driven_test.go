package graph

import (
	"fmt"
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
		want  bool
	}{
		{"a dispatcher's accounts", crowd(200, 2.5, 0.5), true},
		{"as alike, and no faster than people", crowd(200, 1, 0.9), false},
		{"slower, and more alike than any people", crowd(200, 0.5, 0.3), true},
		{"users of a program, who differ", crowd(500, 2.5, 1.2), false},
		{"too few to tell", crowd(39, 2.5, 0.3), false},
		{"few, and alike by chance", crowd(42, 1.3, 0.75), false},
	} {
		g := New(DefaultConfig())
		g.population = crowd(2000, 1, 1.2)
		e := &entity{key: entityKey{1, link.KindTemplate}, crowd: c.crowd}
		if got := g.driven(e); got != c.want {
			t.Errorf("%s: driven is %v", c.name, got)
		}
		g.cfg.Off[link.FamilyTiming] = true
		if g.driven(e) {
			t.Errorf("%s: driven without timing", c.name)
		}
	}
}

// A prompt that too many have to found anything brings its users together all the same where they are driven.
func TestDrivenPromptsFound(t *testing.T) {
	for _, c := range []struct {
		name string
		rate func(i int) float32
		want bool
	}{
		{"at one pace", func(int) float32 { return 3 }, true},
		{"as people work", func(i int) float32 { return float32(i%7) - 2 }, false},
	} {
		w := newWorld(t)
		for i := range 3000 {
			id := fmt.Sprintf("honest%04d", i)
			w.tell(id, "template:own-"+id)
			w.setHabit(w.account(id), habit{rated: true, rate: float32(i%7) - 3})
		}
		for i := range 45 { // more than a hundredth
			id := fmt.Sprintf("m%03d", i)
			w.tell(id, "template:lure")
			w.setHabit(w.account(id), habit{rated: true, rate: c.rate(i)})
		}
		w.place("m044")
		if got := w.clusterOf("m044") != ""; got != c.want {
			t.Errorf("%s: in a cluster is %v", c.name, got)
		}
	}
}
