package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// A run of refusals that ends in a success, over several instruments, is how a list of stolen cards is
// worked through. A customer whose card has expired has one instrument, or two.
const (
	testingRun   = 3
	testingCards = 3
)

// cardTesting reads the longest run of declines before a success and how many instruments were declined.
// value = instruments declined.
//
// Why: campaigns pay with stolen cards (Anthropic, September 2026); who has a list tries one after the other.
// Both are asked for, so that neither a customer with one empty card nor one who typed wrongly is meant.
// Source: detection.md sections 1 (stolen cards) and 3 (decline sequence). The direction is known from that; no
// world that was used to tune has such a sequence in numbers.
// Window: ever, no decay: it is of the account and not of a moment. Cap: 0.8. Cost: 2 ns.
var cardTesting = Signal{
	Code: "card_testing", Family: link.FamilyPayment, Cap: 0.8,
	What: "three instruments or more declined, three times in a row before a success", Window: "ever", Source: "detection.md 1 and 3, payment",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		p := f.Payments
		if p == nil || p.DeclineRun < testingRun || p.DeclinedInstruments < testingCards {
			return 0, 0, 0, false
		}
		n := p.DeclinedInstruments
		return float64(n), 0.01, min(0.4+0.2*float64(n-testingCards), 0.8), true
	},
}
