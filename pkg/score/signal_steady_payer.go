package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// trustPayer reads charges that went through over three weeks, with nothing taken back. value = charges ever.
//
// Why: bills that are paid on several days are what an honest customer leaves behind.
// Source: detection.md section 3 (traps: agency, old accounts). Window: ever. Cap: -0.5. Cost: 2 ns.
var trustPayer = Signal{
	Code: "steady_payer", Family: link.FamilyNone, Cap: 0.5,
	What: "paid bills over three weeks, nothing taken back", Window: "ever", Source: "detection.md 3, traps",
	Read: func(f *window.Features, now int64) (float64, float64, float64, bool) {
		p := f.Payments
		if p == nil || p.Life.Chargebacks > 0 || p.Life.Declines > 1 || p.Life.Charges < 3 {
			return 0, 0, 0, false
		}
		if now-p.First < 21*link.PaneMS || p.Types[event.InstrumentCard] == 0 {
			return 0, 0, 0, false
		}
		return float64(p.Life.Charges), 0, -0.5, true
	},
}
