package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// networkType reads the type of network that the account signed up from. value = 1.
//
// Why: a campaign that does not pay for residential proxies signs up from servers, VPNs and proxies.
// Honest developers use VPNs and cloud shells, so it is weak: about 8% of honest signups.
// Source: detection.md section 3 (soft links, ASN × proxy type); the direction is that of the worlds press 1 and 2.
// Window: the latest signup event, no decay. Cap: 0.8 (Tor, proxy), 0.4 (hosting, VPN). Cost: 2 ns.
var networkType = Signal{
	Code: "network_type", Family: link.FamilyNetwork, Cap: 0.8,
	What: "signed up from Tor, a proxy, a VPN or a server", Window: "signup", Source: "detection.md 3, signup anomaly",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
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
	},
}
