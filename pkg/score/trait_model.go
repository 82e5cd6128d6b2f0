package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitModel: the model of most requests and its share in fifths.
//
// Why: a campaign distils one model. Source: detection.md section 1. Window: the last three models. Cap: 0.5, by A1. Cost: 5 ns.
var traitModel = Trait{
	Kind: link.TraitModel, What: "leading model with its share, in fifths", Window: "3 models", Source: "detection.md 1, targets",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		model, share := r.LeadingModel()
		if model == 0 {
			return 0, true
		}
		return said | uint64(model)<<8 | uint64(share*5), true
	},
}
