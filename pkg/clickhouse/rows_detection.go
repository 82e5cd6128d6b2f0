package clickhouse

import "github.com/iolaus-io/iolaus/pkg/wire"

// Column types, as sent.
const (
	typeText   = "String"
	typeTime   = "DateTime64(3, 'UTC')" // from Unix ms
	typeFloat  = "Float64"
	typeUint64 = "UInt64"
	typeInt64  = "Int64"
	typeUint32 = "UInt32"
	typeInt32  = "Int32"
	typeTexts  = "Array(String)"
	typeFloats = "Array(Float64)"

	typeReasons  = "Array(Tuple(code String, family String, value Float64, baseline Float64, contribution Float64))"
	typeEvidence = "Array(Tuple(kind String, token String, accounts UInt32))"
)

// reason and evidence are the elements of Array(Tuple(…)) columns.
type reason struct {
	Code         string  `ch:"code"`
	Family       string  `ch:"family"`
	Value        float64 `ch:"value"`
	Baseline     float64 `ch:"baseline"`
	Contribution float64 `ch:"contribution"`
}

type evidence struct {
	Kind     string `ch:"kind"`
	Token    string `ch:"token"`
	Accounts uint32 `ch:"accounts"`
}

func reasons(in []wire.Reason) []reason {
	out := make([]reason, len(in))
	for i, r := range in {
		out[i] = reason(r)
	}
	return out
}

func evidences(in []wire.Evidence) []evidence {
	out := make([]evidence, len(in))
	for i, e := range in {
		out[i] = evidence{e.Kind, e.Token, count32(e.Accounts)}
	}
	return out
}

// count32 fits a count of accounts into its column.
func count32(n int) uint32 { return uint32(min(max(n, 0), 1<<32-1)) } //nolint:gosec // clamped

// texts and floats turn nil into empty: an Array column holds no NULL.
func texts(v []string) []string {
	if v == nil {
		return []string{}
	}
	return v
}

func floats(v []float64) []float64 {
	if v == nil {
		return []float64{}
	}
	return v
}

// DecisionRows are rows of iolaus.decisions.
type DecisionRows struct {
	runID, id, account, key, cluster, action, previous, mode, policy []string
	ts, decidedAt, offset                                            []int64
	score, accountScore, clusterScore                                []float64
	reasons                                                          [][]reason
	evidence                                                         [][]evidence
}

// Append adds a decision, which stands at offset in its topic.
func (r *DecisionRows) Append(runID string, d *wire.Decision, offset int64) {
	r.runID = append(r.runID, runID)
	r.id = append(r.id, d.DecisionID)
	r.account = append(r.account, d.AccountID)
	r.key = append(r.key, d.APIKeyID)
	r.cluster = append(r.cluster, d.ClusterID)
	r.action = append(r.action, d.Action)
	r.previous = append(r.previous, d.PreviousAction)
	r.mode = append(r.mode, d.Mode)
	r.policy = append(r.policy, d.PolicyVersion)
	r.ts = append(r.ts, d.EventTS)
	r.decidedAt = append(r.decidedAt, d.DecidedAt)
	r.offset = append(r.offset, offset)
	r.score = append(r.score, d.Score)
	r.accountScore = append(r.accountScore, d.AccountScore)
	r.clusterScore = append(r.clusterScore, d.ClusterScore)
	r.reasons = append(r.reasons, reasons(d.Reasons))
	r.evidence = append(r.evidence, evidences(d.Evidence))
}

// Table names the table.
func (r *DecisionRows) Table() string { return "iolaus.decisions_log" }

// Len counts the rows.
func (r *DecisionRows) Len() int { return len(r.id) }

// Reset empties the batch.
func (r *DecisionRows) Reset() { *r = DecisionRows{} }

func (r *DecisionRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"decision_id", typeText, r.id},
		{"account_id", typeText, r.account}, {"api_key_id", typeText, r.key}, {"cluster_id", typeText, r.cluster},
		{"action", typeText, r.action}, {"previous_action", typeText, r.previous}, {"mode", typeText, r.mode},
		{"score", typeFloat, r.score}, {"account_score", typeFloat, r.accountScore}, {"cluster_score", typeFloat, r.clusterScore},
		{"reasons", typeReasons, r.reasons}, {"evidence", typeEvidence, r.evidence},
		{"policy_version", typeText, r.policy}, {"decided_at", typeTime, r.decidedAt}, {"kafka_offset", typeInt64, r.offset},
	}
}

// ClusterScoreRows are rows of iolaus.cluster_scores.
type ClusterScoreRows struct {
	runID, cluster                       []string
	ts, firstSeen, lastSeen, offset      []int64
	size                                 []uint32
	score                                []float64
	codes                                [][]string
	contributions                        [][]float64
	evidence                             [][]evidence
	exchanges, inputTokens, outputTokens []uint64
}

// Append adds a score, which stands at offset in its topic.
func (r *ClusterScoreRows) Append(runID string, s *wire.ClusterScore, offset int64) {
	r.runID = append(r.runID, runID)
	r.cluster = append(r.cluster, s.ClusterID)
	r.ts = append(r.ts, s.TS)
	r.firstSeen = append(r.firstSeen, s.FirstSeen)
	r.lastSeen = append(r.lastSeen, s.LastSeen)
	r.offset = append(r.offset, offset)
	r.size = append(r.size, count32(s.Size))
	r.score = append(r.score, s.Score)
	r.codes = append(r.codes, texts(s.ReasonCodes))
	r.contributions = append(r.contributions, floats(s.Contributions))
	r.evidence = append(r.evidence, evidences(s.Evidence))
	r.exchanges = append(r.exchanges, s.Exchanges)
	r.inputTokens = append(r.inputTokens, s.InputTokens)
	r.outputTokens = append(r.outputTokens, s.OutputTokens)
}

// Table names the table.
func (r *ClusterScoreRows) Table() string { return "iolaus.cluster_scores_log" }

// Len counts the rows.
func (r *ClusterScoreRows) Len() int { return len(r.cluster) }

// Reset empties the batch.
func (r *ClusterScoreRows) Reset() { *r = ClusterScoreRows{} }

func (r *ClusterScoreRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"cluster_id", typeText, r.cluster},
		{"size", typeUint32, r.size}, {"score", typeFloat, r.score},
		{"reason_codes", typeTexts, r.codes}, {"contributions", typeFloats, r.contributions}, {"evidence", typeEvidence, r.evidence},
		{"exchanges", typeUint64, r.exchanges}, {"input_tokens", typeUint64, r.inputTokens}, {"output_tokens", typeUint64, r.outputTokens},
		{"first_seen", typeTime, r.firstSeen}, {"last_seen", typeTime, r.lastSeen}, {"kafka_offset", typeInt64, r.offset},
	}
}

// MemberRows are rows of iolaus.cluster_members.
type MemberRows struct {
	runID, cluster, account  []string
	joinedAt, leftAt, offset []int64
}

// Append adds a membership, which stands at offset in its topic.
func (r *MemberRows) Append(runID string, m *wire.Member, offset int64) {
	r.runID = append(r.runID, runID)
	r.cluster = append(r.cluster, m.ClusterID)
	r.account = append(r.account, m.AccountID)
	r.joinedAt = append(r.joinedAt, m.JoinedAt)
	r.leftAt = append(r.leftAt, m.LeftAt)
	r.offset = append(r.offset, offset)
}

// Table names the table.
func (r *MemberRows) Table() string { return "iolaus.cluster_members_log" }

// Len counts the rows.
func (r *MemberRows) Len() int { return len(r.cluster) }

// Reset empties the batch.
func (r *MemberRows) Reset() { *r = MemberRows{} }

func (r *MemberRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"cluster_id", typeText, r.cluster}, {"account_id", typeText, r.account},
		{"joined_at", typeTime, r.joinedAt}, {"left_at", typeTime, r.leftAt}, {"kafka_offset", typeInt64, r.offset},
	}
}

// AccountScoreRows are rows of iolaus.account_scores.
type AccountScoreRows struct {
	runID, account, cluster []string
	ts, offset              []int64
	score                   []float64
	codes                   [][]string
	contributions           [][]float64
}

// Append adds a score, which stands at offset in its topic.
func (r *AccountScoreRows) Append(runID string, s *wire.AccountScore, offset int64) {
	r.runID = append(r.runID, runID)
	r.account = append(r.account, s.AccountID)
	r.cluster = append(r.cluster, s.ClusterID)
	r.ts = append(r.ts, s.TS)
	r.offset = append(r.offset, offset)
	r.score = append(r.score, s.Score)
	r.codes = append(r.codes, texts(s.ReasonCodes))
	r.contributions = append(r.contributions, floats(s.Contributions))
}

// Table names the table.
func (r *AccountScoreRows) Table() string { return "iolaus.account_scores_log" }

// Len counts the rows.
func (r *AccountScoreRows) Len() int { return len(r.account) }

// Reset empties the batch.
func (r *AccountScoreRows) Reset() { *r = AccountScoreRows{} }

func (r *AccountScoreRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"account_id", typeText, r.account}, {"cluster_id", typeText, r.cluster},
		{"score", typeFloat, r.score}, {"reason_codes", typeTexts, r.codes}, {"contributions", typeFloats, r.contributions},
		{"kafka_offset", typeInt64, r.offset},
	}
}
