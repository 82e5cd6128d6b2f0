package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// trustSSO reads whether the account came in by single sign-on. value = 1.
//
// Why: a verified organisation vouches for the account; an attacker cannot cheaply have that.
// Source: detection.md section 3 (traps: one organisation). Window: the latest signup event, no decay. Cap: -6. Cost: 2 ns.
var trustSSO = Signal{
	Code: "verified_organisation", Family: link.FamilyNone, Cap: 6,
	What: "came in by single sign-on", Window: "signup", Source: "detection.md 3, traps",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || !f.Signup.SSO {
			return 0, 0, 0, false
		}
		return 1, 0.1, -6, true
	},
}
