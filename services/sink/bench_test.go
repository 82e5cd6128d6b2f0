package sink

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// BenchmarkActivity decodes rollups and inserts them into the real engine in batches of
// the default size. us-cpu/row is the sink's own share, us-engine/row the engine's with its merges.
//
//	go test ./services/sink -run - -bench Activity
func BenchmarkActivity(b *testing.B) {
	server := testbackend.ClickHouseServer(b)
	s := newStage(b, testbackend.Kafka(b), server.DSN())
	size := DefaultBatch().Rows
	recs := make([]*kgo.Record, size)
	rows := &activity{runID: "live"}
	ctx := context.Background()
	start, engine, n := cpu(b), cpuOf(b, server.PID()), 0
	for b.Loop() {
		b.StopTimer()
		paused := cpu(b)
		for i := range recs {
			recs[i] = activityRecord(wire.Activity{
				AccountID: fmt.Sprintf("acct-%08d", i%20_000), OrgID: "org-1", Stream: event.StreamRequest, MinuteMS: noon + int64(n)*60_000,
				Events: uint64(i + 1), Requests: uint64(i + 1), InputTokens: 12_345, OutputTokens: 678, CachedTokens: 90,
			})
		}
		start += cpu(b) - paused
		b.StartTimer()
		for _, r := range recs {
			if err := rows.add(ctx, r); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.store.Insert(ctx, rows, fmt.Sprint(n)); err != nil {
			b.Fatal(err)
		}
		rows.Reset()
		n++
	}
	total := float64(n * size)
	b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric((cpu(b)-start)*1e6/total, "us-cpu/row")
	b.ReportMetric((cpuOf(b, server.PID())-engine)*1e6/total, "us-engine/row")
}

// cpu is the processor time of this process in seconds.
func cpu(t testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// cpuOf is the processor time of another process in seconds.
func cpuOf(t testing.TB, pid int) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks float64
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return ticks / 100 // USER_HZ
}

// BenchmarkEndToEnd drains a million rollups from the embedded broker into the engine: all
// three processes share the machine.
func BenchmarkEndToEnd(b *testing.B) {
	const total = 1_000_000
	for b.Loop() {
		b.StopTimer()
		server := testbackend.ClickHouseServer(b)
		s := newStage(b, testbackend.Kafka(b), server.DSN())
		recs := make([]*kgo.Record, 0, 10_000)
		for i := range total {
			recs = append(recs, activityRecord(wire.Activity{
				AccountID: fmt.Sprintf("acct-%08d", i%20_000), Stream: event.StreamRequest, MinuteMS: noon + int64(i/20_000)*60_000, Events: 1, Requests: 1,
			}))
			if len(recs) == cap(recs) {
				s.produce(recs...)
				recs = recs[:0]
			}
		}
		engine := cpuOf(b, server.PID())
		b.StartTimer()
		stop := s.run(func(c *Config) { c.Batch = DefaultBatch() })
		s.settle()
		b.StopTimer()
		b.ReportMetric((cpuOf(b, server.PID())-engine)*1e6/total, "us-engine/row")
		stop()
		s.want("SELECT sum(requests) FROM iolaus.account_activity", total)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*total/b.Elapsed().Seconds(), "rows/s")
}
