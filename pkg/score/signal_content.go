package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// minRequests is how many exchanges a share needs before it is read.
const minRequests = 8

// chainOfThought: mean of the gateway's score for eliciting reasoning traces. Honest
// traffic means 0.1; evaluation labs reach 0.7, so that it never decides alone.
var chainOfThought = Signal{"chain_of_thought", link.FamilyContent,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Requests == nil || f.Requests.CoTCount < minRequests {
			return 0, 0, 0, false
		}
		mean := f.Requests.CoTSum / float64(f.Requests.CoTCount)
		if mean < 0.35 {
			return mean, 0.1, 0, false
		}
		return mean, 0.1, min((mean-0.35)*2, 0.8), true
	}}

// taskFocus: share of agentic reasoning, software engineering and long-horizon tasks,
// what the reports say was sought. Most coding customers look so too: it is weak.
var taskFocus = Signal{"task_focus", link.FamilyContent,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Requests == nil {
			return 0, 0, 0, false
		}
		var all, sought uint64
		for t, n := range f.Requests.Tasks {
			all += n
			switch event.Task(t) {
			case event.TaskAgenticReasoning, event.TaskSoftwareEngineering, event.TaskLongHorizon:
				sought += n
			}
		}
		if all < minRequests {
			return 0, 0, 0, false
		}
		share := float64(sought) / float64(all)
		if share < 0.85 {
			return share, 0.4, 0, false
		}
		return share, 0.4, 0.3, true
	}}
