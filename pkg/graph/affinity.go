package graph

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// smoothing is the number of imagined accounts that share nothing, so that a young
// population does not make every shared thing look rare: log(1/500) bounds what one
// share can be worth before its kind's cap does.
const smoothing = 500

// Affinity says how much likelier an account's entities are among a cluster's
// members than outside of it, in log-odds by family and by kind.
type Affinity struct {
	Families [link.NumFamilies]float64
	rare     [link.NumFamilies]float64 // the same from what is rare outside, without traits
	Kinds    [link.NumAllKinds]Share
	Total    float64
	Size     int // members compared with
}

// Share is the entity of a kind that counted most.
type Share struct {
	LogOdds float64
	Inside  float64 // share of the members that touch it
	Outside float64 // share of the population outside that does
	ent     int32
	seen    bool
}

// strong counts the families that are worth at least bar.
func (f *Affinity) strong(bar float64) int {
	n := 0
	for _, v := range f.Families {
		if v >= bar {
			n++
		}
	}
	return n
}

// rareOutside is the share of everybody else up to which a shared thing is rare. What
// more people have (a popular client, a framework's prompt, a big campus) can lean a
// judgement but never ties an account to a cluster by itself.
const rareOutside = 0.005

// A campaign that is a large part of the population is not rare while most of it is still
// outside its cluster. Content that most of a cluster has counts up to this share.
const (
	campaignInside  = 0.5
	campaignOutside = 0.15
)

func (s *Share) rare(k link.Kind) bool {
	return s.Outside <= rareOutside ||
		k.Spec().Anchor && k.Spec().Family == link.FamilyContent && s.Inside >= campaignInside && s.Outside <= campaignOutside
}

// Rare returns the most that a family outside the network says from what is rare outside.
func (f *Affinity) Rare() float64 {
	most := 0.0
	for fam, v := range f.rare {
		if link.Family(fam) != link.FamilyNetwork {
			most = max(most, v)
		}
	}
	return most
}

// Evidence counts the shared things that a person can look up.
func (f *Affinity) Evidence() int {
	n := 0
	for k := link.Kind(0); k < link.NumKinds; k++ {
		if f.Kinds[k].seen && f.Kinds[k].LogOdds > 0.3 {
			n++
		}
	}
	return n
}

// affinity compares a with cluster c, leaving a itself out of the counts.
func (g *Graph) affinity(a Account, c Cluster) Affinity {
	acc := &g.accounts[a]
	size := len(g.clusters[c].members)
	own := int32(0)
	if acc.cluster == c {
		own = 1
	}
	fit := Affinity{Size: size - int(own)}
	members := float64(size) - float64(own)
	outside := float64(max(0, g.live-size)) + smoothing
	for i := range acc.edges {
		e := &acc.edges[i]
		spec := e.key.kind.Spec()
		if e.ent == noEntity {
			continue
		}
		ent := &g.entities[e.ent]
		in := ent.of(c)
		out := ent.df - in - (1 - own) // a itself is neither inside nor outside
		fit.add(e.key.kind, spec, e.ent, float64(in-own), members, float64(out), outside)
	}
	fit.explain(g.affiliationOf(c), members)
	fit.sum()
	return fit
}

// affiliationOf returns the share of a cluster's members that belong to its most common
// email domain, organisation or SSO tenant. Public mailbox domains are none.
func (g *Graph) affiliationOf(c Cluster) float64 {
	cl := &g.clusters[c]
	if cl.affiliated == noEntity || !affiliation(g.entities[cl.affiliated].key.kind) { // its place may be another's
		return 0
	}
	return float64(g.entities[cl.affiliated].of(c)) / float64(max(1, len(cl.members)))
}

// pair compares two loners, as if b were a cluster of one.
func (g *Graph) pair(a, b Account) Affinity {
	g.gen++
	for i := range g.accounts[b].edges {
		if ent := g.accounts[b].edges[i].ent; ent != noEntity {
			g.mark[ent] = g.gen
		}
	}
	fit := Affinity{Size: 1}
	colleagues := 0.0 // 1 where both are of one organisation
	outside := float64(max(0, g.live-2)) + smoothing
	for i := range g.accounts[a].edges {
		e := &g.accounts[a].edges[i]
		spec := e.key.kind.Spec()
		if e.ent == noEntity {
			continue
		}
		in := 0.0
		df := float64(g.entities[e.ent].df) - 1
		if g.mark[e.ent] == g.gen {
			in, df = 1, df-1
		}
		fit.add(e.key.kind, spec, e.ent, in, 1, df, outside)
		if in > 0 && affiliation(e.key.kind) {
			colleagues = 1
		}
	}
	fit.explain(colleagues, 1)
	fit.sum()
	return fit
}

// add scores one entity: in of members inside, out of outside elsewhere.
func (f *Affinity) add(k link.Kind, spec link.Spec, ent int32, in, members, out, outside float64) {
	q := (max(out, 0) + 1) / (outside + 1)
	p := (in + 2*q) / (members + 2) // two imagined members that follow the population
	s := Share{ent: ent, seen: true, Inside: in / max(members, 1), Outside: q}
	s.LogOdds = min(max(math.Log(p/q), spec.Floor), spec.Cap)
	if s.LogOdds > 0 {
		// In a big cluster somebody shares something with anybody: what few members
		// touch says little of the cluster. A hard thing ties to those few, who may be
		// there by mistake themselves.
		least := 0.0
		if spec.Hard {
			least = hardInside
		}
		s.LogOdds *= max(least, min(1, s.Inside/commonInside))
	}
	if old := &f.Kinds[k]; !old.seen || s.LogOdds > old.LogOdds {
		*old = s
	}
}

// familyCaps bounds what one family may say, whatever its kinds add up to.
var familyCaps = [link.NumFamilies]float64{
	link.FamilyNone:     math.Inf(1), // trust: negative only
	link.FamilyNetwork:  2,
	link.FamilyDevice:   3,
	link.FamilyPayment:  3.5,
	link.FamilyIdentity: 3,
	link.FamilyTiming:   2,
	link.FamilyContent:  4,
	link.FamilyHistory:  3,
}

// commonInside is the share of members from which a soft entity counts in full.
const commonInside = 0.1

// hardInside is how much of its worth a hard entity keeps however few members touch it.
const hardInside = 0.4

// What one organisation shares is no evidence that its accounts are one actor's: the one
// card, the one address and the one domain that most of them have. Many cards or many
// addresses with a few accounts each are not explained, and neither are shared devices,
// clients or templates. The organisation is the email domain, the org_id or the SSO tenant.
const (
	affiliated = 0.5 // share of members from which a whole cluster counts as one organisation
	explained  = 0.4 // share of the organisation from which an entity counts as its own
)

func affiliation(k link.Kind) bool {
	return k == link.KindDomain || k == link.KindOrg || k == link.KindSSOOrg
}

// explain sets what the account's organisation explains to nothing. affiliation is the
// share of the cluster that belongs to its most common organisation.
func (f *Affinity) explain(affiliation, members float64) {
	own := 0.0 // members of the account's own organisation
	for _, k := range [...]link.Kind{link.KindDomain, link.KindOrg, link.KindSSOOrg} {
		if f.Kinds[k].seen {
			own = max(own, f.Kinds[k].Inside*members)
		}
	}
	for k := range f.Kinds {
		s := &f.Kinds[k]
		switch link.Kind(k).Spec().Family {
		case link.FamilyNetwork, link.FamilyPayment, link.FamilyIdentity:
		default:
			continue
		}
		in := s.Inside * members
		whole := affiliation >= affiliated && s.Inside >= explained
		part := own >= 2 && in >= explained*own && in <= 1.5*own+2
		if s.seen && (whole || part) {
			s.LogOdds = min(s.LogOdds, 0)
		}
	}
}

// FamilyCap returns the most that a family may say, in log-odds.
func FamilyCap(f link.Family) float64 { return familyCaps[f] }

func (f *Affinity) sum() {
	for k := range f.Kinds {
		if !f.Kinds[k].seen {
			continue
		}
		fam := link.Kind(k).Spec().Family
		f.Families[fam] += f.Kinds[k].LogOdds
		if !link.Kind(k).Trait() && f.Kinds[k].rare(link.Kind(k)) {
			f.rare[fam] += f.Kinds[k].LogOdds
		}
	}
	f.Families[link.FamilyNone], f.rare[link.FamilyNone], f.Total = 0, 0, 0
	for i := range f.Families {
		f.Families[i] = min(f.Families[i], familyCaps[i])
		f.Total += f.Families[i]
	}
}
