package stage

import (
	"time"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// How long the topics of the first stage keep their records.
const (
	linksRetention    = 16 * 24 * time.Hour // the fortnight that a link lives, and slack
	activityRetention = 3 * 24 * time.Hour  // ClickHouse has it by then
	refusedRetention  = 30 * 24 * time.Hour
)

// Topics are what the first stage reads and writes, as they are created where they do
// not exist: the three inputs with their dead-letter and late topics, and the outputs.
func Topics() []kafka.Topic {
	topics := []kafka.Topic{
		{Name: wire.TopicLinks, Compact: true, Retention: linksRetention},
		{Name: wire.TopicActivity, Retention: activityRetention},
	}
	for _, in := range Inputs() {
		topics = append(topics,
			kafka.Topic{Name: in, Forever: true}, // how long is for whoever owns the inputs to say
			kafka.Topic{Name: in + wire.SuffixDLQ, Retention: refusedRetention, MaxBytes: kafka.WholeBytes},
			kafka.Topic{Name: in + wire.SuffixLate, Retention: refusedRetention, MaxBytes: kafka.WholeBytes},
		)
	}
	return topics
}

// Inputs are the topics that must be partitioned alike.
func Inputs() []string { return []string{wire.TopicSignups, wire.TopicRequests, wire.TopicPayments} }
