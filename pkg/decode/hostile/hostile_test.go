package hostile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/decode/hostile"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// now is the broker's clock: later than the good events, earlier than "year 2099".
var now = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC).UnixMilli()

func newDecoder(tb testing.TB) *decode.Decoder {
	tb.Helper()
	cfg := decode.Default()
	cfg.Privacy.HMACKey = "a key for the hostile corpus"
	cfg.Registry.IDs = []int{hostile.SchemaID}
	d, err := decode.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func decodeCase(d *decode.Decoder, c hostile.Case) error {
	r := decode.Record{Key: c.Key, Value: c.Value, ContentType: c.ContentType, BrokerMS: now}
	switch c.Topic {
	case "signups":
		return d.Signup(r, new(event.Signup))
	case "requests":
		return d.Request(r, new(event.Request))
	case "payments":
		return d.Payment(r, new(event.Payment))
	default:
		return d.Label(r, new(event.Label))
	}
}

// Every case is rejected for its reason, by a fresh decoder and by one that has seen
// all the others.
func TestAll(t *testing.T) {
	all := hostile.All()
	if len(all) < 70 {
		t.Errorf("only %d cases", len(all))
	}
	used, names := map[string]bool{}, map[string]bool{}
	warm := newDecoder(t)
	for _, c := range all {
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name], used[c.Reason] = true, true
		t.Run(c.Name, func(t *testing.T) {
			for _, d := range []*decode.Decoder{newDecoder(t), warm, warm} {
				err := decodeCase(d, c)
				var r *decode.Rejection
				if !errors.As(err, &r) {
					t.Fatalf("got %v, want a rejection", err)
				}
				if r.Reason != c.Reason || r.Field != c.Field {
					t.Fatalf("got %s (%s): %s, want %s (%s)", r.Reason, r.Field, r.Detail, c.Reason, c.Field)
				}
				if r.Detail == "" || strings.Contains(r.Detail, "acct-1") || strings.Contains(r.Detail, "example.org") {
					t.Errorf("detail %q", r.Detail)
				}
			}
		})
	}
	for _, reason := range decode.Reasons() {
		if !used[reason] {
			t.Errorf("no case for %s", reason)
		}
	}
	for reason := range used {
		if !slices.Contains(decode.Reasons(), reason) {
			t.Errorf("%s is not in decode.Reasons", reason)
		}
	}
	t.Logf("%d cases", len(all))
}
