package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitSignup: how the account came in, and whether its countries agree.
//
// Why: one script signs up in one way. Source: detection.md section 3 (signup anomaly). Window: the latest signup event.
// Cap: 0.8. Cost: 3 ns.
var traitSignup = Trait{
	Kind: link.TraitSignup, What: "method, phone type, network type, and whether the countries agree", Window: "signup", Source: "detection.md 3, signup anomaly",
	Read: func(f *window.Features) (uint64, bool) {
		s := f.Signup
		if s == nil || s.First == 0 {
			return 0, true
		}
		agree := uint64(2)
		if s.PhoneCountry != 0 && s.Country != 0 {
			agree = 0
			if s.PhoneCountry == s.Country {
				agree = 1
			}
		}
		return said | uint64(s.Method)<<16 | uint64(s.PhoneType)<<8 | uint64(s.IPType)<<4 | agree, true
	},
}
