package chdb_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

const batchRows = 500

// Inserts with a token, retried through kills of the engine: each row is there exactly once.
func TestTokenedInsertsSurviveKills(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	conn := open(t, s, func(o *clickhouse.Options) { o.ReadTimeout = 20 * time.Second })
	mustExec(t, conn, `CREATE TABLE d (batch UInt32, i UInt32) ENGINE = MergeTree ORDER BY (batch, i)
		SETTINGS non_replicated_deduplication_window = 1000`)
	kills, stop := 8, make(chan struct{})
	killed := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				killed <- n
				return
			case <-time.After(400 * time.Millisecond):
				if n < kills && s.Kill() == nil {
					n++
				}
			}
		}
	}()
	batches := uint32(0)
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); batches++ {
		sendUntilDone(t, conn, batches)
		sendUntilDone(t, conn, batches) // a redelivery
	}
	close(stop)
	n := <-killed
	var rows, distinct uint64
	eventually(t, "the engine answers", func() bool {
		return conn.QueryRow(context.Background(), "SELECT count(), uniqExact(batch, i) FROM d").Scan(&rows, &distinct) == nil
	})
	want := uint64(batches) * batchRows
	t.Logf("%d batches, %d kills, %d restarts", batches, n, s.Restarts())
	if rows != want || distinct != want || n == 0 {
		t.Fatalf("%d rows, %d distinct, want %d, over %d kills", rows, distinct, want, n)
	}
}

func sendUntilDone(t *testing.T, conn driver.Conn, batch uint32) {
	t.Helper()
	eventually(t, "batch is sent", func() bool { return send(conn, batch) == nil })
}

func send(conn driver.Conn, n uint32) error {
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token": fmt.Sprintf("batch-%d", n),
	}))
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO d")
	if err != nil {
		return err
	}
	for i := range uint32(batchRows) {
		if err := batch.Append(n, i); err != nil {
			return err
		}
	}
	return batch.Send()
}

// A second start on the same folder goes on where the first stopped; a fixed address is kept.
func TestRestartKeepsData(t *testing.T) {
	cfg := chdb.Default()
	cfg.Dir = t.TempDir()
	for life := range 3 {
		s, err := chdb.Start(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Listen != "" && s.Addr() != cfg.Listen {
			t.Fatalf("at %s, want %s", s.Addr(), cfg.Listen)
		}
		cfg.Listen = s.Addr()
		conn := open(t, s, nil)
		mustExec(t, conn, "CREATE TABLE IF NOT EXISTS k (life UInt32) ENGINE = MergeTree ORDER BY life",
			fmt.Sprintf("INSERT INTO k VALUES (%d)", life))
		if got := scalar[uint64](t, conn, "SELECT count() FROM k"); got != uint64(life+1) {
			t.Fatalf("%d rows in life %d", got, life)
		}
		_ = conn.Close()
		pid := s.PID()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if syscall.Kill(pid, 0) == nil {
			t.Fatalf("process %d is left after Close", pid)
		}
	}
}

// Clients that connect while the engine restarts wait instead of being refused.
func TestClientsWaitForRestart(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	for range 3 {
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the kill is seen", func() bool { return s.PID() == 0 || syscall.Kill(s.PID(), 0) != nil })
		conn := open(t, s, func(o *clickhouse.Options) { o.ReadTimeout = 20 * time.Second })
		if err := conn.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		eventually(t, "it runs", func() bool { return s.PID() != 0 })
	}
}

const envParent = "CHDB_TEST_PARENT_DIR"

// The child ends with a parent that is killed, which cannot stop it itself.
func TestKilledParentLeavesNothing(t *testing.T) {
	if dir := os.Getenv(envParent); dir != "" {
		parentMain(t, dir)
		return
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self, "-test.run=^TestKilledParentLeavesNothing$")
	parent.Env = append(os.Environ(), envParent+"="+filepath.Join(dir, "data"))
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if p, ok := strings.CutPrefix(sc.Text(), "child "); ok {
			pid, _ = strconv.Atoi(p)
			break
		}
	}
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		t.Fatalf("no child was started (pid %d)", pid)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	eventually(t, "the child is gone", func() bool { return syscall.Kill(pid, 0) != nil })
}

// parentMain is the parent in a process of its own, which waits to be killed.
func parentMain(t *testing.T, dir string) {
	cfg := chdb.Default()
	cfg.Dir = dir
	s, err := chdb.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("child %d\n", s.PID())
	time.Sleep(time.Minute)
}
