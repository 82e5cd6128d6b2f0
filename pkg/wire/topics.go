// Package wire names the topics and encodes what Iolaus's services send each other
// and the outside. The JSON types are the contract's output topics.
package wire

// Input topics: co-partitioned, keyed by account_id.
const (
	TopicSignups  = "signups"
	TopicRequests = "requests"
	TopicPayments = "payments"
	TopicLabels   = "labels"
)

// Output topics.
const (
	TopicDecisions     = "decisions"
	TopicClusterScores = "cluster-scores"
	SuffixDLQ          = ".dlq"
	SuffixLate         = ".late"
)

// Internal topics.
const (
	TopicLinks         = "iolaus-links"          // link facts and progress, compacted
	TopicActivity      = "iolaus-activity"       // one-minute rollups
	TopicMembers       = "iolaus-members"        // cluster membership, compacted, key cluster|account
	TopicAccountScores = "iolaus-account-scores" // key account
	TopicControl       = "iolaus-control"        // operator commands; its only partition is the cluster owner's lease
)
