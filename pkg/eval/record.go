package eval

import (
	"cmp"
	"slices"
	"strings"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// record watches a replay and keeps what the figures are counted from.
type record struct {
	truths   *Truths
	accounts map[string]*watched
	clusters map[string]*watchedCluster
	keys     map[string]*watchedKey // stolen ones
	days     map[int64]*Day
	audit    auditor
	wrong    map[string]bool // revoked keys that nobody stole
}

// watched is an account as the replay goes.
type watched struct {
	Subject
	first   int64 // event time of the first exchange, ms
	cluster *watchedCluster
	day     *traffic // the current day's, of its level
	dayOf   int64
}

type watchedCluster struct {
	score    float64
	members  []*watched // whoever was told to be in it; may have left
	ever     bool
	enforced bool
}

type watchedKey struct {
	theft
	exchanges, served uint64 // from the theft on; served: before the key was revoked
	revoked           int64  // event time, 0 = not
}

// Day is the traffic of campaigns on one day of event time, by level.
type Day struct {
	TS     int64
	Levels map[string]*traffic
}

type traffic struct{ served, stopped uint64 }

const dayMS = 86_400_000

func newRecord(truths *Truths) *record {
	r := &record{truths: truths, accounts: map[string]*watched{}, clusters: map[string]*watchedCluster{},
		keys: map[string]*watchedKey{}, days: map[int64]*Day{}, wrong: map[string]bool{}}
	r.audit = newAuditor()
	for id, k := range truths.keys {
		r.keys[id] = &watchedKey{theft: *k}
	}
	return r
}

var _ replay.Watcher = (*record)(nil)

// account returns what is kept of an account. It outlives the event: the id is copied.
func (r *record) account(id string) *watched {
	a := r.accounts[id]
	if a == nil {
		id = strings.Clone(id)
		a = &watched{Subject: Subject{Account: id, Truth: r.truths.Of(id), Final: wire.ActionAllow}}
		r.accounts[id] = a
	}
	return a
}

// Event counts an exchange.
func (r *record) Event(e *replay.Event) {
	if e.Stream != event.StreamRequest {
		return
	}
	a := r.account(e.Request.AccountID)
	a.Exchanges++
	if a.first == 0 {
		a.first = e.TS
	}
	if !a.Suspended {
		a.Before++
	}
	if a.Truth.Fraud() {
		r.spend(a, e.TS)
	}
	if len(r.keys) > 0 {
		r.useKey(e.Request)
	}
}

// spend adds an exchange of a campaign's account to its day.
func (r *record) spend(a *watched, ts int64) {
	if day := ts - ts%dayMS; a.day == nil || day != a.dayOf {
		d := r.days[day]
		if d == nil {
			d = &Day{TS: day, Levels: map[string]*traffic{}}
			r.days[day] = d
		}
		level := levelOf(a.Truth)
		if d.Levels[level] == nil {
			d.Levels[level] = &traffic{}
		}
		a.day, a.dayOf = d.Levels[level], day
	}
	if a.Suspended {
		a.day.stopped++
	} else {
		a.day.served++
	}
}

func (r *record) useKey(q *event.Request) {
	k := r.keys[q.APIKeyID]
	if k == nil || q.TS < k.from {
		return
	}
	k.exchanges++
	if k.revoked == 0 {
		k.served++
	}
}

// Output notes what the detector says. Scores come before clusters' scores, and those before
// decisions, so that a decision's own scores are what its account reached.
func (r *record) Output(out *detect.Output) {
	for i := range out.Members {
		r.member(&out.Members[i])
	}
	for i := range out.Accounts {
		r.accountScore(&out.Accounts[i])
	}
	for i := range out.Clusters {
		r.clusterScore(&out.Clusters[i])
	}
	for i := range out.Decisions {
		r.decision(&out.Decisions[i])
	}
}

func (r *record) cluster(id string) *watchedCluster {
	if id == "" {
		return nil
	}
	c := r.clusters[id]
	if c == nil {
		c = &watchedCluster{}
		r.clusters[id] = c
	}
	return c
}

func (r *record) member(m *wire.Member) {
	a := r.account(m.AccountID)
	a.Cluster, a.Left = m.ClusterID, m.LeftAt != 0
	r.cluster(m.ClusterID).ever = true
}

func (r *record) accountScore(s *wire.AccountScore) {
	a, c := r.account(s.AccountID), r.cluster(s.ClusterID)
	a.Last = s.Score
	if a.cluster != c {
		a.cluster = c
		if c != nil {
			c.members = append(c.members, a)
		}
	}
	if c != nil {
		a.Score = max(a.Score, min(a.Last, c.score))
	}
}

// clusterScore moves what the members have reached, which is why members are kept.
func (r *record) clusterScore(s *wire.ClusterScore) {
	c := r.cluster(s.ClusterID)
	c.score = s.Score
	still := c.members[:0]
	for _, a := range c.members {
		if a.cluster != c {
			continue
		}
		still = append(still, a)
		a.Score = max(a.Score, min(a.Last, c.score))
	}
	c.members = still
}

func (r *record) decision(d *wire.Decision) {
	a := r.account(d.AccountID)
	r.audit.decision(d)
	if d.Action == wire.ActionRevokeKey {
		r.revoke(d)
		return
	}
	a.Final = d.Action
	a.Score = max(a.Score, d.Score)
	switch d.Action {
	case wire.ActionThrottle:
		a.EverThrottled = true
	case wire.ActionVerify:
		a.EverVerified = true
	case wire.ActionSuspend:
		if c := r.cluster(d.ClusterID); c != nil {
			c.enforced = true
		}
		if !a.Suspended && a.first != 0 {
			a.Seconds = float64(max(0, d.EventTS-a.first)) / 1000
		}
		a.Suspended = true
	}
}

func (r *record) revoke(d *wire.Decision) {
	k := r.keys[d.APIKeyID]
	switch {
	case k == nil:
		r.wrong[d.APIKeyID] = true
	case k.revoked == 0:
		k.revoked = max(1, d.EventTS)
	}
}

// subjects returns all accounts that were seen or are labelled, in order.
func (r *record) subjects() []Subject {
	for id := range r.truths.accounts {
		r.account(id)
	}
	out := make([]Subject, 0, len(r.accounts))
	for _, a := range r.accounts {
		out = append(out, a.Subject)
	}
	slices.SortFunc(out, func(a, b Subject) int { return cmp.Compare(a.Account, b.Account) })
	return out
}

// enforcedAndEver returns the clusters with a suspension, and how many clusters there ever were.
func (r *record) enforcedAndEver() (ids map[string]bool, ever int) {
	ids = map[string]bool{}
	for id, c := range r.clusters {
		if c.enforced {
			ids[id] = true
		}
		ever += one(c.ever)
	}
	return ids, ever
}
