package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitAmount: what most charges and top-ups come to, with the currency.
//
// Why: one script tops up by one amount. List prices are common outside and worth nothing.
// Source: detection.md section 3 (same amount). Window: ever. Cap: 0.8: alone it takes L3 on levels-s8 from 0.00 to 0.45,
// at 0.6 to 0.04 only, so that it stands at a brink; on A1 it makes no difference beyond noise. Cost: 2 ns.
var traitAmount = Trait{
	Kind: link.TraitAmount, What: "what most charges come to", Window: "ever", Source: "detection.md 3, same amount",
	Read: func(f *window.Features) (uint64, bool) {
		if f.Payments == nil {
			return 0, false
		}
		return f.Payments.AmountShape, true
	},
}
