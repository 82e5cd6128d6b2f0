package up

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
	"github.com/iolaus-io/iolaus/pkg/embedded/child"
	ekafka "github.com/iolaus-io/iolaus/pkg/embedded/kafka"
	eredis "github.com/iolaus-io/iolaus/pkg/embedded/redis"
)

// backends are the three stores: embedded ones, or real ones where an address is
// configured. The configuration is completed with the embedded ones' addresses.
type backends struct {
	kafka *ekafka.Server
	redis *eredis.Server
	chdb  *chdb.Server
	lines []string // what runs where, for people
}

// startBackends starts what is not configured, all at once.
func startBackends(ctx context.Context, cfg *Config, log *zap.Logger) (*backends, error) {
	b := &backends{}
	var g errgroup.Group // not with its context: the servers outlive the start
	var kafkaLine, redisLine, chdbLine string
	g.Go(func() (err error) { kafkaLine, err = b.startKafka(ctx, cfg, log); return err })
	g.Go(func() (err error) { redisLine, err = b.startRedis(ctx, cfg, log); return err })
	g.Go(func() (err error) { chdbLine, err = b.startClickHouse(ctx, cfg, log); return err })
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	b.lines = []string{kafkaLine, redisLine, chdbLine}
	return b, nil
}

func (b *backends) startKafka(ctx context.Context, cfg *Config, log *zap.Logger) (string, error) {
	if len(cfg.Kafka.Brokers) > 0 {
		return fmt.Sprintf("Kafka       %v (configured)", cfg.Kafka.Brokers), nil
	}
	c := ekafka.Default()
	c.Dir, c.Listen, c.Log, c.Partitions = filepath.Join(cfg.Data, "kafka"), cfg.ListenKafka, log, cfg.Kafka.Partitions
	srv, err := ekafka.Start(context.WithoutCancel(ctx), c)
	if err != nil {
		return "", fmt.Errorf("starting the embedded Kafka: %w", err)
	}
	b.kafka, cfg.Kafka.Brokers = srv, srv.Brokers()
	return fmt.Sprintf("Kafka       %s (embedded kfake)", srv.Brokers()[0]), nil
}

func (b *backends) startRedis(ctx context.Context, cfg *Config, log *zap.Logger) (string, error) {
	if cfg.Redis.URL != "" {
		return "Redis       " + withoutPassword(cfg.Redis.URL) + " (configured)", nil
	}
	c := eredis.Default()
	c.Dir, c.Log = filepath.Join(cfg.Data, "redis"), log
	srv, err := eredis.Start(context.WithoutCancel(ctx), c)
	if err != nil {
		return "", fmt.Errorf("starting the embedded Redis: %w", err)
	}
	b.redis, cfg.Redis.URL = srv, srv.URL()
	line := fmt.Sprintf("Redis       %s (embedded %s)", srv.URL(), srv.Kind())
	if !srv.Persistent() {
		line += "\n            no Redis or Valkey found (run make setup): windows are lost when this ends, and it is 2 to 5 times slower"
	}
	return line, nil
}

func (b *backends) startClickHouse(ctx context.Context, cfg *Config, log *zap.Logger) (string, error) {
	if cfg.ClickHouse.DSN != "" {
		return "ClickHouse  " + withoutPassword(cfg.ClickHouse.DSN) + " (configured)", nil
	}
	c := chdb.Default()
	c.Dir, c.Listen, c.Log = filepath.Join(cfg.Data, "clickhouse"), cfg.ListenClickHouse, log
	srv, err := chdb.Start(context.WithoutCancel(ctx), c)
	if err != nil {
		return "", fmt.Errorf("starting the embedded ClickHouse: %w", err)
	}
	b.chdb, cfg.ClickHouse.DSN = srv, srv.DSN()
	return fmt.Sprintf("ClickHouse  http://%s (embedded engine)", srv.Addr()), nil
}

// close stops what was started, the store that others write to last.
func (b *backends) close() error {
	var errs []error
	if b.chdb != nil {
		errs = append(errs, b.chdb.Close())
	}
	if b.redis != nil {
		errs = append(errs, b.redis.Close())
	}
	if b.kafka != nil {
		errs = append(errs, b.kafka.Close())
	}
	return errors.Join(errs...)
}

// withoutPassword shows an address without what must not be shown.
func withoutPassword(address string) string {
	if opts, err := redis.ParseURL(address); err == nil {
		return opts.Network + "://" + opts.Addr
	}
	return hostOf(address)
}

// hostOf leaves scheme and host of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(configured)"
	}
	return u.Scheme + "://" + u.Host
}

// lockPatience is how long a former instance may take to be gone.
const lockPatience = time.Second

// prepareData makes the data folder and locks it for this process until the returned file is
// closed. Each embedded store locks its part of it too, for its child may outlive us a moment.
func prepareData(ctx context.Context, cfg *Config) (lock *os.File, err error) {
	if cfg.Data, err = filepath.Abs(cfg.Data); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	return child.Lock(ctx, filepath.Join(cfg.Data, "up.lock"), lockPatience)
}
