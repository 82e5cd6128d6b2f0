package up

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/services/payment"
	"github.com/iolaus-io/iolaus/services/request"
	"github.com/iolaus-io/iolaus/services/signup"
)

// player produces a scenario to the input topics, in order of event time. It notes
// nothing of its own: what the topics already hold of the scenario, partition by
// partition, is what it has played, so a second start on the same data goes on exactly
// where the first stopped, even after kill -9.
type player struct {
	cl       *kgo.Client
	adm      *kadm.Client
	scenario Scenario
	speed    float64
	judged   func() int64 // event time up to which all has been judged
	played   atomic.Int64 // events, those of an earlier start included
	skipped  atomic.Int64
	eventMS  atomic.Int64
	done     atomic.Bool
}

// maxLead is how many records the player may be ahead of the services at full speed:
// enough to keep them busy, few enough that the three streams stay together.
const maxLead = 60_000

func newPlayer(opts []kgo.Opt, sc Scenario, judged func() int64) (*player, error) {
	cl, err := kgo.NewClient(append(opts,
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(2*time.Millisecond))...)
	if err != nil {
		return nil, fmt.Errorf("connecting the player to Kafka: %w", err)
	}
	return &player{cl: cl, adm: kadm.NewClient(cl), scenario: sc, speed: sc.Speed, judged: judged}, nil
}

func (p *player) close() { p.cl.Close() }

// play produces what the topics do not hold yet, and returns when all is acknowledged.
func (p *player) play(ctx context.Context) error {
	held, err := p.held(ctx)
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	partitions := partitioner(len(held[event.StreamSignup]))
	pace := newPace(p.speed)
	lead := newLead(p)
	err = p.scenario.each(ctx, func(e playable) error {
		p.played.Add(1)
		p.eventMS.Store(e.ts)
		part := partitions(e.key)
		if part < len(held[e.stream]) && held[e.stream][part] > 0 {
			held[e.stream][part]--
			p.skipped.Add(1)
			return nil
		}
		if err := pace.wait(ctx, e.ts); err != nil {
			return err
		}
		if err := lead.wait(ctx, e.stream, e.ts); err != nil {
			return err
		}
		p.cl.Produce(ctx, &kgo.Record{Topic: e.stream.String(), Partition: int32(part), //nolint:gosec // at most 1024
			Key: bytes.Clone(e.key), Value: bytes.Clone(e.value)},
			func(_ *kgo.Record, err error) {
				if err != nil {
					fail(err)
				}
			})
		return ctx.Err()
	})
	if err != nil {
		return errors.Join(err, cause(ctx))
	}
	if err := p.cl.Flush(ctx); err != nil {
		return fmt.Errorf("flushing the scenario: %w", err)
	}
	p.done.Store(true)
	return cause(ctx)
}

func cause(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("producing the scenario: %w", err)
	}
	return nil
}

// held counts the records of each input partition.
func (p *player) held(ctx context.Context) (map[event.Stream][]int64, error) {
	held := map[event.Stream][]int64{}
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		starts, err := p.adm.ListStartOffsets(ctx, s.String())
		if err == nil {
			err = starts.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("asking what %s holds: %w", s, err)
		}
		ends, err := p.adm.ListEndOffsets(ctx, s.String())
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("asking what %s holds: %w", s, err)
		}
		counts := make([]int64, len(ends[s.String()]))
		for id, end := range ends[s.String()] {
			counts[id] = end.Offset // from zero: what retention has dropped was played too
		}
		held[s] = counts
	}
	return held, nil
}

// partitioner is the default one of Kafka's clients: by a hash of the key.
func partitioner(n int) func(key []byte) int {
	byKey := kgo.StickyKeyPartitioner(nil).ForTopic("")
	return func(key []byte) int { return byKey.Partition(&kgo.Record{Key: key}, n) }
}

// pace makes events follow the clock at a multiple of their own pace.
type pace struct {
	speed   float64
	started time.Time
	first   int64
}

func newPace(speed float64) *pace { return &pace{speed: speed} }

func (p *pace) wait(ctx context.Context, ts int64) error {
	if p.speed == 0 {
		return nil
	}
	if p.started.IsZero() {
		p.started, p.first = time.Now(), ts
	}
	due := p.started.Add(time.Duration(float64(ts-p.first) / p.speed * float64(time.Millisecond)))
	wait := time.Until(due)
	if wait < time.Millisecond {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// lead keeps the player near the services.
type lead struct {
	p     *player
	since int64 // records sent since the lag was last asked for
	sent  int64 // event time of the last record sent
}

// maxAhead is how much event time the player may be ahead of what has been judged: an
// account is judged by its windows as they are, not as they were at the event.
const maxAhead = 6 * time.Hour

// patience is how long the player waits for event time that does not move, as where records
// are refused or late.
const patience = 250 * time.Millisecond

func newLead(p *player) *lead { return &lead{p: p} }

// wait lets a record of event time ts go when the services are near enough.
func (l *lead) wait(ctx context.Context, s event.Stream, ts int64) error {
	if s == event.StreamLabel { // nothing is judged by them
		return nil
	}
	if err := l.waitJudged(ctx, ts); err != nil {
		return err
	}
	l.sent = ts
	return l.waitLag(ctx)
}

func (l *lead) waitJudged(ctx context.Context, ts int64) error {
	if l.p.judged == nil || l.sent == 0 {
		return nil
	}
	last, since := int64(0), time.Now()
	for {
		now := l.p.judged()
		if now >= l.sent || ts-now <= maxAhead.Milliseconds() {
			return nil
		}
		if now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > patience {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func (l *lead) waitLag(ctx context.Context) error {
	l.since++
	if l.since < maxLead/4 {
		return nil
	}
	l.since = 0
	for {
		lag, err := lagOf(ctx, l.p.adm)
		if err != nil || lag < maxLead {
			return ctx.Err() // a broker that does not answer stops Produce, not us
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lagOf is how many input records the first stage has not folded and stored.
func lagOf(ctx context.Context, adm *kadm.Client) (int64, error) {
	lags, err := adm.Lag(ctx, signup.Group, request.Group, payment.Group)
	if err != nil {
		return 0, fmt.Errorf("asking for the lag: %w", err)
	}
	var total int64
	for _, l := range lags {
		total += l.Lag.Total()
	}
	return total, lags.Error()
}
