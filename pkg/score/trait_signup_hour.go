package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitSignupHour: accounts made in the same hour. A burst is an hour with many members and few others.
//
// Why: scripts make accounts in batches. A hackathon or a course does so as well, with one referral code or one network,
// which graph.explain takes it back for.
// Source: detection.md section 3 (bursts); Ianus (CCS 2019). Window: the signup. Cap: 1.5. Cost: 3 ns.
var traitSignupHour = Trait{
	Kind: link.TraitSignupHour, What: "hour of the signup", Window: "signup", Source: "detection.md 3, bursts; Ianus, CCS 2019",
	Read: func(f *window.Features) (uint64, bool) {
		s := f.Signup
		if s == nil || s.First == 0 {
			return 0, true
		}
		return uint64(s.First/3_600_000) | said, true
	},
}
