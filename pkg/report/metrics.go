// Package report says what a run found: the files decisions.jsonl, clusters.jsonl,
// metrics.json and report.html, in the same form for a replay and for the live path.
package report

import (
	"sort"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Metrics is metrics.json.
type Metrics struct {
	RunID         string             `json:"run_id"`
	PolicyVersion string             `json:"policy_version"`
	FirstMS       int64              `json:"first_event_ms"`
	LastMS        int64              `json:"last_event_ms"`
	Events        map[string]uint64  `json:"events"`   // by topic, accepted
	Rejected      map[string]uint64  `json:"rejected"` // by reason
	Late          uint64             `json:"late"`
	Accounts      int                `json:"accounts"`
	Decisions     int                `json:"decisions"`
	FinalActions  map[string]int     `json:"final_actions"`
	KeysRevoked   int                `json:"keys_revoked"` // API keys, each once
	Clusters      int                `json:"clusters"`     // ever formed
	Exchanges     uint64             `json:"exchanges"`
	Suspended     Outcome            `json:"suspended"` // all suspended accounts together
	Labels        map[string]Outcome `json:"labels"`    // by label, where labels are given
	Campaigns     map[string]Outcome `json:"campaigns"` // by campaign of fraud labels
}

// Outcome is how a group of accounts fared.
type Outcome struct {
	Accounts        int     `json:"accounts"`
	Suspended       int     `json:"suspended"`
	Throttled       int     `json:"throttled"` // final action
	Verified        int     `json:"verified"`  // final action
	KeysRevoked     int     `json:"keys_revoked"`
	Exchanges       uint64  `json:"exchanges"`
	ServedBefore    uint64  `json:"exchanges_before_suspension"` // all of them where never suspended
	Recall          float64 `json:"recall"`
	Leakage         float64 `json:"leakage"` // served before ÷ all
	MedianToSuspend float64 `json:"median_exchanges_to_suspension"`
}

// account is what is counted of one account.
type account struct {
	action    string
	exchanges uint64
	before    uint64 // exchanges when first suspended
	suspended bool
	at        int64 // event time of the first suspension
	label     event.LabelKind
	campaign  string
	score     float64             // last that was told
	revoked   map[string]struct{} // API keys
}

// Suspension is one point of the report's time line.
type Suspension struct {
	TS      int64
	Account string
	Served  uint64
}

// Tally counts a run. Feed it in order; it is not safe for concurrent use.
type Tally struct {
	accounts    map[string]*account
	metrics     Metrics
	clusters    map[string]*Cluster
	members     map[string]wire.Member // account -> its latest membership
	formed      map[string]struct{}    // clusters that ever had a member
	suspensions []Suspension
	days        map[int64]*Day
}

// Day is what happened on one day of event time.
type Day struct {
	TS                int64
	Exchanges         uint64
	OfSuspended       uint64 // exchanges of accounts that were suspended at the time
	Suspensions       int
	ServedOfSuspended uint64 // exchanges that accounts suspended on this day had been served
}

// Cluster is the latest that was told of a cluster, and its actions.
type Cluster struct {
	wire.ClusterScore
	PeakSize  int
	Suspended int
	FirstAct  int64 // event time of the first suspension, 0 = none
	Reasons   []wire.Reason
}

// NewTally returns an empty tally for a run.
func NewTally(runID, policyVersion string) *Tally {
	return &Tally{
		accounts: map[string]*account{}, clusters: map[string]*Cluster{},
		members: map[string]wire.Member{}, formed: map[string]struct{}{}, days: map[int64]*Day{},
		metrics: Metrics{RunID: runID, PolicyVersion: policyVersion,
			Events: map[string]uint64{}, Rejected: map[string]uint64{}},
	}
}

func (t *Tally) account(id string) *account {
	a := t.accounts[id]
	if a == nil {
		a = &account{}
		t.accounts[id] = a
	}
	return a
}

// Event counts an accepted event.
func (t *Tally) Event(s event.Stream, m *event.Meta) {
	t.metrics.Events[s.String()]++
	if s == event.StreamLabel {
		return
	}
	if t.metrics.FirstMS == 0 || m.TS < t.metrics.FirstMS {
		t.metrics.FirstMS = m.TS
	}
	t.metrics.LastMS = max(t.metrics.LastMS, m.TS)
	a := t.account(m.AccountID)
	if s != event.StreamRequest {
		return
	}
	a.exchanges++
	d := t.day(m.TS)
	d.Exchanges++
	if a.action == wire.ActionSuspend {
		d.OfSuspended++
	}
}

func (t *Tally) day(ts int64) *Day {
	start := ts - ts%86_400_000
	d := t.days[start]
	if d == nil {
		d = &Day{TS: start}
		t.days[start] = d
	}
	return d
}

// Rejected counts a record that was refused.
func (t *Tally) Rejected(reason string) { t.metrics.Rejected[reason]++ }

// Late counts an event that came after its window had closed.
func (t *Tally) Late() { t.metrics.Late++ }

// Label notes what an account was found to be; the last label counts.
func (t *Tally) Label(l *event.Label) {
	a := t.account(l.AccountID)
	a.label, a.campaign = l.Label, l.Campaign
}

// Decision counts a change of action.
func (t *Tally) Decision(d *wire.Decision) {
	t.metrics.Decisions++
	a := t.account(d.AccountID)
	if d.Action == wire.ActionRevokeKey { // stands beside the ladder: the account's own action stays
		if a.revoked == nil {
			a.revoked = map[string]struct{}{}
		}
		a.revoked[d.APIKeyID] = struct{}{}
		return
	}
	a.action = d.Action
	if d.Action != wire.ActionSuspend || a.suspended {
		return
	}
	a.suspended, a.before, a.at = true, a.exchanges, d.EventTS
	t.suspensions = append(t.suspensions, Suspension{d.EventTS, d.AccountID, a.before})
	day := t.day(d.EventTS)
	day.Suspensions++
	day.ServedOfSuspended += a.before
	c := t.cluster(d.ClusterID)
	c.Suspended++
	if c.FirstAct == 0 {
		c.FirstAct, c.Reasons = d.EventTS, d.Reasons
	}
}

func (t *Tally) cluster(id string) *Cluster {
	c := t.clusters[id]
	if c == nil {
		c = &Cluster{}
		c.ClusterID = id
		t.clusters[id] = c
	}
	return c
}

// ClusterScore notes the latest that was told of a cluster.
func (t *Tally) ClusterScore(s *wire.ClusterScore) {
	c := t.cluster(s.ClusterID)
	c.ClusterScore = *s
	c.PeakSize = max(c.PeakSize, s.Size)
}

// AccountScore notes the latest that was told of an account.
func (t *Tally) AccountScore(s *wire.AccountScore) { t.account(s.AccountID).score = s.Score }

// Member notes a membership.
func (t *Tally) Member(m *wire.Member) {
	t.members[m.AccountID] = *m
	t.formed[m.ClusterID] = struct{}{}
}

// Suspended returns how many accounts were suspended so far.
func (t *Tally) Suspended() int { return len(t.suspensions) }

// Members returns each account's last membership, by account.
func (t *Tally) Members() []wire.Member {
	ms := make([]wire.Member, 0, len(t.members))
	for _, m := range t.members {
		ms = append(ms, m)
	}
	sort.Slice(ms, func(i, j int) bool { return ms[i].AccountID < ms[j].AccountID })
	return ms
}

// ids returns the accounts in order.
func (t *Tally) ids() []string {
	ids := make([]string, 0, len(t.accounts))
	for id := range t.accounts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// Days returns the time line, in order.
func (t *Tally) Days() []Day {
	days := make([]Day, 0, len(t.days))
	for _, d := range t.days {
		days = append(days, *d)
	}
	sort.Slice(days, func(i, j int) bool { return days[i].TS < days[j].TS })
	return days
}

// Clusters returns the clusters, those with most suspensions first.
func (t *Tally) Clusters() []Cluster {
	cs := make([]Cluster, 0, len(t.clusters))
	for id, c := range t.clusters {
		if id != "" {
			cs = append(cs, *c)
		}
	}
	sort.Slice(cs, func(i, j int) bool {
		if cs[i].Suspended != cs[j].Suspended {
			return cs[i].Suspended > cs[j].Suspended
		}
		return cs[i].ClusterID < cs[j].ClusterID
	})
	return cs
}

// Metrics sums up.
func (t *Tally) Metrics() Metrics {
	m := t.metrics
	m.Accounts = len(t.accounts)
	m.FinalActions = map[string]int{}
	m.Labels, m.Campaigns = map[string]Outcome{}, map[string]Outcome{}
	m.Clusters = len(t.formed)
	groups := map[string]*group{}
	add := func(name string, a *account) {
		g := groups[name]
		if g == nil {
			g = &group{}
			groups[name] = g
		}
		g.add(a)
	}
	for _, a := range t.accounts {
		action := a.action
		if action == "" {
			action = wire.ActionAllow
		}
		m.FinalActions[action]++
		m.Exchanges += a.exchanges
		m.KeysRevoked += len(a.revoked)
		if a.suspended {
			add("suspended", a)
		}
		if a.label != event.LabelUnknown {
			add("label "+a.label.String(), a)
		}
		if a.label == event.LabelFraud && a.campaign != "" {
			add("campaign "+a.campaign, a)
		}
	}
	for name, g := range groups {
		switch {
		case name == "suspended":
			m.Suspended = g.outcome()
		case name[:6] == "label ":
			m.Labels[name[6:]] = g.outcome()
		default:
			m.Campaigns[name[9:]] = g.outcome()
		}
	}
	return m
}

type group struct {
	Outcome
	to []uint64 // exchanges until suspended
}

func (g *group) add(a *account) {
	g.Accounts++
	g.Exchanges += a.exchanges
	g.KeysRevoked += len(a.revoked)
	switch {
	case a.suspended:
		g.Suspended++
		g.ServedBefore += a.before
		g.to = append(g.to, a.before)
	default:
		g.ServedBefore += a.exchanges
		switch a.action {
		case wire.ActionThrottle:
			g.Throttled++
		case wire.ActionVerify:
			g.Verified++
		}
	}
}

func (g *group) outcome() Outcome {
	o := g.Outcome
	o.Recall = float64(o.Suspended) / float64(max(1, o.Accounts))
	if o.Exchanges > 0 {
		o.Leakage = float64(o.ServedBefore) / float64(o.Exchanges)
	}
	if n := len(g.to); n > 0 {
		sort.Slice(g.to, func(i, j int) bool { return g.to[i] < g.to[j] })
		o.MedianToSuspend = float64(g.to[(n-1)/2]+g.to[n/2]) / 2
	}
	return o
}
