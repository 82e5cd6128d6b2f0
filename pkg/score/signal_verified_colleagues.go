package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// colleaguesWorth is less than being vouched for oneself.
const colleaguesWorth = -3.5

// Colleagues adds the trust that an account has by the others of its org_id: at least two of
// them, and three in ten, are vouched for (single sign-on, invoice). It is less than being
// vouched for oneself. value = share of them.
//
// Why: an organisation that is known for some of its accounts is known. Source: detection.md section 3 (traps: one
// organisation). Window: as long as the colleagues' links live. Cap: -3.5. Cost: 5 ns.
func Colleagues(own *Own, vouched, all int) {
	const least, share = 2, 0.3
	if vouched < least || float64(vouched) < share*float64(all) {
		return
	}
	for _, r := range own.Reasons {
		if r.Code == trustSSO.Code || r.Code == trustInvoice.Code {
			return
		}
	}
	own.Families[link.FamilyNone] += colleaguesWorth
	own.Reasons = append(own.Reasons, wire.Reason{Code: "verified_colleagues", Family: familyName(link.FamilyNone),
		Value: round(float64(vouched) / float64(all)), Baseline: 0.1, Contribution: colleaguesWorth})
}
