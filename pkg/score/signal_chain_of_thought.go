package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// chainOfThought reads the mean of the gateway's score for eliciting reasoning traces. value = that mean.
//
// Why: reasoning traces are what distillation wants. Honest traffic means 0.1; evaluation labs reach 0.7,
// so that it never decides alone.
// Source: detection.md sections 1 and 3 (CoT-lure rate). Window: this week and the last. Cap: 0.8. Cost: 2 ns.
var chainOfThought = Signal{
	Code: "chain_of_thought", Family: link.FamilyContent, Cap: 0.8,
	What: "requests that elicit reasoning traces", Window: "two weeks", Source: "detection.md 3, CoT-lure rate",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Requests == nil || f.Requests.CoTCount < minRequests {
			return 0, 0, 0, false
		}
		mean := f.Requests.CoTSum / float64(f.Requests.CoTCount)
		if mean < 0.35 {
			return mean, 0.1, 0, false
		}
		return mean, 0.1, min((mean-0.35)*2, 0.8), true
	},
}
