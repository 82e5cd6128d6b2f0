package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// chargebacks reads money taken back. value = chargebacks.
//
// Why: the holder of a stolen card takes the money back. Fewer than one honest account in 500 has one.
// Source: detection.md section 3 (chargeback sequence).
// Window: ever, no decay. Cap: 1.4, 0.7 each. Cost: 2 ns.
var chargebacks = Signal{
	Code: "chargebacks", Family: link.FamilyPayment, Cap: 1.4,
	What: "charges taken back", Window: "ever", Source: "detection.md 3, payment",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Payments == nil || f.Payments.Life.Chargebacks == 0 {
			return 0, 0, 0, false
		}
		n := float64(f.Payments.Life.Chargebacks)
		return n, 0.002, min(0.7*n, 1.4), true
	},
}
