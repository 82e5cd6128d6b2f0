package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// load is what a generator is to do.
type load struct {
	brokers   []string
	topic     string
	format    string
	rate      int // requests a second
	length    time.Duration
	accounts  int
	seed      uint64
	introduce bool
}

// produced is what a generator did, as it prints it.
type produced struct {
	Events     int64   `json:"events"`
	Bytes      int64   `json:"bytes"`
	Seconds    float64 `json:"seconds"`
	BehindMS   int64   `json:"behind_ms"` // how far it was behind its own schedule, at worst
	CPUSeconds float64 `json:"cpu_seconds"`
}

// paymentEvery is how many requests there are to a payment.
const paymentEvery = 200

func newProduceCmd() *cobra.Command {
	var l load
	cmd := &cobra.Command{
		Use: "produce", Short: "Produce requests at a fixed open rate, event time now (the load generator)",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := l.produce(cmd.Context())
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&l.brokers, "brokers", nil, "Kafka brokers")
	fl.StringVar(&l.topic, "topic", "requests", "topic of the requests")
	fl.StringVar(&l.format, "format", "json", "json or protobuf")
	fl.IntVar(&l.rate, "rate", 5000, "requests a second")
	fl.DurationVar(&l.length, "for", 10*time.Second, "how long")
	fl.IntVar(&l.accounts, "accounts", 50_000, "accounts, their shares by Zipf's law")
	fl.Uint64Var(&l.seed, "seed", 1, "seed of the accounts")
	fl.BoolVar(&l.introduce, "introduce", false, "first send a signup and a card of every account")
	return cmd
}

// args are the command line that makes another process do the same.
func (l *load) args() []string {
	args := []string{
		"produce", "--brokers", strings.Join(l.brokers, ","), "--format", l.format, "--rate", strconv.Itoa(l.rate),
		"--for", l.length.String(), "--accounts", strconv.Itoa(l.accounts), "--seed", strconv.FormatUint(l.seed, 10),
	}
	if l.topic != "" {
		args = append(args, "--topic", l.topic)
	}
	if l.introduce {
		args = append(args, "--introduce")
	}
	return args
}

// inProcess runs the load in a process of its own and returns what it did.
func (l *load) inProcess(ctx context.Context) (p produced, err error) {
	self, err := os.Executable()
	if err != nil {
		return p, fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, l.args()...) //nolint:gosec // this program itself
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("running the load generator: %w", err)
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return p, fmt.Errorf("reading what the load generator did: %w", err)
	}
	return p, nil
}

// tick is how often the generator sends what is due, and how long its client gathers records.
const tick = 5 * time.Millisecond

func (l *load) produce(ctx context.Context) (produced, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(l.brokers...), kgo.ClientID("iolaus-bench"),
		kgo.ProducerLinger(tick), kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.MaxBufferedRecords(500_000))
	if err != nil {
		return produced{}, fmt.Errorf("--brokers: %w", err)
	}
	defer cl.Close()
	g := &generator{load: l, client: cl, traffic: newTraffic(l.accounts, l.seed, l.format == "protobuf")}
	g.acked = func(_ *kgo.Record, err error) {
		if err != nil {
			g.failed.Store(&err)
		}
	}
	debug.SetGCPercent(400) // what is left of the machine is for the system under test
	if l.introduce {
		g.traffic.introduction(time.Now().UnixMilli(), func(topic string, key, value []byte) {
			g.send(ctx, g.record(topic, key, value))
		})
		if err := cl.Flush(ctx); err != nil {
			return produced{}, fmt.Errorf("introducing the accounts: %w", err)
		}
	}
	return g.run(ctx)
}

type generator struct {
	*load

	client  *kgo.Client
	traffic *traffic
	failed  atomic.Pointer[error]
	acked   func(*kgo.Record, error)
	sent    int64
	bytes   int64
}

func (g *generator) run(ctx context.Context) (p produced, err error) {
	g.sent, g.bytes = 0, 0
	cpu := ownCPU()
	start := time.Now()
	for {
		elapsed := min(time.Since(start), g.length)
		due := int64(elapsed.Seconds() * float64(g.rate))
		behind := time.Duration(float64(due-g.sent) / float64(max(g.rate, 1)) * float64(time.Second))
		p.BehindMS = max(p.BehindMS, behind.Milliseconds())
		now := time.Now().UnixMilli()
		for g.sent < due {
			g.one(ctx, now)
		}
		if failed := g.failed.Load(); failed != nil {
			return p, fmt.Errorf("producing: %w", *failed)
		}
		if elapsed >= g.length || ctx.Err() != nil {
			break
		}
		time.Sleep(tick)
	}
	if err := g.client.Flush(ctx); err != nil {
		return p, fmt.Errorf("flushing: %w", err)
	}
	p.Events, p.Bytes, p.Seconds, p.CPUSeconds = g.sent, g.bytes, time.Since(start).Seconds(), ownCPU()-cpu
	return p, nil
}

// one sends the next event; where the client's buffer is full it waits, and the delay
// shows as being behind schedule.
func (g *generator) one(ctx context.Context, now int64) {
	g.sent++
	if g.sent%paymentEvery == 0 && g.topic == "requests" {
		key, value := g.traffic.pay(now)
		g.send(ctx, &kgo.Record{Topic: "payments", Key: key, Value: value})
		return
	}
	key, value := g.traffic.next(now)
	g.bytes += int64(len(value))
	g.send(ctx, g.record(g.topic, key, value))
}

func (g *generator) record(topic string, key, value []byte) *kgo.Record {
	r := &kgo.Record{Topic: topic, Key: key, Value: value}
	if g.traffic.protobuf && value[0] != '{' {
		r.Headers = protobufHeader
	}
	return r
}

var protobufHeader = []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/x-protobuf")}}

func (g *generator) send(ctx context.Context, r *kgo.Record) {
	g.client.Produce(ctx, r, g.acked)
}
