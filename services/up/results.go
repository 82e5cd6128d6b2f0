package up

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/report"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// results writes what the live path said, in the form of a replay: what the topics hold,
// told between the scenario's own events by event time.
type results struct {
	cfg       *Config
	opts      []kgo.Opt
	decisions []told
	reached   map[int32]int64 // latest event time in a partition of the decisions
	scores    []wire.ClusterScore
	members   []wire.Member
	refused   map[string]int
	late      int
}

// told is a decision with its place in event time: not before the one that it follows. A
// new day is judged as of its first moment, when events of it have been judged already.
type told struct {
	wire.Decision
	at int64
}

func writeResults(ctx context.Context, cfg *Config, opts []kgo.Opt, policyVersion string) error {
	r := &results{cfg: cfg, opts: opts, refused: map[string]int{}, reached: map[int32]int64{}}
	if err := r.read(ctx); err != nil {
		return err
	}
	out, err := report.Create(cfg.Out)
	if err != nil {
		return err
	}
	tally := report.NewTally(cfg.RunID, policyVersion)
	if err := r.tell(ctx, tally, out); err != nil {
		out.Abort()
		return err
	}
	return out.Close(tally)
}

// read reads the output topics to their end.
func (r *results) read(ctx context.Context) error {
	topics := []string{wire.TopicDecisions, wire.TopicClusterScores, wire.TopicMembers}
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		topics = append(topics, s.String()+wire.SuffixDLQ)
		if s != event.StreamLabel {
			topics = append(topics, s.String()+wire.SuffixLate)
		}
	}
	if err := readAll(ctx, r.opts, topics, r.record); err != nil {
		return err
	}
	slices.SortStableFunc(r.decisions, func(a, b told) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(r.scores, func(a, b wire.ClusterScore) int { return cmp.Compare(a.TS, b.TS) })
	slices.SortStableFunc(r.members, func(a, b wire.Member) int {
		return cmp.Compare(max(a.JoinedAt, a.LeftAt), max(b.JoinedAt, b.LeftAt))
	})
	return nil
}

func (r *results) record(rec *kgo.Record) error {
	var err error
	switch rec.Topic {
	case wire.TopicDecisions:
		var d told
		err = json.Unmarshal(rec.Value, &d.Decision)
		r.reached[rec.Partition] = max(r.reached[rec.Partition], d.EventTS)
		d.at = r.reached[rec.Partition]
		r.decisions = append(r.decisions, d)
	case wire.TopicClusterScores:
		err = appendJSON(&r.scores, rec)
	case wire.TopicMembers:
		err = appendJSON(&r.members, rec)
	default:
		reason := ""
		for _, h := range rec.Headers {
			if h.Key == wire.HeaderReason {
				reason = string(h.Value)
			}
		}
		if len(rec.Topic) > len(wire.SuffixLate) && rec.Topic[len(rec.Topic)-len(wire.SuffixLate):] == wire.SuffixLate {
			r.late++
		} else {
			r.refused[reason]++
		}
	}
	if err != nil {
		return fmt.Errorf("%s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
	}
	return nil
}

func appendJSON[T any](list *[]T, rec *kgo.Record) error {
	var v T
	if err := json.Unmarshal(rec.Value, &v); err != nil {
		return err
	}
	*list = append(*list, v)
	return nil
}

// tell feeds the tally in order of event time: a decision after the events up to its own.
func (r *results) tell(ctx context.Context, t *report.Tally, out *report.Files) error {
	dec, err := decode.New(r.cfg.Decode)
	if err != nil {
		return err
	}
	var label event.Label
	next := 0
	until := func(ts int64) error {
		for ; next < len(r.decisions) && r.decisions[next].at < ts; next++ {
			t.Decision(&r.decisions[next].Decision)
			if err := out.Decision(&r.decisions[next].Decision); err != nil {
				return err
			}
		}
		return nil
	}
	err = r.cfg.Scenario.each(ctx, func(e playable) error {
		if err := until(e.ts); err != nil {
			return err
		}
		if e.stream == event.StreamLabel && dec.Label(decode.Record{Value: e.value}, &label) == nil {
			t.Label(&label)
		}
		t.Event(e.stream, &event.Meta{AccountID: string(e.key), TS: e.ts})
		return nil
	})
	if err != nil {
		return err
	}
	if err := until(1 << 62); err != nil {
		return err
	}
	for i := range r.scores {
		t.ClusterScore(&r.scores[i])
	}
	for i := range r.members {
		t.Member(&r.members[i])
	}
	for reason, n := range r.refused {
		for range n {
			t.Rejected(reason)
		}
	}
	for range r.late {
		t.Late()
	}
	return nil
}

// readAll reads topics from their start to where they end now, committed records only.
func readAll(ctx context.Context, opts []kgo.Opt, topics []string, each func(*kgo.Record) error) error {
	cl, err := kgo.NewClient(append(opts, kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())...)
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return fmt.Errorf("asking where the output topics end: %w", err)
	}
	left := 0
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left++
		}
	})
	for left > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("reading the output topics: %w", err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			end, _ := ends.Lookup(rec.Topic, rec.Partition)
			if rec.Offset == end.Offset-1 {
				left--
			}
			if rec.Offset < end.Offset && !rec.Attrs.IsControl() {
				if err := each(rec); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
