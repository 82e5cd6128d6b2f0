package graph

import (
	"crypto/sha256"
	"encoding/hex"
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
	habits     habits
	free       habits // of those that are not suspended
	kept       int32  // how many are suspended
	first      int64
	last       int64
	sorted     int                              // members when its prompts were compared last
	core       makeup                           // then
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

// Families returns what each family says of a cluster, in log-odds: the mean over its members of what
// it is worth, and what their conduct is. Evenness goes with timing, rates with history.
func (g *Graph) Families(c Cluster) [link.NumFamilies]float64 {
	mean, conduct := g.means(c), g.Conduct(c)
	addTo(&mean, link.FamilyTiming, conduct.Even)
	addTo(&mean, link.FamilyHistory, conduct.Busy)
	return mean
}

// Hardware returns the mean over members of what shared devices and keys say, in log-odds.
func (g *Graph) Hardware(c Cluster) float64 {
	return g.clusters[c].hardware / float64(max(1, len(g.clusters[c].members)))
}

// Borne returns what payment, identity and shared devices say of a cluster on average, in log-odds: what its
// accounts are, and not what is done with their keys.
func (g *Graph) Borne(c Cluster) float64 {
	mean := g.means(c)
	return max(0, mean[link.FamilyPayment]) + max(0, mean[link.FamilyIdentity]) + g.Hardware(c)
}

// means leaves out what their rates say, which is no second witness: that a team works the same hours
// at the same pace is one thing.
func (g *Graph) means(c Cluster) [link.NumFamilies]float64 {
	cl := &g.clusters[c]
	var mean [link.NumFamilies]float64
	for f := range mean {
		mean[f] = cl.fam[f] / float64(max(1, len(cl.members)))
	}
	addTo(&mean, link.FamilyPayment, g.light(c))
	return mean
}

func addTo(mean *[link.NumFamilies]float64, f link.Family, v float64) {
	mean[f] = min(mean[f]+v, FamilyCap(f))
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
	g.countMember(acc, 1)
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
	g.countMember(acc, -1)
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
