package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitSpend: what was paid for a thousand tokens, in powers of four. What costs nothing has a category of its own.
//
// Why: campaigns run on credits, on stolen cards, or top up by what they are about to use; honest spend is a
// subscription or follows the bill. Currencies are not converted: within a cluster there is mostly one.
// Source: detection.md section 3 (spend : usage). Window: fortnight. Cap: 0: at 0.6 it won nothing on A1 and levels-s8 and cost an
// organisation's account. It is not kept. Cost: 8 ns.
var traitSpend = Trait{
	Kind: link.TraitSpend, What: "paid for a thousand tokens, powers of four", Window: "fortnight", Source: "detection.md 3, spend : usage",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil || f.Payments == nil {
			return 0, false
		}
		tokens := r.Sums[window.Fortnight].Input + r.Sums[window.Fortnight].Output
		if tokens == 0 {
			return 0, true
		}
		paid := f.Payments.Sums[window.Fortnight].ChargedMinor
		if paid > 1<<40 {
			return 0, true
		}
		return said | octave(paid*100_000/tokens)/2, true
	},
}
