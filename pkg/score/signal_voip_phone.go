package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// voipPhone reads the type of the verified phone. value = 1.
//
// Why: such numbers are rented by the thousand. About one honest signup in twelve has one.
// Source: detection.md section 3 (verified phone). Window: the latest signup event, no decay. Cap: 0.6. Cost: 2 ns.
var voipPhone = Signal{
	Code: "voip_phone", Family: link.FamilyIdentity, Cap: 0.6,
	What: "verified by a VoIP number", Window: "signup", Source: "detection.md 3, verified phone",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.PhoneType != event.PhoneVoIP {
			return 0, 0, 0, false
		}
		return 1, 0.08, 0.6, true
	},
}
