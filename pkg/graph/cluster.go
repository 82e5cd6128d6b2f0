package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"

	"github.com/iolaus-io/iolaus/pkg/link"
)

type cluster struct {
	id         string
	members    []Account
	fam        [link.NumFamilies]float64 // sum over members of what each family is worth
	first      int64
	last       int64
	affiliated int32                            // the domain, organisation or SSO tenant that most members have
	bridges    map[Cluster]map[Account]struct{} // members that fit another cluster as well
}

// Change says that an account joined or left a cluster at an event time (ms).
type Change struct {
	Cluster Cluster
	Account Account
	Joined  bool
	At      int64
	Since   int64 // when it had joined, where it left
}

// Changes returns the membership changes since the last call.
func (g *Graph) Changes() []Change {
	c := g.changes
	g.changes = nil
	return c
}

// ClusterID returns a cluster's name, which it keeps while one member that it had
// stays: a merge keeps the larger part's name.
func (g *Graph) ClusterID(c Cluster) string {
	if c == NoCluster {
		return ""
	}
	return g.clusters[c].id
}

// Fit compares the account with its cluster as it is now.
func (g *Graph) Fit(a Account) Affinity {
	if c := g.accounts[a].cluster; c != NoCluster {
		return g.affinity(a, c)
	}
	return Affinity{}
}

// Members returns the cluster's accounts. The slice is the graph's own.
func (g *Graph) Members(c Cluster) []Account { return g.clusters[c].members }

// Clusters returns how many cluster indexes have been given out.
func (g *Graph) Clusters() Cluster { return Cluster(len(g.clusters)) }

// Span returns the event times (ms) of the cluster's founding and of its latest change.
func (g *Graph) Span(c Cluster) (first, last int64) {
	return g.clusters[c].first, g.clusters[c].last
}

// JoinedAt returns when the account joined its cluster (ms), 0 if it is in none.
func (g *Graph) JoinedAt(a Account) int64 { return g.accounts[a].joinedAt }

// Families returns the mean over members of what each family is worth, in log-odds.
func (g *Graph) Families(c Cluster) [link.NumFamilies]float64 {
	cl := &g.clusters[c]
	var mean [link.NumFamilies]float64
	for f := range mean {
		mean[f] = cl.fam[f] / float64(max(1, len(cl.members)))
	}
	return mean
}

// Place finds the account's cluster at event time now: it stays, leaves, joins or makes two
// clusters merge; where it has been tied to something new, it may found one. It returns how
// well it fits where it is. Cost: O(links of the account × candidates), both bounded.
func (g *Graph) Place(a Account, now int64, tied bool) Affinity {
	home := g.accounts[a].cluster
	if home != NoCluster {
		fit := g.affinity(a, home)
		if fit.Total < g.cfg.LeaveBar || fit.strong(g.cfg.FamilyBar) < 2 || fit.Rare() < anchorBar/2 {
			g.leave(a, now)
			home = NoCluster
		} else {
			g.settle(a, &fit)
		}
	}
	best, fit := g.bestCluster(a, home)
	switch {
	case best != NoCluster && home == NoCluster:
		g.join(a, best, now)
		g.settle(a, &fit)
		return fit
	case best != NoCluster && fit.Total >= g.cfg.MergeBar+sizeBar(fit.Size):
		g.bridge(a, home, best, now)
	case home == NoCluster && tied:
		g.found(a, now)
	}
	if c := g.accounts[a].cluster; c != NoCluster {
		fit := g.affinity(a, c)
		g.settle(a, &fit)
		return fit
	}
	return Affinity{}
}

// Bounds of the clusters that an account is compared with.
const (
	maxCandidates = 16 // that it shares an anchor with
	maxCompared   = 4  // of those, the ones it shares most entities with
)

// candidates are clusters that an account shares anchors with, and how many.
type candidates struct {
	cluster [maxCandidates]Cluster
	hits    [maxCandidates]int
	n       int
}

func (cs *candidates) add(c Cluster) {
	for i := range cs.n {
		if cs.cluster[i] == c {
			cs.hits[i]++
			return
		}
	}
	if cs.n < maxCandidates {
		cs.cluster[cs.n], cs.hits[cs.n] = c, 1
		cs.n++
	}
}

// next takes out the candidate with most hits, the earlier found of equals.
func (cs *candidates) next() Cluster {
	best := -1
	for i := range cs.n {
		if cs.hits[i] > 0 && (best < 0 || cs.hits[i] > cs.hits[best]) {
			best = i
		}
	}
	if best < 0 {
		return NoCluster
	}
	cs.hits[best] = 0
	return cs.cluster[best]
}

// bestCluster returns the cluster other than home that a fits best, if it fits one.
func (g *Graph) bestCluster(a Account, home Cluster) (Cluster, Affinity) {
	var cs candidates
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity || !e.key.kind.Spec().Anchor {
			continue
		}
		for _, c := range g.topClusters(e.ent) {
			if c != NoCluster && c != home {
				cs.add(c)
			}
		}
	}
	best, bestFit := NoCluster, Affinity{}
	for range maxCompared {
		c := cs.next()
		if c == NoCluster {
			break
		}
		fit := g.affinity(a, c)
		if g.fits(&fit, g.joinBar(fit.Size)) && (best == NoCluster || fit.Total > bestFit.Total) {
			best, bestFit = c, fit
		}
	}
	return best, bestFit
}

// anchorBar is what the rare things of one family must be worth to tie an account to a
// cluster; half of that keeps it there.
const anchorBar = 1.8

// joinBar rises with the cluster's size, so that no giant forms by drift.
func (g *Graph) joinBar(size int) float64 {
	return g.cfg.JoinBar + sizeBar(size)
}

func sizeBar(size int) float64 { return 0.1 * math.Log(float64(max(1, size))) }

func (g *Graph) fits(fit *Affinity, bar float64) bool {
	return fit.Total >= bar && fit.strong(g.cfg.FamilyBar) >= 2 && fit.Rare() >= anchorBar
}

// topClusters returns the (up to three) clusters with most members on the entity.
func (g *Graph) topClusters(ent int32) [3]Cluster {
	top := [3]Cluster{NoCluster, NoCluster, NoCluster}
	var n [3]int32
	for _, t := range g.entities[ent].clusters {
		for i := range top {
			if t.n > n[i] {
				copy(top[i+1:], top[i:])
				copy(n[i+1:], n[i:])
				top[i], n[i] = t.cluster, t.n
				break
			}
		}
	}
	return top
}

// found looks for a latest loner that shares enough with a, and founds a cluster with it.
func (g *Graph) found(a Account, now int64) {
	best, bestTotal := Account(-1), g.cfg.PairBar
	tried := 0
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity || !e.key.kind.Spec().Anchor || g.common(e.ent) {
			continue
		}
		for _, b := range g.entities[e.ent].recent {
			if b == a || g.accounts[b].cluster != NoCluster || tried >= 2*maxRecent {
				continue
			}
			tried++
			fit := g.pair(a, b)
			if g.fits(&fit, bestTotal) {
				best, bestTotal = b, fit.Total
			}
		}
	}
	if best < 0 {
		return
	}
	c := g.newCluster(best, a, now)
	g.join(best, c, now)
	g.join(a, c, now)
	for _, m := range []Account{best, a} {
		fit := g.affinity(m, c)
		g.settle(m, &fit)
	}
}

// common reports whether too many accounts outside clusters share the entity for it to bring
// two loners together: a fiftieth of the population, but at least 50. It is looser than
// what is rare, for a campaign may come all at once.
func (g *Graph) common(ent int32) bool {
	e := &g.entities[ent]
	clustered := int32(0)
	for _, t := range e.clusters {
		clustered += t.n
	}
	return int(e.df-clustered) > max(50, g.live/50)
}

// newCluster names a cluster after its founders and its founding time, so that the
// same history gives the same name.
func (g *Graph) newCluster(a, b Account, now int64) Cluster {
	sum := sha256.Sum256([]byte(g.ID(a) + "\x00" + g.ID(b) + "\x00" + strconv.FormatInt(now, 10)))
	return g.addCluster("c-"+hex.EncodeToString(sum[:8]), now)
}

func (g *Graph) addCluster(id string, now int64) Cluster {
	c := Cluster(len(g.clusters))
	g.clusters = append(g.clusters, cluster{id: id, first: now, last: now, affiliated: noEntity})
	g.byCluster[id] = c
	return c
}

func (g *Graph) join(a Account, c Cluster, now int64) {
	g.enter(a, c, now)
	g.changes = append(g.changes, Change{Cluster: c, Account: a, Joined: true, At: now})
}

func (g *Graph) enter(a Account, c Cluster, now int64) {
	acc, cl := &g.accounts[a], &g.clusters[c]
	acc.cluster, acc.pos, acc.joinedAt = c, int32(len(cl.members)), now
	acc.fam = [link.NumFamilies]float32{}
	cl.members = append(cl.members, a)
	cl.last = max(cl.last, now)
	g.tally(a, c, 1)
}

func (g *Graph) tally(a Account, c Cluster, d int32) {
	for i := range g.accounts[a].edges {
		if ent := g.accounts[a].edges[i].ent; ent != noEntity {
			g.count(ent, c, d)
		}
	}
}

// count changes an entity's tally of a cluster, and keeps the cluster's affiliation. It
// looks only at the entity at hand: when members leave, the next that joins puts it right.
func (g *Graph) count(ent int32, c Cluster, d int32) {
	e := &g.entities[ent]
	e.add(c, d)
	if affiliation(e.key.kind) {
		cl := &g.clusters[c]
		if cl.affiliated == noEntity || !affiliation(g.entities[cl.affiliated].key.kind) || e.of(c) > g.entities[cl.affiliated].of(c) {
			cl.affiliated = ent
		}
	}
}

// leave takes a out of its cluster; a cluster of one dissolves.
func (g *Graph) leave(a Account, now int64) {
	c := g.accounts[a].cluster
	g.exit(a, now)
	if m := g.clusters[c].members; len(m) == 1 {
		g.exit(m[0], now)
	}
}

func (g *Graph) exit(a Account, now int64) {
	acc := &g.accounts[a]
	c := acc.cluster
	cl := &g.clusters[c]
	g.tally(a, c, -1)
	for _, accounts := range cl.bridges {
		delete(accounts, a)
	}
	for f := range cl.fam {
		cl.fam[f] -= float64(acc.fam[f])
	}
	last := len(cl.members) - 1
	moved := cl.members[last]
	cl.members[acc.pos] = moved
	g.accounts[moved].pos = acc.pos
	cl.members = cl.members[:last]
	cl.last = max(cl.last, now)
	g.changes = append(g.changes, Change{Cluster: c, Account: a, At: now, Since: acc.joinedAt})
	acc.cluster, acc.joinedAt = NoCluster, 0
	acc.fam = [link.NumFamilies]float32{}
}

// SetOwn stores what the account's own windows say, in log-odds by family; index
// FamilyNone holds trust, which has no cap and is negative. It counts in the cluster's
// means and takes no part in who belongs together.
func (g *Graph) SetOwn(a Account, own [link.NumFamilies]float64) {
	for f := range own {
		g.accounts[a].own[f] = float32(own[f])
	}
}

// settle replaces what a adds to its cluster's sums: fit and own signals together,
// capped by family.
func (g *Graph) settle(a Account, fit *Affinity) {
	acc := &g.accounts[a]
	cl := &g.clusters[acc.cluster]
	for f := range cl.fam {
		now := min(fit.Families[f]+float64(acc.own[f]), FamilyCap(link.Family(f)))
		cl.fam[f] += now - float64(acc.fam[f])
		acc.fam[f] = float32(now)
	}
}

// bridge notes that a, a member of home, fits other as well, and merges the two once enough
// members of either do: a tenth of the smaller, at least two. So one account that an
// attacker steers between two clusters never joins them.
func (g *Graph) bridge(a Account, home, other Cluster, now int64) {
	cl := &g.clusters[home]
	if cl.bridges == nil {
		cl.bridges = map[Cluster]map[Account]struct{}{}
	}
	if cl.bridges[other] == nil {
		cl.bridges[other] = map[Account]struct{}{}
	}
	cl.bridges[other][a] = struct{}{}
	small, large := home, other
	if len(g.clusters[small].members) > len(g.clusters[large].members) {
		small, large = large, small
	}
	bridging := len(cl.bridges[other]) + len(g.clusters[other].bridges[home])
	if bridging < max(2, len(g.clusters[small].members)/10) {
		return
	}
	for _, m := range slices.Clone(g.clusters[small].members) {
		g.exit(m, now)
		g.join(m, large, now)
		fit := g.affinity(m, large)
		g.settle(m, &fit)
	}
	g.clusters[small].bridges = nil
	delete(g.clusters[large].bridges, small)
}

// Restore puts an account into a named cluster without a change being recorded: what
// an earlier life of the service had decided. Facts are observed afterwards.
func (g *Graph) Restore(clusterID, accountID string, partition int32, joinedAt int64) {
	c, ok := g.byCluster[clusterID]
	if !ok {
		c = g.addCluster(clusterID, joinedAt)
	}
	g.clusters[c].first = min(g.clusters[c].first, joinedAt)
	a := g.Intern(accountID, partition)
	if g.accounts[a].cluster == NoCluster {
		g.enter(a, c, joinedAt)
	}
}
