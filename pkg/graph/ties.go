package graph

import (
	"cmp"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// Tie says how far an entity belongs to clusters.
type Tie struct {
	Cluster Cluster // that has most of those who touch it; NoCluster if none has
	Inside  int     // members of the clusters in question that touch it, without the account in question
	All     int     // all that touch it, without the account in question
}

// Share is the part of all that touch an entity that are members.
func (t Tie) Share() float64 { return float64(t.Inside) / float64(max(1, t.All)) }

// PromptTies returns how far the prompts of some SimHashes belong to the clusters that counts says count and, where since
// is not 0, all others that an account has used first from that event time (ms) on; the most exclusive first. Cost: a scan of
// the account's links and of those prompts' clusters.
func (g *Graph) PromptTies(a Account, hashes []uint64, since int64, counts func(Cluster) bool) []Tie {
	var ents []int32
	for _, h := range hashes {
		if v := g.shared(link.KindTemplate, h); v != noEntity {
			ents = append(ents, v)
		}
	}
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		if since != 0 && e.ent != noEntity && e.key.kind == link.KindTemplate && int64(e.first) >= since/1000 {
			ents = append(ents, e.ent)
		}
	}
	slices.Sort(ents)
	ents = slices.Compact(ents)
	ties := make([]Tie, len(ents))
	for i, v := range ents {
		ties[i] = g.tieOf(a, v, counts)
	}
	slices.SortStableFunc(ties, func(x, y Tie) int { return cmp.Compare(y.Share(), x.Share()) })
	return ties
}

// TieOf returns how far an entity, or the content family of a SimHash, belongs to the clusters that
// counts says count, as seen by account a. It changes nothing: a hash that no account has used
// belongs to none. Cost: one look-up, and a scan of the entity's clusters.
func (g *Graph) TieOf(a Account, k link.Kind, token uint64, counts func(Cluster) bool) Tie {
	v := g.shared(k, token)
	if v == noEntity {
		return Tie{Cluster: NoCluster}
	}
	return g.tieOf(a, v, counts)
}

// shared returns the entity of a token, or of the content family of a SimHash, noEntity where fewer than two accounts touch it.
func (g *Graph) shared(k link.Kind, token uint64) int32 {
	if token == 0 {
		return noEntity
	}
	switch k {
	case link.KindTemplate:
		token = g.templates.look(token)
	case link.KindSuffix:
		token = g.suffixes.look(token)
	}
	if v, known := g.byKey[entityKey{token, k}]; known && v >= 0 {
		return v
	}
	return noEntity
}

func (g *Graph) tieOf(a Account, v int32, counts func(Cluster) bool) Tie {
	tie := Tie{Cluster: NoCluster}
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
// if none does, and the most exchanges of a day that used one such content, in powers of four.
func (g *Graph) TiedAt(a Account) (first int64, most uint32) {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return 0, 0
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
		most = max(most, e.count)
	}
	return first, most
}

// Borrowed reports whether what ties a to its cluster is a system prompt, not typical of the cluster, which a had
// well before most members that have it, and else at most prompts of a few: a campaign that copies a victim's
// prompt works with its own as well. Cost: a scan of the members' links, where a has no typical prompt.
func (g *Graph) Borrowed(a Account) bool {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return false
	}
	var copied *edge
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || e.key.kind != link.KindTemplate {
			continue
		}
		ent := &g.entities[e.ent]
		n := ent.of(acc.cluster)
		if n <= fewColleagues || 2*n < ent.df || ent.mixed(acc.cluster) {
			continue
		}
		if copied != nil || 2*n > g.clusters[acc.cluster].holders[link.KindTemplate] {
			return false
		}
		copied = e
	}
	return copied != nil && g.hadFirst(acc.cluster, copied)
}

// fewColleagues is how many members may have a prompt that is an account's and its colleagues' alone.
const fewColleagues = 8

// hadFirst reports whether a member's link to an entity is among the first quarter of the members', and most of
// those are later by borrowedMS.
func (g *Graph) hadFirst(c Cluster, own *edge) bool {
	var firsts []uint32
	for _, m := range g.clusters[c].members {
		for i := range g.accounts[m].edges {
			if e := &g.accounts[m].edges[i]; e.ent == own.ent {
				firsts = append(firsts, e.first)
				break
			}
		}
	}
	slices.Sort(firsts)
	n := len(firsts)
	return own.first <= firsts[n/4] && firsts[n/2] >= own.first+borrowedMS/1000
}

// borrowedMS is how long before most others an account must have had a prompt for it to be its own.
const borrowedMS = 2 * link.PaneMS

// HasHardware reports whether a shares a device, an instrument, a phone or a key with another member
// of its cluster, and not with as many others, which no thief of a key brings about.
func (g *Graph) HasHardware(a Account) bool {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster {
		return false
	}
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || !e.key.kind.Spec().Hard {
			continue
		}
		if n := g.entities[e.ent].of(acc.cluster); n >= 2 && 2*n >= g.entities[e.ent].df {
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
