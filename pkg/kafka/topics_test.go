package kafka_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

func admin(t *testing.T) (*kadm.Client, kafka.Config) {
	t.Helper()
	cfg := kafka.Default()
	cfg.Brokers = testbackend.Kafka(t)
	cl, err := kgo.NewClient(cfg.Options("test", zaptest.NewLogger(t))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl), cfg
}

// awaitTopics waits until the topics are in the metadata that the client sees: a broker tells
// of a new topic a little after it was made, and a client asks again only after a while.
func awaitTopics(t *testing.T, adm *kadm.Client, names ...string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		topics, err := adm.ListTopics(t.Context(), names...)
		if err == nil {
			err = topics.Error()
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("topics %v: %v", names, err)
		}
	}
}

// Topics are made as declared, once; one that exists stays as it is.
func TestEnsureTopics(t *testing.T) {
	adm, cfg := admin(t)
	first := []kafka.Topic{{Name: "links", Compact: true, Retention: time.Hour}, {Name: "one", Partitions: 1, MaxBytes: 2 << 20}}
	if err := kafka.EnsureTopics(t.Context(), adm, cfg, first); err != nil {
		t.Fatal(err)
	}
	if err := kafka.EnsureTopics(t.Context(), adm, cfg, append(first, kafka.Topic{Name: "more"}, kafka.Topic{Name: "one", Partitions: 9})); err != nil {
		t.Fatal(err)
	}
	awaitTopics(t, adm, "links", "one", "more")
	topics, err := adm.ListTopics(t.Context(), "links", "one", "more")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"links": 4, "one": 1, "more": 4} {
		if got := len(topics[name].Partitions); got != want {
			t.Errorf("%s has %d partitions, want %d", name, got, want)
		}
	}
	configs, err := adm.DescribeTopicConfigs(t.Context(), "links")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range configs[0].Configs {
		got[c.Key] = c.MaybeValue()
	}
	if got["cleanup.policy"] != "compact,delete" || got["retention.ms"] != "3600000" {
		t.Errorf("links: cleanup.policy %q, retention.ms %q", got["cleanup.policy"], got["retention.ms"])
	}
}

// Topics of different numbers of partitions are refused, with the numbers.
func TestCheckCoPartitioned(t *testing.T) {
	adm, cfg := admin(t)
	topics := []kafka.Topic{{Name: "a"}, {Name: "b"}, {Name: "c", Partitions: 3}}
	if err := kafka.EnsureTopics(t.Context(), adm, cfg, topics); err != nil {
		t.Fatal(err)
	}
	awaitTopics(t, adm, "a", "b", "c")
	if n, err := kafka.CheckCoPartitioned(t.Context(), adm, "a", "b"); n != 4 || err != nil {
		t.Errorf("a, b: %d, %v", n, err)
	}
	_, err := kafka.CheckCoPartitioned(t.Context(), adm, "a", "b", "c")
	if !errors.Is(err, kafka.ErrCoPartition) || !strings.Contains(err.Error(), "a has 4, b has 4, c has 3") {
		t.Errorf("a, b, c: %v", err)
	}
	if _, err := kafka.CheckCoPartitioned(t.Context(), adm, "a", "absent"); err == nil || errors.Is(err, kafka.ErrCoPartition) {
		t.Errorf("an absent topic: %v, want an error that may pass", err)
	}
}
