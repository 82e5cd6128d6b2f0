package exact_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/services/payment"
	"github.com/iolaus-io/iolaus/services/request"
	"github.com/iolaus-io/iolaus/services/signup"
)

// envChild holds the settings of a member: this test program, started again as the
// three services.
const envChild = "IOLAUS_EXACT_CHILD"

type settings struct {
	Brokers []string
	Redis   string

	// For the benchmark.
	Only    string // service
	Timed   bool   // with the settings of production
	Profile string // file for a CPU profile
}

func (s settings) config(log *zap.Logger) stage.ServiceConfig {
	cfg := stage.DefaultService()
	cfg.Kafka.Brokers, cfg.Redis.URL = s.Brokers, s.Redis
	cfg.Kafka.Session = 2 * time.Second
	cfg.Decode.Privacy.HMACKey = "0123456789abcdef0123456789abcdef"
	cfg.Settings.Lateness = lateness
	if !s.Timed {
		cfg.Settings.Batch, cfg.Settings.Resident = 500, 100 // small, so that every path is taken
	}
	cfg.HTTP.Addr, cfg.Pprof.Addr = "127.0.0.1:0", "off"
	cfg.Log = log
	return cfg
}

// child runs the three services until SIGTERM.
func child() int {
	var s settings
	if err := json.Unmarshal([]byte(os.Getenv(envChild)), &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	log, err := zap.NewDevelopment(zap.IncreaseLevel(zap.InfoLevel))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if s.Profile != "" {
		defer profile(s.Profile)()
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for name, run := range map[string]func(context.Context, stage.ServiceConfig) error{
		"signup": signup.Run, "request": request.Run, "payment": payment.Run,
	} {
		if s.Only == "" || s.Only == name {
			g.Go(func() error { return run(ctx, s.config(log)) })
		}
	}
	if err := g.Wait(); err != nil {
		log.Error("failed", zap.Error(err))
		return 1
	}
	return 0
}

// profile writes a CPU profile until the returned function is called.
func profile(path string) func() {
	f, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		panic(err)
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}
}

// fleet is the members of a run.
type fleet struct {
	settings settings
	dir      string
	members  []*exec.Cmd
	logs     int

	rebalances, kills, redisKills int
}

func newFleet(t *testing.T, brokers []string, url string) *fleet {
	f := &fleet{settings: settings{Brokers: brokers, Redis: url}, dir: t.TempDir()}
	t.Cleanup(func() { f.end(t) })
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	cfg := kafka.Default()
	if err := kafka.EnsureTopics(t.Context(), kadm.NewClient(cl), cfg, stage.Topics()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fleet) decode() decode.Config { return f.settings.config(zap.NewNop()).Decode }

// start adds a member.
func (f *fleet) start(t *testing.T) {
	t.Helper()
	env, err := json.Marshal(f.settings)
	if err != nil {
		t.Fatal(err)
	}
	f.logs++
	out, err := os.Create(filepath.Join(f.dir, fmt.Sprintf("member-%d.log", f.logs)))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+string(env))
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.members = append(f.members, cmd)
}

// stop ends a member with a signal and waits for it.
func (f *fleet) stop(t *testing.T, i int, sig syscall.Signal) {
	t.Helper()
	m := f.members[i]
	f.members = append(f.members[:i], f.members[i+1:]...)
	if err := m.Process.Signal(sig); err != nil {
		t.Errorf("member ended by itself: %v", err)
	}
	if err := m.Wait(); err != nil && sig == syscall.SIGTERM {
		t.Errorf("member did not stop cleanly: %v", err)
	}
}

// end stops what is left, and shows the members' logs if the test failed.
func (f *fleet) end(t *testing.T) {
	for len(f.members) > 0 {
		f.stop(t, 0, syscall.SIGTERM)
	}
	if !t.Failed() {
		return
	}
	for i := 1; i <= f.logs; i++ {
		b, err := os.ReadFile(filepath.Join(f.dir, fmt.Sprintf("member-%d.log", i)))
		t.Logf("member %d: %v\n%.3000s", i, err, b)
	}
}

// produce sends n records, spread over the duration.
func (f *fleet) produce(t *testing.T, g *generator, n int, over time.Duration) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(f.settings.Brokers...), kgo.ProducerLinger(time.Millisecond),
		kgo.UnknownTopicRetries(-1)) // a real broker tells of a new topic a little late
	if err != nil {
		t.Error(err)
		return
	}
	defer cl.Close()
	start := time.Now()
	var failed sync.Once
	for i := range n {
		cl.Produce(context.Background(), g.next(), func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Do(func() { t.Errorf("producing: %v", err) })
			}
		})
		if over > 0 && i%100 == 0 {
			time.Sleep(time.Until(start.Add(over * time.Duration(i) / time.Duration(n))))
		}
	}
	if err := cl.Flush(context.Background()); err != nil {
		t.Errorf("producing: %v", err)
	}
}

// disturb does what the plan says in random order, until all is done.
func (f *fleet) disturb(t *testing.T, p plan, killRedis func() error) {
	t.Helper()
	var acts []func()
	for range p.rebalances {
		acts = append(acts, func() { f.rebalance(t) })
	}
	for range p.kills {
		acts = append(acts, func() { f.kill(t) })
	}
	for range p.redisKills {
		acts = append(acts, func() {
			f.redisKills++
			if err := killRedis(); err != nil {
				t.Errorf("killing redis: %v", err)
			}
		})
	}
	rand.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	pause := p.duration / time.Duration(len(acts)+1)
	for _, act := range acts {
		time.Sleep(pause/2 + rand.N(pause))
		act()
	}
}

// rebalance lets a member join, or one leave.
func (f *fleet) rebalance(t *testing.T) {
	f.rebalances++
	if len(f.members) > 1 && (len(f.members) > 3 || rand.IntN(2) == 0) {
		f.stop(t, rand.IntN(len(f.members)), syscall.SIGTERM)
		return
	}
	f.start(t)
}

// kill kills a member in the middle of whatever it does, and starts another.
func (f *fleet) kill(t *testing.T) {
	f.kills++
	f.stop(t, rand.IntN(len(f.members)), syscall.SIGKILL)
	f.start(t)
}
