package replay

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/report"
)

// ts is an event time in the middle of a day.
const ts = 1_767_268_800_000

func configOf(input, out string) Config {
	cfg := Config{Input: input, Out: out, RunID: "test", Decode: decode.Default(), Lateness: time.Hour, Graph: graph.DefaultConfig()}
	cfg.Decode.Privacy.HMACKey = "0123456789abcdef0123"
	return cfg
}

// folder writes input files; a name that is not given is a file that is missing.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".jsonl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func replayed(t *testing.T, cfg Config) report.Metrics {
	t.Helper()
	m, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func signupLine(n int) string {
	return fmt.Sprintf(`{"event_id":"s%d","account_id":"a%d","ts":%d,"email":"a%d@example.org"}`, n, n, ts+n*1000, n)
}

func requestLine(n int) string {
	return fmt.Sprintf(`{"event_id":"r%d","account_id":"a%d","ts":%d,"model":"m"}`, n, n%7, ts+n*1000)
}

func lines(n int, line func(int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
		b.WriteByte('\n')
	}
	return b.String()
}

func TestInputFiles(t *testing.T) {
	for _, c := range []struct {
		name     string
		files    map[string]string
		events   map[string]uint64
		rejected uint64
	}{
		{"one stream", map[string]string{"requests": lines(5, requestLine)}, map[string]uint64{"requests": 5}, 0},
		{"empty files", map[string]string{"requests": "", "signups": "\n\n"}, map[string]uint64{}, 0},
		{"labels alone", map[string]string{"labels": `{"event_id":"l","account_id":"a","ts":1767268800000,"label":"fraud","source":"analyst"}`},
			map[string]uint64{"labels": 1}, 0},
		// Blank lines, a carriage return, and no end of the last line.
		{"untidy", map[string]string{"requests": "\n" + requestLine(1) + "\r\n  \n\n" + requestLine(2) + "\n\t\n" + requestLine(3)},
			map[string]uint64{"requests": 3}, 0},
		// More than a batch, exactly two batches, and a batch of blank lines.
		{"more than a batch", map[string]string{"requests": lines(batchSize+1, requestLine)}, map[string]uint64{"requests": batchSize + 1}, 0},
		{"two batches", map[string]string{"requests": lines(2*batchSize, requestLine)}, map[string]uint64{"requests": 2 * batchSize}, 0},
		{"blank in between", map[string]string{"requests": requestLine(1) + strings.Repeat("\n", 3*batchSize) + requestLine(2)}, map[string]uint64{"requests": 2}, 0},
		// Bad lines are counted and stop nothing: broken, no object, no account, too long for the reader's buffer and for the limit.
		{"bad lines", map[string]string{"requests": requestLine(1) + "\n{\"ts\":\n[]\nnull\n{\"event_id\":\"x\",\"ts\":1}\n" + requestLine(2) + "\n"},
			map[string]uint64{"requests": 2}, 4},
		{"a long line that is good", map[string]string{"requests": requestLine(1) + "\n" +
			`{"unknown":"` + strings.Repeat("x", 1<<19) + `",` + requestLine(2)[1:] + "\n" + requestLine(3)}, map[string]uint64{"requests": 3}, 0},
		{"a line over the limit", map[string]string{"requests": requestLine(1) + "\n" +
			`{"unknown":"` + strings.Repeat("x", 3<<20) + `",` + requestLine(2)[1:] + "\n" + requestLine(3)}, map[string]uint64{"requests": 2}, 1},
		{"a binary file", map[string]string{"requests": strings.Repeat("\x00\xff\n", 50)}, map[string]uint64{}, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := replayed(t, configOf(folder(t, c.files), t.TempDir()))
			var rejected uint64
			for _, n := range m.Rejected {
				rejected += n
			}
			if fmt.Sprint(m.Events) != fmt.Sprint(c.events) || rejected != c.rejected {
				t.Fatalf("events %v, rejected %v, want %v and %d", m.Events, m.Rejected, c.events, c.rejected)
			}
		})
	}
}

func TestFolderWithoutInput(t *testing.T) {
	dir := folder(t, map[string]string{"other": "x"})
	out := filepath.Join(t.TempDir(), "out")
	_, err := Run(context.Background(), configOf(dir, out))
	if err == nil || err.Error() != dir+": holds none of signups.jsonl, requests.jsonl, payments.jsonl, labels.jsonl" {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Fatal("a run that never began has made its folder")
	}
}

// An event that comes long after its account's clock has passed is late, and counted as that alone.
func TestLate(t *testing.T) {
	old := fmt.Sprintf(`{"event_id":"old","account_id":"a1","ts":%d,"model":"m"}`, ts-3*3_600_000)
	m := replayed(t, configOf(folder(t, map[string]string{"requests": requestLine(1) + "\n" + old + "\n" + requestLine(8)}), t.TempDir()))
	if m.Late != 1 || m.Events["requests"] != 2 || m.Exchanges != 2 {
		t.Fatalf("metrics %+v", m)
	}
}

// The lenient reader of `up --scenario DIR` yields the same order as the replay, bad lines in their place.
func TestEachLine(t *testing.T) {
	dir := folder(t, map[string]string{
		"signups":  signupLine(0) + "\n" + signupLine(2) + "\n",
		"requests": requestLine(0) + "\nbroken\n\n" + requestLine(1) + "\n" + `{"event_id":"r","account_id":7,"ts":"2026-01-01T12:00:02Z","model":"m"}`,
		"labels":   `{"event_id":"l","account_id":"a","ts":1767268801500,"label":"fraud","source":"analyst"}`,
	})
	var got []string
	err := EachLine(context.Background(), dir, func(l Line) error {
		got = append(got, fmt.Sprintf("%s+%d %q", l.Stream, l.TS-ts, l.AccountID))
		return nil
	})
	want := []string{`signups+0 "a0"`, `requests+0 "a0"`, `requests+0 ""`, `requests+1000 "a1"`, `labels+1500 "a"`, `signups+2000 "a2"`, `requests+2000 ""`}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
	stop := fmt.Errorf("stop")
	if err := EachLine(context.Background(), dir, func(Line) error { return stop }); err != stop {
		t.Errorf("got %v, want the caller's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := EachLine(ctx, dir, func(Line) error { return nil }); err != context.Canceled {
		t.Errorf("got %v after an interrupt", err)
	}
	if err := EachLine(context.Background(), t.TempDir(), nil); err == nil {
		t.Error("a folder without input is no error")
	}
}

// A replay that is interrupted, wherever it is, leaves nothing that looks like a result.
func TestInterrupted(t *testing.T) {
	dir := folder(t, map[string]string{"requests": lines(20_000, requestLine)})
	for _, after := range []int{0, 1, 2} {
		out := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		cfg := configOf(dir, out)
		calls := 0
		cfg.Progress = func(Progress) {
			if calls++; calls >= after {
				cancel()
			}
		}
		if after == 0 {
			cancel()
		}
		_, err := Run(ctx, cfg)
		cancel()
		if after > 1 && err == nil {
			continue // it was through before the second progress
		}
		entries, readErr := os.ReadDir(out)
		if err == nil || readErr != nil || len(entries) != 0 {
			t.Fatalf("interrupted after %d: %v, the folder holds %v, %v", after, err, entries, readErr)
		}
	}
}

// Sources are in merge order, so that events of one time come in the order of the streams.
func TestStreamsAreInMergeOrder(t *testing.T) {
	if !slices.IsSorted([]event.Stream{event.StreamSignup, event.StreamPayment, event.StreamRequest, event.StreamLabel}) {
		t.Fatal("the streams' values are not in merge order")
	}
}
