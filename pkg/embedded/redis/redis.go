// Package redis runs a Redis or Valkey server as a child process on a private Unix socket,
// with append-only persistence; miniredis in the process where no server can be found.
package redis

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
)

// Config says where the server keeps its data.
type Config struct {
	Dir    string // data folder, made with mode 0700; required
	Binary string // server program; "" = valkey-server or redis-server on the PATH, then in the tools folder
	// RequireServer makes a missing server program an error instead of a fall-back to miniredis.
	RequireServer bool
	Log           *zap.Logger
}

// Default returns a config that still needs Dir.
func Default() Config { return Config{} }

// Validate reports the first impossible value.
func (c Config) Validate() error {
	if c.Dir == "" {
		return fmt.Errorf("embedded.redis.dir: required")
	}
	return nil
}

// Server is a running Redis.
type Server struct {
	url, kind string
	proc      *child.Process // nil for miniredis
	close     func()
}

// maxSocketPath is the kernel's limit on a Unix socket's path (sun_path less the NUL), bytes.
const maxSocketPath = 107

// Start runs the server and returns when it has loaded its data. It stops at Close, or when ctx ends.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	binary, err := FindBinary(cfg.Binary)
	if err != nil {
		if cfg.RequireServer || cfg.Binary != "" {
			return nil, fmt.Errorf("starting the embedded Redis: %w", err)
		}
		cfg.Log.Warn("no redis-server or valkey-server found: using miniredis in this process, which is 2 to 6 times slower " +
			"and forgets everything at the end (after a restart the windows are rebuilt from Kafka). Run `make setup` to fetch Valkey")
		return startMini()
	}
	return startServer(ctx, cfg, binary)
}

// FindBinary returns the server program: explicit if given, else valkey-server or redis-server
// on the PATH, else the one that scripts/setup.sh fetched.
func FindBinary(explicit string) (string, error) {
	if explicit != "" {
		return exec.LookPath(explicit)
	}
	for _, name := range []string{"valkey-server", "redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return tools.Find("bin/valkey-server")
}

func startServer(ctx context.Context, cfg Config, binary string) (*Server, error) {
	data := filepath.Join(cfg.Dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("making the Redis data folder: %w", err)
	}
	if err := os.Chmod(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("protecting the Redis data folder: %w", err)
	}
	socket, err := socketPath(cfg.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := child.Lock(ctx, filepath.Join(cfg.Dir, "iolaus.lock"), 20*time.Second)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded Redis: %w", err)
	}
	proc, err := child.Start(ctx, child.Spec{
		Name:    "redis",
		LogFile: filepath.Join(cfg.Dir, "redis.log"),
		Log:     cfg.Log,
		Ready:   func(ctx context.Context) error { return ping(ctx, "unix", socket) },
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(binary, serverArgs(data, socket)...)
			cmd.Dir = data
			cmd.ExtraFiles = []*os.File{lock}
			return cmd, nil
		},
	})
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return &Server{
		url: "unix://" + socket, kind: version(binary), proc: proc,
		close: func() {
			_ = proc.Close()
			removeSocket(cfg.Dir, socket)
			_ = lock.Close()
		},
	}, nil
}

func serverArgs(data, socket string) []string {
	return []string{
		"--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--dir", data, "--daemonize", "no", "--logfile", "",
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
		"--maxmemory-policy", "noeviction", "--databases", "16",
	}
}

// socketPath is in the data folder, or, where that path is too long for the kernel, in a private
// folder under the temporary folder whose name follows from the data folder's.
func socketPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the Redis data folder: %w", err)
	}
	if path := filepath.Join(abs, "redis.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(abs))
	private := filepath.Join(os.TempDir(), fmt.Sprintf("iolaus-redis-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
	if err := os.MkdirAll(private, 0o700); err != nil {
		return "", fmt.Errorf("making the Redis socket's folder: %w", err)
	}
	info, err := os.Lstat(private)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return "", fmt.Errorf("the Redis socket's folder %s is not a folder of mode 0700", private)
	}
	return filepath.Join(private, "redis.sock"), nil
}

func removeSocket(dir, socket string) {
	_ = os.Remove(socket)
	if abs, err := filepath.Abs(dir); err == nil && filepath.Dir(socket) != abs {
		_ = os.Remove(filepath.Dir(socket))
	}
}

// ping asks the server whether it serves commands yet.
func ping(ctx context.Context, network, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is written after the answer
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") {
		return fmt.Errorf("answered %q", strings.TrimSpace(line))
	}
	return nil
}

func version(binary string) string {
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return binary
	}
	name := strings.TrimSuffix(filepath.Base(binary), "-server")
	for _, f := range strings.Fields(string(out)) {
		if v, ok := strings.CutPrefix(f, "v="); ok {
			return fmt.Sprintf("%s %s (%s)", name, v, binary)
		}
	}
	return binary
}

// URL is what go-redis's ParseURL takes: unix:///path/redis.sock, or redis://host:port for miniredis.
func (s *Server) URL() string { return s.url }

// Kind names the server and its version, for people.
func (s *Server) Kind() string { return s.kind }

// Persistent says whether the data outlives the process.
func (s *Server) Persistent() bool { return s.proc != nil }

// PID is the server's process id; 0 for miniredis or between two lives.
func (s *Server) PID() int {
	if s.proc == nil {
		return 0
	}
	return s.proc.PID()
}

// Kill ends the server with SIGKILL; it is then restarted on the same data, which may lack the last
// two seconds, whole transactions at a time. For tests of that.
func (s *Server) Kill() error {
	if s.proc == nil {
		return fmt.Errorf("killing redis: miniredis is no process of its own")
	}
	return s.proc.Kill()
}

// Close stops the server in an orderly way. Closing twice is harmless.
func (s *Server) Close() error {
	s.close()
	return nil
}
