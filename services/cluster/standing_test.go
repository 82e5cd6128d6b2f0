package cluster

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

func newTestLife(t *testing.T) *life {
	t.Helper()
	pol, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &life{detector: detect.New(graph.DefaultConfig(), pol), past: newPast(), stopped: map[string]bool{}, standing: standings{}}
}

// What one owner wrote about an account whose key it revoked, its successor stands on, though compaction
// has left the newest record only; and what that one writes next carries on from there.
func TestStandingIsRestoredFromTheNewestRecord(t *testing.T) {
	decisions := []wire.Decision{
		{DecisionID: "d1", AccountID: "a", Action: wire.ActionSuspend, PreviousAction: wire.ActionAllow, EventTS: 10},
		{DecisionID: "d2", AccountID: "a", APIKeyID: "k1", Action: wire.ActionRevokeKey, PreviousAction: wire.ActionSuspend, EventTS: 20},
		{DecisionID: "d3", AccountID: "a", APIKeyID: "k2", Action: wire.ActionRevokeKey, PreviousAction: wire.ActionSuspend, EventTS: 30},
	}
	first := newTestLife(t)
	first.say(&detect.Output{Decisions: decisions})
	if first.out.err != nil || len(first.out.records) != len(decisions) {
		t.Fatalf("%d records, %v", len(first.out.records), first.out.err)
	}
	for _, r := range first.out.records {
		if string(r.Key) != "a" {
			t.Errorf("key %q, want the account's", r.Key)
		}
	}
	newest := first.out.records[2]

	second := newTestLife(t)
	if err := second.restoreDecision(newest); err != nil {
		t.Fatal(err)
	}
	if !second.stopped["a"] {
		t.Error("the account is suspended, and its key's revocation took that for another action")
	}
	want := wire.Decision{AccountID: "a", Action: wire.ActionSuspend, DecisionID: "d1", EventTS: 10}
	if d := cmp.Diff(want, second.past.standing["a"]); d != "" || second.past.told != 30 {
		t.Errorf("told until %d; the account stands (-want +got):\n%s", second.past.told, d)
	}
	if d := cmp.Diff(first.standing["a"], second.standing["a"]); d != "" {
		t.Errorf("standing (-first owner +successor):\n%s", d)
	}
	next := wire.Decision{DecisionID: "d4", AccountID: "a", Action: wire.ActionObserve, PreviousAction: wire.ActionSuspend, EventTS: 40}
	second.out = batch{}
	second.say(&detect.Output{Decisions: []wire.Decision{next}})
	h, err := wire.ParseStanding(second.out.records[0].Headers[0].Value)
	if err != nil || len(h.Revoked) != 2 || h.Own.DecisionID != "d1" {
		t.Errorf("the next record carries %+v, %v", h, err)
	}
	second.noteStop(&next)
	if second.stopped["a"] {
		t.Error("still stopped after it was let go")
	}
}

// A record that cannot be read, or that lacks its value, changes nothing.
func TestRestoreDecisionRefuses(t *testing.T) {
	whole, err := json.Marshal(wire.Decision{DecisionID: "d", AccountID: "a", Action: wire.ActionSuspend})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*kgo.Record{
		"tombstone":    {},
		"no JSON":      {Value: []byte("{")},
		"bad standing": {Value: whole, Headers: []kgo.RecordHeader{{Key: wire.HeaderStanding, Value: []byte(`{"revoked":[{}]}`)}}},
	} {
		l := newTestLife(t)
		if err := l.restoreDecision(r); err == nil || len(l.standing)+len(l.stopped)+len(l.past.standing) > 0 {
			t.Errorf("%s: %v, %d accounts stand", name, err, len(l.standing))
		}
	}
}
