package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/migrations"
)

// envChild makes the test program a sink that can be killed: it holds the addresses.
const envChild = "IOLAUS_SINK_TEST_CHILD"

type childEnv struct {
	Brokers []string
	DSN     string
}

func TestMain(m *testing.M) {
	text := os.Getenv(envChild)
	if text == "" {
		os.Exit(m.Run())
	}
	var env childEnv
	if err := json.Unmarshal([]byte(text), &env); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := Run(ctx, config(env.Brokers, env.DSN, zap.NewNop()))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func config(brokers []string, dsn string, log *zap.Logger) Config {
	cfg := Default()
	cfg.Kafka.Brokers, cfg.Kafka.Session = brokers, 2*time.Second
	cfg.ClickHouse.DSN, cfg.ClickHouse.InsertTimeout = dsn, 10*time.Second
	cfg.Decode.Privacy.HMACKey = "0123456789abcdef"
	cfg.HTTP.Addr, cfg.Pprof.Addr = "127.0.0.1:0", "off"
	cfg.Batch.Linger, cfg.Batch.Idle = 200*time.Millisecond, 50*time.Millisecond
	cfg.Log = log
	return cfg
}

func testLog(t testing.TB) *zap.Logger { return zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)) }

// stage is Kafka with the sink's topics and ClickHouse with its tables.
type stage struct {
	t       testing.TB
	brokers []string
	dsn     string
	client  *kgo.Client
	admin   *kadm.Client
	store   *clickhouse.Client
}

const partitions = 4

func newStage(t testing.TB, brokers []string, dsn string) *stage {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s := &stage{t: t, brokers: brokers, dsn: dsn, client: client, admin: kadm.NewClient(client)}
	for _, topic := range Inputs() {
		if _, err := s.admin.CreateTopic(t.Context(), partitions, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	cfg := clickhouse.Default()
	cfg.DSN = dsn
	if _, err := clickhouse.Migrate(t.Context(), cfg, migrations.FS()); err != nil {
		t.Fatal(err)
	}
	if s.store, err = clickhouse.Connect(cfg, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	return s
}

func embedded(t testing.TB) *stage {
	return newStage(t, testbackend.Kafka(t), testbackend.ClickHouse(t))
}

// run starts a sink inside the test; the returned function ends it and waits.
func (s *stage) run(change func(*Config)) (stop func()) {
	cfg := config(s.brokers, s.dsn, testLog(s.t))
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	var once bool
	stop = func() {
		if once {
			return
		}
		once = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				s.t.Errorf("sink: %v", err)
			}
		case <-time.After(30 * time.Second):
			s.t.Error("the sink does not end")
		}
	}
	s.t.Cleanup(stop)
	return stop
}

// spawn starts a sink as a process of its own, to be killed.
func (s *stage) spawn() *exec.Cmd {
	env, err := json.Marshal(childEnv{s.brokers, s.dsn})
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+string(env))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { kill(cmd) })
	return cmd
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may have ended
	_ = cmd.Wait()         // says that it was killed
}

func (s *stage) produce(recs ...*kgo.Record) {
	s.t.Helper()
	if err := s.client.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}

// settle waits until the group has committed the end of every partition.
func (s *stage) settle() {
	s.t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for time.Now().Before(deadline) {
		if lag, err := s.lag(); err == nil && lag == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	lag, err := s.lag()
	s.t.Fatalf("the sink does not catch up: %d behind, %v", lag, err)
}

var errNoGroup = errors.New("no such group yet")

func (s *stage) lag() (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ends, err := s.admin.ListEndOffsets(ctx, Inputs()...)
	if err != nil {
		return 0, err
	}
	at, err := s.admin.FetchOffsets(ctx, Group)
	if err != nil {
		return 0, errors.Join(errNoGroup, err)
	}
	var lag int64
	ends.Each(func(end kadm.ListedOffset) {
		committed, _ := at.Lookup(end.Topic, end.Partition)
		lag += end.Offset - max(committed.At, 0)
	})
	return lag, nil
}

// count answers a SELECT of one number.
func (s *stage) count(sql string) int64 {
	s.t.Helper()
	var n int64
	var err error
	for range 50 { // the engine may be starting again
		if err = s.store.Conn().QueryRow(context.Background(), "SELECT toInt64(("+sql+"))").Scan(&n); err == nil {
			return n
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("%s: %v", sql, err)
	return 0
}

func (s *stage) want(sql string, n int64) {
	s.t.Helper()
	if got := s.count(sql); got != n {
		s.t.Errorf("%s answers %d, want %d", sql, got, n)
	}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func ready(addr string) bool {
	res, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s does not come", what)
}
