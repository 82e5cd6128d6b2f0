package decode

import (
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// An optional field may be absent, null or empty, whatever its type: all three read the same.
func TestEmptyOptionalFields(t *testing.T) {
	cfg := Default()
	cfg.Privacy.HMACKey = "0123456789abcdef"
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	read := func(rest string) event.Request {
		var r event.Request
		value := `{"event_id":"e","account_id":"a","ts":1700000000000,"model":"m"` + rest + `}`
		if err := d.Request(Record{Value: []byte(value)}, &r); err != nil {
			t.Fatalf("%s: %v", rest, err)
		}
		return r
	}
	absent := read("")
	for _, field := range []string{"turn", "asn", "status", "input_tokens", "latency_ms", "stream", "tool_calls", "cot_score", "ip", "template_hash"} {
		for _, empty := range []string{`""`, "null"} {
			if got := read(`,"` + field + `":` + empty); got != absent {
				t.Errorf("%s: %s reads %+v, absent %+v", field, empty, got, absent)
			}
		}
	}
	// RFC 3339 allows lower-case t and z.
	var r event.Request
	lower := `{"event_id":"e","account_id":"a","ts":"2026-11-23t17:03:54z","model":"m"}`
	if err := d.Request(Record{Value: []byte(lower)}, &r); err != nil || r.TS != 1795453434000 {
		t.Errorf("lower-case time: %d, %v", r.TS, err)
	}
	// A required one may not.
	if err := d.Request(Record{Value: []byte(`{"event_id":"e","account_id":"a","ts":"","model":"m"}`)}, &r); err == nil {
		t.Error("an empty ts was taken")
	}
}
