package redis_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/iolaus-io/iolaus/pkg/embedded/redis"
	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, dir, binary string) *redis.Server {
	t.Helper()
	cfg := redis.Default()
	cfg.Dir, cfg.Binary, cfg.RequireServer = dir, binary, true
	s, err := redis.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t *testing.T, url string) *goredis.Client {
	t.Helper()
	opt, err := goredis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A second start on the same folder goes on where the first stopped.
func TestRestartKeepsData(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	s := start(t, dir, "")
	if err := client(t, s.URL()).Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, dir, "")
	if got, err := client(t, s.URL()).Get(ctx, "k").Result(); err != nil || got != "v" {
		t.Fatalf("got %q, %v", got, err)
	}
	t.Log(s.Kind())
}

// The Valkey that set-up fetches serves too, and nobody but the owner reaches its socket.
func TestFetchedValkey(t *testing.T) {
	binary, err := tools.Find("bin/valkey-server")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := start(t, dir, binary)
	if err := client(t, s.URL()).Set(context.Background(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("folder mode %v, %v", info.Mode(), err)
	}
	if !strings.Contains(s.Kind(), "valkey") {
		t.Fatalf("kind %q", s.Kind())
	}
}

// What was written to the log before a kill -9 is there after it, at the same address. (With fsync
// every second the server may put the write itself off, by up to two seconds while a sync runs.)
func TestKilledServerComesBack(t *testing.T) {
	s := start(t, t.TempDir(), "")
	ctx := context.Background()
	c := client(t, s.URL())
	for i := range 3 {
		want := strings.Repeat("x", i+1)
		if err := c.Set(ctx, "k", want, 0).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool {
			return strings.Contains(c.Info(ctx, "persistence").Val(), "aof_buffer_length:0\r")
		})
		old := s.PID()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return s.PID() != 0 && s.PID() != old })
		eventually(t, func() bool {
			got, err := c.Get(ctx, "k").Result()
			return err == nil && got == want
		})
	}
}

// Two servers never share a folder.
func TestFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	cfg := redis.Default()
	cfg.Dir = dir
	if s, err := redis.Start(ctx, cfg); err == nil {
		_ = s.Close()
		t.Fatal("a second server started on the same folder")
	}
}

// A data folder whose path is too long for a socket.
func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	s := start(t, dir, "")
	if err := client(t, s.URL()).Ping(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Where no server is found, miniredis serves, and keys expire by the wall clock.
func TestFallback(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(tools.EnvDir, t.TempDir())
	cfg := redis.Default()
	cfg.Dir = t.TempDir()
	s, err := redis.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // checked by goleak
	if s.Persistent() {
		t.Fatal("miniredis keeps nothing")
	}
	c := client(t, s.URL())
	if err := c.Set(context.Background(), "k", "v", time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return c.Exists(context.Background(), "k").Val() == 0 })
}

// After Close no process is left.
func TestCloseLeavesNothing(t *testing.T) {
	s := start(t, t.TempDir(), "")
	pid := s.PID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Fatalf("process %d is still there", pid)
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("it did not happen in time")
}
