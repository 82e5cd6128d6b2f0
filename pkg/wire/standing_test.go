package wire_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Whatever is decided, and whatever compaction leaves of it as long as the newest record is there, a
// reader who starts from a record's header knows as much as one who read them all.
func TestStandingSurvivesCompaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all wire.Standing
		for i := range rapid.IntRange(1, 20).Draw(t, "decisions") {
			d := wire.Decision{
				DecisionID: fmt.Sprint("d", i), AccountID: "a", Mode: wire.ModeEnforce,
				Reasons: []wire.Reason{{Code: "x"}}, Evidence: []wire.Evidence{{Kind: "ip"}},
			}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				d.Action, d.APIKeyID = wire.ActionRevokeKey, fmt.Sprint("key", rapid.IntRange(0, 3).Draw(t, "key"))
			case 1:
				d.Action, d.APIKeyID = wire.ActionReinstate, fmt.Sprint("key", rapid.IntRange(0, 3).Draw(t, "key"))
			case 2:
				d.Action = wire.ActionReinstate
			default:
				d.Action = rapid.SampledFrom([]string{wire.ActionObserve, wire.ActionThrottle, wire.ActionSuspend}).Draw(t, "action")
			}
			header, err := all.Header(&d)
			if err != nil {
				t.Fatal(err)
			}
			all.Take(&d)
			late, err := wire.ParseStanding(header) // reads this record only
			if err != nil {
				t.Fatal(err)
			}
			if late == nil {
				late = new(wire.Standing)
			}
			late.Take(&d)
			// A record without a header says that no key was revoked before it, and on a key
			// that the account was never decided about.
			want := all
			if header == nil && d.APIKeyID != "" && d.Action != wire.ActionRevokeKey {
				want.Own = late.Own
			}
			if diff := cmp.Diff(want.Revoked, late.Revoked); len(want.Revoked)+len(late.Revoked) > 0 && diff != "" {
				t.Fatalf("decision %d: keys revoked (-all +newest record):\n%s", i, diff)
			}
			if diff := cmp.Diff(want.Own, late.Own); diff != "" {
				t.Fatalf("decision %d: the account's own (-all +newest record):\n%s", i, diff)
			}
		}
	})
}

// Accounts without revoked keys, which are nearly all, pay nothing.
func TestStandingHeaderOnlyWhereNeeded(t *testing.T) {
	var s wire.Standing
	suspend := wire.Decision{AccountID: "a", Action: wire.ActionSuspend}
	revoke := wire.Decision{AccountID: "a", APIKeyID: "k", Action: wire.ActionRevokeKey}
	for _, c := range []struct {
		name string
		next *wire.Decision
		want bool
	}{
		{"first decision", &suspend, false},
		{"first revocation of an account that stands", &revoke, true},
		{"decision on an account with a revoked key", &suspend, true},
	} {
		h, err := s.Header(c.next)
		if err != nil || (h != nil) != c.want {
			t.Errorf("%s: header %q, %v; want one: %v", c.name, h, err, c.want)
		}
		s.Take(c.next)
	}
	var fresh wire.Standing
	if h, err := fresh.Header(&revoke); h != nil || err != nil {
		t.Errorf("first revocation where nothing was decided: header %q, %v", h, err)
	}
}

// A header that is no standing is an error, not an account without revocations.
func TestParseStandingRefuses(t *testing.T) {
	for _, b := range []string{``, `{`, `[]`, `{"revoked":[{"action":"suspend","api_key_id":"k"}]}`, `{"revoked":[{"action":"revoke_key"}]}`} {
		if s, err := wire.ParseStanding([]byte(b)); err == nil {
			t.Errorf("%q is read as %+v", b, s)
		}
	}
}
