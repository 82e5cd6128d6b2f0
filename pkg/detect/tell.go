package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/score"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// record writes a decision and makes it the account's standing action.
func (d *Detector) record(a graph.Account, c graph.Cluster, action string, in policy.Input, fit *graph.Affinity, at, wall int64) {
	st := &d.accounts[a]
	at = max(at, st.decidedAt) // facts of several inputs come a little out of order; an account's decisions never
	previous := st.action
	if previous == "" {
		previous = wire.ActionAllow
	}
	if wall == 0 {
		wall = at
	}
	dec := wire.Decision{
		AccountID: d.graph.ID(a), ClusterID: d.graph.ClusterID(c),
		Action: action, PreviousAction: previous, Mode: d.policy.Mode(),
		Score:        round(min(in.AccountScore, in.ClusterScore)),
		AccountScore: round(in.AccountScore), ClusterScore: round(in.ClusterScore),
		Reasons: d.reasons(a, c, fit), Evidence: evidence(d.graph.Shared(a)),
		PolicyVersion: d.policy.Version(), EventTS: at, DecidedAt: wall,
	}
	dec.DecisionID = decisionID(&dec, st.decision)
	st.action, st.decision, st.decidedAt = action, dec.DecisionID, at
	d.graph.Keep(a, action == wire.ActionSuspend)
	if action == wire.ActionSuspend && c != graph.NoCluster {
		d.clusterState(c).suspended++
	}
	d.out.Decisions = append(d.out.Decisions, dec)
}

// decisionID hashes what the decision is about and the decision it follows, so that
// making it again gives the same id.
func decisionID(dec *wire.Decision, previous string) string {
	h := sha256.New()
	for _, s := range []string{dec.AccountID, dec.APIKeyID, dec.Action, dec.PreviousAction, dec.PolicyVersion, previous} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	var ts [8]byte
	binary.BigEndian.PutUint64(ts[:], uint64(dec.EventTS))
	h.Write(ts[:])
	return "d-" + hex.EncodeToString(h.Sum(nil)[:16])
}

func (d *Detector) reasons(a graph.Account, c graph.Cluster, fit *graph.Affinity) []wire.Reason {
	rs := append(score.SharedReasons(fit), d.accounts[a].own.Reasons...)
	if c != graph.NoCluster {
		size := len(d.graph.Members(c))
		rs = append(rs, wire.Reason{Code: "cluster_size", Family: "cluster", Value: float64(size), Baseline: 4,
			Contribution: round(score.SizeOdds(size))})
		conduct := d.graph.Conduct(c)
		rs = append(rs, score.ConductReasons(conduct)...)
		rs = score.PaceReason(rs, conduct, d.graph.Rate(a), d.accounts[a].pace)
	}
	score.SortReasons(rs)
	return rs
}

func evidence(things []graph.SharedThing) []wire.Evidence {
	ev := make([]wire.Evidence, 0, len(things))
	for _, t := range things {
		ev = append(ev, wire.Evidence{Kind: t.Kind.String(), Token: link.FormatToken(t.Kind, t.Token), Accounts: t.Inside})
	}
	return ev
}

// A cluster that content alone brought together is a hypothesis, and most are honest. An account
// is said to be a member once its own score and its cluster's reach listFrom, until both are
// below unlistAt or it has left.
const (
	listFrom = 0.5
	unlistAt = 0.2
)

// list records who is said to be a member of which cluster.
func (d *Detector) list(a graph.Account, c graph.Cluster, in *policy.Input, at int64) {
	st := &d.accounts[a]
	if was := st.listed; was != graph.NoCluster && (was != c || in.AccountScore < unlistAt && in.ClusterScore < unlistAt) {
		st.listed = graph.NoCluster
		d.clusterState(was).listed--
		d.out.Members = append(d.out.Members, wire.Member{ClusterID: d.graph.ClusterID(was), AccountID: d.graph.ID(a), JoinedAt: st.listedAt, LeftAt: max(at, st.listedAt)})
	}
	if c == graph.NoCluster || st.listed == c || in.AccountScore < listFrom || in.ClusterScore < listFrom {
		return
	}
	st.listed, st.listedAt = c, at
	d.clusterState(c).listed++
	d.out.Members = append(d.out.Members, wire.Member{ClusterID: d.graph.ClusterID(c), AccountID: d.graph.ID(a), JoinedAt: at})
}

// tellAccount records a score that moved by a twentieth or changed cluster.
func (d *Detector) tellAccount(a graph.Account, c graph.Cluster, s float64, fit *graph.Affinity, at int64) {
	st := &d.accounts[a]
	if math.Abs(s-st.told) < 0.05 && c == st.toldGroup {
		return
	}
	st.told, st.toldGroup = s, c
	rs := d.reasons(a, c, fit)
	rec := wire.AccountScore{TS: at, AccountID: d.graph.ID(a), ClusterID: d.graph.ClusterID(c), Score: round(s)}
	for _, r := range rs {
		rec.ReasonCodes = append(rec.ReasonCodes, r.Code)
		rec.Contributions = append(rec.Contributions, r.Contribution)
	}
	d.out.Accounts = append(d.out.Accounts, rec)
}

// tellCluster records a cluster whose score moved by a fiftieth, whose size moved by
// an eighth, or that was last told of a day ago.
func (d *Detector) tellCluster(c graph.Cluster, s float64, at int64) {
	st := d.clusterState(c)
	size := st.listed
	if size == 0 && st.toldSize == 0 {
		return // nobody has been told of it
	}
	moved := math.Abs(s-st.told) >= 0.02 || (size == 0) != (st.toldSize == 0) ||
		size > st.toldSize*9/8 || size < st.toldSize*7/8
	if !moved && at-st.toldAt < link.PaneMS {
		return
	}
	st.told, st.toldSize, st.toldAt = s, size, at
	rec := wire.ClusterScore{TS: at, ClusterID: d.graph.ClusterID(c), Size: size, Score: round(s)}
	rec.FirstSeen, rec.LastSeen = d.graph.Span(c)
	for f, v := range d.graph.Families(c) {
		if math.Abs(v) >= 0.05 {
			rec.ReasonCodes = append(rec.ReasonCodes, familyCode(link.Family(f)))
			rec.Contributions = append(rec.Contributions, round(v))
		}
	}
	rec.ReasonCodes = append(rec.ReasonCodes, "cluster_size")
	rec.Contributions = append(rec.Contributions, round(score.SizeOdds(size)))
	for _, m := range d.graph.Members(c) {
		ms := d.state(m)
		if ms.listed != c {
			continue
		}
		if rec.Evidence == nil {
			rec.Evidence = evidence(d.graph.Shared(m))
		}
		rec.Exchanges += ms.exchanges
		rec.InputTokens += ms.in
		rec.OutputTokens += ms.out
	}
	d.out.Clusters = append(d.out.Clusters, rec)
}

func familyCode(f link.Family) string {
	if f == link.FamilyNone {
		return "trust"
	}
	return f.String()
}

// RestoreDecision makes an account stand where its last decision left it. Decisions
// must come in the order in which they were made.
func (d *Detector) RestoreDecision(dec *wire.Decision) {
	a := d.graph.Intern(dec.AccountID, -1)
	st := d.state(a)
	if dec.APIKeyID != "" {
		st.revoked = slices.DeleteFunc(st.revoked, func(id string) bool { return id == dec.APIKeyID })
		if dec.Action == wire.ActionRevokeKey {
			st.revoked = append(st.revoked, dec.APIKeyID)
			d.graph.Apart(a, dec.EventTS)
		}
		return
	}
	st.action, st.decision, st.decidedAt = dec.Action, dec.DecisionID, max(st.decidedAt, dec.EventTS)
	if dec.Action == wire.ActionSuspend {
		d.graph.KeepSince(a, dec.EventTS)
	} else {
		d.graph.Keep(a, false)
	}
}

// RestoreMember puts an account back into the cluster that an earlier life put it in.
func (d *Detector) RestoreMember(m *wire.Member) {
	if m.LeftAt != 0 {
		return
	}
	a := d.graph.Restore(m.ClusterID, m.AccountID, -1, m.JoinedAt)
	if d.state(a).action == wire.ActionSuspend {
		d.clusterState(d.graph.ClusterOf(a)).suspended++
	}
	if st, c := d.state(a), d.graph.ClusterOf(a); st.listed == graph.NoCluster {
		st.listed, st.listedAt = c, m.JoinedAt
		d.clusterState(c).listed++
	}
}

// Restored says that the history has been read: whoever is in a cluster is looked at anew,
// also who is suspended, for a cluster's score is the mean of what its members add.
func (d *Detector) Restored() {
	d.restored = true
	for i := range d.accounts {
		a := graph.Account(i) //nolint:gosec // indexes are 32-bit
		if d.graph.ClusterOf(a) != graph.NoCluster && d.graph.Live(a) {
			d.markDirty(a, d.graph.LastSeen(a))
		}
	}
}

// labelOdds is what a label that is fed to the detector says of its account.
const labelOdds = 3

// Label tells the detector what an account was found to be: fraud speaks against it,
// legit for it, and its cluster's mean follows.
func (d *Detector) Label(l *event.Label) {
	a := d.graph.Intern(l.AccountID, -1)
	st := d.state(a)
	switch l.Label {
	case event.LabelFraud:
		st.label = labelOdds
	case event.LabelLegit:
		st.label = -2 * labelOdds
	default:
		return
	}
	if d.graph.Live(a) {
		d.markDirty(a, l.TS)
	}
}

// Population returns how many accounts have a live link.
func (d *Detector) Population() int { return d.graph.Population() }

// Links returns how many live links the graph holds.
func (d *Detector) Links() int { return d.graph.Links() }

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
