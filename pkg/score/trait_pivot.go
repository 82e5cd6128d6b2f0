package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitPivot: the model that the account took up last, and the day on which it did, once it had used
// another before.
//
// Why: half of a campaign's traffic moved to a new model within a day of its release. So does
// a launch-day crowd, which makes model and day common outside and worth nothing; a cluster that moves on a day when
// few others do is moved by one hand.
// Source: detection.md sections 1 and 3 (model-release pivot; trap: launch-day crowd). Window: the last three models. Cap: 0.3, by A1. Cost: 8 ns.
var traitPivot = Trait{
	Kind: link.TraitPivot, What: "the model taken up last, and on which day", Window: "3 models", Source: "detection.md 3, model-release pivot",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		model, first := r.NewestModel()
		if model == 0 || r.Models[1].Total == 0 || first-r.First < link.PaneMS {
			return 0, true
		}
		return said | uint64(first/link.PaneMS)<<16 | uint64(model), true
	},
}
