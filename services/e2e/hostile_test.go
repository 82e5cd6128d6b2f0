package e2e_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/decode/hostile"
)

// Every hostile record goes whole to the dead-letter topic of its topic, with its reason; the
// good ones around them are all counted, late ones are put aside, and nothing is slowed.
func TestHostile(t *testing.T) {
	s := startUp(t, filepath.Join(t.TempDir(), "data"), []string{"IOLAUS_SCHEMA_REGISTRY_IDS=" + strconv.Itoa(hostile.SchemaID)})
	cases := hostile.All()
	cl := s.client(t, kgo.ProducerBatchMaxBytes(8<<20))

	const goodPerCase, late = 20, 7
	now := time.Now().Add(-time.Minute).UnixMilli()
	var records []*kgo.Record
	good := 0
	for _, c := range cases {
		for range goodPerCase {
			good++
			records = append(records, goodRequest(good, now+int64(good)))
		}
		r := &kgo.Record{Topic: c.Topic, Key: c.Key, Value: c.Value}
		if c.ContentType != "" {
			r.Headers = []kgo.RecordHeader{{Key: "content-type", Value: []byte(c.ContentType)}}
		}
		records = append(records, r, goodRequest(good+1, now+int64(good)+1))
		good++
	}
	for i := range late { // their account has been seen by now
		records = append(records, lateRequest(i, now))
	}
	begun := time.Now()
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatalf("producing: %v", err)
	}
	s.awaitValue(t, "SELECT sum(requests) FROM iolaus.account_activity", strconv.Itoa(good), 30*time.Second)
	t.Logf("%d good records counted and %d bad ones put aside within %s", good, len(cases), time.Since(begun).Round(time.Millisecond))
	s.awaitValue(t, "SELECT count() FROM iolaus.rejected_events WHERE NOT late", strconv.Itoa(len(cases)), 30*time.Second)
	s.awaitValue(t, "SELECT count() FROM iolaus.rejected_events WHERE late", strconv.Itoa(late), 30*time.Second)

	checkLetters(t, cases, s.read(t, "signups.dlq", "requests.dlq", "payments.dlq", "labels.dlq"))
	s.checkReasons(t, cases)
	if n := len(s.read(t, "signups.late", "requests.late", "payments.late")); n != late {
		t.Errorf("%d late records, want %d", n, late)
	}
	if code, body := s.get(t, "/readyz"); code != 200 {
		t.Errorf("not ready after it: %s", body)
	}
}

func goodRequest(i int, ts int64) *kgo.Record {
	account := fmt.Sprintf("good-%d", i%50)
	return &kgo.Record{Topic: "requests", Key: []byte(account),
		Value: fmt.Appendf(nil, `{"event_id":"g-%d","account_id":%q,"ts":%d,"model":"m","input_tokens":1}`, i, account, ts)}
}

// lateRequest is two hours behind its account's other events.
func lateRequest(i int, now int64) *kgo.Record {
	r := goodRequest(0, now-2*3600_000)
	r.Value = bytes.Replace(r.Value, []byte(`"g-0"`), fmt.Appendf(nil, `"late-%d"`, i), 1)
	return r
}

// letter is what a dead letter must hold.
type letter struct{ topic, key, value, reason string }

func checkLetters(t *testing.T, cases []hostile.Case, got []*kgo.Record) {
	t.Helper()
	want := map[letter]int{}
	names := map[letter]string{}
	for _, c := range cases {
		l := letter{c.Topic + ".dlq", string(c.Key), string(c.Value), c.Reason}
		want[l]++
		names[l] = c.Name
	}
	for _, r := range got {
		reason := ""
		for _, h := range r.Headers {
			if h.Key == "iolaus-reason" {
				reason = string(h.Value)
			}
		}
		l := letter{r.Topic, string(r.Key), string(r.Value), reason}
		if want[l]--; want[l] < 0 {
			t.Errorf("unexpected on %s: key %q, reason %s, value %.80q", r.Topic, r.Key, reason, r.Value)
		}
	}
	for l, n := range want {
		if n > 0 {
			t.Errorf("case %q is not on %s, whole and with the reason %s", names[l], l.topic, l.reason)
		}
	}
}

// checkReasons: ClickHouse counts the rejections by topic and reason.
func (s *stack) checkReasons(t *testing.T, cases []hostile.Case) {
	t.Helper()
	want := map[string]int{}
	for _, c := range cases {
		want[c.Topic+" "+c.Reason]++
	}
	for _, row := range s.query(t, "SELECT topic, reason, count() FROM iolaus.rejected_events WHERE NOT late GROUP BY 1, 2") {
		k := row[0] + " " + row[1]
		if n, _ := strconv.Atoi(row[2]); n != want[k] {
			t.Errorf("%s: %d rows of rejected_events, want %d", k, n, want[k])
		}
		delete(want, k)
	}
	for k, n := range want {
		t.Errorf("%s: no rows of rejected_events, want %d", k, n)
	}
}
