package graph

import "github.com/iolaus-io/iolaus/pkg/link"

// Tie says how far an entity belongs to clusters.
type Tie struct {
	Cluster Cluster // that has most of those who touch it; NoCluster if none has
	Inside  int     // members of the clusters in question that touch it, without the account in question
	All     int     // all that touch it, without the account in question
}

// TieOf returns how far an entity, or the content family of a SimHash, belongs to the clusters that
// counts says count, as seen by account a. It changes nothing: a hash that no account has used
// belongs to none. Cost: one look-up, and a scan of the entity's clusters.
func (g *Graph) TieOf(a Account, k link.Kind, token uint64, counts func(Cluster) bool) Tie {
	switch k {
	case link.KindTemplate:
		token = g.templates.look(token)
	case link.KindSuffix:
		token = g.suffixes.look(token)
	}
	tie := Tie{Cluster: NoCluster}
	v, known := g.byKey[entityKey{token, k}]
	if token == 0 || !known || v < 0 {
		return tie
	}
	e, most := &g.entities[v], int32(0)
	for _, t := range e.clusters {
		if !counts(t.cluster) {
			continue
		}
		tie.Inside += int(t.n)
		if t.n > most {
			tie.Cluster, most = t.cluster, t.n
		}
	}
	tie.All = int(e.df)
	for i := range g.accounts[a].edges {
		if g.accounts[a].edges[i].ent == v {
			tie.All--
			if c := g.accounts[a].cluster; c != NoCluster && counts(c) {
				tie.Inside--
			}
		}
	}
	return tie
}

// TiedAt returns the event time (ms) of a's first use of content that ties it to its cluster, 0
// if none does.
func (g *Graph) TiedAt(a Account) (first int64) {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return 0
	}
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || !e.key.kind.Prompt() {
			continue
		}
		n := g.entities[e.ent].of(acc.cluster)
		if n < groupSize || 2*n < g.entities[e.ent].df {
			continue // too few, or others' as much as the cluster's
		}
		if at := int64(e.first) * 1000; first == 0 || at < first {
			first = at
		}
	}
	return first
}

// HasHardware reports whether a shares a device, an instrument, a phone or a key with another member
// of its cluster, which no thief of a key brings about.
func (g *Graph) HasHardware(a Account) bool {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return false
	}
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent != noEntity && e.key.kind.Spec().Hard && g.entities[e.ent].of(acc.cluster) >= 2 {
			return true
		}
	}
	return false
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
