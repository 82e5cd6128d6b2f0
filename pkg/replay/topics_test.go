package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

type topics struct {
	t       *testing.T
	brokers []string
	cl      *kgo.Client
	adm     *kadm.Client
}

func newTopics(t *testing.T) *topics {
	t.Helper()
	brokers := testbackend.Kafka(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	k := &topics{t: t, brokers: brokers, cl: cl, adm: kadm.NewClient(cl)}
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		if _, err := k.adm.CreateTopic(t.Context(), 4, 1, nil, s.String()); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// record stands on a partition by its account, and was appended when it happened.
func (k *topics) record(topic string, n int, line string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: int32(n % 3), Key: fmt.Appendf(nil, "a%d", n%7), Value: []byte(line), // partition 3 stays empty
		Timestamp: time.UnixMilli(ts + int64(n)*1000)}
}

func (k *topics) produce(rs ...*kgo.Record) {
	k.t.Helper()
	if err := k.cl.ProduceSync(k.t.Context(), rs...).FirstErr(); err != nil {
		k.t.Fatal(err)
	}
}

// inTransaction writes records and commits or aborts them.
func (k *topics) inTransaction(commit kgo.TransactionEndTry, rs ...*kgo.Record) {
	k.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("test"))
	if err != nil {
		k.t.Fatal(err)
	}
	defer cl.Close()
	err = errors.Join(cl.BeginTransaction(), cl.ProduceSync(k.t.Context(), rs...).FirstErr(), cl.EndTransaction(k.t.Context(), commit))
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *topics) config(from, to time.Time) Config {
	cfg := configOf("", k.t.TempDir())
	cfg.Kafka = KafkaRange{Brokers: k.brokers, From: from, To: to}
	return cfg
}

func (k *topics) replay(cfg Config) (map[string]uint64, map[string]uint64) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 30*time.Second)
	defer cancel()
	m, err := Run(ctx, cfg)
	if err != nil {
		k.t.Fatal(err)
	}
	return m.Events, m.Rejected
}

// A range of topics: empty topics and partitions, committed and aborted transactions, some of them the
// last thing on a partition, an open one, bad records, and both ends of the range.
func TestTopics(t *testing.T) {
	k := newTopics(t)
	everything := time.UnixMilli(ts - 1000)
	if _, err := Run(t.Context(), k.config(everything, time.Time{})); !errors.Is(err, errNothing) {
		t.Fatalf("empty topics: %v, want %v", err, errNothing)
	}
	for i := range 30 {
		k.produce(k.record("requests", i, requestLine(i)))
	}
	k.produce(k.record("requests", 30, "broken"))
	pb := k.record("requests", 31, "\xff")
	pb.Headers = []kgo.RecordHeader{{Key: decode.HeaderContentType, Value: []byte("application/x-protobuf")}}
	k.produce(pb)
	k.inTransaction(kgo.TryCommit, k.record("requests", 32, requestLine(32)), k.record("signups", 5, signupLine(5)))
	k.inTransaction(kgo.TryAbort, k.record("requests", 34, requestLine(34)), k.record("payments", 35, "{}"))

	events, rejected := k.replay(k.config(everything, time.Time{}))
	n := uint64(0)
	for _, v := range rejected {
		n += v
	}
	if events["requests"] != 31 || events["signups"] != 1 || events["payments"] != 0 || n != 2 {
		t.Fatalf("events %v, rejected %v", events, rejected)
	}
	// From is inside, To is not.
	events, _ = k.replay(k.config(time.UnixMilli(ts+10_000), time.UnixMilli(ts+20_000)))
	if events["requests"] != 10 || events["signups"] != 0 {
		t.Fatalf("ten seconds hold %v", events)
	}
	if _, err := Run(t.Context(), k.config(time.UnixMilli(ts+1_000_000), time.Time{})); !errors.Is(err, errNothing) {
		t.Fatalf("after the end: %v, want %v", err, errNothing)
	}
	groups, err := k.adm.ListGroups(t.Context())
	if err != nil || len(groups) != 0 {
		t.Fatalf("groups %v, %v: nothing live may be touched", groups, err)
	}
}

// A transaction that nobody ends holds nobody up: its records are not of the range.
func TestTopicsWithAnOpenTransaction(t *testing.T) {
	k := newTopics(t)
	k.produce(k.record("requests", 1, requestLine(1)))
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("open"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := errors.Join(cl.BeginTransaction(), cl.ProduceSync(t.Context(), k.record("requests", 1, requestLine(8))).FirstErr()); err != nil {
		t.Fatal(err)
	}
	if events, _ := k.replay(k.config(time.UnixMilli(ts), time.Time{})); events["requests"] != 1 {
		t.Fatalf("events %v", events)
	}
}

// The same records give the same decisions from topics, twice, and from files.
func TestTopicsAndFilesAgree(t *testing.T) {
	signups, payments := ringLines(12)
	k := newTopics(t)
	for topic, text := range map[string]string{"signups": signups, "payments": payments} {
		for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
			r := k.record(topic, i, line)
			_, account, _ := strings.Cut(line, `"account_id":"`)
			account, _, _ = strings.Cut(account, `"`)
			r.Key = []byte(account)
			k.produce(r)
		}
	}
	files := configOf(folder(t, map[string]string{"signups": signups, "payments": payments}), t.TempDir())
	replayed(t, files)
	want := results(t, files.Out)
	for range 2 {
		cfg := k.config(time.UnixMilli(ts-1000), time.Time{})
		k.replay(cfg)
		got := results(t, cfg.Out)
		for _, name := range []string{"decisions.jsonl", "clusters.jsonl"} {
			if len(want[name]) == 0 || !bytes.Equal(got[name], want[name]) {
				t.Fatalf("%s from topics:\n%.400s\nfrom files:\n%.400s", name, got[name], want[name])
			}
		}
	}
}

func TestTopicsThatAreMissing(t *testing.T) {
	cfg := configOf("", t.TempDir())
	cfg.Kafka = KafkaRange{Brokers: testbackend.Kafka(t), From: time.UnixMilli(ts)}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := Run(ctx, cfg); err == nil || !strings.Contains(err.Error(), "finding where signups begins") {
		t.Fatalf("got %v", err)
	}
}
