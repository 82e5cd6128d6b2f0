package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	ekafka "github.com/iolaus-io/iolaus/pkg/embedded/kafka"
	eredis "github.com/iolaus-io/iolaus/pkg/embedded/redis"
)

// naive is the baseline: account windows as most build them first. One consumer decodes
// with encoding/json and sends a Redis pipeline an event: counters of the four windows in
// hashes that expire, distinct addresses in HyperLogLogs. It is not exactly-once, finds
// no clusters and writes nothing to ClickHouse.
type naive struct {
	bench    *bench
	events   int
	accounts int
}

func newNaiveCmd(b *bench) *cobra.Command {
	n := naive{bench: b}
	cmd := &cobra.Command{
		Use: "naive", Short: "Events per CPU-second of the usual way: encoding/json and a Redis pipeline an event",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return n.run(cmd.Context()) },
	}
	cmd.Flags().IntVar(&n.events, "events", 200_000, "events")
	cmd.Flags().IntVar(&n.accounts, "accounts", 50_000, "accounts, their shares by Zipf's law")
	return cmd
}

func (n *naive) run(ctx context.Context) error {
	dir, done, err := n.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	kc := ekafka.Default()
	kc.Dir = filepath.Join(dir, "kafka")
	broker, err := ekafka.Start(ctx, kc)
	if err != nil {
		return err
	}
	defer broker.Close() //nolint:errcheck // its data is thrown away
	rc := eredis.Default()
	rc.Dir, rc.RequireServer = filepath.Join(dir, "redis"), true
	server, err := eredis.Start(ctx, rc)
	if err != nil {
		return err
	}
	defer server.Close() //nolint:errcheck // its data is thrown away
	l := load{brokers: broker.Brokers(), topic: "naive", format: "json", accounts: n.accounts, seed: 1}
	if err := l.fill(ctx, n.events); err != nil {
		return err
	}
	before, err := cpuOf(os.Getpid(), "app and broker")
	if err != nil {
		return err
	}
	start := time.Now()
	if err := n.consume(ctx, broker.Brokers(), server.URL()); err != nil {
		return err
	}
	took := time.Since(start)
	after, err := cpuOf(os.Getpid(), "app and broker")
	if err != nil {
		return err
	}
	used, sum := after.since(before)
	row(fmt.Sprintf("baseline: encoding/json and a Redis pipeline an event, %d JSON requests", n.events),
		fmt.Sprintf("%s (app and broker %.1f s, redis %.1f s), %.1fk events/s on one core", perCPU(int64(n.events), sum),
			used["app and broker"], used["redis"], float64(n.events)/took.Seconds()/1000), "-")
	return nil
}

// fill makes the topic, with as many partitions as Iolaus has, and produces n requests to it.
func (l *load) fill(ctx context.Context, n int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(l.brokers...))
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	const partitions, replicas = 4, 1
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, partitions, replicas, nil, l.topic); err != nil {
		return fmt.Errorf("making the topic: %w", err)
	}
	t := newTraffic(l.accounts, l.seed, l.format == "protobuf")
	var failed error
	for range n {
		key, value := t.next(time.Now().UnixMilli())
		cl.Produce(ctx, &kgo.Record{Topic: l.topic, Key: key, Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("flushing: %w", err)
	}
	return failed
}

// naiveRequest is the part of a request that the windows count.
type naiveRequest struct {
	EventID      string `json:"event_id"`
	AccountID    string `json:"account_id"`
	TS           int64  `json:"ts"`
	IP           string `json:"ip"`
	JA4          string `json:"ja4"`
	APIKeyID     string `json:"api_key_id"`
	Template     string `json:"template_hash"`
	Status       int    `json:"status"`
	InputTokens  int64  `json:"input_tokens"`
	OutputTokens int64  `json:"output_tokens"`
}

// naiveWindows are the panes of the four windows, as Iolaus has them.
var naiveWindows = []struct {
	name string
	pane time.Duration
	keep time.Duration
}{
	{"1m", 5 * time.Second, time.Minute}, {"1h", 5 * time.Minute, time.Hour},
	{"24h", time.Hour, 24 * time.Hour}, {"14d", 24 * time.Hour, 14 * 24 * time.Hour},
}

func (n *naive) consume(ctx context.Context, brokers []string, url string) error {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return fmt.Errorf("reading Redis's address: %w", err)
	}
	rdb := redis.NewClient(opts)
	defer rdb.Close() //nolint:errcheck // nothing to be done about it
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumerGroup("naive"), kgo.ConsumeTopics("naive"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	for left := n.events; left > 0; {
		fetches := cl.PollRecords(ctx, 5000)
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		for it := fetches.RecordIter(); !it.Done(); left-- {
			if err := naiveApply(ctx, rdb, it.Next().Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func naiveApply(ctx context.Context, rdb *redis.Client, value []byte) error {
	var q naiveRequest
	if err := json.Unmarshal(value, &q); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	p := rdb.Pipeline()
	for _, w := range naiveWindows {
		key := "naive:" + w.name + ":" + q.AccountID
		pane := ":" + strconv.FormatInt(q.TS/w.pane.Milliseconds(), 10)
		p.HIncrBy(ctx, key, "n"+pane, 1)
		p.HIncrBy(ctx, key, "in"+pane, q.InputTokens)
		p.HIncrBy(ctx, key, "out"+pane, q.OutputTokens)
		if q.Status >= 400 {
			p.HIncrBy(ctx, key, "err"+pane, 1)
		}
		p.Expire(ctx, key, 2*w.keep)
		p.PFAdd(ctx, key+":ip", q.IP)
	}
	p.PFAdd(ctx, "naive:templates:"+q.AccountID, q.Template)
	if _, err := p.Exec(ctx); err != nil {
		return fmt.Errorf("writing to Redis: %w", err)
	}
	return nil
}
