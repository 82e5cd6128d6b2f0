package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// countryMismatch: IP, phone, issuer and billing name different countries. Travellers
// and expatriates do so too: about 6% of honest accounts. value = number of
// different countries beyond the first.
var countryMismatch = Signal{"country_mismatch", link.FamilyIdentity,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		var seen [4]uint16
		n := 0
		note := func(c uint16) {
			if c == 0 {
				return
			}
			for _, s := range seen[:n] {
				if s == c {
					return
				}
			}
			seen[n] = c
			n++
		}
		if f.Signup != nil {
			note(uint16(f.Signup.Country))
			note(uint16(f.Signup.PhoneCountry))
		}
		if f.Payments != nil {
			note(uint16(f.Payments.IssuerCountry))
			note(uint16(f.Payments.BillingCountry))
		}
		if n < 2 {
			return 0, 0.06, 0, false
		}
		return float64(n - 1), 0.06, min(0.5*float64(n-1), 1), true
	}}
