package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitRate: requests per active day, in powers of two, beside the account's age (first week, first month, older).
//
// Why: campaigns divide their work by quotas, and take new accounts to full quota at once; people differ by
// orders of magnitude. No direction: rates of campaigns span 150 times.
// Source: detection.md sections 1 and 3 (quota by age). Window: fortnight. Cap: 0: at 0.6 and 0.2 more honest accounts
// were throttled or suspended on A1. It is not kept. Cost: 5 ns.
var traitRate = Trait{
	Kind: link.TraitRate, What: "requests per active day, powers of two, by age of the account", Window: "fortnight", Source: "detection.md 3, quota by age",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		if r.ActiveDay == 0 {
			return 0, true
		}
		return said | age(f)<<8 | octave(r.Sums[window.Fortnight].Requests/uint64(r.ActiveDay)), true
	},
}

// age is 0 for an account older than the stream or a month, 1 for one in its first month, 2 in its first week.
func age(f *window.Features) uint64 {
	if f.Signup == nil || f.Signup.First == 0 {
		return 0
	}
	switch days := (f.Requests.At - f.Signup.First) / link.PaneMS; {
	case days < 7:
		return 2
	case days < 30:
		return 1
	}
	return 0
}
