package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
	_ "github.com/iolaus-io/iolaus/pkg/testbackend" // is the engine's child process where it is asked to be
)

// hmacKey is what every run here tokenises with, so that runs can be compared.
const hmacKey = "0123456789abcdef0123456789abcdef"

// TestMain builds the binary that the tests drive.
func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "iolaus-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the system's temporary ones
	bin := filepath.Join(dir, "iolaus")
	build := exec.Command("go", "build", "-o", bin, "github.com/iolaus-io/iolaus/services/cmd/iolaus")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the binary: %v\n%s", err, out)
		return 1
	}
	if lib, err := tools.Find("lib/libchdb.so"); err == nil {
		_ = os.Setenv("IOLAUS_TOOLS", filepath.Dir(filepath.Dir(lib))) // the binary is not beside them
	}
	_ = os.Setenv(envBinary, bin)
	return m.Run()
}

// envBinary passes the path from TestMain to the tests.
const envBinary = "E2E_BINARY"

func long() bool { return os.Getenv("IOLAUS_LONG") != "" }

// process is a running iolaus.
type process struct {
	cmd  *exec.Cmd
	name string
	out  *tail
	done chan struct{}
	err  error // of Wait, once done
}

// tail keeps what a process printed. Safe for concurrent use.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(envBinary), args...)
	cmd.Env = append(os.Environ(), "IOLAUS_PRIVACY_HMAC_KEY="+hmacKey)
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start runs iolaus in the background; it is killed with the test, and its output is shown
// if the test fails.
func start(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: command(env, args...), name: strings.Join(args[:min(2, len(args))], " "), out: &tail{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			text := p.out.String()
			t.Logf("%s printed:\n%s", p.name, text[max(0, len(text)-4000):])
		}
	})
	return p
}

func (p *process) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Errorf("%s ended by itself: %v", p.name, err)
	}
}

// exit waits for the end and returns the exit code, -1 after a signal.
func (p *process) exit(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		p.signal(t, syscall.SIGQUIT) // shows its goroutines
		<-p.done
		t.Fatalf("%s did not end within %s", p.name, within)
		return -1
	}
}

// run runs iolaus to its end and returns its exit code and what it printed.
func run(t testing.TB, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// mustRun is run for a command that has to succeed.
func mustRun(t testing.TB, args ...string) string {
	t.Helper()
	code, out, errs := run(t, nil, args...)
	if code != 0 {
		t.Fatalf("iolaus %s: exit %d\n%s", strings.Join(args, " "), code, errs)
	}
	return out
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // was only for its address
	return l.Addr().String()
}

// eventually asks every 50 ms until ask returns "", and fails with what it said last.
func eventually(t testing.TB, within time.Duration, ask func() string) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		said := ask()
		if said == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", within, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func readAll(r io.Reader) string {
	b, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
