package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// trustInvoice reads whether the account ever paid by invoice. value = 1.
//
// Why: somebody has checked who is billed.
// Source: detection.md section 3 (traps: one organisation). Window: ever, no decay. Cap: -4. Cost: 2 ns.
var trustInvoice = Signal{
	Code: "pays_by_invoice", Family: link.FamilyNone, Cap: 4,
	What: "pays by invoice", Window: "ever", Source: "detection.md 3, traps",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Payments == nil || !f.Payments.Invoice {
			return 0, 0, 0, false
		}
		return 1, 0.05, -4, true
	},
}
