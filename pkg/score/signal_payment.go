package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// declines: refused charges over the fortnight, as a share of the attempts. One in
// twelve honest charges is refused; three refusals are needed to speak.
var declines = Signal{"declines", link.FamilyPayment,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Payments == nil {
			return 0, 0, 0, false
		}
		s := &f.Payments.Sums[window.Fortnight]
		n := s.Declines + s.Charges + s.Topups
		if s.Declines < 3 {
			return 0, 0, 0, false
		}
		share := float64(s.Declines) / float64(n)
		return share, 0.08, min(share, 0.8), true
	}}

// chargebacks: money taken back, ever. Fewer than one honest account in 500 has one.
var chargebacks = Signal{"chargebacks", link.FamilyPayment,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Payments == nil || f.Payments.Life.Chargebacks == 0 {
			return 0, 0, 0, false
		}
		n := float64(f.Payments.Life.Chargebacks)
		return n, 0.002, min(0.7*n, 1.4), true
	}}
