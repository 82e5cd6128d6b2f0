package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitTools: tool calls per ten requests, in powers of two.
//
// Why: one harness calls tools at one rate. Source: detection.md section 3 (token mix). Window: fortnight. Cap: 0.6. Cost: 5 ns.
var traitTools = Trait{
	Kind: link.TraitTools, What: "tool calls per ten requests, powers of two", Window: "fortnight", Source: "detection.md 3, token mix",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		s := &r.Sums[window.Fortnight]
		if s.Requests == 0 {
			return 0, true
		}
		return said | octave(10*s.Tools/s.Requests), true
	},
}
