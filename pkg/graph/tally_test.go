package graph

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// An entity's tallies are a map from cluster to number, in order; what stands beside each, and how many
// are large, follow.
func TestTalliesAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entity{key: entityKey{1, rapid.SampledFrom([]link.Kind{link.KindTemplate, link.KindIP}).Draw(t, "kind")}}
		want := map[Cluster]int32{}
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			c := Cluster(rapid.Int32Range(0, 5).Draw(t, "cluster"))
			d := rapid.SampledFrom([]int32{1, 1, leastAlike, -1}).Draw(t, "d")
			e.add(c, d)
			if want[c] = max(0, want[c]+d); want[c] == 0 {
				delete(want, c)
			} else {
				e.addRest(c, float32(d))
			}
		}
		large := int32(0)
		for c, n := range want {
			if e.of(c) != n {
				t.Fatalf("%d members of %d, want %d", e.of(c), c, n)
			}
			if o := e.other(c); e.key.kind.Prompt() && o.rest != float32(n) || !e.key.kind.Prompt() && o != nil {
				t.Fatalf("beside %d of cluster %d: %+v", n, c, o)
			}
			if n >= leastAlike {
				large++
			}
		}
		clusters := make([]Cluster, 0, len(want))
		for _, c := range e.clusters {
			clusters = append(clusters, c.cluster)
		}
		if !slices.Equal(clusters, slices.Sorted(maps.Keys(want))) || e.large != large {
			t.Fatalf("tallies %v with %d large, want %v with %d", e.clusters, e.large, want, large)
		}
	})
}
