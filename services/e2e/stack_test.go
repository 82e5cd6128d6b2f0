package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// stack is what is asked from outside, and where.
type stack struct {
	brokers []string
	http    string // of the decision API
	sql     string // ClickHouse over HTTP
	process *process
}

// startUp runs `iolaus up` on a data folder and waits until it is ready.
func startUp(t testing.TB, data string, env []string, more ...string) *stack {
	t.Helper()
	s := launchUp(t, data, env, more...)
	s.awaitReady(t)
	return s
}

// launchUp runs `iolaus up` without waiting.
func launchUp(t testing.TB, data string, env []string, more ...string) *stack {
	t.Helper()
	s := &stack{brokers: []string{freeAddr(t)}, http: freeAddr(t), sql: freeAddr(t)}
	args := append([]string{"up", "--data", data, "--http", s.http, "--kafka", s.brokers[0], "--clickhouse", s.sql,
		"--no-browser", "--pprof.addr", "off"}, more...)
	s.process = start(t, env, args...)
	return s
}

func (s *stack) awaitReady(t testing.TB) {
	t.Helper()
	eventually(t, 60*time.Second, func() string {
		code, body := s.get(t, "/readyz")
		if code == http.StatusOK {
			return ""
		}
		return fmt.Sprintf("/readyz: %d %s", code, body)
	})
}

// get returns status 0 while nobody answers.
func (s *stack) get(t testing.TB, path string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + s.http + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close() //nolint:errcheck // read
	return resp.StatusCode, readAll(resp.Body)
}

// getJSON reads what the API answers.
func (s *stack) getJSON(t testing.TB, path string, into any) {
	t.Helper()
	code, body := s.get(t, path)
	if code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

// query asks ClickHouse over plain HTTP, as curl does, and returns the rows' columns.
func (s *stack) query(t testing.TB, sql string) [][]string {
	t.Helper()
	resp, err := http.Post("http://"+s.sql+"/", "text/plain", strings.NewReader(sql+" FORMAT TabSeparated"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	body := readAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s\n%d %s", sql, resp.StatusCode, body)
	}
	var rows [][]string
	for line := range strings.Lines(body) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// value is query for one number or word.
func (s *stack) value(t testing.TB, sql string) string {
	t.Helper()
	rows := s.query(t, sql)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s\ngave %v", sql, rows)
	}
	return rows[0][0]
}

// awaitValue waits until a query gives what is wanted.
func (s *stack) awaitValue(t testing.TB, sql, want string, within time.Duration) {
	t.Helper()
	eventually(t, within, func() string {
		if got := s.value(t, sql); got != want {
			return fmt.Sprintf("%s\ngives %s, want %s", sql, got, want)
		}
		return ""
	})
}

// client connects to the stack's Kafka.
func (s *stack) client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.brokers...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// read returns what topics hold now, committed records only, each partition in order.
func (s *stack) read(t testing.TB, topics ...string) []*kgo.Record {
	t.Helper()
	cl := s.client(t, kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left++
		}
	})
	var records []*kgo.Record
	for left > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading %v: %v", topics, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end, _ := ends.Lookup(r.Topic, r.Partition)
			if r.Offset == end.Offset-1 {
				left--
			}
			if r.Offset < end.Offset && !r.Attrs.IsControl() {
				records = append(records, r)
			}
		})
	}
	return records
}

// quiet waits until the given topics have not grown for a while: all that follows from
// what was produced is there.
func (s *stack) quiet(t testing.TB, calm time.Duration, topics ...string) {
	t.Helper()
	adm := kadm.NewClient(s.client(t))
	var last string
	since := time.Now()
	eventually(t, 3*time.Minute, func() string {
		ends, err := adm.ListCommittedOffsets(t.Context(), topics...)
		if err != nil {
			return err.Error()
		}
		var now strings.Builder
		for _, o := range ends.Offsets().Sorted() {
			fmt.Fprintf(&now, "%s/%d:%d ", o.Topic, o.Partition, o.At)
		}
		if now.String() != last {
			last, since = now.String(), time.Now()
		}
		if time.Since(since) < calm {
			return "topics still grow: " + last
		}
		return ""
	})
}

// decide asks what a gateway asks for each request.
func (s *stack) decide(t testing.TB, account string) string {
	t.Helper()
	resp, err := http.Post("http://"+s.http+"/v1/decide", "application/json", strings.NewReader(fmt.Sprintf(`{"account_id":%q}`, account)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	var got struct {
		Action string `json:"action"`
	}
	body := readAll(resp.Body)
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("POST /v1/decide: %d %s", resp.StatusCode, body)
	}
	return got.Action
}
