package decision

import (
	"fmt"
	"maps"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// account is what is held of one account. The decisions it points to never change.
type account struct {
	action  string                    // in force: on the ladder allow … suspend
	last    *wire.Decision            // the enforced decision that put it there; nil if compacted away
	revoked map[string]*wire.Decision // by api_key_id
	cluster string                    // where it is a member now; "" for none
	joined  int64                     // when it joined that, Unix ms
}

// apply takes the account's next decision, in the order of the topic. A decision about a
// key concerns that key only, a shadow decision nothing. But where compaction left such a
// record as the account's only one, the action in force is what it names as the previous.
func (a *account) apply(d *wire.Decision) error {
	switch {
	case d.Mode == wire.ModeShadow:
		a.fallBack(d.PreviousAction)
	case d.APIKeyID != "" && d.Action == wire.ActionRevokeKey:
		a.fallBack(d.PreviousAction)
		if a.revoked == nil {
			a.revoked = map[string]*wire.Decision{}
		}
		a.revoked[d.APIKeyID] = d
	case d.APIKeyID != "" && d.Action == wire.ActionReinstate:
		a.fallBack(d.PreviousAction)
		delete(a.revoked, d.APIKeyID)
	case d.APIKeyID == "" && d.Action == wire.ActionReinstate:
		a.action, a.last = wire.ActionAllow, d
	case d.APIKeyID == "" && onLadder(d.Action):
		a.action, a.last = d.Action, d
	default:
		return fmt.Errorf("decision %s: action %q with api_key_id %q is not understood", d.DecisionID, d.Action, d.APIKeyID)
	}
	return nil
}

// stood takes in how the account stood before its next decision, as that one's record tells it: what
// compaction has taken away. What was read from records of their own stays, for these say more.
func (a *account) stood(s *wire.Standing) error {
	if s.Own != nil && a.action == "" {
		if err := a.apply(s.Own); err != nil {
			return err
		}
	}
	maps.DeleteFunc(a.revoked, func(key string, _ *wire.Decision) bool {
		return !slices.ContainsFunc(s.Revoked, func(d wire.Decision) bool { return d.APIKeyID == key })
	})
	for i := range s.Revoked {
		d := &s.Revoked[i]
		if _, known := a.revoked[d.APIKeyID]; known {
			continue
		}
		if err := a.apply(d); err != nil {
			return err
		}
	}
	return nil
}

// join makes a membership the current one unless a newer is known: the records of two
// clusters may stand in two partitions, so their order says nothing.
func (a *account) join(m wire.Member) {
	if a.cluster == "" || m.JoinedAt >= a.joined {
		a.cluster, a.joined = m.ClusterID, m.JoinedAt
	}
}

// fallBack sets the action in force where no record tells it.
func (a *account) fallBack(previous string) {
	if a.action == "" && onLadder(previous) {
		a.action = previous
	}
}

func onLadder(action string) bool {
	switch action {
	case wire.ActionAllow, wire.ActionObserve, wire.ActionVerify, wire.ActionThrottle, wire.ActionSuspend:
		return true
	}
	return false
}

// decide says what holds for a request with a key, and by which decision. A suspension of
// the account says more than the revocation of its key.
func (a *account) decide(key string) (action string, by *wire.Decision) {
	if a == nil {
		return "", nil
	}
	if a.action != wire.ActionSuspend && key != "" {
		if d, ok := a.revoked[key]; ok {
			return wire.ActionRevokeKey, d
		}
	}
	return a.action, a.last
}

func (a *account) revokedKeys() []string {
	keys := slices.AppendSeq([]string{}, maps.Keys(a.revoked))
	slices.Sort(keys)
	return keys
}
