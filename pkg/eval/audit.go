package eval

import (
	"fmt"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Audit says whether decisions keep what the contract promises of them. All but Decisions and
// Suspensions must be 0.
type Audit struct {
	Decisions   int `json:"decisions"`
	Suspensions int `json:"suspensions"`
	FewFamilies int `json:"suspensions_below_two_families"`
	NoEvidence  int `json:"suspensions_without_evidence"`
	Repeats     int `json:"repeats"`       // an id again, an action that changes nothing, a key revoked twice
	Broken      int `json:"broken_chains"` // previous_action is not the action before
	Backwards   int `json:"backwards"`     // event time before that of the account's decision before
	Unnamed     int `json:"keys_unnamed"`  // revoke_key without a key

	Examples []string `json:"examples,omitempty"` // the first few faults
}

// Faults is how many rules were broken.
func (a *Audit) Faults() int {
	return a.FewFamilies + a.NoEvidence + a.Repeats + a.Broken + a.Backwards + a.Unnamed
}

// auditor follows each account's chain of decisions.
type auditor struct {
	Audit
	standing map[string]string // account -> action
	at       map[string]int64  // account -> event time of its last decision
	ids      map[string]bool
	keys     map[string]bool // account and key, revoked
}

func newAuditor() auditor {
	return auditor{standing: map[string]string{}, at: map[string]int64{}, ids: map[string]bool{}, keys: map[string]bool{}}
}

const maxExamples = 10

func (a *auditor) fault(count *int, d *wire.Decision, what string) {
	*count++
	if len(a.Examples) < maxExamples {
		a.Examples = append(a.Examples, fmt.Sprintf("%s of %s (%s): %s", d.Action, d.AccountID, d.DecisionID, what))
	}
}

func (a *auditor) decision(d *wire.Decision) {
	a.Decisions++
	if a.ids[d.DecisionID] {
		a.fault(&a.Repeats, d, "the id was there before")
	}
	a.ids[d.DecisionID] = true
	if d.EventTS < a.at[d.AccountID] {
		a.fault(&a.Backwards, d, "earlier than the decision before it")
	}
	a.at[d.AccountID] = d.EventTS
	if d.Action == wire.ActionRevokeKey {
		a.revocation(d)
		return
	}
	standing := a.standing[d.AccountID]
	if standing == "" {
		standing = wire.ActionAllow
	}
	if d.PreviousAction != standing {
		a.fault(&a.Broken, d, "previous_action is "+d.PreviousAction+", the account stood on "+standing)
	}
	if d.Action == standing {
		a.fault(&a.Repeats, d, "nothing changes")
	}
	a.standing[d.AccountID] = d.Action
	if d.Action == wire.ActionSuspend {
		a.suspension(d)
	}
}

// revocation checks a decision that stands beside the ladder: the account's own action stays.
func (a *auditor) revocation(d *wire.Decision) {
	key := d.AccountID + "\x00" + d.APIKeyID
	if d.APIKeyID == "" {
		a.fault(&a.Unnamed, d, "names no key")
	}
	if a.keys[key] {
		a.fault(&a.Repeats, d, "the key was revoked before")
	}
	a.keys[key] = true
}

func (a *auditor) suspension(d *wire.Decision) {
	a.Suspensions++
	if n := families(d.Reasons); n < 2 {
		a.fault(&a.FewFamilies, d, fmt.Sprintf("%d families speak for it", n))
	}
	if len(d.Evidence) == 0 {
		a.fault(&a.NoEvidence, d, "no evidence")
	}
}

// families counts the families of evidence with a reason that speaks for the action. Trust and a
// cluster's size are no evidence.
func families(reasons []wire.Reason) int {
	seen := map[string]bool{}
	for _, r := range reasons {
		switch r.Family {
		case "", "none", "trust", "cluster":
		default:
			if r.Contribution > 0 {
				seen[r.Family] = true
			}
		}
	}
	return len(seen)
}
