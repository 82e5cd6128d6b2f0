package exact_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// BenchmarkRequestService lets one instance of the service request, on one core, read
// records of about 350 B of JSON that lie in the embedded Kafka. It says how many
// events a second of the service's own CPU is good for, beside the wall clock.
//
// few: 1,000 accounts that make a request every few seconds, as relays do, so that most events tell
// nothing new; many: 50,000 accounts at 26 requests a day, each of them a minute of its own.
func BenchmarkRequestService(b *testing.B) {
	for _, c := range []struct {
		name     string
		accounts int
		gapMS    int64 // of event time between two requests of an account
	}{{"few", 1000, 4_000}, {"many", 50_000, 3_300_000}} {
		b.Run(c.name, func(b *testing.B) {
			brokers, url := testbackend.KafkaServer(b).Brokers(), testbackend.Redis(b)
			n := fillRequests(b, brokers, c.accounts, c.gapMS)
			b.ResetTimer()
			start := time.Now()
			cpu := drain(b, brokers, url, n)
			wall := time.Since(start)
			b.ReportMetric(float64(n)/wall.Seconds(), "events/s")
			b.ReportMetric(float64(n)/cpu.Seconds(), "events/cpu-s")
			b.ReportMetric(cpu.Seconds()*1e6/float64(n), "cpu-µs/event")
			reportOutput(b, brokers, url, n)
		})
	}
}

const timedRecords = 600_000

func fillRequests(b *testing.B, brokers []string, accounts int, gapMS int64) int {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(200_000))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	if err := kafka.EnsureTopics(b.Context(), kadm.NewClient(cl), kafka.Default(), stage.Topics()); err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	step := max(gapMS/int64(accounts), 1)
	for i := range timedRecords {
		account := rnd.IntN(accounts)
		ts := 1_775_000_000_000 + int64(i)*step
		cl.Produce(b.Context(), &kgo.Record{Topic: wire.TopicRequests, Key: fmt.Appendf(nil, "acct_%08d", account), Value: requestJSON(rnd, i, account, ts)}, nil)
	}
	if err := cl.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return timedRecords
}

func requestJSON(rnd *rand.Rand, i, account int, ts int64) []byte {
	place := account*7 + rnd.IntN(3)
	return fmt.Appendf(nil, `{"event_id":"ev_%012d","account_id":"acct_%08d","ts":%d,"api_key_id":"key_%06d","conversation_id":"conv_%010d","turn":%d,`+
		`"ip":"198.%d.%d.%d","asn":%d,"ip_type":"hosting","country":"US","ja4":"t13d1516h2_8daaf6152771_%012d","user_agent":"python-requests/2.31",`+
		`"model":"model-large-1","endpoint":"/v1/messages","status":200,"input_tokens":%d,"output_tokens":%d,"latency_ms":%d,"stream":true,`+
		`"task":"chat","template_hash":"%016x","suffix_hash":"%016x","cot_score":0.%02d}`,
		i, account, ts, account, i/4, i%4, place>>16&3, place>>8&255, place&255, 64500+account%50, account%20,
		rnd.IntN(8000), rnd.IntN(2000), rnd.IntN(9000), account%900+1, rnd.Uint64(), rnd.IntN(100))
}

// drain runs the service in a process of its own until all is stored, and returns the
// CPU time that it took.
func drain(b *testing.B, brokers []string, url string, n int) time.Duration {
	env, err := json.Marshal(settings{Brokers: brokers, Redis: url, Only: "request", Timed: true, Profile: os.Getenv("IOLAUS_PROFILE")})
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+string(env), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	cfg := redisstore.Default()
	cfg.URL = url
	store, err := redisstore.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // read-only
	for stored(b.Context(), store) < int64(n) {
		time.Sleep(20 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func stored(ctx context.Context, store *redisstore.Store) (n int64) {
	for p := range int32(kafka.Default().Partitions) {
		if pos, err := store.Position(ctx, event.StreamRequest, p); err == nil {
			n += max(pos.Next, 0)
		}
	}
	return n
}

// reportOutput says what came out for each event, and what an account takes in Redis.
func reportOutput(b *testing.B, brokers []string, url string, n int) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	for _, topic := range []string{wire.TopicLinks, wire.TopicActivity} {
		ends, err := kadm.NewClient(cl).ListEndOffsets(b.Context(), topic)
		if err != nil {
			b.Fatal(err)
		}
		sum := int64(0)
		ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		b.ReportMetric(float64(sum)/float64(n), strings.TrimPrefix(topic, "iolaus-")+"/event")
	}
	opt, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	r := redis.NewClient(opt)
	defer r.Close() //nolint:errcheck // read-only
	keys, err := r.DBSize(b.Context()).Result()
	if err != nil {
		b.Fatal(err)
	}
	info := r.InfoMap(b.Context(), "memory").Val()["Memory"]
	var used float64
	_, _ = fmt.Sscan(info["used_memory_dataset"], &used) // zero if Redis does not say
	b.ReportMetric(used/float64(keys), "redis-bytes/account")
}
