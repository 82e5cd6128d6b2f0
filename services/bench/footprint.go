package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
)

// footprint measures what the windows of an active account take in Redis.
type footprint struct {
	bench *bench
	scale string
}

func newFootprintCmd(b *bench) *cobra.Command {
	f := footprint{bench: b}
	cmd := &cobra.Command{
		Use: "redis-bytes", Short: "Redis bytes per active account, all windows",
		Long: `Play press through iolaus up, and divide what Redis has allotted since before by the accounts that
have any window: values, keys and the server's own bookkeeping.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&f.scale, "scale", "1:20", "scale of press")
	return cmd
}

func (f *footprint) run(ctx context.Context) error {
	dir, done, err := f.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	d, err := f.bench.up(ctx, dir)
	if err != nil {
		return err
	}
	defer func() {
		if err := d.stop(); err != nil {
			note("stopping: %v", err)
		}
	}()
	opts, err := redis.ParseURL(d.redis)
	if err != nil {
		return fmt.Errorf("reading Redis's address: %w", err)
	}
	rdb := redis.NewClient(opts)
	defer rdb.Close() //nolint:errcheck // nothing to be done about it
	before, err := allotted(ctx, rdb)
	if err != nil {
		return err
	}
	if err := f.play(ctx, d); err != nil {
		return err
	}
	after, err := allotted(ctx, rdb)
	if err != nil {
		return err
	}
	accounts, memory, err := usage(ctx, rdb)
	if err != nil {
		return err
	}
	n := max(int64(len(accounts)), 1)
	row(fmt.Sprintf("Redis bytes per active account, press %s, %d accounts", f.scale, n),
		fmt.Sprintf("%d (growth of used_memory); %d (sum of MEMORY USAGE)", (after-before)/n, memory/n), "≤ 900")
	return nil
}

// play sends the world to the input topics and waits until all is stored.
func (f *footprint) play(ctx context.Context, d *deployment) error {
	program, err := f.bench.program()
	if err != nil {
		return err
	}
	if _, _, err := timed(ctx, program, "simulate", "--scenario", "press", "--scale", f.scale, "--brokers", d.brokers); err != nil {
		return err
	}
	w, err := newWatcher(d)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.awaitIdle(ctx, 15*time.Minute); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // so that Redis gives the buffers of its connections back
	return nil
}

// allotted is what Redis has allotted for data, bytes: without the buffers of clients.
func allotted(ctx context.Context, rdb *redis.Client) (int64, error) {
	info, err := rdb.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("asking Redis for its memory: %w", err)
	}
	field := func(name string) int64 {
		for line := range strings.Lines(info) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
				n, _ := strconv.ParseInt(v, 10, 64)
				return n
			}
		}
		return 0
	}
	return field("used_memory") - field("mem_clients_normal") - field("mem_aof_buffer"), nil
}

// usage returns the accounts that have any window, and the sum of what their keys take.
func usage(ctx context.Context, rdb *redis.Client) (accounts map[string]bool, memory int64, err error) {
	accounts = map[string]bool{}
	for it := rdb.Scan(ctx, 0, "*}:?:*", 1000).Iterator(); it.Next(ctx); {
		key := it.Val()
		n, err := rdb.MemoryUsage(ctx, key).Result()
		if err != nil {
			return nil, 0, fmt.Errorf("asking Redis for a key's memory: %w", err)
		}
		memory += n
		_, rest, _ := strings.Cut(key, "}:")
		accounts[rest[2:]] = true
	}
	return accounts, memory, nil
}
