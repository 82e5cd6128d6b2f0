package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// fastForm reads how fast the signup form was filled in. value = ms.
//
// Why: a script is faster than a person types. Password managers reach three seconds.
// Source: detection.md section 3 (form speed). Window: the latest signup event, no decay. Cap: 0.5. Cost: 2 ns.
var fastForm = Signal{
	Code: "fast_form", Family: link.FamilyTiming, Cap: 0.5,
	What: "the signup form was filled in within 2.5 seconds", Window: "signup", Source: "detection.md 3, form speed",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.First == 0 || f.Signup.FormMS < 0 || f.Signup.FormMS > 2500 {
			return 0, 0, 0, false
		}
		return float64(f.Signup.FormMS), 20000, 0.5, true
	},
}
