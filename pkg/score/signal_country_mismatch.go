package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// countryMismatch reads the countries of address, phone, issuer and billing. value = number of different
// ones beyond the first.
//
// Why: rented numbers and bought cards come from where they are cheap, exits from where the service is
// sold. Travellers and expatriates disagree too: about 6% of honest accounts.
// Source: detection.md section 3; Ianus (CCS 2019) has it among its signup anomalies.
// Window: the latest value that each stream gave, no decay. Cap: 1.0, 0.5 a country. Cost: 5 ns.
var countryMismatch = Signal{
	Code: "country_mismatch", Family: link.FamilyIdentity, Cap: 1,
	What: "address, phone, card issuer and billing name different countries", Window: "latest", Source: "detection.md 3; Ianus, CCS 2019",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		n := differentCountries(f)
		if n < 2 {
			return 0, 0.06, 0, false
		}
		return float64(n - 1), 0.06, min(0.5*float64(n-1), 1), true
	},
}

// differentCountries counts the countries that an account's signup and payments name.
func differentCountries(f *window.Features) int {
	var seen [4]event.Country
	n := 0
	note := func(c event.Country) {
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
		note(f.Signup.Country)
		note(f.Signup.PhoneCountry)
	}
	if f.Payments != nil {
		note(f.Payments.IssuerCountry)
		note(f.Payments.BillingCountry)
	}
	return n
}
