package graph

import (
	"cmp"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// SharedThing is an entity that ties an account to its cluster.
type SharedThing struct {
	Kind    link.Kind
	Token   uint64
	Inside  int     // members that touch it
	LogOdds float64 // what the share is worth
}

// maxEvidence is how many shared things a decision carries.
const maxEvidence = 8

// Shared lists what the account shares with other members of its cluster and is rare
// outside, the weightiest first; traits are not listed, for nobody can look them up.
func (g *Graph) Shared(a Account) []SharedThing {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return nil
	}
	cl := &g.clusters[acc.cluster]
	var things []SharedThing
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || e.key.kind.Trait() || e.key.kind.Spec().Family == link.FamilyNone {
			continue
		}
		ent := &g.entities[e.ent]
		in := ent.of(acc.cluster)
		if in < 2 {
			continue
		}
		var one Affinity
		k := e.key.kind
		one.add(k, e.ent, tallies{in: float64(in - 1), holders: float64(cl.holders[k] - 1), size: float64(len(cl.members) - 1),
			out: float64(ent.df - in), outside: float64(g.holders[k]-cl.holders[k]) + smoothing})
		if odds := one.Kinds[e.key.kind].LogOdds; odds > 0.3 {
			things = append(things, SharedThing{e.key.kind, e.key.token, int(in), odds})
		}
	}
	slices.SortFunc(things, func(x, y SharedThing) int {
		return cmp.Or(cmp.Compare(y.LogOdds, x.LogOdds), cmp.Compare(y.Inside, x.Inside),
			cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Token, y.Token))
	})
	return things[:min(len(things), maxEvidence)]
}
