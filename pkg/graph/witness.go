package graph

import "github.com/iolaus-io/iolaus/pkg/link"

func (g *Graph) witnesses(c Cluster, fit *Affinity) int { return g.Witnesses(c, fit, &fit.Families) }

// Witnesses counts the families of fam that tie an account to a cluster, each cause once.
// Where the cluster itself shows two independent ones outside the network, a member may be
// tied by what it asks alone: one whose card no other member resembles is of the campaign all
// the same when both its system prompts and its questions are the campaign's own. Whoever
// goes through the same relay has only what the relay adds, and its hours. fam is the fit's
// own families, or those with what the account's windows add.
func (g *Graph) Witnesses(c Cluster, fit *Affinity, fam *[link.NumFamilies]float64) int {
	counted := *fam
	if fit.content() < g.cfg.FamilyBar {
		counted[link.FamilyContent] = 0 // a popular program's prompts, which half of the cluster happens to use as well
	}
	n := independent(&counted, fit.hardware(), g.cfg.FamilyBar)
	if counted[link.FamilyTiming] >= g.cfg.FamilyBar && fit.Gateway() && !fit.twoContents(g.cfg.FamilyBar) {
		n-- // who goes through a campaign's relay has its hours from it too
	}
	if n == 1 && c != NoCluster && (fit.twoContents(g.cfg.FamilyBar) || fit.owned(link.KindTemplate) && lesser(fam) >= littleOfOne) && g.Independent(c) >= 2 {
		n++
	}
	return n
}

// littleOfOne is what the lesser families must say of a member together to count as one, where its
// system prompt is the cluster's own.
const littleOfOne = 0.8

// lesser sums what the families say that an expert leaves a little of.
func lesser(fam *[link.NumFamilies]float64) float64 {
	return fam[link.FamilyPayment] + fam[link.FamilyIdentity] + fam[link.FamilyTiming] + fam[link.FamilyHistory]
}

// confirmedSize is how many members a cluster needs for its families' means to be believed.
const confirmedSize = 5

// confirmed reports whether more than content speaks for a cluster.
func (g *Graph) confirmed(c Cluster) bool {
	return c != NoCluster && len(g.clusters[c].members) >= confirmedSize && g.Independent(c) >= 2
}

// Independent counts the families that a cluster's members share on average, each cause once
// and the network not at all. Where content is the only one, what payment, identity, timing,
// devices and history say together may be the second: an expert leaves a little of each.
func (g *Graph) Independent(c Cluster) int {
	mean := g.means(c)
	mean[link.FamilyNetwork] = 0
	hardware := g.Hardware(c)
	n := independent(&mean, hardware, g.cfg.FamilyBar)
	if n == 1 && mean[link.FamilyContent] >= g.cfg.FamilyBar {
		little := lesser(&mean) + max(0, hardware)
		if little < littleOfEach && little >= littleBesidePace {
			little += paceOfEach * max(0, g.Conduct(c).Pace())
		}
		if little >= littleOfEach {
			n++
		}
	}
	return n
}

// littleOfEach is what the lesser families must say together to count as one. Tuned on worlds
// of expert campaigns and of honest platforms whose customers share nothing but a program.
const littleOfEach = 1.2

// Where they say so much, the members' pace counts among them, by a part of what it says: stolen cards are nobody's, and
// aged accounts have no signup.
const (
	littleBesidePace = 0.3
	paceOfEach       = 0.5
)

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
// contents that a does, averaged over those contents. A cluster is not an actor: the users of a
// small framework that a campaign uses as well are judged by what they have in common, not by
// what the campaign has, and a firm whose prompt was copied has prompts of its own. False where
// a shares no content with enough members.
func (g *Graph) Rest(a Account) (Rest, bool) {
	acc := &g.accounts[a]
	var all Rest
	n := 0
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || !e.key.kind.Prompt() {
			continue
		}
		in := g.entities[e.ent].of(acc.cluster)
		if in < groupSize || float64(in) < typicalInside/2*float64(g.clusters[acc.cluster].holders[e.key.kind]) {
			continue
		}
		other := g.entities[e.ent].other(acc.cluster)
		conduct := g.conductOf(&other.habits, acc.cluster)
		all.Worth += float64(other.rest)/float64(in) + conduct.Pace() + conduct.Light
		all.Pace += conduct.Pace()
		all.Size = max(all.Size, int(in))
		if ent := &g.entities[e.ent]; 2*in >= ent.df && !ent.mixed(acc.cluster) {
			all.Own = max(all.Own, int(in))
		}
		n++
	}
	all.Worth /= float64(max(1, n))
	all.Pace /= float64(max(1, n))
	return all, n > 0
}

// Rest is what is said, beside content, of the members that share an account's contents, in log-odds.
type Rest struct {
	Worth float64 // by all families
	Pace  float64 // by their rates alone
	Size  int     // of the largest of those parts
	Own   int     // of the largest with a prompt that is the cluster's own: most who have it are members
}

// independent counts the families of fam that are worth at least bar, each family once and
// what comes of one cause once. A program brings its client, its prompts and its sizes
// with it: a client that goes with shared content is no second witness, a shared device is.
func independent(fam *[link.NumFamilies]float64, hardware, bar float64) int {
	n := count(fam, bar)
	if fam[link.FamilyDevice] >= bar && fam[link.FamilyContent] >= bar && hardware < bar {
		n--
	}
	return n
}

func count(fam *[link.NumFamilies]float64, bar float64) int {
	n := 0
	for _, v := range fam {
		if v >= bar {
			n++
		}
	}
	return n
}

// hardware is what shared devices and keys say.
func (f *Affinity) hardware() float64 {
	return max(0, f.Kinds[link.KindDevice].LogOdds) + max(0, f.Kinds[link.KindAPIKey].LogOdds)
}

// gatewayInside is the share of a cluster's members on one address from which they are taken to go
// through one gateway, which adds its address, its client and its prompt to whoever uses it.
const gatewayInside = 0.3

// Gateway reports whether an account shares its cluster's gateway.
func (f *Affinity) Gateway() bool { return f.Kinds[link.KindIP].Inside >= gatewayInside }

// OnItsAddress reports whether an account shares an address with two members of its cluster or more.
func (f *Affinity) OnItsAddress() bool {
	s := &f.Kinds[link.KindIP]
	return s.in >= 2 && s.LogOdds > 0
}

// Badge returns the most that is said by what a member must have to be acted against: a system
// prompt that is the cluster's own and typical of it, or several of which each is less so, or what is hard
// to share by chance.
// A user block alone will not do, for popular frameworks frame their users' questions, but where it is the
// cluster's own and payment or identity speak for the tie as well: not all campaigns have system prompts.
func (f *Affinity) Badge() float64 {
	most := 0.0
	for fam, v := range f.rare {
		if link.Family(fam) != link.FamilyContent && link.Family(fam) != link.FamilyNetwork { //nolint:gosec // an index of the families
			most = max(most, v)
		}
	}
	if f.isRare(link.KindTemplate) {
		most = max(most, f.Kinds[link.KindTemplate].tie, min(f.prompts, link.KindTemplate.Spec().Cap))
	}
	if f.owned(link.KindSuffix) && f.Families[link.FamilyPayment]+f.Families[link.FamilyIdentity] >= besideFrame {
		most = max(most, f.Kinds[link.KindSuffix].tie)
	}
	return most
}

// besideFrame is what payment and identity must say together, in log-odds, for a user block to be a badge.
const besideFrame = 1.5

// twoContents reports whether template and suffix are both worth at least bar, and rare.
func (f *Affinity) twoContents(bar float64) bool {
	return f.isRare(link.KindTemplate) && f.Kinds[link.KindTemplate].tie >= bar &&
		f.isRare(link.KindSuffix) && f.Kinds[link.KindSuffix].tie >= bar
}
