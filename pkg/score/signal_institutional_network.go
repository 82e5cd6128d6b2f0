package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// trustNetwork reads whether the account signed up from a campus or company network. value = 1.
//
// Why: the type comes from address intelligence, and such addresses are not for rent by the thousand; a compromised campus
// host is what it costs to fake. It outweighs what sharing the campus address says (2), for
// a course has one address, one hour of signup and one prompt. Tuned on press, seed 5.
// Source: detection.md section 3 (traps: campus, course). Window: the latest signup event, no decay. Cap: -3.5. Cost: 2 ns.
var trustNetwork = Signal{
	Code: "institutional_network", Family: link.FamilyNone, Cap: 3.5,
	What: "signed up from a campus or company network", Window: "signup", Source: "detection.md 3, traps",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil {
			return 0, 0, 0, false
		}
		switch f.Signup.IPType {
		case event.IPEducation, event.IPCorporate:
			return 1, 0.1, -3.5, true
		}
		return 0, 0.1, 0, false
	},
}
