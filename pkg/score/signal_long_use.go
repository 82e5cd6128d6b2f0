package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// longUseDays is after how many days of use an account has a history.
const longUseDays = 45

// trustLongUse reads for how long the account has been used, and whether it still is. value = days since
// the first request.
//
// Why: aged accounts are for sale, but they lie on a shelf; use over months with nothing taken back costs an
// attacker what it costs a customer. Needs use on five days of the fortnight and no chargeback.
// Source: detection.md section 3 (traps: tenure), issue 4 (long honest history). Window: ever. The worlds
// used to tune are shorter: it is untried there. Cap: -0.5. Cost: 3 ns.
var trustLongUse = Signal{
	Code: "long_use", Family: link.FamilyNone, Cap: 0.5,
	What: "used for 45 days or more, and still, nothing taken back", Window: "ever", Source: "detection.md 3, traps",
	Read: func(f *window.Features, now int64) (float64, float64, float64, bool) {
		r := f.Requests
		if r == nil || r.First == 0 || r.ActiveDay < 5 || f.Payments != nil && f.Payments.Life.Chargebacks > 0 {
			return 0, 0, 0, false
		}
		days := float64(now-r.First) / link.PaneMS
		if days < longUseDays {
			return days, 0, 0, false
		}
		return days, 0, -0.5, true
	},
}
