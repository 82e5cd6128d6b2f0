package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

// faults is what is done to the services while a world is played.
type faults struct{ rebalances, kills, redisKills int }

// fleet is two processes of each service, on backends of the test.
type fleet struct {
	stack
	env     []string
	members map[string][]*member
}

type member struct {
	*process
	http string
}

var fleetServices = []string{"signup", "request", "payment", "cluster", "sink", "decision"}

// The services as processes, two of each, killed, stopped and started while a world is played,
// with Redis killed below them: counts and sums are the oracle's, decisions have no gap and no
// double, and the decision service says what was decided last.
func TestFaults(t *testing.T) {
	plan, over := faults{3, 3, 1}, 20*time.Second
	if long() {
		plan, over = faults{20, 20, 5}, 150*time.Second
	}
	t.Run("one Redis", func(t *testing.T) {
		server := testbackend.RedisServer(t)
		endure(t, server.URL(), server.Kill, plan, over)
	})
	if long() {
		t.Run("Redis Cluster", func(t *testing.T) {
			nodes := testbackend.RedisCluster(t)
			endure(t, nodes.URL(), func() error { return nodes.Kill(rand.IntN(3)) }, plan, over)
		})
	}
}

func endure(t *testing.T, redis string, killRedis func() error, plan faults, over time.Duration) {
	w := simulate(t, "1", "0.02", "0.0005")
	o := w.oracle()
	sortByTime(w.lines)
	dsn := testbackend.ClickHouse(t)
	f := &fleet{members: map[string][]*member{}}
	f.brokers = testbackend.Kafka(t)
	f.sql = strings.TrimPrefix(strings.SplitN(dsn, "?", 2)[0], "http://")
	f.env = []string{"IOLAUS_KAFKA_BROKERS=" + f.brokers[0], "IOLAUS_REDIS_URL=" + redis, "IOLAUS_CLICKHOUSE_DSN=" + dsn,
		"IOLAUS_LOG_LEVEL=warn", "IOLAUS_PPROF_ADDR=off", "IOLAUS_KAFKA_SESSION_TIMEOUT=2s", "IOLAUS_CLUSTER_SESSION_TIMEOUT=2s"}
	if code, _, errs := run(t, f.env, "migrate"); code != 0 {
		t.Fatal(errs)
	}
	for _, service := range fleetServices {
		f.add(t, service)
		f.add(t, service)
	}
	f.awaitFleet(t)

	played := make(chan struct{})
	go func() { defer close(played); f.produce(t, w.lines, over) }()
	f.disturb(t, plan, over, killRedis)
	<-played
	f.awaitFleet(t)
	f.quiet(t, 5*time.Second, outputs...)

	h := f.readDecisions(t)
	t.Logf("%d decisions about %d accounts, under %+v", h.count(), len(h), plan)
	f.checkSQL(t, h, &o)
	for _, m := range f.members["decision"] {
		f.http = m.http
		f.checkAPI(t, h, &o)
	}
	f.checkClusters(t)
	for _, service := range fleetServices {
		for len(f.members[service]) > 0 {
			f.remove(t, service, 0, syscall.SIGTERM)
		}
	}
}

func (f *fleet) add(t *testing.T, service string) {
	t.Helper()
	m := &member{http: freeAddr(t)}
	m.process = start(t, f.env, "run", service, "--http.addr", m.http)
	f.members[service] = append(f.members[service], m)
}

// remove ends a member; after SIGTERM it must end with 0.
func (f *fleet) remove(t *testing.T, service string, i int, sig syscall.Signal) {
	t.Helper()
	m := f.members[service][i]
	f.members[service] = append(f.members[service][:i:i], f.members[service][i+1:]...)
	m.signal(t, sig)
	if code := m.exit(t, 20*time.Second); code != 0 && sig == syscall.SIGTERM {
		t.Errorf("%s ended with %d after SIGTERM", service, code)
	}
}

// awaitFleet waits until every member is ready; of the cluster services one owns the graph and the
// other one follows.
func (f *fleet) awaitFleet(t *testing.T) {
	t.Helper()
	eventually(t, 90*time.Second, func() string {
		owners := 0
		for service, members := range f.members {
			for _, m := range members {
				s := &stack{http: m.http}
				if code, body := s.get(t, "/readyz"); code != http.StatusOK {
					return fmt.Sprintf("%s is not ready: %d %s", service, code, body)
				}
				if _, body := s.get(t, "/metrics"); strings.Contains(body, `iolaus_graph_owner{service="cluster"} 1`) {
					owners++
				}
			}
		}
		if owners != 1 {
			return fmt.Sprintf("%d instances own the graph", owners)
		}
		return ""
	})
}

// disturb does what the plan says in random order.
func (f *fleet) disturb(t *testing.T, p faults, over time.Duration, killRedis func() error) {
	t.Helper()
	var acts []func()
	for range p.rebalances {
		acts = append(acts, func() {
			service := fleetServices[rand.IntN(len(fleetServices))]
			f.remove(t, service, rand.IntN(len(f.members[service])), syscall.SIGTERM)
			f.add(t, service)
		})
	}
	for i := range p.kills {
		acts = append(acts, func() {
			service := fleetServices[rand.IntN(len(fleetServices))]
			if i%3 == 0 {
				service = "cluster"
			}
			f.remove(t, service, f.busiest(t, service), syscall.SIGKILL)
			f.add(t, service)
		})
	}
	for range p.redisKills {
		acts = append(acts, func() {
			if err := killRedis(); err != nil {
				t.Errorf("killing Redis: %v", err)
			}
		})
	}
	rand.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	pause := over / time.Duration(len(acts)+1)
	for _, act := range acts {
		time.Sleep(pause/2 + rand.N(pause))
		act()
	}
}

// busiest picks the owner of the graph, and any member of another service.
func (f *fleet) busiest(t *testing.T, service string) int {
	t.Helper()
	if service == "cluster" {
		for i, m := range f.members[service] {
			if code, _ := (&stack{http: m.http}).get(t, "/readyz"); code == http.StatusOK {
				return i
			}
		}
	}
	return rand.IntN(len(f.members[service]))
}
