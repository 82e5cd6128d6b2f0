package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// declines reads refused charges as a share of the attempts. value = that share.
//
// Why: stolen and empty cards are refused. One in twelve honest charges is refused too, so that three
// refusals are needed to speak.
// Source: detection.md section 3 (decline sequence).
// Window: fortnight. Cap: 0.8. Cost: 2 ns.
var declines = Signal{
	Code: "declines", Family: link.FamilyPayment, Cap: 0.8,
	What: "share of refused charges, from three refusals on", Window: "fortnight", Source: "detection.md 3, payment",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
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
	},
}
