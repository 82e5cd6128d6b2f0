package sink

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/decode"
)

// A lane's queue holds polls. At pauseAt of them, or at a full batch's worth of records, the
// partition is paused; what is under way then still fits.
const (
	queueLen = 256
	pauseAt  = 128
)

// planWait is how long an announced batch waits for its missing records (a log that lost
// its tail in a crash has none) before it is cut as it is.
const planWait = 10 * time.Second

// lane takes one partition's records from assignment to revocation. What stands below
// paused belongs to its goroutine.
type lane struct {
	place place
	in    chan []*kgo.Record
	quit  chan struct{} // closed by stop: finish the batch and end
	ended chan struct{}

	ctx  context.Context // ends when the partition is lost
	drop context.CancelFunc

	pause  sync.Mutex
	queued int // records in the queue
	paused bool

	rows    rows
	letters []*kgo.Record // labels of the batch that were rejected
	ext     extent        // from is the committed offset, -1 before any; to is behind the last record taken
	plan    int64         // announced end of the batch that begins at ext.from, 0 if none

	oldest, newest time.Time // when the first and last record of the batch were taken
}

// unknown is the offset of a group that has committed none.
const unknown = -1

func newLane(ctx context.Context, p place, r rows, committed, plan int64) *lane {
	ctx, drop := context.WithCancel(ctx)
	return &lane{
		place: p, rows: r, ext: extent{committed, committed}, plan: plan,
		in: make(chan []*kgo.Record, queueLen), quit: make(chan struct{}), ended: make(chan struct{}),
		ctx: ctx, drop: drop,
	}
}

// stop lets the lane send what it has taken, for at most grace, and waits for its end.
func (l *lane) stop(grace time.Duration) {
	close(l.quit)
	timer := time.AfterFunc(grace, l.drop)
	defer timer.Stop()
	<-l.ended
	l.drop()
}

// run is the lane's goroutine.
func (s *sink) run(l *lane) {
	defer close(l.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(s.wait(l, time.Now()))
		select {
		case <-l.ctx.Done():
			return
		case <-l.quit:
			s.finish(l)
			return
		case recs := <-l.in:
			if err := s.take(l, recs); err != nil {
				s.abandon(l, err)
				return
			}
			s.taken(l, len(recs))
		case now := <-timer.C:
			if s.wait(l, now) > 0 {
				continue
			}
			if err := s.flush(l, l.ext.to); err != nil {
				s.abandon(l, err)
				return
			}
		}
	}
}

// wait is how long the batch may still grow.
func (s *sink) wait(l *lane, now time.Time) time.Duration {
	switch {
	case l.ext.to == l.ext.from:
		return time.Hour // nothing to send; any record wakes the lane
	case l.plan > 0:
		return l.newest.Add(planWait).Sub(now)
	default:
		patience := s.routes[l.place.topic].patience
		return min(l.oldest.Add(patience*s.cfg.Batch.Linger).Sub(now), l.newest.Add(patience*s.cfg.Batch.Idle).Sub(now)) //nolint:durationcheck // patience is a factor
	}
}

// take adds records to the batch, and sends it each time it is full or its announced
// end is reached.
func (s *sink) take(l *lane, recs []*kgo.Record) error {
	now := time.Now()
	for _, r := range recs {
		if r.Offset < l.ext.to {
			continue // before the committed offset
		}
		if l.ext.from == unknown {
			l.ext = extent{r.Offset, r.Offset}
		}
		if l.plan > 0 && r.Offset >= l.plan {
			// The last records of the announced batch were compacted away.
			if err := s.flush(l, l.plan); err != nil {
				return err
			}
		}
		if l.ext.to == l.ext.from {
			l.oldest = now
		}
		if err := s.add(l, r); err != nil {
			return err
		}
		l.ext.to, l.newest = r.Offset+1, now
		if l.full(s.cfg.Batch.Rows) {
			if err := s.flush(l, l.ext.to); err != nil {
				return err
			}
		}
	}
	s.metrics.delayed(recs[len(recs)-1], now)
	return nil
}

// full says whether the batch ends here: an announced one where it was announced to.
func (l *lane) full(rows int) bool {
	if l.plan > 0 {
		return l.ext.to == l.plan
	}
	return l.rows.Len() >= rows
}

// add makes a row, or passes a record over that cannot be read.
func (s *sink) add(l *lane, r *kgo.Record) error {
	if r.Attrs.IsControl() {
		return nil // a transaction marker: only its offset counts
	}
	err := l.rows.add(l.ctx, r)
	if err == nil {
		return nil
	}
	if l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	var bad *decode.Rejection
	if errors.As(err, &bad) {
		s.metrics.rejected.WithLabelValues(r.Topic, bad.Reason).Inc()
		l.letters = append(l.letters, letter(r, bad, s.sealer))
		return nil
	}
	s.metrics.poison.WithLabelValues(r.Topic).Inc()
	if s.poisonLog.allow(time.Now()) {
		s.log.Warn("record cannot be read and is passed over", zap.String("topic", r.Topic),
			zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset), zap.Error(err))
	}
	return nil
}

// flush writes the batch up to offset to, in the order that doc.go explains. An error
// means that the lane has ended: a dependency that is down is waited for.
func (s *sink) flush(l *lane, to int64) error {
	e := extent{l.ext.from, to}
	if l.rows.Len() > 0 {
		// 1. Announce the extent.
		if l.plan != e.to {
			if err := s.commitUntil(l, e.from, planned(e.to)); err != nil {
				return err
			}
		}
		// 2. Insert. An unknown outcome is settled by sending the same again.
		if err := s.insertUntil(l, l.place.token(s.cfg.RunID, e)); err != nil {
			return err
		}
	}
	if err := s.sendLetters(l); err != nil {
		return err
	}
	// 3. Commit behind the rows.
	if err := s.commitUntil(l, e.to, ""); err != nil {
		return err
	}
	s.metrics.flushed(l)
	l.rows.Reset()
	l.ext, l.plan = extent{e.to, e.to}, 0
	return nil
}

// finish sends the rest before the partition is given up. What does not get through is
// read again by the next owner.
func (s *sink) finish(l *lane) {
	if l.ext.to == l.ext.from || l.plan > 0 {
		return
	}
	if err := s.flush(l, l.ext.to); err != nil {
		s.abandon(l, err)
	}
}

func (s *sink) abandon(l *lane, err error) {
	level := zap.WarnLevel
	if errors.Is(err, context.Canceled) {
		level = zap.DebugLevel
	}
	s.log.Log(level, "batch left to the partition's next owner", zap.String("topic", l.place.topic),
		zap.Int32("partition", l.place.partition), zap.Int("rows", l.rows.Len()), zap.Error(err))
}

// hand gives the lane a poll's records, and pauses the partition if it does not keep up.
func (s *sink) hand(l *lane, recs []*kgo.Record) {
	select {
	case l.in <- recs:
	case <-l.ended:
		return
	}
	l.pause.Lock()
	defer l.pause.Unlock()
	l.queued += len(recs)
	if !l.paused && (len(l.in) >= pauseAt || l.queued >= s.cfg.Batch.Rows) {
		l.paused = true
		s.client.PauseFetchPartitions(map[string][]int32{l.place.topic: {l.place.partition}})
	}
}

// taken notes that n records have left the queue, and fetches the partition again once
// little is left.
func (s *sink) taken(l *lane, n int) {
	l.pause.Lock()
	defer l.pause.Unlock()
	l.queued -= n
	if l.paused && len(l.in) < pauseAt/2 && l.queued <= s.cfg.Batch.Rows/2 {
		l.paused = false
		s.client.ResumeFetchPartitions(map[string][]int32{l.place.topic: {l.place.partition}})
	}
}
