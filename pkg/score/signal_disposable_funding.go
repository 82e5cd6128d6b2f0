package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// disposableFunding reads whether most payment events are by virtual or prepaid instruments. value =
// their share.
//
// Why: they cost little to have many of and lead to nobody. About one honest payer in eight uses them.
// Source: detection.md sections 1 (virtual cards) and 3 (traps: virtual-card issuer).
// Window: ever, no decay. Cap: 0.8. Cost: 4 ns.
var disposableFunding = Signal{
	Code: "disposable_funding", Family: link.FamilyPayment, Cap: 0.8,
	What: "pays by virtual or prepaid instruments", Window: "ever", Source: "detection.md 1, virtual cards",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if share, ok := disposableShare(f); ok && share >= 0.5 {
			return share, 0.12, 0.8, true
		}
		return 0, 0, 0, false
	},
}

// Payer reports whether an account has paid, and whether mostly by virtual or prepaid instruments.
func Payer(f *window.Features) (payer, light bool) {
	share, ok := disposableShare(f)
	return ok, share >= 0.5
}

func disposableShare(f *window.Features) (float64, bool) {
	if f.Payments == nil {
		return 0, false
	}
	var all, light uint64
	for kind, n := range f.Payments.Fundings {
		switch event.Funding(kind) { //nolint:gosec // an index of the enumeration
		case event.FundingUnknown:
			continue
		case event.FundingVirtual, event.FundingPrepaid:
			light += uint64(n)
		}
		all += uint64(n)
	}
	return float64(light) / float64(max(1, all)), all > 0
}
