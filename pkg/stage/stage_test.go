package stage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// health keeps what it is told.
type health struct {
	mu    sync.Mutex
	state map[string]string // "" = ready
}

func (h *health) Ready(c string, ok bool) {
	why := ""
	if !ok {
		why = "not ready"
	}
	h.NotReady(c, why)
}

func (h *health) NotReady(c, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state[c] = why
}

func (h *health) get(c string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state[c]
}

func (h *health) ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state[stage.ConditionKafka]+h.state[stage.ConditionRedis]+h.state[stage.ConditionState] == ""
}

func requests() stage.Spec[event.Request, window.RequestState, *window.RequestState] {
	return stage.Spec[event.Request, window.RequestState, *window.RequestState]{
		Stream: event.StreamRequest, Group: "test", Decode: (*decode.Decoder).Request,
		Meta: func(e *event.Request) *event.Meta { return &e.Meta }, Fold: fold.Request, Flush: fold.FlushRequest,
	}
}

// rig is a stage with its backends.
type rig struct {
	cfg    stage.Config
	health *health
	client *kgo.Client
	store  *redisstore.Store
}

func newRig(t *testing.T, redisURL string) *rig {
	t.Helper()
	h := &health{state: map[string]string{stage.ConditionKafka: "starting", stage.ConditionRedis: "starting", stage.ConditionState: "starting"}}
	cfg := stage.Config{
		Kafka: kafka.Default(), Redis: redisstore.Default(), Decode: decode.Default(), Settings: stage.DefaultSettings(),
		Log: zaptest.NewLogger(t), Metrics: prometheus.NewRegistry(), Health: h,
	}
	cfg.Kafka.Brokers, cfg.Redis.URL, cfg.Decode.Privacy.HMACKey = testbackend.Kafka(t), redisURL, strings.Repeat("k", 32)
	cfg.Settings.Tell = 100 * time.Millisecond
	cl, err := kgo.NewClient(append(cfg.Kafka.Options("test", cfg.Log), kgo.ProducerBatchMaxBytes(8<<20))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	store, err := redisstore.New(cfg.Redis)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &rig{cfg: cfg, health: h, client: cl, store: store}
}

// run starts the stage; stop ends it and returns what Run returned.
func (r *rig) run(t *testing.T) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stage.Run(ctx, requests(), r.cfg) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func (r *rig) topics(t *testing.T, topics []kafka.Topic) {
	t.Helper()
	if err := kafka.EnsureTopics(t.Context(), kadm.NewClient(r.client), r.cfg.Kafka, topics); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // the client keeps metadata for a moment
}

func (r *rig) produce(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	if err := r.client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 30s: not %s", what)
		}
	}
}

func (r *rig) next(t *testing.T, partition int32) int64 {
	pos, err := r.store.Position(t.Context(), event.StreamRequest, partition)
	if err != nil {
		return -1
	}
	return pos.Next
}

func good(id string, ts int64) []byte {
	return fmt.Appendf(nil, `{"event_id":"%s-%d","account_id":"%s","ts":%d,"model":"m"}`, id, ts, id, ts)
}

// Input topics of different numbers of partitions are an error at the start, not a
// service that runs and is wrong.
func TestCoPartitionMismatch(t *testing.T) {
	r := newRig(t, testbackend.Redis(t))
	r.topics(t, []kafka.Topic{{Name: wire.TopicPayments, Partitions: 3}})
	done := make(chan error, 1)
	go func() { done <- stage.Run(t.Context(), requests(), r.cfg) }()
	select {
	case err := <-done:
		if !errors.Is(err, kafka.ErrCoPartition) {
			t.Errorf("Run = %v, want ErrCoPartition", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run goes on")
	}
}

// A record that is rejected goes to the dead-letter topic whole, sealed and with its
// reason, however large it is; the good ones around it are counted.
func TestRejectedWhole(t *testing.T) {
	r := newRig(t, testbackend.Redis(t))
	sealer, err := seal.New(seal.Config{SealKey: strings.Repeat("s", 32)})
	if err != nil {
		t.Fatal(err)
	}
	r.cfg.Sealer = sealer
	r.topics(t, append(stage.Topics(), kafka.Topic{Name: "requests", MaxBytes: 16 << 20}))
	huge := &kgo.Record{Topic: wire.TopicRequests, Partition: 0, Key: []byte("a"), Value: bytes.Repeat([]byte("x"), 3<<20), Headers: []kgo.RecordHeader{{Key: "own", Value: []byte("1")}}}
	r.produce(t,
		&kgo.Record{Topic: wire.TopicRequests, Key: []byte("a"), Value: good("a", 1_775_000_000_000)},
		huge,
		&kgo.Record{Topic: wire.TopicRequests, Key: []byte("a"), Value: nil}, // a tombstone
		&kgo.Record{Topic: wire.TopicRequests, Key: []byte("a"), Value: good("a", 1_775_000_001_000)},
	)
	r.run(t)
	eventually(t, "stored", func() bool { return r.next(t, huge.Partition) == huge.Offset+3 })
	packed, err := r.store.Load(t.Context(), event.StreamRequest, huge.Partition, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	st, err := window.DecodeRequest(packed[0])
	if err != nil || st.Total() != 2 {
		t.Errorf("state: %v, %d requests, want 2", err, st.Total())
	}
	dlq := readTwo(t, r.cfg.Kafka.Brokers, wire.TopicRequests+wire.SuffixDLQ)
	value, err := sealer.Open(wire.TopicRequests, huge.Partition, huge.Offset, dlq[0].Value)
	if err != nil || !bytes.Equal(value, huge.Value) {
		t.Errorf("dead letter opens to %d bytes, %v; want the %d produced", len(value), err, len(huge.Value))
	}
	for i, want := range []string{decode.ReasonTooLarge, decode.ReasonEmptyValue} {
		if got := header(dlq[i], wire.HeaderReason); got != want {
			t.Errorf("reason %d = %q, want %q", i, got, want)
		}
	}
	if header(dlq[0], "own") != "1" || header(dlq[0], wire.HeaderOffset) != fmt.Sprint(huge.Offset) || string(dlq[0].Key) != "a" {
		t.Errorf("dead letter: key %q, headers %v", dlq[0].Key, dlq[0].Headers)
	}
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func readTwo(t *testing.T, brokers []string, topic string) []*kgo.Record {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var out []*kgo.Record
	for len(out) < 2 {
		f := cl.PollFetches(t.Context())
		if err := f.Err0(); err != nil {
			t.Fatal(err)
		}
		out = append(out, f.Records()...)
	}
	return out
}

// While Redis is away the stage is not ready and keeps everything; when it is back the
// stage goes on by itself.
func TestRedisAway(t *testing.T) {
	server := testbackend.RedisServer(t)
	r := newRig(t, server.URL())
	r.topics(t, stage.Topics())
	r.run(t)
	eventually(t, "ready", r.health.ready)
	const n = 200
	for i := range n {
		if i%50 == 20 {
			eventually(t, "killed", func() bool { return server.Kill() == nil })
		}
		r.produce(t, &kgo.Record{Topic: wire.TopicRequests, Key: []byte("a"), Value: good("a", 1_775_000_000_000+int64(i))})
	}
	eventually(t, "ready again", r.health.ready)
	eventually(t, "everything counted", func() bool {
		for p := range int32(4) {
			if packed, err := r.store.Load(t.Context(), event.StreamRequest, p, []string{"a"}); err == nil && packed[0] != nil {
				st, err := window.DecodeRequest(packed[0])
				return err == nil && st.Total() == n
			}
		}
		return false
	})
}

// A topic that was made anew under a stored position is refused, not read from a place
// that means something else.
func TestTopicMadeAnew(t *testing.T) {
	r := newRig(t, testbackend.Redis(t))
	r.topics(t, stage.Topics())
	epoch, pos, err := r.store.Acquire(t.Context(), event.StreamRequest, 2)
	if err != nil {
		t.Fatal(err)
	}
	lease := redisstore.Lease{Stream: event.StreamRequest, Partition: 2, Epoch: epoch}
	if err := r.store.Commit(t.Context(), lease, pos, redisstore.Position{Next: 1000}, nil); err != nil {
		t.Fatal(err)
	}
	stop := r.run(t)
	eventually(t, "waiting for partition 2", func() bool { return strings.HasPrefix(r.health.get(stage.ConditionState), "partition 2 is waiting") })
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
}
