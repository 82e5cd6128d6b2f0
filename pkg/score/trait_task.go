package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitTask: the leading task and its share in fifths.
//
// Why: campaigns seek few tasks. Source: detection.md section 1 (targets). Window: this week and the last. Cap: 0.8. Cost: 6 ns.
var traitTask = Trait{
	Kind: link.TraitTask, What: "leading task with its share, in fifths", Window: "two weeks", Source: "detection.md 1, targets",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		best, all := 0, uint64(0)
		for t, n := range r.Tasks {
			all += n
			if n > r.Tasks[best] {
				best = t
			}
		}
		if all == 0 || event.Task(best) == event.TaskUnknown { //nolint:gosec // an index of the enumeration
			return 0, true
		}
		return said | uint64(best)<<8 | r.Tasks[best]*5/all, true
	},
}
