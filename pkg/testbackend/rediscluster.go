package testbackend

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
	"github.com/iolaus-io/iolaus/pkg/embedded/redis"
)

// RedisClusterNodes is a Redis Cluster of three masters without replicas.
type RedisClusterNodes struct {
	addrs []string
	buses []int // cluster bus ports
	procs []*child.Process
}

const clusterMasters, clusterSlots = 3, 16384

// RedisCluster starts three masters that share the slots evenly.
func RedisCluster(t testing.TB) *RedisClusterNodes {
	t.Helper()
	binary, err := redis.FindBinary("")
	require(t, "Redis", "make setup", err)
	ports := freePorts(t, 2*clusterMasters)
	c := &RedisClusterNodes{}
	for i := range clusterMasters {
		c.start(t, binary, ports[2*i], ports[2*i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := c.join(ctx); err != nil {
		t.Fatalf("forming the Redis Cluster: %v", err)
	}
	return c
}

// URL is what go-redis's ParseClusterURL takes.
func (c *RedisClusterNodes) URL() string {
	u := url.URL{Scheme: "redis", Host: c.addrs[0]}
	q := url.Values{}
	for _, a := range c.addrs[1:] {
		q.Add("addr", a)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Addrs are the masters' addresses.
func (c *RedisClusterNodes) Addrs() []string { return c.addrs }

// Kill ends one master with SIGKILL; it is started again on the same data, which may
// lack the last two seconds.
func (c *RedisClusterNodes) Kill(i int) error { return c.procs[i].Kill() }

func (c *RedisClusterNodes) start(t testing.TB, binary string, port, bus int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strconv.Itoa(port))
	require(t, "Redis", "make setup", os.MkdirAll(dir, 0o700))
	addr := hostPort(port)
	proc, err := child.Start(context.Background(), child.Spec{
		Name:    "redis " + addr,
		LogFile: filepath.Join(dir, "redis.log"),
		Log:     log(t),
		Ready:   func(ctx context.Context) error { return pingRedis(ctx, addr) },
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(binary, "--bind", "127.0.0.1", "--port", strconv.Itoa(port),
				"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", "2000",
				"--cluster-config-file", "nodes.conf", "--dir", dir, "--daemonize", "no", "--logfile", "",
				"--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
			cmd.Dir = dir
			return cmd, nil
		},
	})
	require(t, "Redis", "make setup", err)
	t.Cleanup(func() { closed(t, proc.Close()) })
	c.addrs, c.procs = append(c.addrs, addr), append(c.procs, proc)
	c.buses = append(c.buses, bus)
}

func pingRedis(ctx context.Context, addr string) error {
	cl := goredis.NewClient(&goredis.Options{Addr: addr})
	defer cl.Close() //nolint:errcheck // read-only
	return cl.Ping(ctx).Err()
}

// join gives each master its slots, introduces them to the first, and waits for agreement.
func (c *RedisClusterNodes) join(ctx context.Context) error {
	clients := make([]*goredis.Client, len(c.addrs))
	for i, a := range c.addrs {
		clients[i] = goredis.NewClient(&goredis.Options{Addr: a})
		defer clients[i].Close() //nolint:errcheck // read-only
	}
	for i, cl := range clients {
		from, to := i*clusterSlots/clusterMasters, (i+1)*clusterSlots/clusterMasters-1
		if err := cl.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return fmt.Errorf("adding slots %d-%d: %w", from, to, err)
		}
	}
	for i := 1; i < len(clients); i++ {
		host, port, _ := strings.Cut(c.addrs[i], ":")
		if err := clients[0].Do(ctx, "CLUSTER", "MEET", host, port, c.buses[i]).Err(); err != nil {
			return fmt.Errorf("meeting %s: %w", c.addrs[i], err)
		}
	}
	for _, cl := range clients {
		if err := awaitAgreement(ctx, cl); err != nil {
			return err
		}
	}
	return nil
}

func awaitAgreement(ctx context.Context, cl *goredis.Client) error {
	for !clusterAgrees(ctx, cl) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for agreement: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func clusterAgrees(ctx context.Context, cl *goredis.Client) bool {
	info, err := cl.ClusterInfo(ctx).Result()
	return err == nil && strings.Contains(info, "cluster_state:ok") &&
		strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", clusterMasters))
}
