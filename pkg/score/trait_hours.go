package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitHours: the quietest eight hours' share of the day's requests, in tenths.
//
// Why: accounts of one dispatcher have one day. Source: detection.md section 3 (diurnal flatness). Window: this week and the
// last, from 30 requests on. Cap: 1.5. Cost: 40 ns.
var traitHours = Trait{
	Kind: link.TraitHours, What: "how flat the day is, in tenths", Window: "two weeks", Source: "detection.md 3, diurnal flatness",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		share, n := quietShare(&r.Hours)
		if n < 30 {
			return 0, true
		}
		return said | uint64(share*10), true
	},
}
