//go:build realkafka

// Tests that need Apache Kafka, which is not part of `make setup`: `make test-real` fetches it and
// sets the tag, so that `make test` neither skips them nor needs Java.

package testbackend_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

// What was acknowledged before a kill -9 of Apache Kafka is there after its restart.
func TestRealKafkaSurvivesKill(t *testing.T) {
	begun := time.Now()
	b := testbackend.RealKafka(t)
	t.Logf("start %s", time.Since(begun))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Brokers()...), kgo.MetadataMinAge(250*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, 4, 1, nil, "events"); err != nil {
		t.Fatal(err)
	}
	produce(ctx, t, cl, 100)
	begun = time.Now()
	if err := b.Kill(); err != nil {
		t.Fatal(err)
	}
	produce(ctx, t, cl, 100)
	t.Logf("kill -9 to the next acknowledgement %s", time.Since(begun))
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, "events")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	ends.Each(func(o kadm.ListedOffset) { total += o.Offset })
	if total != 200 {
		t.Fatalf("%d records, want 200", total)
	}
}
