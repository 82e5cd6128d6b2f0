// Package deadletter reads the dead-letter topics back and, when a person asks for it,
// feeds rejected records to the topics they came from.
package deadletter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Letter is a rejected record as it lies in a dead-letter topic.
type Letter struct {
	Topic     string // it came from
	Partition int32  // of Topic
	Offset    int64  // in Topic
	Reason    string
	Field     string
	Detail    string
	Time      time.Time // the rejected record's own
	Key       []byte
	Value     []byte // sealed where Sealed
	Sealed    bool
	Replays   int                // how often it has been fed back before it was rejected this time
	Headers   []kgo.RecordHeader // the rejected record's own

	// Where it lies now.
	DLQPartition int32
	DLQOffset    int64
}

// Opener opens sealed values: pkg/seal is one.
type Opener interface {
	Open(topic string, partition int32, offset int64, sealed []byte) ([]byte, error)
}

// ErrSealed says that a value is sealed and that there is no key to open it.
var ErrSealed = errors.New("the value is sealed, and dlq.seal_key is not set")

// Plain returns the rejected record's value. open may be nil.
func (l *Letter) Plain(open Opener) ([]byte, error) {
	if !l.Sealed {
		return l.Value, nil
	}
	if open == nil {
		return nil, ErrSealed
	}
	return open.Open(l.Topic, l.Partition, l.Offset, l.Value)
}

// Parse reads a record of a dead-letter topic. Iolaus's headers stand first and once
// each; what follows is the rejected record's own, whatever its name.
func Parse(r *kgo.Record) (Letter, error) {
	l := Letter{Time: r.Timestamp, Key: r.Key, Value: r.Value, DLQPartition: r.Partition, DLQOffset: r.Offset}
	own := map[string]string{}
	for i, h := range r.Headers {
		if _, twice := own[h.Key]; twice || !isOwn(h.Key) {
			l.Headers = r.Headers[i:]
			break
		}
		own[h.Key] = string(h.Value)
	}
	l.Reason, l.Field, l.Detail = own[wire.HeaderReason], own[wire.HeaderField], own[wire.HeaderDetail]
	l.Topic, l.Sealed = own[wire.HeaderTopic], own[wire.HeaderSealed] == "1"
	if l.Topic+wire.SuffixDLQ != r.Topic {
		return l, fmt.Errorf("%s/%d at %d: header %s does not name the topic", r.Topic, r.Partition, r.Offset, wire.HeaderTopic)
	}
	partition, err := strconv.ParseInt(own[wire.HeaderPartition], 10, 32)
	if err != nil {
		return l, fmt.Errorf("%s/%d at %d: header %s: %w", r.Topic, r.Partition, r.Offset, wire.HeaderPartition, err)
	}
	l.Partition = int32(partition)
	if l.Offset, err = strconv.ParseInt(own[wire.HeaderOffset], 10, 64); err != nil {
		return l, fmt.Errorf("%s/%d at %d: header %s: %w", r.Topic, r.Partition, r.Offset, wire.HeaderOffset, err)
	}
	l.Replays = replays(l.Headers)
	return l, nil
}

func isOwn(key string) bool {
	switch key {
	case wire.HeaderReason, wire.HeaderField, wire.HeaderDetail, wire.HeaderTopic, wire.HeaderPartition, wire.HeaderOffset, wire.HeaderSealed:
		return true
	default:
		return false
	}
}

// replays reads how often a record was fed back; what is no count counts as often.
func replays(headers []kgo.RecordHeader) int {
	n := 0
	for _, h := range headers {
		if h.Key != wire.HeaderReplays {
			continue
		}
		v, err := strconv.ParseUint(string(h.Value), 10, 31)
		if err != nil {
			return 1<<31 - 1
		}
		n = max(n, int(v)) //nolint:gosec // 31 bits
	}
	return n
}

// Filter chooses letters. An empty part chooses all.
type Filter struct {
	Topics  []string // input topics
	Reasons []string
	From    time.Time // of the rejected record, inclusive
	To      time.Time // exclusive
}

// Match reports whether a letter is chosen.
func (f Filter) Match(l *Letter) bool {
	switch {
	case len(f.Topics) > 0 && !slices.Contains(f.Topics, l.Topic):
		return false
	case len(f.Reasons) > 0 && !slices.Contains(f.Reasons, l.Reason):
		return false
	case !f.From.IsZero() && l.Time.Before(f.From):
		return false
	default:
		return f.To.IsZero() || l.Time.Before(f.To)
	}
}

// Inputs are the topics that have dead letters.
func Inputs() []string {
	return []string{wire.TopicSignups, wire.TopicRequests, wire.TopicPayments, wire.TopicLabels}
}

// dlqTopics are the dead-letter topics that a filter needs to read.
func (f Filter) dlqTopics() []string {
	var topics []string
	for _, in := range Inputs() {
		if len(f.Topics) == 0 || slices.Contains(f.Topics, in) {
			topics = append(topics, in+wire.SuffixDLQ)
		}
	}
	return topics
}

// Validate refuses topics that have no dead letters.
func (f Filter) Validate() error {
	for _, t := range f.Topics {
		if !slices.Contains(Inputs(), t) {
			return fmt.Errorf("%q is none of %s", t, strings.Join(Inputs(), ", "))
		}
	}
	return nil
}
