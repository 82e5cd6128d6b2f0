package exact_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/oracle"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/services/payment"
	"github.com/iolaus-io/iolaus/services/request"
	"github.com/iolaus-io/iolaus/services/signup"
)

// place is where a record stood.
type place struct {
	stream    event.Stream
	partition int32
	offset    int64
}

// want is what the input topics say must come out.
type want struct {
	log       *oracle.Log
	partition map[event.Stream]map[string]int32 // of each account
	late      map[place]bool
	rejected  map[place]bool
	facts     map[string]link.Fact // merged, by key
}

// readAll reads a topic to its present end.
func readAll(t *testing.T, brokers []string, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	var left int64
	starts, err := kadm.NewClient(cl).ListStartOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	ends.Each(func(o kadm.ListedOffset) {
		s, _ := starts.Lookup(topic, o.Partition)
		left += o.Offset - s.Offset
	})
	var out []*kgo.Record
	for int64(len(out)) < left {
		f := cl.PollFetches(ctx)
		if err := f.Err0(); err != nil {
			t.Fatalf("reading %s, %d of %d records: %v", topic, len(out), left, err)
		}
		out = append(out, f.Records()...)
	}
	return out
}

// expect recomputes everything from the input topics.
func expect(t *testing.T, brokers []string, cfg decode.Config) *want {
	t.Helper()
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := &want{
		log: oracle.NewLog(lateness.Milliseconds()), partition: map[event.Stream]map[string]int32{},
		late: map[place]bool{}, rejected: map[place]bool{}, facts: map[string]link.Fact{},
	}
	fill(t, w, brokers, event.StreamSignup, d.Signup, w.log.AddSignup, fold.Signup, func(e *event.Signup) string { return e.AccountID })
	fill(t, w, brokers, event.StreamRequest, d.Request, w.log.AddRequest, fold.Request, func(e *event.Request) string { return e.AccountID })
	fill(t, w, brokers, event.StreamPayment, d.Payment, w.log.AddPayment, fold.Payment, func(e *event.Payment) string { return e.AccountID })
	return w
}

type folder[S, E any] func(st *S, e *E, p fold.Pos, latenessMS int64, out *fold.Out) bool

func fill[S, E any](t *testing.T, w *want, brokers []string, stream event.Stream,
	dec func(decode.Record, *E) error, add func(E, int64) bool, f folder[S, E], account func(*E) string,
) {
	t.Helper()
	w.partition[stream] = map[string]int32{}
	states, out := map[string]*S{}, new(fold.Out)
	for _, r := range readAll(t, brokers, stream.String()) {
		at := place{stream, r.Partition, r.Offset}
		var e E
		if err := dec(decode.Record{Key: r.Key, Value: r.Value, BrokerMS: r.Timestamp.UnixMilli()}, &e); err != nil {
			w.rejected[at] = true
			continue
		}
		id := account(&e)
		if states[id] == nil {
			states[id] = new(S)
		}
		if f(states[id], &e, fold.Pos{Partition: r.Partition, Offset: r.Offset}, lateness.Milliseconds(), out); len(out.Facts) > 0 {
			mergeAll(w.facts, out.Facts)
		}
		w.partition[stream][id] = r.Partition
		if add(e, r.Offset) {
			w.late[at] = true
		}
	}
}

func mergeAll(into map[string]link.Fact, facts []link.Fact) {
	for _, f := range facts {
		key := string(wire.FactKey(nil, &f)) + "/" + f.Stream.String()
		f.Offset, f.Partition = 0, 0
		if old, ok := into[key]; ok {
			f.First, f.Last, f.Count = min(f.First, old.First), max(f.Last, old.Last), max(f.Count, old.Count)
		}
		into[key] = f
	}
}

// checkWindows compares every account's stored state with the oracle's.
func (w *want) checkWindows(t *testing.T, store *redisstore.Store) {
	t.Helper()
	check(t, w, store, event.StreamSignup, window.DecodeSignup, func(s *window.SignupState, id string) string {
		return cmp.Diff(w.log.SignupFeatures(id, 0), s.Features(0))
	})
	check(t, w, store, event.StreamRequest, window.DecodeRequest, func(s *window.RequestState, id string) string {
		return cmp.Diff(w.log.RequestFeatures(id, 0), s.Features(0))
	})
	check(t, w, store, event.StreamPayment, window.DecodePayment, func(s *window.PaymentState, id string) string {
		return cmp.Diff(w.log.PaymentFeatures(id, 0), s.Features(0))
	})
}

func check[S any](t *testing.T, w *want, store *redisstore.Store, stream event.Stream, dec func([]byte) (*S, error), diff func(*S, string) string) {
	t.Helper()
	wrong := 0
	for id, p := range w.partition[stream] {
		packed, err := store.Load(t.Context(), stream, p, []string{id})
		if err != nil || packed[0] == nil {
			t.Fatalf("%s %s: loading its state: %v, %d bytes", stream, id, err, len(packed[0]))
		}
		s, err := dec(packed[0])
		if err != nil {
			t.Fatalf("%s %s: %v", stream, id, err)
		}
		if d := diff(s, id); d != "" {
			if wrong++; wrong <= 3 {
				t.Errorf("%s %s: window is not the oracle's (-want +got):\n%s", stream, id, d)
			}
		}
	}
	t.Logf("%s: %d accounts, %d wrong", stream, len(w.partition[stream]), wrong)
}

// checkActivity compares the newest rows with the oracle's.
func (w *want) checkActivity(t *testing.T, brokers []string) {
	t.Helper()
	got := map[oracle.ActivityKey]wire.Activity{}
	rows := readAll(t, brokers, wire.TopicActivity)
	for _, r := range rows {
		var a wire.Activity
		if err := wire.DecodeActivity(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		a.OrgID = ""
		k := oracle.ActivityKey{Account: a.AccountID, Stream: a.Stream, Minute: a.MinuteMS}
		if old, ok := got[k]; !ok || a.Events > old.Events {
			got[k] = a
		}
	}
	expected := w.log.Activity()
	for k, a := range expected {
		a.OrgID = ""
		expected[k] = a
	}
	same(t, "activity", expected, got)
	t.Logf("activity: %d rows sent for %d minutes", len(rows), len(got))
}

// checkFacts compares the merged facts with those of an undisturbed fold.
func (w *want) checkFacts(t *testing.T, brokers []string) {
	t.Helper()
	got := map[string]link.Fact{}
	records := readAll(t, brokers, wire.TopicLinks)
	for _, r := range records {
		if wire.IsProgress(r.Key) {
			continue
		}
		var f link.Fact
		if err := wire.DecodeFact(r.Value, &f); err != nil {
			t.Fatal(err)
		}
		mergeAll(got, []link.Fact{f})
	}
	same(t, "facts", w.facts, got)
	t.Logf("facts: %d records for %d facts", len(records), len(got))
}

// checkAside compares what stands in the dead-letter and late topics.
func (w *want) checkAside(t *testing.T, brokers []string) {
	t.Helper()
	for _, c := range []struct {
		suffix string
		want   map[place]bool
	}{{wire.SuffixDLQ, w.rejected}, {wire.SuffixLate, w.late}} {
		got := map[place]bool{}
		for _, stream := range []event.Stream{event.StreamSignup, event.StreamRequest, event.StreamPayment} {
			for _, r := range readAll(t, brokers, stream.String()+c.suffix) {
				got[origin(t, stream, r)] = true
			}
		}
		same(t, c.suffix, c.want, got)
		t.Logf("%s: %d records", c.suffix, len(got))
	}
}

// same compares two maps that are too large for a diff, and shows the first differences.
func same[K, V comparable](t *testing.T, what string, want, got map[K]V) {
	t.Helper()
	wrong := 0
	differs := func(format string, args ...any) {
		if wrong++; wrong <= 5 {
			t.Errorf(what+": "+format, args...)
		}
	}
	for k, v := range want {
		if g, ok := got[k]; !ok {
			differs("%+v is missing, want %+v", k, v)
		} else if g != v {
			differs("%+v is %+v, want %+v", k, g, v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			differs("%+v is one too many: %+v", k, v)
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d of %d differ", what, wrong, len(want))
	}
}

func origin(t *testing.T, stream event.Stream, r *kgo.Record) place {
	t.Helper()
	p := place{stream: stream, partition: -1, offset: -1}
	for _, h := range r.Headers {
		n, err := strconv.ParseInt(string(h.Value), 10, 64)
		switch {
		case h.Key == wire.HeaderPartition && err == nil:
			p.partition = int32(n)
		case h.Key == wire.HeaderOffset && err == nil:
			p.offset = n
		}
	}
	return p
}

// awaitStored waits until everything in the input topics is stored and told.
func awaitStored(t *testing.T, brokers []string, store *redisstore.Store, limit time.Duration) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	deadline := time.Now().Add(limit)
	for {
		behind := standing(t.Context(), kadm.NewClient(cl), store)
		if behind == "" {
			behind = lagging(t.Context(), kadm.NewClient(cl))
		}
		if behind == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not stored after %s: %s", limit, behind)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// lagging says which group shows a lag, or "": what is told must be shown in the end.
func lagging(ctx context.Context, adm *kadm.Client) string {
	lags, err := adm.Lag(ctx, signup.Group, request.Group, payment.Group)
	if err == nil {
		err = lags.Error()
	}
	if err != nil {
		return err.Error()
	}
	for _, l := range lags {
		if n := l.Lag.Total(); n > 0 {
			return fmt.Sprintf("group %s shows a lag of %d", l.Group, n)
		}
	}
	return ""
}

// standing says which partition is not stored and told to its end, or "".
func standing(ctx context.Context, adm *kadm.Client, store *redisstore.Store) string {
	for _, stream := range []event.Stream{event.StreamSignup, event.StreamRequest, event.StreamPayment} {
		ends, err := adm.ListEndOffsets(ctx, stream.String())
		if err != nil {
			return err.Error()
		}
		behind := ""
		ends.Each(func(o kadm.ListedOffset) {
			pos, err := store.Position(ctx, stream, o.Partition)
			if err != nil || (o.Offset > 0 && (pos.Next != o.Offset || pos.Told != o.Offset)) {
				behind = fmt.Sprintf("%s/%d ends at %d, stored %+v, %v", stream, o.Partition, o.Offset, pos, err)
			}
		})
		if behind != "" {
			return behind
		}
	}
	return ""
}
