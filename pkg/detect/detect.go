// Package detect is the detector: facts and windows in, decisions out. It is the one
// core that the live cluster service and replay drive. Pure: event time only.
//
// A driver calls, over and over: Observe for each fact, Join for each account in
// Dirty with its windows, Evaluate for what follows.
package detect

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/score"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Output is what an evaluation says, in the order in which it came about.
type Output struct {
	Decisions []wire.Decision
	Clusters  []wire.ClusterScore
	Members   []wire.Member
	Accounts  []wire.AccountScore
}

func (o *Output) reset() {
	o.Decisions, o.Clusters = o.Decisions[:0], o.Clusters[:0]
	o.Members, o.Accounts = o.Members[:0], o.Accounts[:0]
}

// accountState is what the detector knows of an account beside the graph.
type accountState struct {
	action    string // current; "" = allow
	decision  string // id of the last decision
	tied      bool   // to something new since the last look
	decidedAt int64  // event time of the last decision
	dirtyAt   int64  // event time of the evidence, 0 = clean
	own       score.Own
	exchanges uint64
	in, out   uint64  // tokens
	label     float64 // log-odds of a label that was fed
	told      float64
	toldGroup graph.Cluster
	listed    graph.Cluster // the cluster whose member it was last said to be
	listedAt  int64
	older     bool          // than the stream: it has no signup
	person    float64       // what payment and identity say against it, log-odds
	pace      float64       // what its rate says of its belonging to its cluster, log-odds
	beside    float64       // what they, its hours and its history do
	heldAt    uint64        // exchanges when it was first held back for being possibly a victim's
	victimOf  graph.Cluster // the cluster as whose victim it was counted
	usedSince int64         // event time of the account's first request, 0 = none
	keys      []changedKey
	revoked   []string // ids of keys
}

// clusterState is what was last told of a cluster.
type clusterState struct {
	decided     float64 // score at which members were last decided
	decidedSize int
	told        float64
	toldSize    int
	toldAt      int64
	listed      int // members that were said to be
	suspended   int // accounts that were suspended as its members
	victims     int // accounts that would be, were they not taken for a thief's victims
}

// Detector is not safe for concurrent use.
type Detector struct {
	graph    *graph.Graph
	policy   *policy.Policy
	priors   score.Config
	signals  []score.Signal
	off      [link.NumFamilies]bool
	accounts []accountState
	clusters []clusterState
	dirty    []graph.Account
	today    uint32
	restored bool // from a former life, and not evaluated since
	traits   []graph.Trait
	out      Output
}

// New returns a detector without history.
func New(cfg graph.Config, p *policy.Policy) *Detector {
	return &Detector{graph: graph.New(cfg), policy: p, priors: p.Priors(), signals: score.Signals(), off: cfg.Off}
}

// Observe merges a fact, and marks its account for a new look where the fact ties it
// anew or its volume has grown. An account that is suspended is looked at no more: what
// it still touches is remembered, and only a human lets it go.
func (d *Detector) Observe(f *link.Fact) {
	a, tied := d.graph.Observe(f)
	if d.state(a).action == wire.ActionSuspend {
		return
	}
	switch {
	case tied && f.Kind.Ties():
		d.markDirty(a, f.Last)
		d.accounts[a].tied = true
	case f.Kind == link.KindVolume && worthALook(f.Count) && (f.Count >= profileAt || d.concerned(a)):
		d.markDirty(a, f.Last)
	}
}

// profileAt is the count of a day from which the windows of an account are read that nothing
// ties to anybody: it is part of the population that others are compared with.
const profileAt = 8

// concerned reports whether there is anything to decide about an account: something ties it, or
// it is in a cluster, was said to be, or was acted against.
func (d *Detector) concerned(a graph.Account) bool { return d.involved(a) || d.graph.Tied(a) }

func (d *Detector) involved(a graph.Account) bool {
	st := &d.accounts[a]
	return st.action != "" || st.listed != graph.NoCluster || d.graph.ClusterOf(a) != graph.NoCluster
}

// worthALook thins out the looks at an account whose volume alone grows: at each
// doubling up to 16 events of a day, and at each fourfold after that. A count that is no power of
// two is told when the use of a key has changed.
func worthALook(count uint64) bool {
	return count <= 16 || bits.TrailingZeros64(count)%2 == 0 || bits.OnesCount64(count) != 1
}

// Again marks an account for a new look, for its windows have changed since the last.
func (d *Detector) Again(account string, at int64) {
	if a, ok := d.graph.Find(account); ok {
		d.markDirty(a, at)
	}
}

func (d *Detector) markDirty(a graph.Account, at int64) {
	st := d.state(a)
	if st.dirtyAt == 0 {
		d.dirty = append(d.dirty, a)
	}
	st.dirtyAt = max(st.dirtyAt, at)
}

func (d *Detector) state(a graph.Account) *accountState {
	for int(a) >= len(d.accounts) {
		d.accounts = append(d.accounts, accountState{toldGroup: graph.NoCluster, listed: graph.NoCluster, victimOf: graph.NoCluster})
	}
	return &d.accounts[a]
}

// Ref names an account whose windows are wanted.
type Ref struct {
	Account   string
	Partition int32
	At        int64 // event time at which to look
}

// Dirty returns the accounts whose windows the next Evaluate wants joined, in order.
func (d *Detector) Dirty(dst []Ref) []Ref {
	for _, a := range d.dirty {
		dst = append(dst, Ref{d.graph.ID(a), d.graph.Partition(a), d.accounts[a].dirtyAt})
	}
	return dst
}

// Join gives the detector an account's windows as they are at event time at (ms).
func (d *Detector) Join(account string, f *window.Features, at int64) {
	a, ok := d.graph.Find(account)
	if !ok {
		return
	}
	st := d.state(a)
	st.own.Read(d.signals, f, at)
	if st.label > 0 {
		st.own.Families[link.FamilyHistory] += st.label
	} else {
		st.own.Families[link.FamilyNone] += st.label
	}
	if f.Requests != nil {
		st.exchanges = f.Requests.Total
		st.in = f.Requests.Sums[window.Fortnight].Input
		st.out = f.Requests.Sums[window.Fortnight].Output
		st.usedSince = f.Requests.First
	}
	st.older = f.Signup == nil || f.Signup.First == 0
	st.noteKeys(f)
	by, all := d.graph.Colleagues(a)
	score.Colleagues(&st.own, by, all)
	for fam, off := range d.off {
		if off {
			st.own.Families[fam] = 0
		}
	}
	d.graph.SetOwn(a, st.own.Families, vouched(f))
	payer, light := score.Payer(f)
	d.graph.SetStanding(a, graph.Standing{Payer: payer, Light: light, Old: st.older})
	d.traits = score.Traits(d.traits[:0], f)
	d.graph.SetTraits(a, d.traits)
}

// vouched reports whether somebody answers for the account itself.
func vouched(f *window.Features) bool {
	return f.Signup != nil && f.Signup.SSO || f.Payments != nil && f.Payments.Invoice
}

// Evaluate looks anew at every dirty account. wallMS is the time to put on decisions,
// 0 in a replay, where a decision is made when its evidence happens. The output is
// valid until the next call.
func (d *Detector) Evaluate(wallMS int64) *Output {
	d.out.reset()
	if d.restored {
		d.graph.Recover()
		d.restored = false
	}
	d.newDay(wallMS)
	for i := 0; i < len(d.dirty); i++ {
		a := d.dirty[i]
		st := &d.accounts[a]
		at, tied := st.dirtyAt, st.tied
		st.dirtyAt, st.tied = 0, false
		if d.concerned(a) {
			d.evaluate(a, at, wallMS, tied)
		}
	}
	d.dirty = d.dirty[:0]
	return &d.out
}

// newDay, once a day of event time, drops old links and looks again at everybody who is
// not suspended: others' doings change how an account looks without a fact of its own. The
// windows stay as they were last joined. Live and replay thus meet at the same points.
func (d *Detector) newDay(wall int64) {
	today := d.graph.Today()
	if today <= d.today {
		return
	}
	d.today = today
	at := int64(today) * link.PaneMS
	d.graph.Expire(at)
	for _, m := range d.graph.Changes() {
		d.decideLeft(m, at, wall)
	}
	for i := range d.accounts {
		a := graph.Account(i) //nolint:gosec // indexes are 32-bit
		if d.accounts[i].action != wire.ActionSuspend && d.concerned(a) && (d.involved(a) || d.graph.LastSeen(a) >= at-link.PaneMS) {
			d.evaluate(a, at, wall, false)
		}
	}
}

// evaluate places an account, and decides it and the clusters that its moving touches.
func (d *Detector) evaluate(a graph.Account, at, wall int64, tied bool) {
	before := d.graph.ClusterOf(a)
	fit := d.graph.Place(a, at, tied)
	after := d.graph.ClusterOf(a)
	for _, m := range d.graph.Changes() {
		if m.Account != a {
			d.decideLeft(m, at, wall)
		}
		if m.Cluster != after && m.Cluster != before {
			d.decideCluster(m.Cluster, at, wall)
		}
	}
	if d.revokeKeys(a, at, wall) {
		for _, m := range d.graph.Changes() { // it is in no cluster now, and a pair has dissolved
			d.decideLeft(m, at, wall)
		}
		fit = graph.Affinity{}
	}
	d.decide(a, &fit, at, wall)
	if before != graph.NoCluster {
		d.decideCluster(before, at, wall)
	}
	if after != graph.NoCluster && after != before {
		d.decideCluster(after, at, wall)
	}
}

// decideLeft decides an account that has lost its cluster by what others did.
func (d *Detector) decideLeft(m graph.Change, at, wall int64) {
	if !m.Joined && d.graph.ClusterOf(m.Account) == graph.NoCluster {
		d.decide(m.Account, &graph.Affinity{}, at, wall)
	}
}

// Scoring moves of less than this do not make all members be decided anew.
const redecide = 0.01

// decideCluster decides all members anew when the cluster's score or size has moved.
func (d *Detector) decideCluster(c graph.Cluster, at, wall int64) {
	st := d.clusterState(c)
	members := d.graph.Members(c)
	s := d.clusterScore(c)
	hypothesis := s < listFrom && st.decided < listFrom // before and after
	moved := !hypothesis && (s-st.decided > redecide || st.decided-s > redecide)
	grown := len(members) != st.decidedSize && (len(members) < 16 || len(members) > st.decidedSize*9/8)
	if moved || grown && s >= listFrom {
		st.decided, st.decidedSize = s, len(members)
		for _, m := range members {
			if d.state(m).action == wire.ActionSuspend && d.accounts[m].listed == c {
				continue // stands, and is told
			}
			fit := d.graph.Fit(m)
			d.decide(m, &fit, at, wall)
		}
	}
	d.tellCluster(c, s, at)
}

func (d *Detector) clusterState(c graph.Cluster) *clusterState {
	for int(c) >= len(d.clusters) {
		d.clusters = append(d.clusters, clusterState{})
	}
	return &d.clusters[c]
}

// judge scores the part of a cluster that an account belongs to by its content, or the whole where
// no content ties it.
func (d *Detector) judge(a graph.Account, c graph.Cluster, in *policy.Input) {
	mean, size := d.graph.Families(c), len(d.graph.Members(c))
	if d.graph.ClusterOf(a) == c {
		if rest, ok := d.graph.Rest(a); ok {
			in.ClusterScore, in.Pace, in.Part, in.Own = score.Probability(d.priors.Group(mean, rest.Worth, size)), rest.Pace, rest.Size, rest.Own
			return
		}
	}
	in.ClusterScore, in.Pace, in.Part = score.Probability(d.priors.Cluster(mean, size)), d.graph.Conduct(c).Pace(), size
}

func (d *Detector) clusterScore(c graph.Cluster) float64 {
	size := len(d.graph.Members(c))
	if size == 0 {
		return 0
	}
	return score.Probability(d.priors.Cluster(d.graph.Families(c), size))
}

// decide asks the policy about one account and records a change of action.
func (d *Detector) decide(a graph.Account, fit *graph.Affinity, at, wall int64) {
	st := d.state(a)
	c := d.graph.ClusterOf(a)
	if c == graph.NoCluster && len(st.revoked) == 0 {
		d.countVictim(st, c, false)
	}
	if c == graph.NoCluster && st.action == "" && st.listed == graph.NoCluster {
		return
	}
	in, accountOdds := d.input(a, c, fit, at)
	if in.ClusterScore < listFrom && st.action == "" && st.listed == graph.NoCluster {
		return // a hypothesis: nobody acts upon it, and nobody is told
	}
	action := d.policy.Decide(st.action, in)
	victim := severe(action) && d.ownersTurn(a, fit)
	if c != graph.NoCluster {
		d.countVictim(st, c, victim && action == wire.ActionSuspend)
	}
	if victim {
		if st.listed != c {
			d.list(a, graph.NoCluster, &in, at)
		}
		return // others used the account's key, or may have: it is looked at again when that is known
	}
	d.list(a, c, &in, at)
	d.tellAccount(a, c, score.Probability(accountOdds), fit, at)
	if action == st.action || (st.action == "" && action == wire.ActionAllow) {
		return
	}
	d.record(a, c, action, in, fit, at, wall)
}

// countVictim keeps the count of a cluster's victims.
func (d *Detector) countVictim(st *accountState, c graph.Cluster, victim bool) {
	if !victim {
		c = graph.NoCluster
	}
	if st.victimOf == c {
		return
	}
	if st.victimOf != graph.NoCluster {
		d.clusterState(st.victimOf).victims--
	}
	if st.victimOf = c; c != graph.NoCluster {
		d.clusterState(c).victims++
	}
}

// paceWitness is the most that an account's pace counts where families are counted: agents that work around the clock
// have a campaign's pace, so that it is no second witness by itself, but for a prompt whose users all keep it.
const paceWitness = 0.9

// witness is what of an account's pace counts where families are counted.
func witness(pace float64, driven bool) float64 {
	if driven {
		return pace
	}
	return min(pace, paceWitness)
}

func (d *Detector) input(a graph.Account, c graph.Cluster, fit *graph.Affinity, at int64) (policy.Input, float64) {
	st := &d.accounts[a]
	odds, fam := d.priors.Account(fit, &st.own, d.graph.Population())
	in := policy.Input{
		Population: d.graph.Population(),
		AgeDays:    float64(at-d.graph.FirstSeen(a)) / link.PaneMS,
	}
	st.person = max(0, fam[link.FamilyPayment]) + max(0, fam[link.FamilyIdentity])
	st.beside = st.person + max(0, fam[link.FamilyTiming]) + max(0, fam[link.FamilyHistory])
	st.pace = d.graph.Likeness(a)
	if len(st.keys) > 0 {
		st.pace = min(st.pace, 0) // it may be a thief's
	}
	odds += st.pace
	fam[link.FamilyHistory] = min(fam[link.FamilyHistory]+witness(st.pace, fit.Driven()), graph.FamilyCap(link.FamilyHistory))
	in.AccountScore = score.Probability(odds)
	in.Families = d.graph.Witnesses(c, fit, &fam)
	fam[link.FamilyNetwork] = 0
	in.HardFamilies = d.graph.Witnesses(c, fit, &fam)
	if c != graph.NoCluster {
		d.judge(a, c, &in)
		in.Size = len(d.graph.Members(c))
		in.ClusterFamilies = d.graph.Independent(c)
		in.Hardware, in.Above = d.graph.Hardware(c), d.graph.Conduct(c).Above
		in.Evidence = fit.Evidence()
		in.Rare = fit.Badge()
	}
	return in, odds
}
