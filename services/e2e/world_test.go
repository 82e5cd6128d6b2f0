package e2e_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

// line is one input event of a world.
type line struct {
	topic string
	value []byte
	head
}

type head struct {
	EventID      string `json:"event_id"`
	AccountID    string `json:"account_id"`
	TS           int64  `json:"ts"`
	InputTokens  uint64 `json:"input_tokens"`
	OutputTokens uint64 `json:"output_tokens"`
}

// world is the input of a run.
type world struct {
	dir   string
	lines []line // by topic, each in order of time
}

var inputTopics = []string{"signups", "payments", "requests", "labels"}

// simulate makes the press world at a scale.
func simulate(t testing.TB, seed, accounts, exchanges string) *world {
	t.Helper()
	w := &world{dir: filepath.Join(t.TempDir(), "world")}
	mustRun(t, "simulate", "--scenario", "press", "--seed", seed, "--scale-accounts", accounts, "--scale-exchanges", exchanges, "--out", w.dir)
	for _, topic := range inputTopics {
		w.load(t, topic)
	}
	return w
}

func (w *world) load(t testing.TB, topic string) {
	f, err := os.Open(filepath.Join(w.dir, topic+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read
	for sc := bufio.NewScanner(f); sc.Scan(); {
		l := line{topic: topic, value: append([]byte(nil), sc.Bytes()...)}
		if err := json.Unmarshal(l.value, &l.head); err != nil {
			t.Fatal(err)
		}
		w.lines = append(w.lines, l)
	}
}

// oracle is what ClickHouse must answer.
type oracle struct {
	events                   map[string]int // by topic
	inputTokens, outputToken uint64
	accounts, requesters     map[string]bool
}

func (w *world) oracle() oracle {
	o := oracle{events: map[string]int{}, accounts: map[string]bool{}, requesters: map[string]bool{}}
	for i := range w.lines {
		l := &w.lines[i]
		o.events[l.topic]++
		o.accounts[l.AccountID] = true
		if l.topic == "requests" {
			o.requesters[l.AccountID] = true
			o.inputTokens += l.InputTokens
			o.outputToken += l.OutputTokens
		}
	}
	return o
}

// record is the line as a producer would send it: the even ones as JSON, the odd ones as Protobuf.
func (l *line) record(t testing.TB, i int) *kgo.Record {
	r := &kgo.Record{Topic: l.topic, Key: []byte(l.AccountID), Value: l.value}
	if i%2 == 0 {
		return r
	}
	var m proto.Message
	switch l.topic {
	case "signups":
		m = &eventsv1.Signup{}
	case "requests":
		m = &eventsv1.Request{}
	case "payments":
		m = &eventsv1.Payment{}
	default:
		m = &eventsv1.Label{}
	}
	if err := protojson.Unmarshal(l.value, m); err != nil {
		t.Fatalf("%s: %v", l.value, err)
	}
	value, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r.Value, r.Headers = value, []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/x-protobuf")}}
	return r
}

// sortByTime puts the streams in one order, as they happened.
func sortByTime(lines []line) {
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.TS, b.TS) })
}

// produce sends lines in their order, over a duration, and waits for the acknowledgements.
func (s *stack) produce(t testing.TB, lines []line, over time.Duration) {
	cl := s.client(t, kgo.ProducerLinger(time.Millisecond))
	begun := time.Now()
	for i := range lines {
		cl.Produce(t.Context(), lines[i].record(t, i), func(_ *kgo.Record, err error) {
			if err != nil && t.Context().Err() == nil {
				t.Errorf("producing: %v", err)
			}
		})
		if over > 0 && i%50 == 0 {
			time.Sleep(time.Until(begun.Add(over * time.Duration(i) / time.Duration(len(lines)))))
		}
	}
	if err := cl.Flush(t.Context()); err != nil {
		t.Errorf("producing: %v", err)
	}
}
