package cluster

import (
	"time"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// scoresRetention is how long scores stay on their topics; the sink has them in ClickHouse.
const scoresRetention = 7 * 24 * time.Hour

// wholeHistory is how long each change of action and of membership stays on its topic.
const wholeHistory = 30 * 24 * time.Hour

// Topics are what the service writes, and the topic of its lease, as they are created where
// they do not exist. Decisions are compacted and never deleted: they are what every account's
// standing is read from.
func Topics() []kafka.Topic {
	return []kafka.Topic{
		{Name: wire.TopicDecisions, Compact: true, Whole: wholeHistory},
		{Name: wire.TopicMembers, Compact: true, Whole: wholeHistory},
		{Name: wire.TopicClusterScores, Compact: true},
		{Name: wire.TopicAccountScores, Retention: scoresRetention},
		{Name: wire.TopicControl, Partitions: 1},
	}
}
