package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// networkType: a signup from a network that hides its users. Honest developers use
// VPNs and cloud shells, so it is weak. About 8% of honest signups.
var networkType = Signal{"network_type", link.FamilyNetwork,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.First == 0 {
			return 0, 0, 0, false
		}
		const baseline = 0.08
		switch f.Signup.IPType {
		case event.IPTor, event.IPProxy:
			return 1, baseline, 0.8, true
		case event.IPHosting, event.IPVPN:
			return 1, baseline, 0.4, true
		}
		return 0, baseline, 0, false
	}}
