package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitFirstUse: how long after the signup the first request came, a factor of four a category.
//
// Why: a script that makes an account uses it at a fixed time: at once, or after so many days on the shelf. People
// scatter. No direction: honest people start at once as well.
// Source: detection.md section 3 (time to first request). Window: ever. Cap: 0: at 0.8 L3 rose on levels-s8
// from 0.00 to 0.11, and an honest developer was suspended on A1. It is not kept. Cost: 3 ns.
var traitFirstUse = Trait{
	Kind: link.TraitFirstUse, What: "time from signup to the first request, powers of four", Window: "ever", Source: "detection.md 3, time to first request",
	Read: func(f *window.Features) (uint64, bool) {
		if f.Signup == nil || f.Signup.First == 0 || f.Requests == nil || f.Requests.First == 0 {
			return 0, false
		}
		seconds := clamped(f.Requests.First-f.Signup.First) / 1000
		return said | octave(seconds)/2, true
	},
}
