package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

const partitions = 3

// cluster starts a broker with the input topics and two of the dead-letter topics.
func cluster(t *testing.T) []kgo.Opt {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions,
		"signups", "requests", "payments", "labels", "requests.dlq", "signups.dlq"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return []kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}
}

func produce(t *testing.T, opts []kgo.Opt, records ...*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(append(slices.Clone(opts), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// letter is the dead letter that the first stage makes of a record.
func letter(topic string, partition int32, offset int64, reason string, value []byte, more ...kgo.RecordHeader) *kgo.Record {
	own := []kgo.RecordHeader{
		{Key: wire.HeaderReason, Value: []byte(reason)},
		{Key: wire.HeaderDetail, Value: []byte("why")},
		{Key: wire.HeaderTopic, Value: []byte(topic)},
		{Key: wire.HeaderPartition, Value: []byte(strconv.Itoa(int(partition)))},
		{Key: wire.HeaderOffset, Value: []byte(strconv.FormatInt(offset, 10))},
	}
	return &kgo.Record{Topic: topic + wire.SuffixDLQ, Partition: partition, Key: []byte("acct-1"), Value: value, Headers: append(own, more...),
		Timestamp: time.UnixMilli(1_777_000_000_000 + offset)}
}

// fedBack reads what was produced to an input topic, in order of its values.
func fedBack(t *testing.T, opts []kgo.Opt, topic string, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(append(slices.Clone(opts), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var got []*kgo.Record
	for {
		wait := 200 * time.Millisecond // enough to see one too many
		if len(got) < n {
			wait = 20 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		records := client.PollFetches(ctx).Records()
		cancel()
		if len(records) == 0 {
			break
		}
		got = append(got, records...)
	}
	slices.SortFunc(got, func(a, b *kgo.Record) int { return slices.Compare(a.Value, b.Value) })
	return got
}

func replayOnce(t *testing.T, opts []kgo.Opt, cfg ReplayConfig) Result {
	t.Helper()
	if cfg.MaxReplays == 0 {
		cfg.MaxReplays = 1
	}
	got, err := Replay(t.Context(), opts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Letters are read with what the headers say, filtered by reason and time, whatever
// headers the producer had put on the record.
func TestRead(t *testing.T) {
	opts := cluster(t)
	forged := []kgo.RecordHeader{{Key: "trace", Value: []byte("t")}, {Key: wire.HeaderReason, Value: []byte("forged")}, {Key: wire.HeaderSealed, Value: []byte("1")}}
	produce(t, opts,
		letter("requests", 0, 10, "bad_json", []byte("a"), forged...),
		letter("requests", 2, 11, "missing_field", []byte("b")),
		letter("signups", 1, 12, "bad_json", nil),
		&kgo.Record{Topic: "signups.dlq", Partition: 0, Value: []byte("no headers at all")},
		letter("requests", 1, 13, "bad_json", []byte("c"), kgo.RecordHeader{Key: wire.HeaderReplays, Value: []byte("1")}),
	)
	for _, c := range []struct {
		name string
		f    Filter
		want []string
	}{
		{"all", Filter{}, []string{"requests 10 bad_json 0", "requests 11 missing_field 0", "requests 13 bad_json 1", "signups 12 bad_json 0"}},
		{"a reason", Filter{Reasons: []string{"missing_field"}}, []string{"requests 11 missing_field 0"}},
		{"a topic", Filter{Topics: []string{"signups"}}, []string{"signups 12 bad_json 0"}},
		{"a topic that has no dead letters yet", Filter{Topics: []string{"payments"}}, nil},
		{"from and to", Filter{From: time.UnixMilli(1_777_000_000_011), To: time.UnixMilli(1_777_000_000_013)},
			[]string{"requests 11 missing_field 0", "signups 12 bad_json 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			strange := 0
			err := Read(t.Context(), opts, c.f, func(l *Letter) error {
				if l.Sealed || l.Detail != "why" {
					t.Errorf("letter %+v", l)
				}
				got = append(got, fmt.Sprintf("%s %d %s %d", l.Topic, l.Offset, l.Reason, l.Replays))
				return nil
			}, func(error) { strange++ })
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(c.f.Topics) == 0 && strange != 1 {
				t.Errorf("%d strange records, want 1", strange)
			}
		})
	}
}

// A letter goes back to its partition as it came, once: a second replay feeds nothing,
// --again does, and one that is rejected again is left alone.
func TestReplay(t *testing.T) {
	opts := cluster(t)
	trace := kgo.RecordHeader{Key: "content-type", Value: []byte("application/x-protobuf")}
	produce(t, opts,
		letter("requests", 0, 10, "bad_json", []byte("a"), trace),
		letter("requests", 2, 11, "bad_json", []byte("b")),
		letter("requests", 1, 12, "missing_field", []byte("c")),
		letter("requests", 1, 13, "bad_json", []byte("spent"), kgo.RecordHeader{Key: wire.HeaderReplays, Value: []byte("1")}),
	)
	bad := Filter{Reasons: []string{"bad_json"}}
	if got := replayOnce(t, opts, ReplayConfig{Filter: bad, DryRun: true}); got != (Result{Replayed: 2, Spent: 1}) {
		t.Errorf("dry run: %+v", got)
	}
	if got := replayOnce(t, opts, ReplayConfig{Filter: bad}); got != (Result{Replayed: 2, Spent: 1}) {
		t.Errorf("first: %+v", got)
	}
	if got := replayOnce(t, opts, ReplayConfig{Filter: bad}); got != (Result{Done: 2, Spent: 1}) {
		t.Errorf("second: %+v", got)
	}
	if got := replayOnce(t, opts, ReplayConfig{}); got != (Result{Replayed: 1, Done: 2, Spent: 1}) {
		t.Errorf("all: %+v", got)
	}
	records := fedBack(t, opts, "requests", 3)
	var got []string
	for _, r := range records {
		got = append(got, fmt.Sprintf("%d %s %s %v", r.Partition, r.Key, r.Value, r.Headers))
	}
	one := kgo.RecordHeader{Key: wire.HeaderReplays, Value: []byte("1")}
	want := []string{
		fmt.Sprintf("0 acct-1 a %v", []kgo.RecordHeader{trace, one}),
		fmt.Sprintf("2 acct-1 b %v", []kgo.RecordHeader{one}),
		fmt.Sprintf("1 acct-1 c %v", []kgo.RecordHeader{one}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := replayOnce(t, opts, ReplayConfig{Again: true, MaxReplays: 2}); got != (Result{Replayed: 4}) {
		t.Errorf("again, twice allowed: %+v", got)
	}
}

// A replay's own failures come back with a higher count: whatever number of replays is
// run while everything is rejected again, what goes round is bounded.
func TestReplayDoesNotFeedItself(t *testing.T) {
	opts := cluster(t)
	produce(t, opts, letter("requests", 0, 0, "bad_json", []byte("x")))
	total := 0
	for round := range 5 {
		got := replayOnce(t, opts, ReplayConfig{MaxReplays: 2})
		total += got.Replayed
		for n := range got.Replayed { // the stage rejects it again, with the headers that it came with
			header := kgo.RecordHeader{Key: wire.HeaderReplays, Value: []byte(strconv.Itoa(total))}
			produce(t, opts, letter("requests", 0, int64(round*10+n+1), "bad_json", []byte("x"), header))
		}
	}
	if total != 2 {
		t.Errorf("fed back %d times, at most 2 were allowed", total)
	}
}

// A sealed letter goes back opened, and stays where it is without the key.
func TestReplaySealed(t *testing.T) {
	opts := cluster(t)
	s, err := seal.New(seal.Config{SealKey: "a secret of enough bytes"})
	if err != nil {
		t.Fatal(err)
	}
	l := letter("signups", 1, 42, "missing_field", s.Seal("signups", 1, 42, []byte("plain")))
	l.Headers = append(l.Headers, kgo.RecordHeader{Key: wire.HeaderSealed, Value: []byte("1")})
	produce(t, opts, l)
	if got := replayOnce(t, opts, ReplayConfig{}); got != (Result{Unopened: 1}) {
		t.Errorf("without the key: %+v", got)
	}
	if got := replayOnce(t, opts, ReplayConfig{Opener: s}); got != (Result{Replayed: 1}) {
		t.Errorf("with the key: %+v", got)
	}
	if got := fedBack(t, opts, "signups", 1); len(got) != 1 || string(got[0].Value) != "plain" {
		t.Errorf("fed back %v", got)
	}
}

// Spans hold exactly the offsets that were added, in any order, and survive being
// written and read.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s spans
		added := map[int64]bool{}
		for _, o := range rapid.SliceOfN(rapid.Int64Range(0, 40), 0, 60).Draw(t, "offsets") {
			s = s.add(o)
			added[o] = true
		}
		if len(s) > 0 {
			again, err := parseSpans(s.String())
			if err != nil || !slices.Equal(again, s) {
				t.Fatalf("%s reads as %v, %v", s, again, err)
			}
		}
		for o := range int64(42) {
			if s.has(o) != added[o] {
				t.Fatalf("%s has %d: %v, want %v", s, o, s.has(o), added[o])
			}
		}
		for i := 1; i < len(s); i++ {
			if s[i].first <= s[i-1].last+1 {
				t.Fatalf("%s touches itself", s)
			}
		}
	})
	for _, bad := range []string{"x", "3-", "5-3", "3-7,6", "", "1,,2"} {
		if _, err := parseSpans(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// Too many runs to note is said before anything is fed back.
func TestTooScattered(t *testing.T) {
	n := &notes{at: map[place]spans{}}
	for i := range int64(2000) {
		n.add(&Letter{Topic: "requests", DLQOffset: 2 * i})
	}
	if err := n.check(); !errors.Is(err, ErrTooScattered) {
		t.Errorf("got %v", err)
	}
}

func TestFilterValidate(t *testing.T) {
	if err := (Filter{Topics: []string{"decisions"}}).Validate(); err == nil {
		t.Error("decisions have no dead letters")
	}
}
