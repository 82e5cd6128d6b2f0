// Package exact_test proves that the first stage is exact: whatever joins, leaves, is
// killed or comes back on older data, the windows, the activity and the facts are those
// that a brute-force oracle finds in the input topics.
//
// The short form runs with `go test`; IOLAUS_LONG=1 gives at least 20 rebalances, 20
// kill -9 of services and 5 of Redis. IOLAUS_TEST_KAFKA=real runs it on Apache Kafka,
// IOLAUS_TEST_REDIS=cluster on a Redis Cluster of three masters.
package exact_test

import (
	"os"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

const lateness = time.Hour

func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// plan says how long a run is and what is done to it.
type plan struct {
	records, accounts int
	duration          time.Duration
	rebalances        int
	kills             int
	redisKills        int
}

func plans() plan {
	if os.Getenv("IOLAUS_LONG") != "" {
		return plan{records: 300_000, accounts: 2000, duration: 150 * time.Second, rebalances: 24, kills: 24, redisKills: 6}
	}
	return plan{records: 30_000, accounts: 500, duration: 15 * time.Second, rebalances: 3, kills: 3, redisKills: 1}
}

// redisUnderTest is a Redis whose processes may be killed.
func redisUnderTest(t *testing.T) (url string, kill func() error) {
	if os.Getenv("IOLAUS_TEST_REDIS") == "cluster" {
		c, i := testbackend.RedisCluster(t), 0
		return c.URL(), func() error { i++; return c.Kill(i % len(c.Addrs())) }
	}
	s := testbackend.RedisServer(t)
	return s.URL(), s.Kill
}

// One instance of each service and nothing disturbed: the base line.
func TestUndisturbed(t *testing.T) {
	brokers, url := testbackend.Kafka(t), testbackend.Redis(t)
	f := newFleet(t, brokers, url)
	f.start(t)
	f.produce(t, newGenerator(1, 200), 20_000, 0)
	f.verify(t, brokers, url)
}

// Members join, leave and are killed, and Redis is killed, while records come in.
func TestDisturbed(t *testing.T) {
	url, killRedis := redisUnderTest(t)
	brokers := testbackend.Kafka(t)
	p := plans()
	f := newFleet(t, brokers, url)
	f.start(t)
	f.start(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.produce(t, newGenerator(uint64(time.Now().UnixNano()), p.accounts), p.records, p.duration)
	}()
	f.disturb(t, p, killRedis)
	<-done
	f.start(t)
	f.verify(t, brokers, url)
	t.Logf("%d rebalances by joining and leaving, %d kill -9 of a process with all three services, %d of Redis", f.rebalances, f.kills, f.redisKills)
}

func (f *fleet) verify(t *testing.T, brokers []string, url string) {
	t.Helper()
	cfg := redisstore.Default()
	cfg.URL = url
	store, err := redisstore.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // read-only
	awaitStored(t, brokers, store, time.Minute)
	w := expect(t, brokers, f.decode())
	w.checkWindows(t, store)
	w.checkActivity(t, brokers)
	w.checkFacts(t, brokers)
	w.checkAside(t, brokers)
}
