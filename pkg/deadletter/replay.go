package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// ReplayConfig says what to feed back and how often.
type ReplayConfig struct {
	Filter     Filter
	MaxReplays int    // a record that was fed back this often is left alone, at least 1
	Again      bool   // also letters that an earlier replay has fed back
	DryRun     bool   // only count
	Opener     Opener // nil: sealed letters are left alone
}

// Result counts the letters that the filter chose, by what became of them.
type Result struct {
	Replayed int `json:"replayed"` // fed back; in a dry run: would be
	Done     int `json:"done"`     // an earlier replay has fed them back
	Spent    int `json:"spent"`    // rejected again after MaxReplays
	Unopened int `json:"unopened"` // sealed with a key that is not at hand
	Strange  int `json:"strange"`  // no dead letters at all
}

// chunk is how many records are fed back between two notes of it: that many may be fed
// back twice where a replay is cut short.
const chunk = 500

// Replay feeds letters back to the topic and partition they came from, with the value,
// key and headers they had and one more header that counts. What has been fed back is
// noted, so that a second replay does not feed it again.
func Replay(ctx context.Context, opts []kgo.Opt, cfg ReplayConfig) (Result, error) {
	client, err := kgo.NewClient(slices.Concat(opts, []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())})...)
	if err != nil {
		return Result{}, fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer client.Close()
	notes, err := loadNotes(ctx, kadm.NewClient(client), cfg.Filter.dlqTopics())
	if err != nil {
		return Result{}, err
	}
	p := player{cfg: cfg, client: client, notes: notes}
	err = Read(ctx, opts, cfg.Filter, func(l *Letter) error { return p.take(ctx, l) }, func(error) { p.result.Strange++ })
	return p.result, errors.Join(err, p.flush(ctx))
}

type player struct {
	cfg     ReplayConfig
	client  *kgo.Client
	notes   *notes
	result  Result
	pending []*kgo.Record
	from    []Letter
}

func (p *player) take(ctx context.Context, l *Letter) error {
	if !p.cfg.Again && p.notes.has(l) {
		p.result.Done++
		return nil
	}
	if l.Replays >= p.cfg.MaxReplays {
		p.result.Spent++
		return nil
	}
	value, err := l.Plain(p.cfg.Opener)
	if err != nil {
		p.result.Unopened++
		return nil //nolint:nilerr // counted
	}
	if p.cfg.DryRun {
		p.result.Replayed++
		return nil
	}
	p.pending = append(p.pending, back(l, value))
	p.from = append(p.from, *l)
	if len(p.pending) < chunk {
		return nil
	}
	return p.flush(ctx)
}

// back is the rejected record as it came, to be counted as fed back once more. Its
// time is now: the broker's clock may have been why it was rejected.
func back(l *Letter, value []byte) *kgo.Record {
	headers := slices.DeleteFunc(slices.Clone(l.Headers), func(h kgo.RecordHeader) bool { return h.Key == wire.HeaderReplays })
	headers = append(headers, kgo.RecordHeader{Key: wire.HeaderReplays, Value: []byte(strconv.Itoa(l.Replays + 1))})
	return &kgo.Record{Topic: l.Topic, Partition: l.Partition, Key: l.Key, Value: value, Headers: headers}
}

// flush feeds the pending records back, then notes that. In this order nothing is
// noted that was not fed back.
func (p *player) flush(ctx context.Context) error {
	if len(p.pending) == 0 {
		return nil
	}
	for i := range p.from {
		p.notes.add(&p.from[i])
	}
	if err := p.notes.check(); err != nil {
		return err
	}
	if err := p.client.ProduceSync(ctx, p.pending...).FirstErr(); err != nil {
		return fmt.Errorf("feeding dead letters back: %w", err)
	}
	p.result.Replayed += len(p.pending)
	p.pending, p.from = nil, nil
	return p.notes.store(ctx)
}
