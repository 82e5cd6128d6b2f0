package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	maxHeartbeat  = 3 * time.Second
	minRebalance  = 10 * time.Second
	fetchMaxWait  = 500 * time.Millisecond
	fetchMaxBytes = 4 << 20
)

// Reader reads one partition from an offset on. One life for each acquisition of a
// partition: a new owner begins with a new Reader, so that nothing fetched for an earlier
// one can reach it. Not for concurrent use.
type Reader struct {
	client    *kgo.Client
	topic     string
	partition int32
	end       int64 // the partition's end, as last heard
}

// Batch is what one Read gave. Records keep their partition's order, and may be none.
type Batch struct {
	Records  []*kgo.Record // control records of transactions among them: see IsControl
	CaughtUp bool          // nothing more was there to read
}

// Bounds are a partition's first offset and the one after its last.
type Bounds struct{ Start, End int64 }

// PartitionBounds asks for a partition's bounds.
func PartitionBounds(ctx context.Context, adm *kadm.Client, topic string, partition int32) (b Bounds, err error) {
	if b.Start, err = boundary(ctx, adm.ListStartOffsets, topic, partition); err != nil {
		return b, err
	}
	b.End, err = boundary(ctx, adm.ListEndOffsets, topic, partition)
	return b, err
}

type lister func(context.Context, ...string) (kadm.ListedOffsets, error)

func boundary(ctx context.Context, list lister, topic string, partition int32) (int64, error) {
	offsets, err := list(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("listing offsets of %s: %w", topic, err)
	}
	o, ok := offsets.Lookup(topic, partition)
	switch {
	case !ok:
		return 0, fmt.Errorf("listing offsets of %s: no partition %d", topic, partition)
	case o.Err != nil:
		return 0, fmt.Errorf("listing offsets of %s/%d: %w", topic, partition, o.Err)
	}
	return o.Offset, nil
}

// NewReader begins at offset from.
func NewReader(opts []kgo.Opt, topic string, partition int32, from int64) (*Reader, error) {
	client, err := kgo.NewClient(slices.Concat(opts, []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(from)}}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // an offset that is gone is the owner's to judge
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // so that the end of the partition can be reached
		kgo.FetchMaxWait(fetchMaxWait),
		kgo.FetchMaxBytes(fetchMaxBytes),
		kgo.FetchMaxPartitionBytes(fetchMaxBytes),
		kgo.MaxConcurrentFetches(1),
	})...)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%d: %w", topic, partition, err)
	}
	return &Reader{client: client, topic: topic, partition: partition}, nil
}

// Close ends the reader.
func (r *Reader) Close() { r.client.Close() }

// Read waits for records until the deadline of ctx, which is no error: the batch is
// then empty. It returns at most limit records.
func (r *Reader) Read(ctx context.Context, limit int) (Batch, error) {
	fetches := r.client.PollRecords(ctx, limit)
	var b Batch
	var failed error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil && !errors.Is(p.Err, context.DeadlineExceeded) && !errors.Is(p.Err, context.Canceled) {
			failed = fmt.Errorf("reading %s/%d: %w", r.topic, r.partition, p.Err)
		}
		if p.Partition == r.partition && p.Topic == r.topic {
			b.Records = append(b.Records, p.Records...)
			r.end = max(r.end, p.HighWatermark)
		}
	})
	if n := len(b.Records); n > 0 {
		b.CaughtUp = b.Records[n-1].Offset+1 >= r.end
	}
	return b, failed
}
