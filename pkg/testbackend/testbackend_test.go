package testbackend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

func produce(ctx context.Context, t *testing.T, cl *kgo.Client, n int) {
	t.Helper()
	for i := range n {
		if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "events", Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// Keys spread over all three masters, and a killed master comes back with its own.
func TestRedisCluster(t *testing.T) {
	c := testbackend.RedisCluster(t)
	opt, err := redis.ParseClusterURL(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	cl := redis.NewClusterClient(opt)
	defer cl.Close() //nolint:errcheck // end of test
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for i := range 100 {
		if err := cl.Set(ctx, fmt.Sprintf("{%d}:k", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	masters := 0
	if err := cl.ForEachMaster(ctx, func(ctx context.Context, m *redis.Client) error {
		masters++
		return m.Ping(ctx).Err()
	}); err != nil || masters != 3 {
		t.Fatalf("%d masters, %v", masters, err)
	}
	written := func(ctx context.Context, m *redis.Client) error {
		for !strings.Contains(m.Info(ctx, "persistence").Val(), "aof_buffer_length:0\r") {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	}
	if err := cl.ForEachMaster(ctx, written); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(1); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		for cl.Get(ctx, fmt.Sprintf("{%d}:k", i)).Val() != fmt.Sprint(i) {
			if ctx.Err() != nil {
				t.Fatalf("key %d did not come back", i)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// The same tests run on the embedded Kafka and, with IOLAUS_TEST_KAFKA=real, on the real one.
func TestKafka(t *testing.T) {
	ctx := context.Background()
	cl, err := kgo.NewClient(kgo.SeedBrokers(testbackend.Kafka(t)...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, 4, 1, nil, "events"); err != nil {
		t.Fatal(err)
	}
	produce(ctx, t, cl, 10)
}
