package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// life is the state of one ownership, from the first record read to the first failure.
type life struct {
	s        *Service
	cl       *kgo.Client // reads the history and the links, writes transactions
	adm      *kadm.Client
	detector *detect.Detector
	members  memberships // until takeOver
	past     *past       // until takeOver
	at       positions
	end      positions // as the broker last told
	align    *aligner
	windows  *windows
	stopped  map[string]bool // accounts that are suspended: the detector looks at them no more
	facts    []link.Fact
	refs     []detect.Ref
	out      batch
	standing standings
}

// fetchMaxWait is how long a fetch stays open at the broker. A fetch over many partitions is not
// always answered at once when one of them gets a record, so it is asked again often; on an idle
// topic that costs forty small requests a second.
const fetchMaxWait = 25 * time.Millisecond

func (s *Service) newLife() (*life, error) {
	opts := append([]kgo.Opt{}, s.cfg.Client...)
	cl, err := kgo.NewClient(append(opts,
		kgo.ConsumeTopics(historyTopics()...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.FetchMaxWait(fetchMaxWait), kgo.FetchMinBytes(1),
		kgo.TransactionalID(transactionalID), kgo.TransactionTimeout(30*time.Second),
		kgo.ProducerLinger(0))...)
	if err != nil {
		return nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	return &life{
		s: s, cl: cl, adm: kadm.NewClient(cl), detector: s.newDetector(), members: memberships{}, past: newPast(),
		at: positions{}, end: positions{}, align: newAligner(s.cfg.Tuning.Slack, s.cfg.Tuning.MaxHold),
		windows: newWindows(), stopped: map[string]bool{}, standing: standings{},
	}, nil
}

func (l *life) close() { l.cl.CloseAllowingRebalance() }

// How often the backends are asked whether they are there, and how long one may take to say so.
const (
	askEvery   = 2 * time.Second
	askTimeout = 3 * time.Second
)

// watch keeps the conditions kafka and redis true to what they say, until ctx ends: a client
// waits for a broker that is down without a word, and an idle service asks nothing of the store.
func (l *life) watch(ctx context.Context) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		_, err := l.adm.ListBrokers(asking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		l.s.cfg.Status.Ready("kafka", err == nil)
		asking, cancel = context.WithTimeout(ctx, askTimeout)
		_, err = l.s.cfg.Store.Load(asking, event.StreamSignup, 0, []string{"-"})
		cancel()
		if ctx.Err() != nil {
			return
		}
		l.s.cfg.Status.Ready("redis", err == nil)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// follow reads the history, and goes on reading, until the lease is won. A standby that has
// read all there was is ready: it could take over at once.
func (l *life) follow(ctx context.Context, won <-chan struct{}) error {
	end, err := l.bounds(ctx)
	if err != nil {
		return err
	}
	for standby := false; ; {
		select {
		case <-won:
			return nil
		default:
		}
		if !standby && l.at.reached(end, historyTopics()...) {
			if err := l.probe(ctx); err != nil {
				return err
			}
			l.s.cfg.Status.Ready("state", true)
			standby = true
		}
		if err := l.readHistory(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// bounds returns where the history ends now, and passes over what retention has taken away.
func (l *life) bounds(ctx context.Context) (kadm.ListedOffsets, error) {
	end, err := ends(ctx, l.adm, historyTopics()...)
	if err != nil {
		return nil, err
	}
	starts, err := l.adm.ListStartOffsets(ctx, historyTopics()...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("asking where topics begin: %w", err)
	}
	l.at.begin(starts)
	return end, nil
}

// probe waits until the store answers.
func (l *life) probe(ctx context.Context) error {
	return l.loadPatiently(ctx, []want{{account: "-"}})
}

// takeOver fences whoever owned the graph before, and reads to the end what it said.
func (l *life) takeOver(ctx context.Context) error {
	if _, _, err := l.cl.ProducerID(ctx); err != nil {
		return fmt.Errorf("fencing the former owner: %w", err)
	}
	end, err := l.bounds(ctx)
	if err != nil {
		return err
	}
	for !l.at.reached(end, historyTopics()...) {
		if err := l.readHistory(ctx, time.Second); err != nil {
			return err
		}
	}
	for _, m := range l.members.current() {
		l.detector.RestoreMember(&m)
	}
	l.members = nil
	l.detector.Restored()
	if err := l.probe(ctx); err != nil {
		return err
	}
	return l.evaluateHistory(ctx)
}

func (l *life) readHistory(ctx context.Context, wait time.Duration) error {
	fetches, err := l.poll(ctx, wait)
	if err != nil {
		return err
	}
	for it := fetches.RecordIter(); !it.Done(); {
		r := it.Next()
		l.at.set(r.Topic, r.Partition, r.Offset+1)
		if r.Attrs.IsControl() {
			continue
		}
		if r.Topic == wire.TopicMembers {
			l.remember(r)
			continue
		}
		p, f := l.restore(r)
		if p != nil {
			l.align.progress(p)
		}
		if f != nil {
			l.detector.Observe(f)
			l.past.fact(f.Account, f.Last)
		}
	}
	return nil
}

// poll reads for at most wait. A broker that does not answer shows as an error after
// the client's own retries, which ends this life.
func (l *life) poll(ctx context.Context, wait time.Duration) (kgo.Fetches, error) {
	pollCtx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fetches := l.cl.PollRecords(pollCtx, maxPoll)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, e := range fetches.Errors() {
		if pollCtx.Err() == nil {
			return nil, fmt.Errorf("reading %s, partition %d: %w", e.Topic, e.Partition, e.Err)
		}
	}
	return fetches, nil
}

// maxPoll bounds how many records are evaluated at a time.
const maxPoll = 5000

// idle is how long links are waited for before held facts are looked at again.
const idle = 50 * time.Millisecond

// serve reads, evaluates and writes until something fails.
func (l *life) serve(ctx context.Context) error {
	for {
		fetches, err := l.poll(ctx, idle)
		if err != nil {
			return err
		}
		l.takeIn(fetches)
		if err := l.evaluate(ctx); err != nil {
			return err
		}
		l.publishPosition()
	}
}

// takeIn hands facts to the aligner. What this owner itself wrote comes back and is
// passed over.
func (l *life) takeIn(fetches kgo.Fetches) {
	for it := fetches.RecordIter(); !it.Done(); {
		r := it.Next()
		l.at.set(r.Topic, r.Partition, r.Offset+1)
		if r.Topic != wire.TopicLinks || r.Attrs.IsControl() {
			continue
		}
		p, f, err := readLink(r)
		switch {
		case err != nil:
			l.s.metrics.Unreadable.Inc()
			l.s.cfg.Log.Error("link passed over", zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset), zap.Error(err))
		case p != nil:
			l.align.progress(p)
		default:
			l.s.metrics.Facts.Inc()
			l.align.hold(*f)
		}
	}
	l.s.metrics.Held.Set(float64(l.align.len()))
	l.s.metrics.LinksLag.Set(float64(l.lag(fetches)))
}

// lag is how many records of the links topic are not judged yet.
func (l *life) lag(fetches kgo.Fetches) int64 {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		l.end.set(p.Topic, p.Partition, p.HighWatermark)
	})
	n := int64(l.align.len())
	for id, end := range l.end[wire.TopicLinks] {
		n += max(end-l.at[wire.TopicLinks][id], 0)
	}
	return n
}

// publishPosition makes Drained see how far everything is evaluated and written.
func (l *life) publishPosition() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.pending.Store(int64(l.align.len()))
	for id, next := range l.at[wire.TopicLinks] {
		l.s.seen.set(wire.TopicLinks, id, next)
	}
}
