package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

const testSealKey = "a secret of enough bytes"

// dlqBroker holds three dead letters of topic "requests", one of them sealed.
func dlqBroker(t *testing.T) (address string) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "requests", "requests.dlq"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s, err := seal.New(seal.Config{SealKey: testSealKey})
	if err != nil {
		t.Fatal(err)
	}
	letter := func(offset int64, reason string, value []byte, more ...kgo.RecordHeader) *kgo.Record {
		return &kgo.Record{Topic: "requests.dlq", Key: []byte("acct\x1b[31m"), Value: value, Timestamp: time.UnixMilli(1_777_000_000_000),
			Headers: append([]kgo.RecordHeader{
				{Key: wire.HeaderReason, Value: []byte(reason)}, {Key: wire.HeaderField, Value: []byte("ts")}, {Key: wire.HeaderDetail, Value: []byte("why")},
				{Key: wire.HeaderTopic, Value: []byte("requests")}, {Key: wire.HeaderPartition, Value: []byte("0")},
				{Key: wire.HeaderOffset, Value: []byte(strconv.FormatInt(offset, 10))},
			}, more...)}
	}
	if err := client.ProduceSync(t.Context(), letter(1, "bad_time", []byte("one")), letter(2, "bad_json", []byte("two")),
		letter(3, "bad_time", s.Seal("requests", 0, 3, []byte("three")), kgo.RecordHeader{Key: wire.HeaderSealed, Value: []byte("1")}),
	).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return c.ListenAddrs()[0]
}

func runDLQ(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := &cobra.Command{Use: "iolaus", SilenceErrors: true, SilenceUsage: true}
	root.PersistentFlags().String("config", "", "")
	root.AddCommand(newDLQCmd())
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"dlq"}, args...))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// The table has the reasons and their counts, no values, and nothing that steers a terminal.
func TestDLQList(t *testing.T) {
	broker := dlqBroker(t)
	out, err := runDLQ(t, "list", "--kafka.brokers", broker)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TIME", `"acct\x1b[31m"`, "2  bad_time", "1  bad_json", "3  in all"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Contains(out, "one") {
		t.Errorf("shows what it must not:\n%s", out)
	}
}

// JSON lines hold the values only when asked, opened with the key.
func TestDLQListJSON(t *testing.T) {
	broker := dlqBroker(t)
	out, err := runDLQ(t, "list", "--kafka.brokers", broker, "--json", "--values", "--reason", "bad_time", "--dlq.seal_key", testSealKey)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	dec := json.NewDecoder(strings.NewReader(out))
	for dec.More() {
		var line dlqLine
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		values = append(values, string(line.Value))
	}
	if strings.Join(values, " ") != "one three" {
		t.Errorf("values %q", values)
	}
}

// A dry run changes nothing; a replay says what became of each letter.
func TestDLQReplay(t *testing.T) {
	broker := dlqBroker(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--dry-run"}, "2 would be fed back\n1 left alone: sealed"},
		{[]string{"--dry-run", "--json"}, `{"replayed":2,"done":0,"spent":0,"unopened":1,"strange":0}`},
		{nil, "2 fed back\n1 left alone: sealed"},
		{[]string{"--dlq.seal_key", testSealKey}, "1 fed back\n2 fed back by an earlier replay"},
	} {
		out, err := runDLQ(t, append([]string{"replay", "--kafka.brokers", broker}, c.args...)...)
		if err != nil || !strings.HasPrefix(out, c.want) {
			t.Errorf("%v: %v\n%s\nwant %s", c.args, err, out, c.want)
		}
	}
}

// Mistakes are usage errors that name the flag or the key.
func TestDLQUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"list"}, "kafka.brokers:"},
		{[]string{"list", "--kafka.brokers", "x:1", "--topic", "decisions"}, "--topic:"},
		{[]string{"list", "--kafka.brokers", "x:1", "--from", "yesterday"}, "--from:"},
		{[]string{"replay", "--kafka.brokers", "x:1", "--max-replays", "0"}, "--max-replays:"},
		{[]string{"replay", "--kafka.brokers", "x:1", "--dlq.seal_key", "short"}, "dlq.seal_key:"},
		{[]string{"purge"}, `"purge" is none of list, replay`},
	} {
		_, err := runDLQ(t, c.args...)
		var usage usageError
		if err == nil || !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.args, err, c.want)
		}
	}
}
