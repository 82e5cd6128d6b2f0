package graph

import (
	"math"
	"slices"

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
	Match    float64 // how well it matches, for choosing between clusters: content without a cap
	Program  float64 // what content and client say of belonging here beyond what Families may say of fraud
	Size     int     // members compared with
	prompts  float64 // what all its system prompts that are rare outside say of a tie, together

	confirmed bool // more than content speaks for the cluster
	colleague bool // some member is of the account's own organisation
}

// Share is the entity of a kind that counted most.
type Share struct {
	LogOdds float64
	Inside  float64 // share of the members that touch it
	Capture float64 // share of all who touch it that are members
	Outside float64 // share of the population outside that does
	in      float64 // members that touch it
	out     float64 // others that do
	raw     float64 // log-odds without a cap
	tie     float64 // LogOdds without what a hard thing keeps however few members touch it
	overall float64 // share of everybody that does
	ent     int32
	seen    bool
	mixed   bool // prompts: honest users have it as well
	driven  bool // prompts: all who have it are driven
	told    bool // prompts: the kin of the members are not outside
	rare    bool // prompts: hardly anybody else has it
}

// rareOutside is the share of everybody else up to which a shared thing is rare. What
// more people have (a popular client, a framework's prompt, a big campus) can lean a
// judgement but never ties an account to a cluster by itself.
const rareOutside = 0.005

// What is rare of a prompt is counted without the kin of a confirmed cluster's members (public.go). While nothing but
// content speaks for a cluster, its members count among those who make the content common.
const commonProgram = 0.01

func (f *Affinity) isRare(k link.Kind) bool {
	s := &f.Kinds[k]
	if k.Prompt() {
		return s.rare
	}
	return s.Outside <= rareOutside
}

// rarePrompt is isRare of one prompt among several: each is judged for itself, or a popular program's, which many of
// the cluster use as well, would stand before those that are its own.
func (f *Affinity) rarePrompt(s *Share) bool {
	switch {
	case s.driven:
		return true
	case s.mixed:
		return false
	case !f.confirmed:
		return s.overall <= commonProgram
	}
	return s.Outside <= rareOutside && (!s.told || s.Capture >= rareCapture) || s.out <= fewOutside && s.Capture >= fewCapture
}

// rareCapture is the share of all who use a prompt that must be members of a confirmed cluster, or their kin, for it to be
// the cluster's.
const rareCapture = 0.6

// In a small population a few strangers are more than rareOutside of it. Where they are too few for their makeup to say
// who they are, and the members are so many more, the prompt is the cluster's all the same. Tuned on press:3-6 at 1:50; with
// 40 strangers 40 more honest accounts were suspended on a world of another generator.
const (
	fewOutside = kinPayers
	fewCapture = 0.75
)

// Rare returns the most that a family says from what ties: content, and what is hard to share
// by chance (devices, instruments, phones, keys), where it is rare outside. Everything else
// that is shared speaks for or against a tie and makes none: people of one town, one event
// or one programme are alike in all of it.
func (f *Affinity) Rare() float64 {
	most := 0.0
	for fam, v := range f.rare {
		if link.Family(fam) != link.FamilyNetwork {
			most = max(most, v)
		}
	}
	return most
}

// mayTie bounds what Rare will be, once everything that ties has been added: what is left to do
// only takes away.
func (f *Affinity) mayTie() float64 {
	var rare [link.NumFamilies]float64
	for _, k := range tying {
		if s := &f.Kinds[k]; s.seen && f.isRare(k) {
			rare[k.Spec().Family] += min(s.tie, s.LogOdds)
		}
	}
	return slices.Max(rare[:])
}

// tying are the kinds that tie accounts. None is of the network.
var tying = func() (kinds []link.Kind) {
	for k := range link.NumAllKinds {
		if k.Ties() {
			kinds = append(kinds, k)
		}
	}
	return kinds
}()

// content returns what content says from what is rare outside.
func (f *Affinity) content() float64 { return f.rare[link.FamilyContent] }

// By content alone an account joins only what is typical of a cluster: what such a share of
// its members have. It is a majority while content is all that the cluster has, so that no
// chain of prompts, each known to the next few members, strings strangers together.
const (
	typicalInside   = 0.34
	typicalOfRumour = 0.5
)

// typical reports whether a content is, at a part of the share that is asked of a newcomer.
func (f *Affinity) typical(part float64) bool {
	least := part * typicalOfRumour
	if f.confirmed {
		least = part * typicalInside
	}
	t, s := &f.Kinds[link.KindTemplate], &f.Kinds[link.KindSuffix]
	return f.isRare(link.KindTemplate) && t.Inside >= least || f.isRare(link.KindSuffix) && s.Inside >= least
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
func (g *Graph) affinity(a Account, c Cluster) (fit Affinity) {
	g.compare(a, c, &fit, allLinks)
	g.conclude(c, &fit)
	return fit
}

// candidate is affinity for a cluster that a may move to. It stops where what ties a to it is
// not worth anchorBar, and says so: that takes a fifth of the links, and most clusters end there.
func (g *Graph) candidate(a Account, c Cluster, fit *Affinity) bool {
	*fit = Affinity{}
	g.compare(a, c, fit, tyingLinks)
	if fit.mayTie() < anchorBar {
		return false
	}
	g.compare(a, c, fit, otherLinks)
	g.conclude(c, fit)
	return true
}

// conclude weighs what has been compared.
func (g *Graph) conclude(c Cluster, fit *Affinity) {
	fit.explain(g.affiliationOf(c), float64(fit.Size))
	fit.sum(&g.cfg.Off)
}

// part says which of an account's links are compared.
type part uint8

const (
	allLinks   part = iota
	tyingLinks      // whose kind ties accounts
	otherLinks
)

// compare adds what a part of the account's links say.
func (g *Graph) compare(a Account, c Cluster, fit *Affinity, of part) {
	acc, cl := &g.accounts[a], &g.clusters[c]
	own := int32(0)
	if acc.cluster == c {
		own = 1
	}
	fit.Size, fit.confirmed = len(cl.members)-int(own), g.confirmed(c)
	for i := range acc.edges {
		e := &acc.edges[i]
		k := e.key.kind
		if e.ent == noEntity || of != allLinks && k.Ties() != (of == tyingLinks) {
			continue
		}
		ent := &g.entities[e.ent]
		in := ent.of(c)
		outside := float64(g.holders[k]-cl.holders[k]-(1-own)) + smoothing
		out := float64(ent.df - in - (1 - own) - g.alike(ent, c)) // a itself is neither inside nor outside
		told, driven := false, k.Prompt() && g.driven(ent)
		if k.Prompt() && in > own {
			if out >= kinPayers {
				out, told = g.public(ent, c, out)
			}
			if ent.kept > 0 { // whose links outlive the public's
				out += float64(ent.past)
			}
		}
		fit.add(k, e.ent, tallies{
			in: float64(in - own), holders: float64(cl.holders[k] - own), size: float64(fit.Size), groups: cl.groups[k],
			kept: float64(ent.kept), out: out, outside: outside, mixed: fit.confirmed && ent.mixed(c), driven: driven, told: told,
		})
	}
}

// alike returns how many members of other confirmed clusters share a prompt that most of them have. They are
// no honest public: a campaign that is half of the population comes in several clusters at first, and
// each would hide the others' prompts. Tuned on half@0.5:33. Cost: a scan of the clusters on a prompt, where one is so large.
func (g *Graph) alike(e *entity, c Cluster) int32 {
	if e.large == 0 || !e.key.kind.Prompt() {
		return 0
	}
	n := int32(0)
	for i := range e.clusters {
		if t := &e.clusters[i]; g.isAlike(e, t, c) {
			n += t.n
		}
	}
	return n
}

func (g *Graph) isAlike(e *entity, t *tally, c Cluster) bool {
	return t.n >= leastAlike && t.cluster != c && float64(t.n) >= alikeInside*float64(g.clusters[t.cluster].holders[e.key.kind]) && g.confirmed(t.cluster)
}

// leastAlike is how many members must share a prompt for them to be told from the public, and alikeInside which share
// of those that have any.
const (
	leastAlike  = 50
	alikeInside = 0.5
)

// affiliationOf returns the share of a cluster's members that belong to its most common
// email domain, organisation or SSO tenant. Public mailbox domains are none.
func (g *Graph) affiliationOf(c Cluster) float64 {
	cl := &g.clusters[c]
	if cl.affiliated == noEntity || !affiliation(g.entities[cl.affiliated].key.kind) { // its place may be another's
		return 0
	}
	return float64(g.entities[cl.affiliated].of(c)) / float64(max(1, len(cl.members)))
}

// tallies are what an entity is scored from, without the account in question.
type tallies struct {
	in      float64 // members that touch the entity
	holders float64 // members that touch any of its kind
	size    float64 // members
	groups  int32   // entities of the kind that members share
	kept    float64 // suspended accounts that touch it
	out     float64 // others that touch it
	outside float64 // others that touch any of its kind, and smoothing
	mixed   bool    // honest users have the prompt as well (pure.go)
	driven  bool    // all who have the prompt work as if one dispatcher drove them (driven.go)
	told    bool    // it is known how many of the others are the members' kin, and out is without them (public.go)
}

// add scores one entity. Shares are of those that touch anything of the kind: who has made
// no request yet, or whose gateway does not send a field, says nothing about it. Two in three
// entities are touched by no member: those lose to any that speaks for the account, and
// are worth their kind's floor, so that no logarithm is taken for them.
func (f *Affinity) add(k link.Kind, ent int32, t tallies) {
	old := &f.Kinds[k]
	if t.in == 0 && old.seen && old.LogOdds >= 0 {
		return
	}
	spec := k.Spec()
	out, holders := max(t.out, 0), max(t.holders, 0)
	q := (out + 1) / (max(t.outside, 0) + 1)
	logOdds, tie, raw := spec.Floor, spec.Floor, 0.0
	if t.in != 0 || holders < floored[k] {
		p := (t.in + 2*q) / (holders + 2) // two imagined members that follow the population
		odds := math.Log(p / q)
		logOdds = min(max(odds, spec.Floor), spec.Cap)
		tie = logOdds
		if logOdds > 0 {
			// In a big cluster somebody shares something with anybody: what few members
			// touch says little of the cluster. A hard thing ties to those few, who may be
			// there by mistake themselves.
			least := 0.0
			if spec.Hard {
				least = hardInside
			}
			if payer(k) && t.size >= fewMembers && t.groups < payers {
				logOdds = min(logOdds, oneBill)
			}
			part := min(1, max(t.in/max(t.size, 1)/commonInside, t.in/commonMembers))
			if k.Prompt() {
				part = min(1, t.in/max(t.holders, 1)/typicalInside)
			}
			if spec.Hard && t.kept >= 1 && t.kept >= keptShare*(t.in+out) {
				part = 1
			}
			logOdds, tie, raw = logOdds*max(least, part), logOdds*part, odds*part
		}
	}
	now := Share{ent: ent, seen: true, in: t.in, out: out, Inside: t.in / max(t.holders, 1), Outside: q,
		Capture: (t.in + 1) / (t.in + out + 1), overall: (t.in + out + 1) / (max(t.holders+t.outside, 0) + 1),
		LogOdds: logOdds, tie: tie, raw: raw, mixed: t.mixed, driven: t.driven, told: t.told}
	if k.Prompt() {
		if now.rare = f.rarePrompt(&now); !now.rare {
			now.LogOdds, now.tie, now.raw = min(logOdds, commonContent), min(tie, commonContent), min(raw, commonContent)
		} else if k == link.KindTemplate {
			f.prompts += max(0, tie)
		}
	}
	if !old.seen || now.LogOdds > old.LogOdds || now.LogOdds == old.LogOdds && now.raw > old.raw {
		*old = now
	}
}

// floored says, by kind, from how many members with the kind on an entity that none of them
// touches is worth the kind's floor: there p/q is 2/(holders+2).
var floored = func() (least [link.NumAllKinds]float64) {
	for k := range least {
		least[k] = 2 * math.Expm1(-link.Kind(k).Spec().Floor)
	}
	return least
}()

// familyCaps bounds what one family may say, whatever its kinds add up to.
var familyCaps = [link.NumFamilies]float64{
	link.FamilyNone:     math.Inf(1), // trust: negative only
	link.FamilyNetwork:  1.5,
	link.FamilyDevice:   3,
	link.FamilyPayment:  3.5,
	link.FamilyIdentity: 3,
	link.FamilyTiming:   2,
	link.FamilyContent:  4,
	link.FamilyHistory:  3,
}

// A soft entity counts in full from so large a share of the members, or from so many.
const (
	commonInside  = 0.1
	commonMembers = 20
)

// hardInside is how much of its worth a hard entity keeps however few members touch it.
const hardInside = 0.4

// keptShare is the share of those who touch a hard entity that must be suspended for it to count in
// full however few they are: a second pool comes with what is left of the first's cards and devices.
// Tuned on a world of another generator with three second pools.
const keptShare = 0.4

// FamilyCap returns the most that a family may say, in log-odds.
func FamilyCap(f link.Family) float64 { return familyCaps[f] }

func (f *Affinity) sum(off *[link.NumFamilies]bool) {
	for i := range f.Kinds {
		s, k := &f.Kinds[i], link.Kind(i)
		fam := k.Spec().Family
		if !s.seen || off[fam] {
			continue
		}
		rare := !k.Trait() && f.isRare(k)
		f.Families[fam] += s.LogOdds
		if rare && k.Ties() {
			f.rare[fam] += min(s.tie, s.LogOdds)
		}
	}
	f.oneProgram()
	f.Families[link.FamilyNone], f.rare[link.FamilyNone], f.Total = 0, 0, 0
	for i := range f.Families {
		f.Families[i] = min(f.Families[i], familyCaps[i])
		f.Total += f.Families[i]
	}
	f.Match = f.Total - f.Families[link.FamilyContent] + max(f.Families[link.FamilyContent], f.Kinds[link.KindTemplate].raw+f.Kinds[link.KindSuffix].raw)
}

// commonContent is the most that a prompt says which is not rare: members of a cluster that
// was selected for other likeness use the same popular harness more often than others do.
const commonContent = 0.8
