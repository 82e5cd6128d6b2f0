package graph

// A campaign that works through a popular program as well shares that program's prompts with honest users,
// and where the population is small they look like its own: its accounts are most of those who use them. What
// tells the two apart is what their users have beside: those of the campaign's own prompts are of the campaign,
// each of them; of those of the program's only some are, so that on average payment, identity, hours and
// rates say less of them. Such a prompt is mixed: it ties nobody, and nobody is acted against for it.
const (
	mixedBelow = 0.66 // of what is said of the users of the cluster's own prompts
	mixedSize  = 8    // members with a prompt from which it is compared
	ownShare   = 0.2  // of those with any prompt that must have one for it to be taken for the cluster's own
	mixedLeast = 1.5  // log-odds that must be said of the latter
	sortOutAt  = 12   // members from which a cluster's prompts are compared
)

// sortOut compares the prompts of a cluster by what their users have beside them. The standard is the
// highest of those that are the cluster's own. Tuned on worlds of two other generators, where at most one in ten
// of a campaign's own prompts and nine in ten of a program's with as many honest users lie below.
// Cost: two scans of all links of the members.
func (g *Graph) sortOut(c Cluster) {
	cl := &g.clusters[c]
	cl.sorted, cl.core = len(cl.members), makeup{}
	var best ranking
	if len(cl.members) >= sortOutAt {
		g.eachGroup(c, func(ent int32, o *other, n int32) {
			if n >= mixedSize && float64(n) >= ownShare*float64(cl.holders[g.entities[ent].key.kind]) {
				best.see(ent, g.said(c, o, n))
			}
		})
	}
	for i := range min(best.n, len(best.of)) {
		e := &g.entities[best.of[i]]
		cl.core.of(e.other(c), e.of(c))
	}
	standard := best.said[0]
	g.eachGroup(c, func(_ int32, o *other, n int32) {
		o.mixed = n >= mixedSize && standard >= mixedLeast && g.said(c, o, n) < mixedBelow*standard
	})
}

// ranking holds the two highest of some prompts, by what is said of their users, and how many there are up to two.
type ranking struct {
	of   [2]int32
	said [2]float64
	n    int
}

func (r *ranking) see(ent int32, said float64) {
	for i := range min(r.n, len(r.of)) {
		if r.of[i] == ent {
			return
		}
	}
	switch {
	case r.n == 0 || said > r.said[0]:
		r.of[1], r.said[1] = r.of[0], r.said[0]
		r.of[0], r.said[0] = ent, said
	case r.n == 1 || said > r.said[1]:
		r.of[1], r.said[1] = ent, said
	}
	r.n = min(r.n+1, 2)
}

// of adds the n members that have a prompt.
func (m *makeup) of(o *other, n int32) {
	*m = makeup{m.n + n, m.payers + o.habits.payers, m.light + o.habits.light, m.old + o.habits.old}
}

// eachGroup calls f with each prompt that members of a cluster have, once a member, and with how many have it.
func (g *Graph) eachGroup(c Cluster, f func(ent int32, o *other, n int32)) {
	for _, a := range g.clusters[c].members {
		for i := range g.accounts[a].edges {
			e := &g.accounts[a].edges[i]
			if e.ent == noEntity || !e.key.kind.Prompt() {
				continue
			}
			if j, ok := g.entities[e.ent].find(c); ok {
				f(e.ent, &g.entities[e.ent].others[j], g.entities[e.ent].clusters[j].n)
			}
		}
	}
}

// said returns what families other than content say, on average, of the n members of a cluster that have a prompt.
func (g *Graph) said(c Cluster, o *other, n int32) float64 {
	conduct := g.conductOf(&o.habits, c)
	return float64(o.rest)/float64(n) + conduct.Pace() + conduct.Light
}

// Recover works out anew what a former life had worked out of the clusters whose members it restored: what each adds
// to its cluster, and whose the prompts are. Twice, for what is rare depends on what is said of the cluster.
func (g *Graph) Recover() {
	for range 2 {
		for c := range g.clusters {
			for _, a := range g.clusters[c].members {
				fit := g.affinity(a, Cluster(c)) //nolint:gosec // indexes are 32-bit
				g.settle(a, &fit)
			}
			g.sortOut(Cluster(c)) //nolint:gosec // likewise
		}
	}
}

// sortOutGrown compares a cluster's prompts anew where it has grown by an eighth.
func (g *Graph) sortOutGrown(c Cluster) {
	if n := len(g.clusters[c].members); n >= sortOutAt && n > g.clusters[c].sorted*9/8 {
		g.sortOut(c)
	}
}

// mixed reports whether a prompt is one that a cluster shares with honest users.
func (e *entity) mixed(c Cluster) bool {
	if !e.key.kind.Prompt() {
		return false
	}
	o := e.other(c)
	return o != nil && o.mixed
}
