package stage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// outbox collects what a batch has to say and sends it at once. Not for concurrent use.
type outbox struct {
	records []kgo.Record
	chunk   []byte // what encoded records are written into
	rest    []byte // the part of it that is free
}

// arenaChunk is how much room is made for encoded records at a time.
const arenaChunk = 256 << 10

// add takes what one fold gave.
func (o *outbox) add(out *fold.Out) {
	for i := range out.Facts {
		o.room()
		key, value := wire.EncodeFact(o.rest, &out.Facts[i])
		o.put(wire.TopicLinks, key, value)
	}
	for i := range out.Activity {
		o.room()
		key, value := wire.EncodeActivity(o.rest, &out.Activity[i])
		o.put(wire.TopicActivity, key, value)
	}
}

// room makes sure that an encoded record need not be moved.
func (o *outbox) room() {
	const longest = 1024
	if cap(o.rest) < longest {
		o.chunk = make([]byte, 0, arenaChunk)
		o.rest = o.chunk
	}
}

func (o *outbox) put(topic string, key, value []byte) {
	o.rest = value[len(value):]
	o.records = append(o.records, kgo.Record{Topic: topic, Key: key, Value: value})
}

// reject adds a rejected record, whole, with the reason in its headers.
func (o *outbox) reject(r *kgo.Record, why *decode.Rejection, s Sealer) {
	headers := []kgo.RecordHeader{{Key: wire.HeaderReason, Value: []byte(why.Reason)}}
	if why.Field != "" {
		headers = append(headers, kgo.RecordHeader{Key: wire.HeaderField, Value: []byte(why.Field)})
	}
	headers = append(headers, kgo.RecordHeader{Key: wire.HeaderDetail, Value: []byte(why.Detail)})
	o.aside(r, wire.SuffixDLQ, headers, s)
}

// late adds a record that came too late to be counted.
func (o *outbox) late(r *kgo.Record, s Sealer) { o.aside(r, wire.SuffixLate, nil, s) }

// aside adds a copy of an input record for a topic beside its own. It depends on nothing
// but the record and its place, so that a redelivery gives the same copy.
func (o *outbox) aside(r *kgo.Record, suffix string, headers []kgo.RecordHeader, s Sealer) {
	headers = append(headers,
		kgo.RecordHeader{Key: wire.HeaderTopic, Value: []byte(r.Topic)},
		kgo.RecordHeader{Key: wire.HeaderPartition, Value: strconv.AppendInt(nil, int64(r.Partition), 10)},
		kgo.RecordHeader{Key: wire.HeaderOffset, Value: strconv.AppendInt(nil, r.Offset, 10)},
	)
	value := r.Value
	if s != nil && value != nil {
		value = s.Seal(r.Topic, r.Partition, r.Offset, value)
		headers = append(headers, kgo.RecordHeader{Key: wire.HeaderSealed, Value: []byte("1")})
	}
	headers = append(headers, r.Headers...)
	o.records = append(o.records, kgo.Record{Topic: r.Topic + suffix, Key: r.Key, Value: value, Headers: headers, Timestamp: r.Timestamp})
}

// send produces all and waits for the acknowledgements, for as long as it takes. After
// an error the outbox must not be used again: records may still be on their way.
func (o *outbox) send(ctx context.Context, client *kgo.Client) error {
	if len(o.records) == 0 {
		return nil
	}
	records := make([]*kgo.Record, len(o.records))
	for i := range o.records {
		records[i] = &o.records[i]
	}
	large, err := produce(ctx, client, records)
	if err == nil && len(large) > 0 {
		err = sendCut(ctx, client, large)
	}
	if err != nil {
		return err
	}
	o.records, o.rest = o.records[:0], o.chunk[:0]
	return nil
}

// produce sends records and waits. Those that the broker or the client found too large
// are handed back.
func produce(ctx context.Context, client *kgo.Client, records []*kgo.Record) (large []*kgo.Record, err error) {
	var (
		mu   sync.Mutex
		left atomic.Int64
		done = make(chan struct{})
	)
	left.Store(int64(len(records)))
	acked := func(r *kgo.Record, failed error) {
		if failed != nil {
			mu.Lock()
			if errors.Is(failed, kerr.MessageTooLarge) {
				large = append(large, r)
			} else {
				err = fmt.Errorf("producing to %s: %w", r.Topic, failed)
			}
			mu.Unlock()
		}
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	for _, r := range records {
		client.Produce(ctx, r, acked)
	}
	select {
	case <-done:
		return large, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// headerCut gives the length of a value that had to be cut short, decimal.
const headerCut = "iolaus-cut"

const (
	largeBytes = 256 << 10 // a record above it is what made its batch too large
	keptBytes  = 64 << 10  // what is kept of one
)

// sendCut sends again what was too large for its topic, the largest cut short: a topic
// that was made with a small limit must not stop the stream.
func sendCut(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	for _, r := range records {
		if n := len(r.Value); n > largeBytes {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: headerCut, Value: strconv.AppendInt(nil, int64(n), 10)})
			r.Value = r.Value[:keptBytes]
		}
		if len(r.Key) > keptBytes {
			r.Key = r.Key[:keptBytes]
		}
		large, err := produce(ctx, client, []*kgo.Record{r})
		if err != nil {
			return err
		}
		if len(large) > 0 {
			return fmt.Errorf("producing to %s: %w", r.Topic, kerr.MessageTooLarge)
		}
	}
	return nil
}
