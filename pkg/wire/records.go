package wire

// Reason is one contribution to a score, in log-odds, with what is usual.
type Reason struct {
	Code         string  `json:"code"`
	Family       string  `json:"family"`
	Value        float64 `json:"value"`
	Baseline     float64 `json:"baseline"`
	Contribution float64 `json:"contribution"`
}

// Evidence is a shared thing that ties a cluster together.
type Evidence struct {
	Kind     string `json:"kind"`
	Token    string `json:"token"`
	Accounts int    `json:"accounts"`
}

// Actions, in the order of severity. RevokeKey and Reinstate stand beside the ladder.
const (
	ActionAllow     = "allow"
	ActionObserve   = "observe"
	ActionVerify    = "verify"
	ActionThrottle  = "throttle"
	ActionSuspend   = "suspend"
	ActionRevokeKey = "revoke_key"
	ActionReinstate = "reinstate"
)

// Modes of a decision.
const (
	ModeEnforce = "enforce"
	ModeShadow  = "shadow"
)

// Decision is a record of topic "decisions" (key account_id): one for each change of
// action of an account. Times are Unix ms; scores are 0..1.
type Decision struct {
	DecisionID     string     `json:"decision_id"`
	AccountID      string     `json:"account_id"`
	APIKeyID       string     `json:"api_key_id,omitempty"` // only for revoke_key
	ClusterID      string     `json:"cluster_id"`
	Action         string     `json:"action"`
	PreviousAction string     `json:"previous_action"`
	Mode           string     `json:"mode"`
	Score          float64    `json:"score"`
	AccountScore   float64    `json:"account_score"`
	ClusterScore   float64    `json:"cluster_score"`
	Reasons        []Reason   `json:"reasons"`
	Evidence       []Evidence `json:"evidence"`
	PolicyVersion  string     `json:"policy_version"`
	EventTS        int64      `json:"event_ts"`
	DecidedAt      int64      `json:"decided_at"` // wall clock live; event_ts in a replay
}

// ClusterScore is a record of topic "cluster-scores" (key cluster_id).
type ClusterScore struct {
	TS            int64      `json:"ts"`
	ClusterID     string     `json:"cluster_id"`
	Size          int        `json:"size"`
	Score         float64    `json:"score"`
	ReasonCodes   []string   `json:"reason_codes"`
	Contributions []float64  `json:"contributions"`
	Evidence      []Evidence `json:"evidence"`
	Exchanges     uint64     `json:"exchanges"`
	InputTokens   uint64     `json:"input_tokens"`
	OutputTokens  uint64     `json:"output_tokens"`
	FirstSeen     int64      `json:"first_seen"`
	LastSeen      int64      `json:"last_seen"`
}

// Member is a record of topic "iolaus-members" (key cluster_id|account_id) and a
// line of clusters.jsonl. LeftAt is 0 while the account is in the cluster.
type Member struct {
	ClusterID string `json:"cluster_id"`
	AccountID string `json:"account_id"`
	JoinedAt  int64  `json:"joined_at"`
	LeftAt    int64  `json:"left_at"`
}

// AccountScore is a record of topic "iolaus-account-scores" (key account_id).
type AccountScore struct {
	TS            int64     `json:"ts"`
	AccountID     string    `json:"account_id"`
	ClusterID     string    `json:"cluster_id"`
	Score         float64   `json:"score"`
	ReasonCodes   []string  `json:"reason_codes"`
	Contributions []float64 `json:"contributions"`
}
