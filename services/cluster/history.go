package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// historyTopics are what the detector's state is made of: what was said, who is in which
// cluster, and who touched what. All three are read from their beginning.
func historyTopics() []string {
	return []string{wire.TopicDecisions, wire.TopicMembers, wire.TopicLinks}
}

// positions is the next offset to read, by topic and partition.
type positions map[string]map[int32]int64

func (p positions) set(topic string, partition int32, next int64) {
	if p[topic] == nil {
		p[topic] = map[int32]int64{}
	}
	p[topic][partition] = next
}

// reached reports whether every partition was read up to ends.
func (p positions) reached(ends kadm.ListedOffsets, topics ...string) bool {
	for _, t := range topics {
		for id, end := range ends[t] {
			if p[t][id] < end.Offset {
				return false
			}
		}
	}
	return true
}

// begin moves positions up to where the topics begin: what retention has taken away will not be
// read, and a partition that it has emptied has nothing to read at all.
func (p positions) begin(starts kadm.ListedOffsets) {
	starts.Each(func(o kadm.ListedOffset) {
		if p[o.Topic][o.Partition] < o.Offset {
			p.set(o.Topic, o.Partition, o.Offset)
		}
	})
}

// ends asks where the topics end for a reader of committed records.
func ends(ctx context.Context, adm *kadm.Client, topics ...string) (kadm.ListedOffsets, error) {
	listed, err := adm.ListCommittedOffsets(ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("asking where topics end: %w", err)
	}
	return listed, nil
}

// restore applies one record of the history. Facts are merged; what they would make
// the detector say is said at the first evaluation.
func (l *life) restore(r *kgo.Record) (*wire.Progress, *link.Fact) {
	var err error
	switch r.Topic {
	case wire.TopicDecisions:
		err = l.restoreDecision(r)
	default:
		var p *wire.Progress
		var f *link.Fact
		p, f, err = readLink(r)
		if err == nil {
			return p, f
		}
	}
	if err != nil && !errors.Is(err, errTombstone) {
		l.s.cfg.Log.Error("record of the history passed over", zap.String("topic", r.Topic), zap.Int32("partition", r.Partition),
			zap.Int64("offset", r.Offset), zap.Error(err))
	}
	return nil, nil
}

// errTombstone marks a record without a value, as compaction leaves them.
var errTombstone = errors.New("no value")

// readLink decodes a record of the links topic: a fact or a progress.
func readLink(r *kgo.Record) (*wire.Progress, *link.Fact, error) {
	if len(r.Value) == 0 {
		return nil, nil, errTombstone
	}
	if wire.IsProgress(r.Key) {
		p := &wire.Progress{}
		return p, nil, wire.DecodeProgress(r.Value, p)
	}
	f := &link.Fact{}
	return nil, f, wire.DecodeFact(r.Value, f)
}

// remember notes a membership.
func (l *life) remember(r *kgo.Record) {
	if len(r.Value) == 0 {
		return
	}
	var m wire.Member
	if err := json.Unmarshal(r.Value, &m); err != nil {
		l.s.cfg.Log.Error("membership passed over", zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset), zap.Error(err))
		return
	}
	l.past.member(&m)
	l.members.note(m)
}
