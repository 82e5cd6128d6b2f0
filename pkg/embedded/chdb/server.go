// Package chdb runs the real ClickHouse engine (libchdb) in a child process behind ClickHouse's
// HTTP interface, for an unmodified clickhouse-go over HTTP, for curl and for any other HTTP client.
//
// The library has no server of its own, ends its process on a fatal error and keeps one data folder
// a process: hence a child, restarted when it dies. The listening socket belongs to the parent, so
// the address stays and clients wait in its backlog meanwhile.
package chdb

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
)

// Config says where the engine listens and keeps its data.
type Config struct {
	Dir    string // data folder, made with mode 0700; required
	Listen string // host:port; "" or port 0 picks a free port on loopback
	// LibPath is libchdb.so; "" looks for lib/libchdb.so in the tools folder.
	LibPath string
	// Command starts this program's hidden child command; nil = the running program with
	// "clickhouse-child". The child must call RunChild.
	Command []string
	Name    string // display name
	Log     *zap.Logger
}

// Default returns a config that still needs Dir.
func Default() Config { return Config{Name: "iolaus"} }

// ChildCommand is the hidden command of the iolaus program that runs the child.
const ChildCommand = "clickhouse-child"

// Validate reports the first impossible value.
func (c Config) Validate() error {
	if c.Dir == "" {
		return errors.New("embedded.clickhouse.dir: required")
	}
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			return fmt.Errorf("embedded.clickhouse.listen: %q is not host:port: %w", c.Listen, err)
		}
	}
	return nil
}

// Server is a running engine.
type Server struct {
	addr  string
	proc  *child.Process
	files []*os.File
	ln    net.Listener
}

// Start runs the engine and returns when it answers. It stops at Close, or when ctx ends.
func Start(ctx context.Context, cfg Config) (_ *Server, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	lib := cfg.LibPath
	if lib == "" {
		if lib, err = tools.Find("lib/libchdb.so"); err != nil {
			return nil, fmt.Errorf("starting the embedded ClickHouse: %w", err)
		}
	}
	if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
		return nil, fmt.Errorf("resolving the ClickHouse data folder: %w", err)
	}
	conf, work, err := writeConfig(cfg.Dir)
	if err != nil {
		return nil, err
	}
	conf.Lib, conf.Name = lib, cfg.Name

	s := &Server{}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	lock, err := child.Lock(ctx, filepath.Join(cfg.Dir, "iolaus.lock"), 20*time.Second)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded ClickHouse: %w", err)
	}
	s.files = append(s.files, lock)
	socket, err := s.listen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	s.proc, err = child.Start(ctx, child.Spec{
		Name:    "clickhouse",
		LogFile: filepath.Join(cfg.Dir, "clickhouse.log"),
		Log:     cfg.Log,
		Ready:   s.ready,
		Command: func() (*exec.Cmd, error) { return command(cfg, conf, work, socket, lock) },
	})
	return s, err
}

func (s *Server) listen(addr string) (*os.File, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening for the embedded ClickHouse: %w", err)
	}
	s.ln, s.addr = ln, ln.Addr().String()
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		return nil, fmt.Errorf("handing the ClickHouse socket on: %w", err)
	}
	s.files = append(s.files, socket)
	return socket, nil
}

func command(cfg Config, conf childConfig, work string, socket, lock *os.File) (*exec.Cmd, error) {
	argv := cfg.Command
	if len(argv) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
		argv = []string{self, ChildCommand}
	}
	env, err := json.Marshal(conf)
	if err != nil {
		return nil, fmt.Errorf("encoding the child's configuration: %w", err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = work
	// Nothing of the parent's environment: it may hold keys, and the engine's functions can see it.
	cmd.Env = []string{"TZ=UTC", "PATH=/usr/bin:/bin", "HOME=" + work, "LANG=C.UTF-8", EnvChild + "=" + string(env)}
	cmd.ExtraFiles = []*os.File{socket, lock}
	return cmd, nil
}

// ready asks the child over its public address. The socket accepts connections before the child
// does, so the answer, not the connection, counts.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/ping", nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read-only
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/ping answered %s", res.Status)
	}
	return nil
}

// Addr is host:port of the HTTP interface.
func (s *Server) Addr() string { return s.addr }

// DSN is what clickhouse-go's ParseDSN takes, without a database (which means "default").
func (s *Server) DSN() string { return "http://" + s.addr }

// PID is the child's process id; 0 between two lives.
func (s *Server) PID() int { return s.proc.PID() }

// Restarts counts how often the child was started again.
func (s *Server) Restarts() int { return s.proc.Restarts() }

// Kill ends the child with SIGKILL; it is then restarted on the same data. For tests of that.
func (s *Server) Kill() error { return s.proc.Kill() }

// Close stops the engine in an orderly way. Closing twice is harmless.
func (s *Server) Close() error {
	err := s.proc.Close()
	s.release()
	return err
}

func (s *Server) release() {
	if s.ln != nil {
		_ = s.ln.Close()
	}
	for _, f := range s.files {
		_ = f.Close()
	}
}

func xmlText(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
