package child_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(script string) func() (*exec.Cmd, error) {
	return func() (*exec.Cmd, error) { return exec.Command("sh", "-c", script), nil }
}

func always(context.Context) error { return nil }

func start(t *testing.T, spec child.Spec) *child.Process {
	t.Helper()
	spec.Name = "test"
	p, err := child.Start(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("it did not happen in time")
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// A killed child is started again, each time.
func TestRestarts(t *testing.T) {
	p := start(t, child.Spec{Command: shell("exec sleep 60"), Ready: always, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond})
	for i := range 5 {
		old := p.PID()
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return p.Restarts() == i+1 && p.PID() != 0 && p.PID() != old })
	}
}

// A child that ignores SIGTERM is killed after the grace.
func TestStubbornChildIsKilled(t *testing.T) {
	p := start(t, child.Spec{
		Command: shell("trap '' TERM; while :; do sleep 0.05; done"), Ready: always, StopGrace: 100 * time.Millisecond,
	})
	pid := p.PID()
	_ = p.Close()
	if !gone(pid) {
		t.Fatal("it is still there")
	}
}

// The end of the context stops the child as Close does.
func TestContextStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p, err := child.Start(ctx, child.Spec{Name: "test", Command: shell("exec sleep 60"), Ready: always})
	if err != nil {
		t.Fatal(err)
	}
	pid := p.PID()
	cancel()
	eventually(t, func() bool { return gone(pid) })
	_ = p.Close()
}

// Each way of failing to start is told, once, and leaves nothing behind.
func TestStartFails(t *testing.T) {
	never := func(context.Context) error { return errors.New("not yet") }
	for want, spec := range map[string]child.Spec{
		"exited while starting": {Command: shell("exit 3"), Ready: never},
		"not ready within":      {Command: shell("exec sleep 60"), Ready: never, StartTimeout: 100 * time.Millisecond},
		"no such file":          {Command: func() (*exec.Cmd, error) { return exec.Command("/nonexistent/x"), nil }, Ready: always},
		"no command":            {Command: func() (*exec.Cmd, error) { return nil, errors.New("no command") }, Ready: always},
	} {
		spec.Name = "test"
		if p, err := child.Start(context.Background(), spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
			if p != nil {
				_ = p.Close()
			}
		}
	}
}

// The lock lasts while a child holds it, though its parent has let go.
func TestLockLastsWithChild(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := child.Lock(context.Background(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, child.Spec{Ready: always, Command: func() (*exec.Cmd, error) {
		cmd := exec.Command("sleep", "60")
		cmd.ExtraFiles = []*os.File{lock}
		return cmd, nil
	}})
	_ = lock.Close()
	if _, err := child.Lock(context.Background(), path, 0); err == nil {
		t.Fatal("locked twice")
	}
	_ = p.Close()
	again, err := child.Lock(context.Background(), path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}
