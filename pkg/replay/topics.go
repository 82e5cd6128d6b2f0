package replay

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// KafkaRange is a range of event time on the input topics of a cluster.
type KafkaRange struct {
	Brokers  []string
	From, To time.Time // event time, From inclusive, To exclusive
	Options  []kgo.Opt // security and the like
}

// partition reads one partition of an input topic, without a consumer group.
type partition struct {
	rng  KafkaRange
	cl   *kgo.Client
	dec  decoder
	end  int64 // offset to stop at
	size int64
	next int64
	done atomic.Int64
	id   int32
}

// openTopics opens every partition of the four input topics. A record is appended after
// its event happened, so nothing that happened since From lies before the first record that
// was appended since From; the end is where each partition ends now for a reader of committed
// records, for a transaction that is open may stay so.
func openTopics(ctx context.Context, rng KafkaRange, dec *decode.Decoder) (sources []source, err error) {
	cl, err := kgo.NewClient(append(rng.Options, kgo.SeedBrokers(rng.Brokers...))...)
	if err != nil {
		return nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	defer func() {
		if err != nil {
			closeAll(sources)
		}
	}()
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		topic := s.String()
		starts, err := adm.ListOffsetsAfterMilli(ctx, rng.From.UnixMilli(), topic)
		if err == nil {
			err = starts.Error()
		}
		if err != nil {
			return sources, fmt.Errorf("finding where %s begins: %w", topic, err)
		}
		ends, err := adm.ListCommittedOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			return sources, fmt.Errorf("finding where %s ends: %w", topic, err)
		}
		for _, p := range starts[topic] {
			end, _ := ends.Lookup(topic, p.Partition)
			if p.Offset < 0 || p.Offset >= end.Offset {
				continue
			}
			src, err := openPartition(rng, topic, s, p.Partition, p.Offset, end.Offset, dec)
			if err != nil {
				return sources, err
			}
			sources = append(sources, src)
		}
	}
	return sources, nil
}

func openPartition(rng KafkaRange, topic string, s event.Stream, id int32, from, to int64, dec *decode.Decoder) (*partition, error) {
	cl, err := kgo.NewClient(append(rng.Options, kgo.SeedBrokers(rng.Brokers...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), // they may be the last
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {id: kgo.NewOffset().At(from)}}))...)
	if err != nil {
		return nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	return &partition{rng: rng, cl: cl, dec: decoder{stream: s, dec: dec.Clone()},
		end: to, size: to - from, next: from, id: id}, nil
}

// read polls until there is something to hand over or the end is reached. Records
// whose event time lies outside the range are passed over.
func (p *partition) read(ctx context.Context) ([]Event, error) {
	p.dec.begin()
	for len(p.dec.events) == 0 && p.next < p.end {
		p.dec.begin()
		fetches := p.cl.PollRecords(ctx, batchSize)
		for _, e := range fetches.Errors() { // the client has retried what may be retried
			return nil, fmt.Errorf("reading %s, partition %d: %w", p.dec.stream, p.id, e.Err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			p.record(it.Next())
		}
	}
	return p.dec.events, nil
}

func (p *partition) record(r *kgo.Record) {
	if r.Offset >= p.end {
		p.next = p.end
		return
	}
	p.done.Add(1)
	p.next = r.Offset + 1
	if r.Attrs.IsControl() {
		return
	}
	rec := decode.Record{Key: r.Key, Value: r.Value, BrokerMS: r.Timestamp.UnixMilli()}
	for _, h := range r.Headers {
		if h.Key == decode.HeaderContentType {
			rec.ContentType = string(h.Value)
		}
	}
	p.dec.add(rec, p.id, r.Offset)
	e := &p.dec.events[len(p.dec.events)-1]
	if e.Rejected == "" && (e.TS < p.rng.From.UnixMilli() || (!p.rng.To.IsZero() && e.TS >= p.rng.To.UnixMilli())) {
		p.dec.events = p.dec.events[:len(p.dec.events)-1]
	}
}

func (p *partition) progress() (int64, int64) { return p.done.Load(), p.size }
func (p *partition) close()                   { p.cl.Close() }
