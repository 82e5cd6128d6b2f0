package decision

import (
	"cmp"
	"errors"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// errLoading says that the state is not complete and no answer is configured.
var errLoading = errors.New("the state is loading")

// Answer is what a gateway is told about a request.
type Answer struct {
	Action        string        `json:"action" enum:"allow,observe,verify,throttle,suspend,revoke_key" doc:"What to do with the request."`
	Reasons       []wire.Reason `json:"reasons" nullable:"false" doc:"Why; empty where nothing was decided."`
	PolicyVersion string        `json:"policy_version" doc:"The policy that decided; empty where nothing was decided."`
	AsOf          AsOf          `json:"as_of" doc:"How fresh this is."`
}

// Decide says what to do with a request of an account with a key (may be empty). An
// account that nothing was decided about is allowed. While decisions are loading it answers
// as configured, or with errLoading.
func (v *View) Decide(accountID, key string, loading LoadingConfig) (Answer, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	action, by := v.accounts[accountID].decide(key)
	answer := Answer{Action: cmp.Or(action, wire.ActionAllow), Reasons: []wire.Reason{}, AsOf: v.progress.asOf}
	if by != nil {
		answer.Reasons, answer.PolicyVersion = orEmpty(by.Reasons), by.PolicyVersion
	}
	if v.progress.loaded[wire.TopicDecisions] {
		return answer, nil
	}
	return answer.whileLoading(loading.answer(action))
}

// whileLoading replaces an answer by the configured one; the reasons of another action
// would be wrong for it.
func (a Answer) whileLoading(configured string) (Answer, error) {
	switch configured {
	case AnswerKnown:
		return a, nil
	case AnswerAllow:
		a.Action = wire.ActionAllow
	case AnswerDeny:
		a.Action = wire.ActionSuspend
	default:
		return Answer{}, errLoading
	}
	a.Reasons, a.PolicyVersion = []wire.Reason{}, ""
	return a, nil
}

// Account is what is known of an account.
type Account struct {
	AccountID      string          `json:"account_id"`
	Known          bool            `json:"known" doc:"False: nothing was ever decided about it."`
	Action         string          `json:"action" enum:"allow,observe,verify,throttle,suspend" doc:"In force now."`
	PreviousAction string          `json:"previous_action" doc:"In force before; empty where nothing was decided."`
	DecisionID     string          `json:"decision_id" doc:"The decision that put the action in force; empty where there is none."`
	ClusterID      string          `json:"cluster_id" doc:"The cluster it is a member of now; empty for none."`
	ClusterSize    int             `json:"cluster_size" doc:"Members of that cluster now."`
	Score          float64         `json:"score" doc:"0..1, when it was decided."`
	AccountScore   float64         `json:"account_score" doc:"0..1, when it was decided."`
	ClusterScore   float64         `json:"cluster_score" doc:"0..1: of its cluster now, else when it was decided."`
	Reasons        []wire.Reason   `json:"reasons" nullable:"false"`
	Evidence       []wire.Evidence `json:"evidence" nullable:"false"`
	RevokedAPIKeys []string        `json:"revoked_api_keys" nullable:"false" doc:"Keys that are revoked; the action concerns the others."`
	PolicyVersion  string          `json:"policy_version"`
	EventTS        int64           `json:"event_ts" doc:"Event time of the evidence that tipped it, Unix ms; 0 where nothing was decided."`
	DecidedAt      int64           `json:"decided_at" doc:"Unix ms; 0 where nothing was decided."`
	Freshness      AsOf            `json:"freshness"`
}

// Account describes an account. One that is not known is allowed; while the state is loading
// nobody can say so yet, and the error is errLoading.
func (v *View) Account(id string) (Account, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	a, ok := v.accounts[id]
	if !ok && v.progress.asOf.Loading {
		return Account{}, errLoading
	}
	if !ok {
		a = &account{}
	}
	out := Account{
		AccountID: id, Known: a.action != "" || len(a.revoked) > 0, Action: cmp.Or(a.action, wire.ActionAllow),
		Reasons: []wire.Reason{}, Evidence: []wire.Evidence{}, RevokedAPIKeys: a.revokedKeys(), Freshness: v.progress.asOf,
	}
	if d := a.last; d != nil {
		out.PreviousAction, out.DecisionID, out.PolicyVersion = d.PreviousAction, d.DecisionID, d.PolicyVersion
		out.Score, out.AccountScore, out.ClusterScore = d.Score, d.AccountScore, d.ClusterScore
		out.Reasons, out.Evidence = orEmpty(d.Reasons), orEmpty(d.Evidence)
		out.EventTS, out.DecidedAt = d.EventTS, d.DecidedAt
	}
	if c, ok := v.clusters[a.cluster]; ok {
		out.ClusterID, out.ClusterSize = a.cluster, len(c.members)
		if c.score != nil {
			out.ClusterScore = c.score.Score
		}
	}
	return out, nil
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Cluster is one live cluster.
type Cluster struct {
	ClusterID    string          `json:"cluster_id"`
	Size         int             `json:"size" doc:"Members now."`
	Score        float64         `json:"score" doc:"0..1; 0 until scored."`
	Reasons      []ClusterReason `json:"reasons" nullable:"false" doc:"What the score is made of."`
	Evidence     []wire.Evidence `json:"evidence" nullable:"false" doc:"What its members share."`
	Exchanges    uint64          `json:"exchanges" doc:"Requests of its members."`
	InputTokens  uint64          `json:"input_tokens"`
	OutputTokens uint64          `json:"output_tokens"`
	FirstSeen    int64           `json:"first_seen" doc:"Unix ms."`
	LastSeen     int64           `json:"last_seen" doc:"Unix ms."`
	ScoredAt     int64           `json:"scored_at" doc:"Event time of the score, Unix ms; 0 until scored."`
}

// ClusterReason is one contribution to a cluster's score, in log-odds.
type ClusterReason struct {
	Code         string  `json:"code"`
	Contribution float64 `json:"contribution"`
}

func (c *cluster) describe(id string) Cluster {
	out := Cluster{ClusterID: id, Size: len(c.members), Reasons: []ClusterReason{}, Evidence: []wire.Evidence{}}
	s := c.score
	if s == nil {
		return out
	}
	out.Score, out.Evidence, out.ScoredAt = s.Score, orEmpty(s.Evidence), s.TS
	out.Exchanges, out.InputTokens, out.OutputTokens = s.Exchanges, s.InputTokens, s.OutputTokens
	out.FirstSeen, out.LastSeen = s.FirstSeen, s.LastSeen
	for i, code := range s.ReasonCodes {
		r := ClusterReason{Code: code}
		if i < len(s.Contributions) {
			r.Contribution = s.Contributions[i]
		}
		out.Reasons = append(out.Reasons, r)
	}
	return out
}

// Member is an account of a cluster, with the action in force on it.
type Member struct {
	AccountID string `json:"account_id"`
	JoinedAt  int64  `json:"joined_at" doc:"Event time, Unix ms."`
	Action    string `json:"action" enum:"allow,observe,verify,throttle,suspend"`
}

// Members lists a cluster's members by account id, from the one after `after`; ok is false where
// there is no such cluster.
func (v *View) Members(id, after string, limit int) (c Cluster, members []Member, ok bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	held, ok := v.clusters[id]
	if !ok || len(held.members) == 0 {
		return Cluster{}, nil, false
	}
	members = []Member{}
	for _, m := range held.members {
		if m.AccountID > after {
			members = append(members, Member{AccountID: m.AccountID, JoinedAt: m.JoinedAt, Action: v.actionOf(m.AccountID)})
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.AccountID, b.AccountID) })
	return held.describe(id), members[:min(limit, len(members))], true
}

func (v *View) actionOf(id string) string {
	if a, ok := v.accounts[id]; ok && a.action != "" {
		return a.action
	}
	return wire.ActionAllow
}
