package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitTokens: input and output tokens per request, in powers of two.
//
// Why: one harness asks at one size. Source: detection.md section 3 (token mix). Window: fortnight. Cap: 1.0. Cost: 10 ns.
var traitTokens = Trait{
	Kind: link.TraitTokens, What: "input and output tokens per request, powers of two", Window: "fortnight", Source: "detection.md 3, token mix",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		s := &r.Sums[window.Fortnight]
		if s.Requests == 0 {
			return 0, true
		}
		return said | octave(s.Input/s.Requests)<<8 | octave(s.Output/s.Requests), true
	},
}
