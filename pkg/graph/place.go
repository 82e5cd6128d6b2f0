package graph

import (
	"math"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// Place finds the account's cluster at event time now: it stays, leaves, joins or makes two
// clusters merge; where it has been tied to something new, it may found one. It returns how
// well it fits where it is. Cost: O(links of the account × candidates), both bounded.
func (g *Graph) Place(a Account, now int64, tied bool) Affinity {
	if !g.accounts[a].placeable() {
		if g.accounts[a].cluster != NoCluster {
			g.leave(a, now)
		}
		return Affinity{}
	}
	home, at := g.accounts[a].cluster, Affinity{}
	if home != NoCluster {
		if at = g.affinity(a, home); !g.stays(home, &at) {
			g.leave(a, now)
			home, at = NoCluster, Affinity{}
		}
	}
	if !g.move(a, home, &at, now, tied) {
		if home != NoCluster {
			g.settle(a, &at)
		}
		return at
	}
	fit := Affinity{}
	if c := g.accounts[a].cluster; c != NoCluster {
		g.sortOutGrown(c)
		fit = g.affinity(a, c)
		g.settle(a, &fit)
	}
	return fit
}

// move joins a to the cluster that it fits best, merges its own with that, or founds one with
// it, and reports whether a may be elsewhere now. at is how it fits at home.
func (g *Graph) move(a Account, home Cluster, at *Affinity, now int64, tied bool) bool {
	best, fit := g.bestCluster(a, home)
	switch {
	case best != NoCluster && home == NoCluster:
		g.join(a, best, now)
	case best != NoCluster && !g.confirmed(home) && (fit.Match >= at.Match+splitGain ||
		g.confirmed(best) && g.fits(best, &fit, g.joinBar(fit.Size), 1)): // a hypothesis yields to what is known
		g.leave(a, now)
		g.join(a, best, now)
	case best != NoCluster && fit.Total >= g.cfg.MergeBar+sizeBar(fit.Size):
		return g.bridge(a, home, best, now)
	case home == NoCluster && tied:
		return g.found(a, home, 0, now)
	case home != NoCluster && best == NoCluster && tied && !g.confirmed(home) && len(g.clusters[home].members) >= splitSize:
		return g.found(a, home, at.Match+splitGain, now)
	default:
		return false
	}
	return true
}

// Two members of a hypothesis that match each other by so much better than they match the rest
// found a cluster of their own: a campaign's prompt inside the crowd of a small framework's.
const (
	splitSize = 8
	splitGain = 1.5
)

// institutional is the trust, in log-odds, of an account that an institution answers for: its
// network, its single sign-on, its invoice, its colleagues'.
const institutional = -3.4

// placeable reports whether an account may be in a cluster. One that an institution answers for is
// in none: what it touches is other people's property all the same, and makes it less rare.
func (acc *account) placeable() bool {
	return !acc.apart && acc.own[link.FamilyNone] > institutional
}

// Apart takes an account out of its cluster for good: a campaign used its key, and what it
// shares is the campaign's doing.
func (g *Graph) Apart(a Account, now int64) {
	if g.accounts[a].cluster != NoCluster {
		g.leave(a, now)
	}
	g.accounts[a].apart = true
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
	best, bestFit, part := NoCluster, Affinity{}, 1.0
	if home != NoCluster {
		part = bridgePart
	}
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity || !e.key.kind.Ties() {
			continue
		}
		for _, c := range g.topClusters(e.ent) {
			if c != NoCluster && c != home && g.worthComparing(e, c, part) {
				cs.add(c)
			}
		}
	}
	for range maxCompared {
		c := cs.next()
		if c == NoCluster {
			break
		}
		var fit Affinity
		if g.candidate(a, c, &fit) && g.fits(c, &fit, g.joinBar(fit.Size), part) && (best == NoCluster || fit.Match > bestFit.Match) {
			best, bestFit = c, fit
		}
	}
	return best, bestFit
}

// worthComparing leaves out clusters that an account only shares a content with which is not
// typical of them: it could not join them by it. Half of what is asked will do, since two
// contents may add up to a tie.
func (g *Graph) worthComparing(e *edge, c Cluster, part float64) bool {
	if e.key.kind.Spec().Hard {
		return true
	}
	return float64(g.entities[e.ent].of(c)) >= part/2*typicalInside*float64(g.clusters[c].holders[e.key.kind])
}

// anchorBar is what the rare things of one family must be worth to tie an account to a
// cluster; half of that keeps it there.
const anchorBar = 1.8

// joinBar rises with the cluster's size, so that no giant forms by drift.
func (g *Graph) joinBar(size int) float64 {
	return g.cfg.JoinBar + sizeBar(size)
}

func sizeBar(size int) float64 { return 0.1 * math.Log(float64(max(1, size))) }

// fits says whether an account belongs: two families tie it, or content does that hardly
// anybody else has. Clusters that content alone brings together are hypotheses, which the
// other families then speak for or against without having had a hand in who is a member.
func (g *Graph) fits(c Cluster, fit *Affinity, bar, part float64) bool {
	if fit.Rare() < anchorBar || c != NoCluster && !fit.confirmed && !fit.colleague && g.affiliationOf(c) >= affiliated {
		return false // an organisation's prompt may be copied; whoever has it is not of the organisation
	}
	return fit.Total >= bar && g.witnesses(c, fit) >= 2 || fit.typical(part) && fit.content() >= contentBar && fit.Total >= contentBar
}

func (g *Graph) stays(c Cluster, fit *Affinity) bool {
	if fit.Total < g.cfg.LeaveBar || fit.Rare() < anchorBar/2 {
		return false
	}
	return fit.typical(stayPart) && fit.content() >= contentBar/2 || g.witnesses(c, fit) >= 2
}

// Of what content must be typical for a loner to join, so much is enough for a member of another
// cluster to be a bridge, or for a member to stay.
const (
	bridgePart = 0.5
	stayPart   = 0.3
)

// contentBar is what rare content must be worth to tie accounts by itself; half keeps them.
const contentBar = 2.8

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

// maxPairs bounds the accounts that one is compared with in pairs, for each thing that they share.
const maxPairs = 12

// found looks for a latest account of the same cluster, or loner, that shares enough with a,
// and founds a cluster with it if they match by more than floor.
func (g *Graph) found(a Account, home Cluster, floor float64, now int64) bool {
	best, bestMatch := Account(-1), floor
	var with *pairing
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity || !e.key.kind.Ties() || !g.founds(e) {
			continue
		}
		tried := 0
		for _, b := range g.entities[e.ent].recent {
			if b == a || g.accounts[b].cluster != home || !g.accounts[b].placeable() || tried >= maxPairs {
				continue
			}
			tried++
			if with == nil {
				with = g.pairs(a)
			}
			if slices.Contains(with.tried, b) {
				continue // by another thing that they share
			}
			with.tried = append(with.tried, b)
			if !g.meet(with, b, bestMatch) {
				continue
			}
			fit := g.pair(with)
			if fit.Match > bestMatch && g.fits(NoCluster, &fit, g.cfg.PairBar, 1) {
				best, bestMatch = b, fit.Match
			}
		}
	}
	if best < 0 {
		return false
	}
	for _, m := range []Account{best, a} {
		if home != NoCluster {
			g.exit(m, now)
		}
	}
	c := g.newCluster(best, a, now)
	g.join(best, c, now)
	g.join(a, c, now)
	fit := g.affinity(best, c)
	g.settle(best, &fit)
	return true
}

// founds reports whether a shared thing may bring two loners together: one that few touch, or a prompt of which all who do
// are driven.
func (g *Graph) founds(e *edge) bool {
	ent := &g.entities[e.ent]
	if !g.common(e.ent) && !(e.key.kind.Prompt() && float64(ent.df) > commonProgram*(float64(g.holders[e.key.kind])+smoothing)) {
		return true
	}
	return e.key.kind.Prompt() && g.driven(ent)
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

// bridge notes that a, a member of home, fits other as well, and merges the two once enough
// members of either do: a tenth of the smaller, a fifth of it while one of them is but a
// hypothesis, and at least two. So one account that an attacker steers between two
// clusters never joins them.
func (g *Graph) bridge(a Account, home, other Cluster, now int64) bool {
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
	part := len(g.clusters[small].members) / 5
	if g.confirmed(small) && g.confirmed(large) {
		part /= 2
	}
	if bridging < max(2, part) {
		return false
	}
	for _, m := range slices.Clone(g.clusters[small].members) {
		g.exit(m, now)
		g.join(m, large, now)
		fit := g.affinity(m, large)
		g.settle(m, &fit)
	}
	g.clusters[small].bridges = nil
	delete(g.clusters[large].bridges, small)
	return true
}
