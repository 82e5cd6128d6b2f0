package sink

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// traffic makes activity and decisions, and knows what the tables must answer.
type traffic struct {
	rng       *rand.Rand
	minutes   map[string]uint64 // newest events of an account's minute
	decisions int64
}

func newTraffic() *traffic {
	return &traffic{rng: rand.New(rand.NewPCG(1, 2)), minutes: map[string]uint64{}}
}

// records returns n: a minute's rollup comes again as it grows, and old ones come again.
func (tr *traffic) records(t testing.TB, n int) (out []*kgo.Record) {
	for range n {
		if tr.rng.IntN(20) == 0 {
			id := fmt.Sprintf("d%d", tr.decisions)
			out = append(out, jsonRecord(t, wire.TopicDecisions, id, wire.Decision{DecisionID: id, AccountID: "acc-" + id, Action: "suspend", Mode: "enforce", EventTS: noon, DecidedAt: noon}))
			tr.decisions++
			continue
		}
		a := wire.Activity{AccountID: fmt.Sprintf("acc-%d", tr.rng.IntN(200)), Stream: event.StreamRequest, MinuteMS: noon + int64(tr.rng.IntN(50))*60_000}
		key := string(wire.ActivityKey(nil, &a))
		events := tr.minutes[key] + 1
		if tr.rng.IntN(10) == 0 {
			events = max(1, tr.minutes[key]) // the same again
		}
		tr.minutes[key] = events
		a.Events, a.Requests, a.InputTokens = events, events, events*100
		out = append(out, activityRecord(a))
	}
	return out
}

func (tr *traffic) check(s *stage) {
	s.t.Helper()
	var sum uint64
	for _, events := range tr.minutes {
		sum += events
	}
	s.want("SELECT count() FROM iolaus.decisions", tr.decisions)
	s.want("SELECT count() FROM iolaus.account_activity", int64(len(tr.minutes)))
	s.want("SELECT sum(requests) FROM iolaus.account_activity", int64(sum))
	s.want("SELECT sum(input_tokens) FROM iolaus.account_activity", int64(100*sum))
}

// The group is put back to the beginning: everything is read, cut and sent again.
func TestRedelivery(t *testing.T) {
	s, tr := embedded(t), newTraffic()
	stop := s.run(nil)
	for range 5 {
		s.produce(tr.records(t, 2000)...)
	}
	s.settle()
	stop()
	var back kadm.Offsets
	for _, topic := range Inputs() {
		for p := range int32(partitions) {
			back.AddOffset(topic, p, 0, -1)
		}
	}
	eventually(t, "the group's offsets being taken", func() bool {
		return s.admin.CommitAllOffsets(context.Background(), Group, back) == nil
	})
	s.run(func(c *Config) { c.Batch.Rows = 777 }) // cut otherwise
	s.settle()
	tr.check(s)
}

// The sink ends after the insert and before the commit. Its next life makes the same
// batch, though more records have come: the token is known, and not even the base table has a
// row twice.
func TestEndBetweenInsertAndCommit(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s := newStage(t, cluster.ListenAddrs(), testbackend.ClickHouse(t))
	var refusing atomic.Bool
	refusing.Store(true)
	cluster.ControlKey(kmsg.OffsetCommit.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		commit := req.(*kmsg.OffsetCommitRequest)
		if !refusing.Load() || *commit.Topics[0].Partitions[0].Metadata != "" {
			return nil, nil, false // a plan goes through
		}
		return refusal(commit), nil, true
	})
	s.produce(decisionsFrom(t, 0, 500)...)
	stop := s.run(func(c *Config) { c.Batch.Drain = 100 * time.Millisecond })
	eventually(t, "the insert", func() bool { return s.count("SELECT count() FROM iolaus.decisions") == 500 })
	stop()

	refusing.Store(false)
	s.produce(decisionsFrom(t, 500, 500)...)
	s.run(nil)
	s.settle()
	s.want("SELECT count() FROM iolaus.decisions", 1000)
	s.want("SELECT count() FROM iolaus.decisions_log", 1000)
}

// refusal answers a commit with COORDINATOR_LOAD_IN_PROGRESS.
func refusal(commit *kmsg.OffsetCommitRequest) kmsg.Response {
	resp := commit.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, topic := range commit.Topics {
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
		for _, p := range topic.Partitions {
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, kerr.CoordinatorLoadInProgress.Code
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

// Sinks are killed, join and leave, and the engine is killed, while records come in.
func TestExactUnderKills(t *testing.T) {
	server := testbackend.ClickHouseServer(t)
	s, tr := newStage(t, testbackend.Kafka(t), server.DSN()), newTraffic()
	var done atomic.Bool
	kills, engineKills := 0, 0
	chaos := make(chan struct{})
	go func() {
		defer close(chaos)
		rng := rand.New(rand.NewPCG(3, 4))
		pause := func(ms int) { time.Sleep(time.Duration(ms/2+rng.IntN(ms)) * time.Millisecond) }
		sinks := [2]*exec.Cmd{s.spawn(), s.spawn()}
		for i := 0; !done.Load(); i++ {
			pause(2500)               // a killed member's session lasts two seconds
			if server.Kill() == nil { // an error says that it is not up again yet
				engineKills++
			}
			pause(600)
			kill(sinks[i%2])
			sinks[i%2] = s.spawn()
			kills++
		}
		for _, sink := range sinks {
			kill(sink)
		}
	}()
	for range 120 {
		s.produce(tr.records(t, 1000)...)
		time.Sleep(200 * time.Millisecond)
	}
	done.Store(true)
	<-chaos
	under := s.count("SELECT count() FROM iolaus.decisions")
	s.run(nil)
	s.settle()
	tr.check(s)
	if kills < 5 || engineKills < 5 || under < tr.decisions/2 {
		t.Errorf("too little happened: %d sinks and %d engines killed, %d of %d decisions in before the last sink", kills, engineKills, under, tr.decisions)
	}
	t.Logf("%d sinks and %d engines killed; %d of %d decisions were in before the last sink; base tables hold %d and %d rows for %d and %d",
		kills, engineKills, under, tr.decisions, s.count("SELECT count() FROM iolaus.decisions_log"),
		s.count("SELECT count() FROM iolaus.account_activity_log"), tr.decisions, len(tr.minutes))
}

// ClickHouse away is busy: not ready, nothing lost, and on it goes when it is back.
func TestOutage(t *testing.T) {
	cfg := chdb.Default()
	cfg.Dir, cfg.Listen, cfg.Log = filepath.Join(t.TempDir(), "clickhouse"), freeAddr(t), testLog(t)
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, tr := newStage(t, testbackend.Kafka(t), server.DSN()), newTraffic()
	http := freeAddr(t)
	s.run(func(c *Config) { c.HTTP.Addr, c.ClickHouse.DialTimeout = http, 200*time.Millisecond })
	s.produce(tr.records(t, 1000)...)
	eventually(t, "readiness", func() bool { return ready(http) })
	s.settle()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		s.produce(tr.records(t, 1000)...)
	}
	eventually(t, "unreadiness", func() bool { return !ready(http) })
	if server, err = chdb.Start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s.settle()
	eventually(t, "readiness again", func() bool { return ready(http) })
	tr.check(s)
}

func decisionsFrom(t testing.TB, from, n int) (out []*kgo.Record) {
	for i := from; i < from+n; i++ {
		id := fmt.Sprintf("d%d", i)
		out = append(out, jsonRecord(t, wire.TopicDecisions, id, wire.Decision{DecisionID: id, AccountID: id, Action: "suspend", EventTS: noon, DecidedAt: noon}))
	}
	return out
}
