package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// publish writes all that was said since the last call in one transaction: readers of
// committed records see all of it or nothing. Another owner's start fences this producer,
// and then nothing of this transaction is ever seen.
func (l *life) publish(ctx context.Context) error {
	records, err := l.out.records, l.out.err
	l.out = batch{records: records[:0]}
	if err != nil || len(records) == 0 {
		return err
	}
	if err := l.cl.BeginTransaction(); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := l.cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		_ = l.cl.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort) // the state is rebuilt whatever this says
		return fmt.Errorf("writing decisions: %w", err)
	}
	if err := l.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("committing decisions: %w", err)
	}
	return nil
}

// say puts what an evaluation said into the batch that publish writes.
func (l *life) say(out *detect.Output) {
	b := &l.out
	for i := range out.Members {
		m := &out.Members[i]
		b.add(wire.TopicMembers, m.ClusterID+"|"+m.AccountID, m)
	}
	for i := range out.Clusters {
		b.add(wire.TopicClusterScores, out.Clusters[i].ClusterID, &out.Clusters[i])
	}
	for i := range out.Accounts {
		b.add(wire.TopicAccountScores, out.Accounts[i].AccountID, &out.Accounts[i])
	}
	for i := range out.Decisions {
		d := &out.Decisions[i]
		header, err := l.standing.next(d)
		if err != nil && b.err == nil {
			b.err = err
		}
		r := b.add(wire.TopicDecisions, d.AccountID, d)
		if header != nil {
			r.Headers = []kgo.RecordHeader{{Key: wire.HeaderStanding, Value: header}}
		}
	}
}

type batch struct {
	records []*kgo.Record
	err     error
}

func (b *batch) add(topic, key string, v any) *kgo.Record {
	value, err := json.Marshal(v)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("encoding a record of %s: %w", topic, err)
	}
	r := &kgo.Record{Topic: topic, Key: []byte(key), Value: value}
	b.records = append(b.records, r)
	return r
}
