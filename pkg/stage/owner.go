package stage

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// owner is the one writer of a partition: one life from Acquire to the first error or
// the loss of the partition. All it holds may be thrown away at any time, since what counts
// is in Redis. Not for concurrent use.
type owner[E, S any, P Packed[S]] struct {
	*stage[E, S, P]

	lease   redisstore.Lease
	pos     redisstore.Position // as stored
	stored  atomic.Int64        // pos.Next, for the display of lag
	next    int64               // next input offset; ahead of pos.Next only while a batch is in hand
	decoder *decode.Decoder
	states  *states[S, P]
	outbox  outbox
	out     fold.Out
	batch   []item[E, S]
	told    time.Time    // when the activity was last told
	came    time.Time    // when records last came
	fast    bool         // they come so fast that it pays to let them gather
	showed  time.Time    // when the group's offset was last sent
	shown   atomic.Int64 // the group's offset as confirmed
	now     int64        // wall clock at the start of the batch, Unix ms
	counts  counts

	progress progress
}

// item is one input record on its way through a batch.
type item[E, S any] struct {
	record *kgo.Record
	event  E
	slot   *slot[S]
}

const (
	hotLimit  = 16_000           // unpacked accounts of an owner; more are told and packed away
	tellBusy  = 30 * time.Second // how long activity is kept while records keep coming, at most
	tellRate  = 500              // accounts whose open minutes are told a second while records keep coming
	showEvery = time.Second      // between commits of the group's offset

	gatherRate = 8_000                 // records a second of a partition from which on they are let gather
	gatherFor  = 20 * time.Millisecond // from batch to batch then, as long as nothing lags
	workGrace  = 3 * time.Second       // to finish a batch when the partition is given up
)

// run reads and applies until ctx ends (nil) or something fails.
func (o *owner[E, S, P]) run(ctx context.Context, reader *kafka.Reader) error {
	work, cancel := graceful(ctx, workGrace)
	defer cancel()
	for ctx.Err() == nil {
		o.gather(ctx)
		b, err := o.read(ctx, reader)
		if err != nil {
			return err
		}
		if len(b.Records) == 0 && ctx.Err() != nil {
			return nil
		}
		if err := o.apply(work, b); err != nil {
			return err
		}
	}
	return nil
}

// gather waits a moment where records come fast and nothing lags: a batch costs its
// transaction and each account its packing, however few records they are for.
func (o *owner[E, S, P]) gather(ctx context.Context) {
	wait := time.Until(o.came.Add(gatherFor))
	if !o.fast || wait <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// pace notes how fast records come.
func (o *owner[E, S, P]) pace(b kafka.Batch, now time.Time) {
	since := max(now.Sub(o.came), gatherFor/2)
	o.fast = b.CaughtUp && float64(len(b.Records)) > gatherRate*since.Seconds()
	o.came = now
}

// read waits for records until there is something else to do.
func (o *owner[E, S, P]) read(ctx context.Context, reader *kafka.Reader) (kafka.Batch, error) {
	wait := o.cfg.Settings.Tell
	if due, ok := o.progress.due(); ok {
		wait = min(wait, time.Until(due))
	}
	if len(o.states.hot) > 0 {
		wait = min(wait, time.Until(o.tellAt()))
	}
	ctx, cancel := context.WithTimeout(ctx, max(wait, time.Millisecond))
	defer cancel()
	return reader.Read(ctx, o.cfg.Settings.Batch)
}

// apply takes a batch through the order that makes the windows exact. Wherever it is cut
// off, the next owner begins where Redis says, and repeats with the same result.
func (o *owner[E, S, P]) apply(ctx context.Context, b kafka.Batch) error {
	if len(b.Records) > 0 {
		o.pace(b, time.Now())
	}
	if err := o.fold(ctx, b.Records); err != nil {
		return err
	}
	tell := o.tellDue()
	if tell {
		o.tell()
	}
	if o.next > max(o.pos.Next, 0) || tell {
		if err := o.store(ctx, tell); err != nil {
			return err
		}
		o.counts.records = len(b.Records)
		o.metrics.stored(o.lease.Partition, &o.counts, o.pos)
	}
	// 3. The group's offset, for the display of lag: nothing reads it back.
	o.show(b.CaughtUp || len(b.Records) == 0)
	o.progress.note(o.pos, b)
	o.progress.send(o.client, o.lease)
	return nil
}

// store makes a folded batch last.
func (o *owner[E, S, P]) store(ctx context.Context, told bool) error {
	// 1. Facts, activity, rejected and late records are out, acknowledged by all
	//    replicas. Repeating them changes nothing: facts and activity are absolute,
	//    the others carry the offset they came from.
	if err := o.outbox.send(ctx, o.client); err != nil {
		return err
	}
	// 2. States and position change together, and only if this is still the owner and
	//    the stored position is the one this batch began at. This is the commit.
	next := o.pos
	next.Next = max(o.next, o.pos.Next)
	next.EventMS = o.eventMS()
	if told {
		next.Told = next.Next
	}
	next.Told = max(next.Told, 0)
	start := time.Now()
	if err := o.redis.Commit(ctx, o.lease, o.pos, next, o.states.pack()); err != nil {
		return err
	}
	o.metrics.redis("commit", start)
	o.pos = next
	o.stored.Store(next.Next)
	if told {
		o.states.cool()
	}
	return nil
}

// show commits the group's offset. It stays one short of the end of the partition until
// all activity has been told too, so that no lag means that nothing is left to be sent.
func (o *owner[E, S, P]) show(caughtUp bool) {
	next, told := o.pos.Next, o.pos.Told >= o.pos.Next
	if caughtUp && !told {
		next--
	}
	if next < 0 || o.shown.Load() == next || time.Since(o.showed) < showEvery && !told {
		return
	}
	o.showed = time.Now()
	o.group.ShowOffset(o.lease.Partition, next, func(err error) {
		if err == nil {
			o.shown.Store(next)
		}
	})
}

// fold decodes the records, loads what is not resident and folds the events in order.
func (o *owner[E, S, P]) fold(ctx context.Context, records []*kgo.Record) error {
	o.batch, o.now = o.batch[:0], time.Now().UnixMilli()
	for _, r := range records {
		if err := o.take(ctx, r); err != nil {
			return err
		}
		o.next = r.Offset + 1
	}
	if err := o.load(ctx); err != nil {
		return err
	}
	for i := range o.batch {
		o.foldOne(&o.batch[i])
	}
	return nil
}

// take decodes one record into the batch. A record that is stored already, but whose
// activity may not have been told, only makes its account hot, so that it will be.
func (o *owner[E, S, P]) take(ctx context.Context, r *kgo.Record) error {
	if r.Attrs.IsControl() {
		return nil
	}
	if r.Offset < o.pos.Next {
		if len(r.Key) == 0 || len(r.Key) > maxAccount {
			return nil
		}
		_, err := o.slot(string(r.Key))
		return err
	}
	o.batch = extend(o.batch)
	it := &o.batch[len(o.batch)-1]
	rejected, err := o.decode(ctx, r, &it.event)
	if err != nil {
		return err
	}
	if rejected != nil {
		o.batch = o.batch[:len(o.batch)-1]
		o.outbox.reject(r, rejected, o.cfg.Sealer)
		o.counts.reject(rejected.Reason)
		o.warn.rejected(r, rejected)
		return nil
	}
	it.record = r
	it.slot, err = o.slot(o.spec.Meta(&it.event).AccountID)
	return err
}

// maxAccount is the contract's longest account_id: a longer key is of a rejected record.
const maxAccount = 128

// extend adds an item whose memory is used again.
func extend[T any](s []T) []T {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero T
	return append(s, zero)
}

func (o *owner[E, S, P]) slot(account string) (*slot[S], error) {
	sl, err := o.states.slot(account)
	if err != nil {
		return nil, fmt.Errorf("unpacking the state of an account of %s/%d: %w", o.lease.Stream, o.lease.Partition, err)
	}
	return sl, nil
}

// decode returns why the record is rejected, or nil with the event in out. While the
// schema registry does not answer it waits.
func (o *owner[E, S, P]) decode(ctx context.Context, r *kgo.Record, out *E) (*decode.Rejection, error) {
	in := decode.Record{Key: r.Key, Value: r.Value, ContentType: contentType(r), BrokerMS: o.brokerMS(r)}
	for {
		err := o.spec.Decode(o.decoder, in, out)
		if err == nil {
			return nil, nil //nolint:nilnil // not rejected, not failed
		}
		var rejection *decode.Rejection
		if errors.As(err, &rejection) {
			return rejection, nil
		}
		if !errors.Is(err, decode.ErrBusy) {
			return nil, fmt.Errorf("decoding %s/%d at %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		if err := retry(ctx, func() error { return o.decoder.Resolve(ctx, err) }); err != nil {
			return nil, err
		}
	}
}

// brokerMS is the broker's clock as far as the record tells. A topic may keep the
// producer's timestamp instead, which is not to be trusted with the future: our own
// clock bounds it then.
func (o *owner[E, S, P]) brokerMS(r *kgo.Record) int64 {
	const logAppendTime = 1
	ms := r.Timestamp.UnixMilli()
	if r.Attrs.TimestampType() == logAppendTime {
		return ms
	}
	return max(1, min(ms, o.now))
}

func contentType(r *kgo.Record) string {
	for i := range r.Headers {
		if r.Headers[i].Key == decode.HeaderContentType {
			return string(r.Headers[i].Value)
		}
	}
	return ""
}

func (o *owner[E, S, P]) load(ctx context.Context) error {
	if len(o.states.missing) == 0 {
		return nil
	}
	start := time.Now()
	packed, err := o.redis.Load(ctx, o.lease.Stream, o.lease.Partition, o.states.missingAccounts())
	if err != nil {
		return err
	}
	o.metrics.redis("load", start)
	if err := o.states.loaded(packed); err != nil {
		return fmt.Errorf("unpacking a state of %s/%d: %w", o.lease.Stream, o.lease.Partition, err)
	}
	return nil
}

func (o *owner[E, S, P]) foldOne(it *item[E, S]) {
	pos := fold.Pos{Partition: it.record.Partition, Offset: it.record.Offset}
	if o.spec.Fold(&it.slot.state, &it.event, pos, o.lateness, &o.out) {
		o.outbox.late(it.record, o.cfg.Sealer)
		o.counts.late++
		return
	}
	o.progress.saw(o.spec.Meta(&it.event).TS)
	o.states.touch(it.slot)
	o.outbox.add(&o.out)
	o.counts.folded(&o.out)
}

// tellDue reports whether the open minutes are to be told with this batch.
func (o *owner[E, S, P]) tellDue() bool {
	if len(o.states.hot) == 0 || o.next < o.pos.Next {
		return false
	}
	return len(o.states.hot) >= hotLimit || !time.Now().Before(o.tellAt())
}

// tellAt is when the open minutes are to be told: soon where nothing more comes or few are
// to be told, later where they are many, since a minute that goes on is told again.
func (o *owner[E, S, P]) tellAt() time.Time {
	least := o.cfg.Settings.Tell
	idle := o.came.Add(least)
	busy := o.told.Add(max(least, min(time.Duration(len(o.states.hot))*time.Second/tellRate, tellBusy)))
	if busy.Before(idle) {
		return busy
	}
	return idle
}

// tell adds the untold minutes of every hot account to the outbox.
func (o *owner[E, S, P]) tell() {
	for account, sl := range o.states.hot {
		o.spec.Flush(&sl.state, account, &o.out)
		o.outbox.add(&o.out)
		o.counts.folded(&o.out)
	}
	o.told = time.Now()
}

func (o *owner[E, S, P]) eventMS() int64 { return max(o.pos.EventMS, o.progress.eventMS) }

// progress tells the graph how far the partition is stored, at most every progressEvery
// unless nothing more is coming.
type progress struct {
	latest  wire.Progress
	pending bool
	sent    time.Time
	eventMS int64
}

const progressEvery = 50 * time.Millisecond

// begin tells of a partition that is acquired, since there may be nothing to read on it.
func (p *progress) begin(pos redisstore.Position, caughtUp bool) {
	p.latest = wire.Progress{Offset: max(pos.Next, 0), EventMS: pos.EventMS, CaughtUp: caughtUp}
	p.pending = true
}

func (p *progress) saw(ts int64) { p.eventMS = max(p.eventMS, ts) }

// note takes over a stored position.
func (p *progress) note(pos redisstore.Position, b kafka.Batch) {
	if len(b.Records) == 0 || pos.Next < 0 {
		return
	}
	p.latest.Offset, p.latest.EventMS, p.latest.CaughtUp = pos.Next, pos.EventMS, b.CaughtUp
	p.pending = true
}

// due says when what is pending is to be sent.
func (p *progress) due() (time.Time, bool) { return p.sent.Add(progressEvery), p.pending }

// send produces what is due without waiting: the next one makes up for one that is lost.
func (p *progress) send(client *kgo.Client, l redisstore.Lease) {
	due, pending := p.due()
	if !pending || time.Now().Before(due) {
		return
	}
	p.latest.Stream, p.latest.Partition = l.Stream, l.Partition
	key, value := wire.EncodeProgress(nil, &p.latest)
	client.TryProduce(context.Background(), &kgo.Record{Topic: wire.TopicLinks, Key: key, Value: value}, nil)
	p.pending, p.sent = false, time.Now()
}
