// Package kafka runs franz-go's Kafka broker inside the process, on disk: it speaks the
// protocol to any client and goes on where it stopped when opened again on the same folder.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
)

// Config says where the broker listens and keeps its data.
type Config struct {
	Dir    string // data folder; "" keeps everything in memory (about 213 MB a million records)
	Listen string // host:port; "" or port 0 picks a free port on loopback

	// Heartbeat is the pace of KIP-848 consumer groups, and so of their rebalances: 300 ms gives
	// rebalances of about 0.3 s, the broker's own default of 5 s about 5 s.
	Heartbeat time.Duration
	// SessionTimeoutMin is the shortest session timeout that a consumer may ask for.
	SessionTimeoutMin time.Duration
	// Retention is how often topics that set retention.* are trimmed.
	Retention time.Duration
	// Partitions is the count that topics are created with when a client names none.
	Partitions int

	Log *zap.Logger
}

// Default returns a broker on a free loopback port, in memory.
func Default() Config {
	return Config{
		Heartbeat: 300 * time.Millisecond, SessionTimeoutMin: time.Second,
		Retention: time.Minute, Partitions: 4,
	}
}

// Validate reports the first impossible value.
func (c Config) Validate() error {
	if c.Listen != "" {
		if _, _, err := splitListen(c.Listen); err != nil {
			return fmt.Errorf("embedded.kafka.listen: %w", err)
		}
	}
	switch {
	case c.Heartbeat < 50*time.Millisecond:
		return errors.New("embedded.kafka.heartbeat: must be at least 50ms")
	case c.Retention < time.Second:
		return errors.New("embedded.kafka.retention: must be at least 1s")
	case c.Partitions < 1:
		return errors.New("embedded.kafka.partitions: must be at least 1")
	}
	return nil
}

// Server is a running broker.
type Server struct {
	cluster *kfake.Cluster
	addrs   []string
	lock    *os.File

	stop     chan struct{}
	stopped  sync.WaitGroup
	closeOne sync.Once
}

// Start opens the broker. It stops at Close, or when ctx ends.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{stop: make(chan struct{})}
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the Kafka data folder: %w", err)
		}
		lock, err := child.Lock(ctx, filepath.Join(cfg.Dir, "iolaus.lock"), 20*time.Second)
		if err != nil {
			return nil, fmt.Errorf("starting the embedded Kafka: %w", err)
		}
		s.lock = lock
	}
	opts, err := options(cfg)
	if err != nil {
		s.unlock()
		return nil, err
	}
	s.cluster, err = kfake.NewCluster(opts...)
	if err != nil {
		s.unlock()
		return nil, fmt.Errorf("starting the embedded Kafka: %w", err)
	}
	s.addrs = s.cluster.ListenAddrs()
	s.stopped.Add(1)
	go s.retain(cfg.Retention)
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func options(cfg Config) ([]kfake.Opt, error) {
	hb := strconv.FormatInt(cfg.Heartbeat.Milliseconds(), 10)
	host, port, err := splitListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	opts := []kfake.Opt{
		kfake.Ports(port),
		kfake.ClusterID("iolaus-embedded"),
		kfake.DefaultNumPartitions(cfg.Partitions),
		kfake.GroupMinSessionTimeout(cfg.SessionTimeoutMin),
		kfake.ListenFn(listenOn(host)),
		kfake.BrokerConfigs(map[string]string{"group.consumer.heartbeat.interval.ms": hb}),
	}
	if cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(filepath.Join(cfg.Dir, "log")))
	}
	if cfg.Log != nil {
		opts = append(opts, kfake.WithLogger(logger{cfg.Log}))
	}
	return opts, nil
}

// Brokers are the addresses to give to a client.
func (s *Server) Brokers() []string { return s.addrs }

// CreateTopic makes a topic unless it is there already. A present topic with another number of
// partitions is an error: nothing is changed behind its data's back.
func (s *Server) CreateTopic(topic string, partitions int32, configs map[string]string) error {
	if s.cluster.TopicInfo(topic) == nil {
		if err := s.cluster.CreateTopic(topic, partitions, maps.Clone(configs)); err != nil {
			return fmt.Errorf("creating topic %s: %w", topic, err)
		}
		return nil
	}
	if n := len(s.cluster.PartitionInfos(topic)); n != int(partitions) {
		return fmt.Errorf("topic %s has %d partitions, expected %d", topic, n, partitions)
	}
	return nil
}

// Compact runs log compaction now.
func (s *Server) Compact() { s.cluster.Compact() }

// Close stops the broker after its last write is on disk. Closing twice is harmless.
func (s *Server) Close() error {
	s.closeOne.Do(func() {
		close(s.stop) // the retention ticker first: it must not run into a closed cluster
		s.stopped.Wait()
		s.cluster.Close()
		s.unlock()
	})
	return nil
}

func (s *Server) unlock() {
	if s.lock != nil {
		_ = s.lock.Close()
	}
}

func (s *Server) retain(every time.Duration) {
	defer s.stopped.Done()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.cluster.ApplyRetention()
		case <-s.stop:
			return
		}
	}
}

func splitListen(listen string) (host string, port int, err error) {
	if listen == "" {
		return "127.0.0.1", 0, nil
	}
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port: %w", listen, err)
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q has no port number", listen)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port, nil
}

// listenOn replaces the broker's fixed loopback address with host. What a listener says its
// address is, is what clients are told to connect to, so an address that means "all interfaces"
// is announced as this machine's name.
func listenOn(host string) func(network, address string) (net.Listener, error) {
	return func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		ln, err := net.Listen(network, net.JoinHostPort(host, port))
		if err != nil {
			return nil, err
		}
		return announced{Listener: ln, host: announcedHost(host)}, nil
	}
}

func announcedHost(host string) string {
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsUnspecified() {
		return host
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "127.0.0.1"
}

type announced struct {
	net.Listener
	host string
}

// Addr is the address that metadata responses give to clients.
func (a announced) Addr() net.Addr {
	_, port, err := net.SplitHostPort(a.Listener.Addr().String())
	if err != nil {
		return a.Listener.Addr()
	}
	return address{network: a.Listener.Addr().Network(), hostport: net.JoinHostPort(a.host, port)}
}

type address struct{ network, hostport string }

func (a address) Network() string { return a.network }
func (a address) String() string  { return a.hostport }

// logger passes the broker's warnings and errors on; its per-request lines are dropped.
type logger struct{ log *zap.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error(fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn(fmt.Sprintf(format, args...))
	}
}
