package graph

import (
	"math"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// check recomputes from the accounts' links alone what the graph keeps incrementally.
func check(t rapid.TB, g *Graph) {
	t.Helper()
	checkEntities(t, g)
	checkClusters(t, g)
	checkHolders(t, g)
	checkSums(t, g)
	checkHabits(t, g)
	live := 0
	for i := range g.accounts {
		if g.accounts[i].lastSeen != 0 {
			live++
		}
	}
	if live != g.Population() {
		t.Fatalf("population %d, want %d", g.Population(), live)
	}
}

type oracleTally struct {
	df       int32
	vouched  int32 // of them, those that somebody vouches for
	clusters map[Cluster]int32
	rest     map[Cluster]float64
}

// A link stands on both sides: every entity's df and tallies are the number of accounts, and of
// members, that have the link; a thing that one account touches is no entity.
func checkEntities(t rapid.TB, g *Graph) {
	t.Helper()
	want := map[entityKey]*oracleTally{}
	for i := range g.accounts {
		acc := &g.accounts[i]
		if len(acc.edges) > maxLinks {
			t.Fatalf("%s has %d links", acc.id, len(acc.edges))
		}
		mine := map[entityKey]bool{}
		for _, e := range acc.edges {
			if mine[e.key] {
				t.Fatalf("%s has two links to %v", acc.id, e.key)
			}
			mine[e.key] = true
			checkEdge(t, g, Account(i), &e)
			o := want[e.key]
			if o == nil {
				o = &oracleTally{clusters: map[Cluster]int32{}, rest: map[Cluster]float64{}}
				want[e.key] = o
			}
			o.df++
			if acc.vouched {
				o.vouched++
			}
			if acc.cluster != NoCluster {
				o.clusters[acc.cluster]++
				o.rest[acc.cluster] += float64(acc.rest)
			}
		}
	}
	if len(want) != len(g.byKey) {
		t.Fatalf("%d things are known, accounts have %d", len(g.byKey), len(want))
	}
	entities := 0
	for key, v := range g.byKey {
		o := want[key]
		if o == nil {
			t.Fatalf("%v is known, nobody has it", key)
		}
		if v < 0 {
			if o.df != 1 {
				t.Fatalf("%v counts as lone, %d accounts have it", key, o.df)
			}
			continue
		}
		entities++
		checkEntity(t, &g.entities[v], key, o)
	}
	if used := len(g.entities) - len(g.free); used != entities {
		t.Fatalf("%d entities in use, %d known", used, entities)
	}
}

func checkEdge(t rapid.TB, g *Graph, a Account, e *edge) {
	t.Helper()
	v, known := g.byKey[e.key]
	switch {
	case !known:
		t.Fatalf("%s has %v, which is not known", g.ID(a), e.key)
	case v < 0 && (Account(^v) != a || e.ent != noEntity):
		t.Fatalf("%v is lone with account %d; %d has it too, entity %d", e.key, ^v, a, e.ent)
	case v >= 0 && e.ent != v:
		t.Fatalf("%s's link to %v names entity %d, it is %d", g.ID(a), e.key, e.ent, v)
	}
	switch { // keyOf relies on it
	case e.key.kind == link.KindTemplate && g.templates.look(e.key.token) != e.key.token,
		e.key.kind == link.KindSuffix && g.suffixes.look(e.key.token) != e.key.token:
		t.Fatalf("%s has %v, which is not its family's name", g.ID(a), e.key)
	}
	if e.first > e.last {
		t.Fatalf("link %v from %d to %d", e.key, e.first, e.last)
	}
}

func checkEntity(t rapid.TB, e *entity, key entityKey, o *oracleTally) {
	t.Helper()
	if e.key != key || e.df != o.df {
		t.Fatalf("entity %v has df %d, want %v with %d", e.key, e.df, key, o.df)
	}
	if len(e.clusters) != len(o.clusters) {
		t.Fatalf("entity %v has tallies %v, want %v", key, e.clusters, o.clusters)
	}
	for i, c := range e.clusters {
		if c.n != o.clusters[c.cluster] || i > 0 && e.clusters[i-1].cluster >= c.cluster {
			t.Fatalf("entity %v has tallies %v, want %v", key, e.clusters, o.clusters)
		}
	}
	checkCounters(t, e, key, o)
	if len(e.recent) > maxRecent || (!key.kind.Ties() && len(e.recent) > 0) {
		t.Fatalf("entity %v keeps %d latest accounts", key, len(e.recent))
	}
	seen := map[Account]bool{}
	for _, a := range e.recent {
		if seen[a] {
			t.Fatalf("entity %v names account %d twice among its latest", key, a)
		}
		seen[a] = true
	}
}

// What an entity keeps of the accounts that touch it beside their number: content, what its members have
// else; organisations, how many somebody vouches for.
func checkCounters(t rapid.TB, e *entity, key entityKey, o *oracleTally) {
	t.Helper()
	content := key.kind == link.KindTemplate || key.kind == link.KindSuffix
	large := int32(0)
	for _, c := range e.clusters {
		if c.n >= leastAlike {
			large++
		}
	}
	if e.large != large {
		t.Fatalf("%v: %d large tallies, counted %d", key, large, e.large)
	}
	for i, c := range e.clusters {
		if !content {
			continue
		}
		want := o.rest[c.cluster]
		if got := e.others[i].rest; math.Abs(float64(got)-want) > 1e-3*math.Max(1, math.Abs(want)) {
			t.Fatalf("%v in cluster %d: members' rest %g, want %g", key, c.cluster, got, want)
		}
	}
	want := int32(0)
	if key.kind == link.KindOrg {
		want = o.vouched
	}
	if e.vouched != want {
		t.Fatalf("%v: %d vouched for, want %d", key, e.vouched, want)
	}
}

// Who touches anything of a kind counts once as its holder, of everybody and of the cluster; a
// thing that two members share is a group of the cluster's.
func checkHolders(t rapid.TB, g *Graph) {
	t.Helper()
	var all [link.NumAllKinds]int32
	holders := make([][link.NumAllKinds]int32, len(g.clusters))
	groups := make([][link.NumAllKinds]int32, len(g.clusters))
	inside := map[Cluster]map[entityKey]int32{}
	for i := range g.accounts {
		acc := &g.accounts[i]
		var seen [link.NumAllKinds]bool
		for _, e := range acc.edges {
			k := e.key.kind
			if !seen[k] {
				seen[k] = true
				all[k]++
				if acc.cluster != NoCluster {
					holders[acc.cluster][k]++
				}
			}
			if acc.cluster == NoCluster {
				continue
			}
			if inside[acc.cluster] == nil {
				inside[acc.cluster] = map[entityKey]int32{}
			}
			if inside[acc.cluster][e.key]++; inside[acc.cluster][e.key] == 2 {
				groups[acc.cluster][k]++
			}
		}
	}
	if g.holders != all {
		t.Fatalf("holders %v, want %v", g.holders, all)
	}
	for c := range g.clusters {
		if g.clusters[c].holders != holders[c] {
			t.Fatalf("cluster %d: holders %v, want %v", c, g.clusters[c].holders, holders[c])
		}
		if g.clusters[c].groups != groups[c] {
			t.Fatalf("cluster %d: shared things by kind %v, want %v", c, g.clusters[c].groups, groups[c])
		}
	}
}

// What an account adds to tallies is what its families other than content say, and nothing where it is in
// no cluster; a cluster's hardware is its members'; who bridges out of a cluster is in it.
func checkSums(t rapid.TB, g *Graph) {
	t.Helper()
	hardware := make([]float64, len(g.clusters))
	for i := range g.accounts {
		acc := &g.accounts[i]
		want := 0.0
		for f, v := range acc.fam {
			switch link.Family(f) {
			case link.FamilyContent:
			case link.FamilyNetwork:
				want += math.Min(float64(v), ClusterNetwork)
			default:
				want += float64(v)
			}
		}
		if math.Abs(want-float64(acc.rest)) > 1e-4*math.Max(1, math.Abs(want)) {
			t.Fatalf("%s adds %g to its contents, its families say %g", acc.id, acc.rest, want)
		}
		if acc.cluster != NoCluster {
			hardware[acc.cluster] += float64(acc.hardware)
		} else if acc.rest != 0 || acc.hardware != 0 {
			t.Fatalf("%s is in no cluster and adds %g and %g", acc.id, acc.rest, acc.hardware)
		}
	}
	for c := range g.clusters {
		if math.Abs(hardware[c]-g.clusters[c].hardware) > 1e-3 {
			t.Fatalf("cluster %d: hardware %g, members say %g", c, g.clusters[c].hardware, hardware[c])
		}
		for other, who := range g.clusters[c].bridges {
			for a := range who {
				if g.accounts[a].cluster != Cluster(c) {
					t.Fatalf("%s bridges %d and %d, and is in %d", g.ID(a), c, other, g.accounts[a].cluster)
				}
			}
		}
	}
}

// Members and accounts name each other, no cluster is of one, and the sums are those of
// the members.
func checkClusters(t rapid.TB, g *Graph) {
	t.Helper()
	in := 0
	for c := range g.clusters {
		cl := &g.clusters[c]
		if len(cl.members) == 1 {
			t.Fatalf("cluster %s is of one", cl.id)
		}
		var sum [link.NumFamilies]float64
		for pos, m := range cl.members {
			acc := &g.accounts[m]
			if acc.cluster != Cluster(c) || int(acc.pos) != pos {
				t.Fatalf("%s is member %d of cluster %d, and says %d of %d", acc.id, pos, c, acc.pos, acc.cluster)
			}
			for f := range sum {
				sum[f] += float64(acc.fam[f])
			}
		}
		in += len(cl.members)
		mean := g.Families(Cluster(c))
		for f := range sum {
			if math.Abs(sum[f]-cl.fam[f]) > 1e-4*math.Max(1, math.Abs(sum[f])) || math.IsNaN(mean[f]) {
				t.Fatalf("cluster %s, %s: sum %g, members say %g", cl.id, link.Family(f), cl.fam[f], sum[f])
			}
		}
	}
	for i := range g.accounts {
		if g.accounts[i].cluster != NoCluster {
			in--
		}
	}
	if in != 0 {
		t.Fatalf("%d more memberships than accounts in clusters", in)
	}
}
