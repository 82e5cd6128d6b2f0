package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// trustTenure reads how long ago the account signed up. value = days.
//
// Why: an account made for a campaign is used soon. Aged accounts are for sale, so that it is weak.
// An account without a signup in the stream is older than the stream.
// Source: detection.md section 3 (traps: tenure). Window: since the signup. Cap: -1.5, reached at 60 days. Cost: 2 ns.
var trustTenure = Signal{
	Code: "tenure", Family: link.FamilyNone, Cap: 1.5,
	What: "signed up a month ago or more", Window: "since signup", Source: "detection.md 3, traps",
	Read: func(f *window.Features, now int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.First == 0 {
			return 0, 0, -0.4, true
		}
		days := float64(now-f.Signup.First) / link.PaneMS
		if days < 30 {
			return days, 0, 0, false
		}
		return days, 0, -min(days/30, 2) * 0.75, true
	},
}
