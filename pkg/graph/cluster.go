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
	holders    [link.NumAllKinds]int32   // members with a link of the kind
	groups     [link.NumAllKinds]int32   // entities that two or more members share
	hardware   float64                   // of that, what shared devices and keys say
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
		fit := g.affinity(a, c)
		if g.fits(c, &fit, g.joinBar(fit.Size), part) && (best == NoCluster || fit.Match > bestFit.Match) {
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

func (g *Graph) witnesses(c Cluster, fit *Affinity) int { return g.Witnesses(c, fit, &fit.Families) }

// Witnesses counts the families of fam that tie an account to a cluster, each cause once.
// Where the cluster itself shows two independent ones outside the network, a member may be
// tied by what it asks alone: one whose card no other member resembles is of the campaign all
// the same when both its system prompts and its questions are the campaign's own. Whoever
// goes through the same relay has only what the relay adds, and its hours. fam is the fit's own families, or those with
// what the account's windows add.
func (g *Graph) Witnesses(c Cluster, fit *Affinity, fam *[link.NumFamilies]float64) int {
	n := independent(fam, fit.hardware(), g.cfg.FamilyBar)
	if fam[link.FamilyTiming] >= g.cfg.FamilyBar && fit.Gateway() && !fit.twoContents(g.cfg.FamilyBar) {
		n-- // who goes through a campaign's relay has its hours from it too
	}
	if n == 1 && c != NoCluster && fit.twoContents(g.cfg.FamilyBar) && g.Independent(c) >= 2 {
		n++
	}
	return n
}

// confirmedSize is how many members a cluster needs for its families' means to be believed.
const confirmedSize = 5

func (g *Graph) confirmed(c Cluster) bool {
	return len(g.clusters[c].members) >= confirmedSize && g.Independent(c) >= 2
}

// Independent counts the families that a cluster's members share on average, each cause once
// and the network not at all. Where content is the only one, what payment, identity, timing,
// devices and history say together may be the second: an expert leaves a little of each.
func (g *Graph) Independent(c Cluster) int {
	mean := g.Families(c)
	mean[link.FamilyNetwork] = 0
	hardware := g.clusters[c].hardware / float64(max(1, len(g.clusters[c].members)))
	n := independent(&mean, hardware, g.cfg.FamilyBar)
	if n == 1 && mean[link.FamilyContent] >= g.cfg.FamilyBar {
		rest := max(0, hardware)
		for _, f := range [...]link.Family{link.FamilyPayment, link.FamilyIdentity, link.FamilyTiming, link.FamilyHistory} {
			rest += max(0, mean[f])
		}
		if rest >= littleOfEach {
			n++
		}
	}
	return n
}

// littleOfEach is what the lesser families must say together to count as one. Tuned on worlds
// of expert campaigns and of honest platforms whose customers share nothing but a program.
const littleOfEach = 1.2

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
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if e.ent == noEntity || !e.key.kind.Ties() || g.common(e.ent) {
			continue
		}
		if e.key.kind.Spec().Family == link.FamilyContent && float64(g.entities[e.ent].df) > commonProgram*(float64(g.holders[e.key.kind])+smoothing) {
			continue // no pair is founded on it
		}
		tried := 0
		for _, b := range g.entities[e.ent].recent {
			if b == a || g.accounts[b].cluster != home || !g.accounts[b].placeable() || tried >= maxPairs {
				continue
			}
			tried++
			fit := g.pair(a, b)
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
	acc.fam, acc.hardware = [link.NumFamilies]float32{}, 0
	cl.members = append(cl.members, a)
	cl.last = max(cl.last, now)
	g.tally(a, c, 1)
}

func (g *Graph) tally(a Account, c Cluster, d int32) {
	var seen [link.NumAllKinds]bool
	for i := range g.accounts[a].edges {
		if k := g.accounts[a].edges[i].key.kind; !seen[k] {
			seen[k] = true
			g.clusters[c].holders[k] += d
		}
	}
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
	before := e.of(c)
	e.add(c, d)
	if after := e.of(c); before < 2 && after >= 2 {
		g.clusters[c].groups[e.key.kind]++
	} else if before >= 2 && after < 2 {
		g.clusters[c].groups[e.key.kind]--
	}
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
	for i := range acc.edges {
		if ent := acc.edges[i].ent; ent != noEntity {
			g.entities[ent].addRest(c, -acc.rest)
		}
	}
	acc.rest = 0
	g.tally(a, c, -1)
	for _, accounts := range cl.bridges {
		delete(accounts, a)
	}
	for f := range cl.fam {
		cl.fam[f] -= float64(acc.fam[f])
	}
	cl.hardware -= float64(acc.hardware)
	last := len(cl.members) - 1
	moved := cl.members[last]
	cl.members[acc.pos] = moved
	g.accounts[moved].pos = acc.pos
	cl.members = cl.members[:last]
	cl.last = max(cl.last, now)
	g.changes = append(g.changes, Change{Cluster: c, Account: a, At: now, Since: acc.joinedAt})
	acc.cluster, acc.joinedAt = NoCluster, 0
	acc.fam, acc.hardware = [link.NumFamilies]float32{}, 0
}

// SetOwn stores what the account's own windows say, in log-odds by family; index
// FamilyNone holds trust, which has no cap and is negative. It counts in the cluster's
// means and takes no part in who belongs together. vouched: somebody answers for the account
// itself, by single sign-on or an invoice.
func (g *Graph) SetOwn(a Account, own [link.NumFamilies]float64, vouched bool) {
	acc := &g.accounts[a]
	was := acc.vouched
	acc.vouched = vouched
	for f := range own {
		acc.own[f] = float32(own[f])
	}
	if was == vouched {
		return
	}
	for i := range acc.edges {
		if e := &acc.edges[i]; e.key.kind == link.KindOrg && e.ent != noEntity {
			if was {
				g.entities[e.ent].vouched--
			} else {
				g.entities[e.ent].vouched++
			}
		}
	}
}

// Colleagues says what is known of an account by others of its org_id: how many there are and
// how many of them somebody vouches for. An account that is older than the stream shows no
// single sign-on of its own. The provider gives out org_ids; a mail domain anybody can claim.
func (g *Graph) Colleagues(a Account) (vouched, all int) {
	acc := &g.accounts[a]
	for i := range acc.edges {
		if e := &acc.edges[i]; e.key.kind == link.KindOrg && e.ent != noEntity {
			ent := &g.entities[e.ent]
			if int(ent.vouched) > vouched {
				vouched, all = int(ent.vouched), int(ent.df)
			}
		}
	}
	if acc.vouched && vouched > 0 {
		vouched--
	}
	return vouched, max(0, all-1)
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
	hardware := fit.hardware()
	cl.hardware += hardware - float64(acc.hardware)
	acc.hardware = float32(hardware)
	g.setRest(a)
}

// setRest keeps the tallies of a's content at what its other families say.
func (g *Graph) setRest(a Account) {
	acc := &g.accounts[a]
	rest := float32(0)
	for f, v := range acc.fam {
		switch link.Family(f) { //nolint:gosec // an index of the families
		case link.FamilyContent:
		case link.FamilyNetwork:
			rest += min(v, ClusterNetwork)
		default:
			rest += v
		}
	}
	d := rest - acc.rest
	if d == 0 {
		return
	}
	acc.rest = rest
	for i := range acc.edges {
		if ent := acc.edges[i].ent; ent != noEntity {
			g.entities[ent].addRest(acc.cluster, d)
		}
	}
}

// ClusterNetwork is the most that the network says of a cluster: a platform that calls for its
// customers from one address has all of them on it.
const ClusterNetwork = 0.7

// groupSize is how many members must share a content for it to be judged by what they have else.
const groupSize = 5

// Rest returns what families other than content say, on average, of the members that share the
// contents that a does, averaged over those contents. A cluster is not an actor: the users of a small
// framework that a campaign uses as well are judged by what they have in common, not by what the
// campaign has, and a firm whose prompt was copied has prompts of its own. False where a shares no content with enough members.
func (g *Graph) Rest(a Account) (float64, bool) {
	acc := &g.accounts[a]
	sum, n := 0.0, 0
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || e.key.kind != link.KindTemplate && e.key.kind != link.KindSuffix {
			continue
		}
		t := g.entities[e.ent].tally(acc.cluster)
		if t == nil || t.n < groupSize || float64(t.n) < typicalInside/2*float64(g.clusters[acc.cluster].holders[e.key.kind]) {
			continue
		}
		sum += float64(t.rest) / float64(t.n)
		n++
	}
	return sum / float64(max(1, n)), n > 0
}

// bridge notes that a, a member of home, fits other as well, and merges the two once enough
// members of either do: a tenth of the smaller, half of it while one of them is but a
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

// Restore puts an account into a named cluster without a change being recorded: what
// an earlier life of the service had decided. Facts are observed afterwards.
func (g *Graph) Restore(clusterID, accountID string, partition int32, joinedAt int64) Account {
	c, ok := g.byCluster[clusterID]
	if !ok {
		c = g.addCluster(clusterID, joinedAt)
	}
	g.clusters[c].first = min(g.clusters[c].first, joinedAt)
	a := g.Intern(accountID, partition)
	if g.accounts[a].cluster == NoCluster {
		g.enter(a, c, joinedAt)
	}
	return a
}
