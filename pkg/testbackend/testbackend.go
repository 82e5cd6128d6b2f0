// Package testbackend gives tests of other packages the real backends: the ClickHouse engine,
// a Redis or Valkey server, the embedded Kafka, Apache Kafka on the JVM, and a Redis Cluster.
//
// Each call starts a backend of its own on free loopback ports and stops it with the test; start
// one in a parent test to share it between subtests. A backend that cannot be started fails the
// test, in CI and outside it: a test that does not run proves nothing.
package testbackend

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
	"github.com/iolaus-io/iolaus/pkg/embedded/kafka"
	"github.com/iolaus-io/iolaus/pkg/embedded/redis"
)

// The ClickHouse engine runs in a child process that is the test program itself, started again:
// so every package's tests can use it without a main function of their own.
func init() {
	if !chdb.IsChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := chdb.RunChild(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// ClickHouse starts the engine and returns a DSN for clickhouse-go (HTTP, database "default").
func ClickHouse(t testing.TB) string { return ClickHouseServer(t).DSN() }

// ClickHouseServer is ClickHouse for tests that kill the engine.
func ClickHouseServer(t testing.TB) *chdb.Server {
	t.Helper()
	cfg := chdb.Default()
	cfg.Dir, cfg.Log = filepath.Join(t.TempDir(), "clickhouse"), log(t)
	s, err := chdb.Start(context.Background(), cfg)
	require(t, "ClickHouse", "make setup", err)
	t.Cleanup(func() { closed(t, s.Close()) })
	return s
}

// Redis starts a server with persistence and returns its URL for go-redis's ParseURL.
func Redis(t testing.TB) string { return RedisServer(t).URL() }

// RedisServer is Redis for tests that kill the server.
func RedisServer(t testing.TB) *redis.Server {
	t.Helper()
	cfg := redis.Default()
	cfg.Dir, cfg.Log, cfg.RequireServer = filepath.Join(t.TempDir(), "redis"), log(t), true
	s, err := redis.Start(context.Background(), cfg)
	require(t, "Redis", "make setup", err)
	t.Cleanup(func() { closed(t, s.Close()) })
	return s
}

// EnvKafka set to "real" makes Kafka start Apache Kafka instead of the embedded broker, so that
// the same tests run on both.
const EnvKafka = "IOLAUS_TEST_KAFKA"

// Kafka starts the embedded broker, on disk, and returns its addresses.
func Kafka(t testing.TB) []string {
	t.Helper()
	if os.Getenv(EnvKafka) == "real" {
		return RealKafka(t).Brokers()
	}
	return KafkaServer(t).Brokers()
}

// KafkaServer is Kafka for tests that need the embedded broker itself.
func KafkaServer(t testing.TB) *kafka.Server {
	t.Helper()
	cfg := kafka.Default()
	cfg.Dir = filepath.Join(t.TempDir(), "kafka")
	s, err := kafka.Start(context.Background(), cfg)
	require(t, "Kafka", "make setup", err)
	t.Cleanup(func() { closed(t, s.Close()) })
	return s
}

func log(t testing.TB) *zap.Logger {
	return zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
}

func require(t testing.TB, what, setup string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s is needed for this test and did not start: %v\nRun `%s` first.", what, err, setup)
	}
}

func closed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("stopping a backend: %v", err)
	}
}
