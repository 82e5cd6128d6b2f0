package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

// A scale is a fraction, a ratio or a percentage above 0.
func TestParseScale(t *testing.T) {
	for s, want := range map[string]float64{"1": 1, "0.05": 0.05, "1:20": 0.05, "1/20": 0.05, "5%": 0.05, "2": 2,
		"": 0, "0": 0, "-1": 0, "1:0": 0, "x": 0, "1:2:3": 0, "NaN": 0, "Inf": 0} {
		got, err := parseScale("--scale", s)
		if (err != nil) != (want == 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v; want %v", s, got, err, want)
		}
	}
}

// On Kafka there is what the files hold, in both encodings: each account's records in the
// same partition of every topic and in time order.
func TestSimulateToKafka(t *testing.T) {
	for _, format := range []string{"json", "protobuf"} {
		t.Run(format, func(t *testing.T) {
			c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "signups", "payments", "requests", "labels"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			root := &cobra.Command{Use: "iolaus", SilenceErrors: true, SilenceUsage: true}
			root.AddCommand(newSimulateCmd())
			var out bytes.Buffer
			root.SetOut(&out)
			root.SetErr(&out)
			root.SetArgs([]string{"simulate", "--scenario", "deepseek-2026-02", "--scale", "1%", "--brokers", c.ListenAddrs()[0], "--format", format})
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := consumeWorld(t, c.ListenAddrs(), format)
			if got["requests"] != 4200+1520 || got["labels"] != 50+17 || got["signups"] == 0 || got["payments"] == 0 {
				t.Errorf("%v\n%s", got, &out)
			}
		})
	}
}

func consumeWorld(t *testing.T, brokers []string, format string) map[string]int {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("signups", "payments", "requests", "labels"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	counts, partitions, last := map[string]int{}, map[string]int32{}, map[string]time.Time{}
	for counts["requests"] < 4200+1520 || counts["labels"] < 50+17 {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("%v after %v", err, counts)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			counts[r.Topic]++
			account := string(r.Key)
			if p, ok := partitions[account]; ok && p != r.Partition {
				t.Fatalf("%s in partitions %d and %d", account, p, r.Partition)
			}
			partitions[account] = r.Partition
			if at := last[r.Topic+account]; r.Timestamp.Before(at) {
				t.Fatalf("%s of %s out of order", r.Topic, account)
			}
			last[r.Topic+account] = r.Timestamp
			if r.Topic == "requests" {
				checkRequest(t, r, format)
			}
		})
	}
	return counts
}

func checkRequest(t *testing.T, r *kgo.Record, format string) {
	t.Helper()
	var m eventsv1.Request
	read := protojson.Unmarshal
	if format == "protobuf" {
		read = func(b []byte, m proto.Message) error { return proto.Unmarshal(b, m) }
		if len(r.Headers) != 1 || r.Headers[0].Key != "content-type" || string(r.Headers[0].Value) != "application/x-protobuf" {
			t.Fatalf("headers %v", r.Headers)
		}
	}
	if err := read(r.Value, &m); err != nil {
		t.Fatal(err)
	}
	if m.GetAccountId() != string(r.Key) || time.Since(r.Timestamp) > time.Minute || m.GetModel() == "" {
		t.Fatalf("key %s, time %s: %v", r.Key, r.Timestamp, &m)
	}
}
