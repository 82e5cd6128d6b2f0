package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// deployment is a running `iolaus up`.
type deployment struct {
	cmd     *exec.Cmd
	done    chan error
	brokers string
	redis   string // URL
	http    string // base URL
	pprof   string // host:port
}

// startTimeout bounds the start of everything.
const startTimeout = 2 * time.Minute

// up starts everything on embedded backends under dir and waits until it is ready.
func (b *bench) up(ctx context.Context, dir string, args ...string) (*deployment, error) {
	program, err := b.program()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	d := &deployment{done: make(chan error, 1), http: "http://" + ports[0], pprof: ports[1]}
	args = append([]string{"up", "--data", filepath.Join(dir, "data"), "--http", ports[0], "--pprof.addr", ports[1], "--no-browser"}, args...)
	d.cmd = exec.Command(program, args...) //nolint:gosec // the program under test
	d.cmd.Stderr = os.Stderr
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting iolaus up: %w", err)
	}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting iolaus up: %w", err)
	}
	lines := make(chan string, 64)
	go func() { scan(out, lines); d.done <- d.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := d.await(ctx, lines); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	go drain(lines)
	return d, nil
}

// freePorts asks the kernel for loopback ports. Somebody else may take them in between,
// which shows at once as an address in use.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // a listener nobody connects to
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

func scan(r io.Reader, lines chan<- string) {
	defer close(lines)
	s := bufio.NewScanner(r)
	for s.Scan() {
		lines <- s.Text()
	}
}

func drain(lines <-chan string) {
	for range lines { //nolint:revive // so that the program can go on writing
	}
}

// await reads where the stores listen and waits for readiness.
func (d *deployment) await(ctx context.Context, lines <-chan string) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for iolaus up: %w", ctx.Err())
		case line, ok := <-lines:
			if !ok {
				return errors.New("iolaus up ended before it was ready")
			}
			f := strings.Fields(line)
			switch {
			case len(f) > 1 && f[0] == "Kafka":
				d.brokers = f[1]
			case len(f) > 1 && f[0] == "Redis":
				d.redis = f[1]
			case len(f) > 1 && f[0] == "Ready":
				return d.ready(ctx)
			}
		}
	}
}

func (d *deployment) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.http+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking whether iolaus up is ready: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read-only
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("iolaus up says it is ready, /readyz says %s", res.Status)
	}
	return nil
}

// cpu reads the CPU time so far: up with its services and the broker, and the stores.
func (d *deployment) cpu() (cpu, error) { return cpuOf(d.cmd.Process.Pid, "up") }

// stop ends it and waits.
func (d *deployment) stop() error {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-d.done:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("iolaus up: %w", err)
		}
		return nil
	case <-time.After(time.Minute):
		return errors.Join(errors.New("iolaus up did not stop within a minute"), d.cmd.Process.Kill())
	}
}

// profile writes a CPU profile of up over the given time.
func (d *deployment) profile(ctx context.Context, path string, length time.Duration) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", d.pprof, int(length.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("taking a profile: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read-only
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a profile: %w", err)
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}
