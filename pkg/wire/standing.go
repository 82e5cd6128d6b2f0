package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// HeaderStanding is the header of a record of topic "decisions" that says, as JSON, how the account stood
// before it: a Standing. Only records of accounts with a revoked key have it. The topic is
// compacted to one record an account, and the action on an account and each of its keys' revocations are
// records of one key: without it the newest would erase the others.
const HeaderStanding = "iolaus-standing"

// Standing is what has been decided about an account and holds beside the next decision. The zero
// value is an account of which nothing was decided.
type Standing struct {
	Own     *Decision  `json:"own,omitempty"`     // the last decision on the account itself, without reasons and evidence
	Revoked []Decision `json:"revoked,omitempty"` // those that revoked a key, by key, without evidence
}

// Take takes in the account's next decision, of whatever mode.
func (s *Standing) Take(d *Decision) {
	kept := *d
	kept.Evidence = nil
	if d.APIKeyID == "" {
		kept.Reasons = nil
		s.Own = &kept
		return
	}
	at, known := slices.BinarySearchFunc(s.Revoked, d.APIKeyID, func(r Decision, key string) int { return strings.Compare(r.APIKeyID, key) })
	switch {
	case d.Action != ActionRevokeKey && known:
		s.Revoked = slices.Delete(s.Revoked, at, at+1)
	case d.Action != ActionRevokeKey:
	case known:
		s.Revoked[at] = kept
	default:
		s.Revoked = slices.Insert(s.Revoked, at, kept)
	}
}

// Header returns what the next decision's record must carry, or nil where it needs nothing.
func (s *Standing) Header(next *Decision) ([]byte, error) {
	if len(s.Revoked) == 0 && (next.Action != ActionRevokeKey || s.Own == nil) {
		return nil, nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding the standing of account %q: %w", next.AccountID, err)
	}
	return b, nil
}

// ParseStanding reads a header, nil where there is none.
func ParseStanding(b []byte) (*Standing, error) {
	if b == nil {
		return nil, nil //nolint:nilnil // as said
	}
	s := new(Standing)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("decoding header %s: %w", HeaderStanding, err)
	}
	for i := range s.Revoked {
		if r := &s.Revoked[i]; r.APIKeyID == "" || r.Action != ActionRevokeKey {
			return nil, fmt.Errorf("decoding header %s: decision %s revokes no key", HeaderStanding, r.DecisionID)
		}
	}
	return s, nil
}

// Decisions lists what stands, the account's own first.
func (s *Standing) Decisions() []*Decision {
	var ds []*Decision
	if s.Own != nil {
		ds = append(ds, s.Own)
	}
	for i := range s.Revoked {
		ds = append(ds, &s.Revoked[i])
	}
	return ds
}
