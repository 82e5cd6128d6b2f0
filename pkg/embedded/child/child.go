// Package child runs a server as a child process for as long as its parent lives: started,
// watched, restarted with backoff when it dies, and never left behind.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Spec says what to run.
type Spec struct {
	Name    string                      // in log lines and errors
	Command func() (*exec.Cmd, error)   // builds the command of one start; Stdin, SysProcAttr are set by this package
	Ready   func(context.Context) error // asked every 20 ms after a start until it returns nil
	LogFile string                      // the child's stdout and stderr; started anew once it is over 8 MiB
	Log     *zap.Logger

	StartTimeout time.Duration // until Ready must have answered; default 30 s
	StopGrace    time.Duration // between SIGTERM and SIGKILL; default 10 s
	BackoffMin   time.Duration // pause before a restart, doubled up to BackoffMax while it lives shorter than that; default 100 ms
	BackoffMax   time.Duration // default 5 s
	// StopSignal ends the child in an orderly way; default SIGTERM. The kernel sends it as well when the parent dies.
	StopSignal syscall.Signal
}

// Process is a supervised child.
type Process struct {
	spec   Spec
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	cmd      *exec.Cmd // nil between two lives
	restarts int
}

// Start runs the child and returns when it is ready. The child stops when ctx ends or Close is called.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	spec.setDefaults()
	run, cancel := context.WithCancel(ctx)
	p := &Process{spec: spec, cancel: cancel, done: make(chan struct{})}
	first := make(chan error, 1)
	go p.supervise(run, first)
	if err := <-first; err != nil {
		cancel()
		<-p.done
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	return p, nil
}

func (s *Spec) setDefaults() {
	setDefault(&s.StartTimeout, 30*time.Second)
	setDefault(&s.StopGrace, 10*time.Second)
	setDefault(&s.BackoffMin, 100*time.Millisecond)
	setDefault(&s.BackoffMax, 5*time.Second)
	if s.StopSignal == 0 {
		s.StopSignal = syscall.SIGTERM
	}
	if s.Log == nil {
		s.Log = zap.NewNop()
	}
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// Close stops the child and waits until it is gone. Closing twice is harmless.
func (p *Process) Close() error {
	p.cancel()
	<-p.done
	return nil
}

// PID is the running child's process id, 0 between two lives.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Restarts counts how often the child was started again.
func (p *Process) Restarts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.restarts
}

// Kill sends SIGKILL to the running child, which is then restarted as after any death.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("killing %s: it is not running", p.spec.Name)
	}
	return p.cmd.Process.Kill()
}

// supervise holds one OS thread for all its life: the kernel sends a child its parent-death
// signal when the thread that started it ends, not when the process does.
func (p *Process) supervise(ctx context.Context, first chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	backoff := p.spec.BackoffMin
	for {
		begun := time.Now()
		err := p.live(ctx, first)
		if ctx.Err() != nil || first != nil && err != nil && errors.Is(err, errNotReady) {
			return
		}
		first = nil
		if time.Since(begun) > p.spec.BackoffMax {
			backoff = p.spec.BackoffMin
		}
		p.spec.Log.Warn("child died, restarting", zap.String("child", p.spec.Name),
			zap.Error(err), zap.Duration("pause", backoff))
		if !sleep(ctx, backoff) {
			return
		}
		backoff = min(2*backoff, p.spec.BackoffMax)
		p.mu.Lock()
		p.restarts++
		p.mu.Unlock()
	}
}

var errNotReady = errors.New("it did not become ready")

// live is one life of the child: start, become ready, die. first is told once whether it
// became ready; it is nil in later lives.
func (p *Process) live(ctx context.Context, first chan<- error) error {
	cmd, closeInput, err := p.start()
	if err != nil {
		report(first, err)
		return errors.Join(errNotReady, err)
	}
	defer closeInput()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()

	if err := p.awaitReady(ctx, exited); err != nil {
		p.stop(cmd, exited)
		report(first, fmt.Errorf("%w (its output: %s)", err, p.spec.LogFile))
		return errors.Join(errNotReady, err)
	}
	report(first, nil)
	select {
	case err := <-exited:
		p.clear()
		return fmt.Errorf("exited: %w", exitReason(err))
	case <-ctx.Done():
		p.stop(cmd, exited)
		return ctx.Err()
	}
}

func report(first chan<- error, err error) {
	if first != nil {
		first <- err
	}
}

func exitReason(err error) error {
	if err == nil {
		return errors.New("status 0")
	}
	return err
}

func (p *Process) start() (*exec.Cmd, func(), error) {
	cmd, err := p.spec.Command()
	if err != nil {
		return nil, nil, err
	}
	// Its own process group: a Ctrl-C on the terminal reaches the parent alone, which then stops
	// the children in its own order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: p.spec.StopSignal}
	// A child that reads its input to the end learns of the parent's death that way too.
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := openLog(p.spec.LogFile)
	if err != nil {
		return nil, nil, err
	}
	defer out.Close() //nolint:errcheck // the child holds its own copy
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	return cmd, func() { _ = input.Close() }, nil
}

func (p *Process) awaitReady(ctx context.Context, exited chan error) error {
	deadline := time.Now().Add(p.spec.StartTimeout)
	ask, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- p.pollReady(ask) }()
	select {
	case err := <-answer:
		return err
	case err := <-exited:
		cancel()
		<-answer      //nolint:errcheck // it is cancelled
		exited <- err // for stop
		return fmt.Errorf("it exited while starting: %w", exitReason(err))
	}
}

func (p *Process) pollReady(ctx context.Context) error {
	for {
		err := p.spec.Ready(ctx)
		if err == nil {
			return nil
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return fmt.Errorf("not ready within %s: %w", p.spec.StartTimeout, err)
		}
	}
}

func (p *Process) stop(cmd *exec.Cmd, exited <-chan error) {
	defer p.clear()
	_ = cmd.Process.Signal(p.spec.StopSignal)
	select {
	case <-exited: //nolint:errcheck // it was told to end
	case <-time.After(p.spec.StopGrace):
		p.spec.Log.Warn("child did not stop in time, killing it", zap.String("child", p.spec.Name))
		_ = cmd.Process.Kill()
		<-exited //nolint:errcheck // it was killed
	}
}

func (p *Process) clear() {
	p.mu.Lock()
	p.cmd = nil
	p.mu.Unlock()
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxLog is the size at which a child's log file is started anew, bytes.
const maxLog = 8 << 20

func openLog(path string) (*os.File, error) {
	if path == "" {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(path, flags, 0o600)
}
