package kafka_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/iolaus-io/iolaus/pkg/embedded/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, mutate func(*kafka.Config)) *kafka.Server {
	t.Helper()
	cfg := kafka.Default()
	if mutate != nil {
		mutate(&cfg)
	}
	s, err := kafka.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t *testing.T, s *kafka.Server, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.Brokers()...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// A second start on the same folder continues the log and the group's offset.
func TestRestartContinues(t *testing.T) {
	dir := t.TempDir()
	inDir := func(c *kafka.Config) { c.Dir = dir }
	for life := range 3 {
		s := start(t, inDir)
		if err := s.CreateTopic("events", 4, nil); err != nil {
			t.Fatal(err)
		}
		produceThenConsume(t, s, life)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func produceThenConsume(t *testing.T, s *kafka.Server, life int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cl := client(t, s, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("events"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	const n = 100
	for i := range n {
		r := &kgo.Record{Topic: "events", Key: fmt.Append(nil, i), Value: fmt.Appendf(nil, "%d", life)}
		if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < n; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			got++
			if string(r.Value) != fmt.Sprint(life) {
				t.Errorf("life %d was given a record of life %s", life, r.Value)
			}
		})
	}
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	cl.Close()
}

// Creating a topic twice is no error, with another partition count it is.
func TestCreateTopic(t *testing.T) {
	s := start(t, nil)
	for range 2 {
		if err := s.CreateTopic("a", 4, map[string]string{"cleanup.policy": "compact"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CreateTopic("a", 8, nil); err == nil || !strings.Contains(err.Error(), "4 partitions") {
		t.Fatalf("got %v", err)
	}
}

// The configured address is served and announced, and free again after Close.
func TestFixedAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	for range 2 {
		s := start(t, func(c *kafka.Config) { c.Listen = addr })
		if got := s.Brokers(); len(got) != 1 || got[0] != addr {
			t.Fatalf("brokers %v, want %s", got, addr)
		}
		if err := client(t, s).Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A second member gets its share within a second or so at the default heartbeat setting.
func TestQuickRebalance(t *testing.T) {
	s := start(t, nil)
	if err := s.CreateTopic("events", 4, nil); err != nil {
		t.Fatal(err)
	}
	assigned := make(chan int, 16)
	opts := []kgo.Opt{
		kgo.ConsumerGroup("g"), kgo.ConsumeTopics("events"),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, m map[string][]int32) { assigned <- len(m["events"]) }),
	}
	client(t, s, opts...)
	await(t, assigned, 4)
	begun := time.Now()
	second := client(t, s, opts...)
	await(t, assigned, 2)
	if took := time.Since(begun); took > 5*time.Second {
		t.Fatalf("took %s", took)
	}
	second.Close()
}

func await(t *testing.T, ch <-chan int, want int) {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		select {
		case n := <-ch:
			if n == want {
				return
			}
		case <-deadline:
			t.Fatalf("no assignment of %d partitions", want)
		}
	}
}

// Each impossible value is refused by its key.
func TestValidate(t *testing.T) {
	for key, mutate := range map[string]func(*kafka.Config){
		"embedded.kafka.listen":     func(c *kafka.Config) { c.Listen = "nonsense" },
		"embedded.kafka.heartbeat":  func(c *kafka.Config) { c.Heartbeat = 0 },
		"embedded.kafka.retention":  func(c *kafka.Config) { c.Retention = 0 },
		"embedded.kafka.partitions": func(c *kafka.Config) { c.Partitions = 0 },
	} {
		cfg := kafka.Default()
		mutate(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+":") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}
