package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// taskFocus reads the share of agentic reasoning, software engineering and long-horizon tasks.
// value = that share.
//
// Why: the reports say that these were sought. Most coding customers look so too: it is weak.
// Source: detection.md section 1 (targets). Window: this week and the last. Cap: 0.3. Cost: 5 ns.
var taskFocus = Signal{
	Code: "task_focus", Family: link.FamilyContent, Cap: 0.3,
	What: "nearly all requests are of the tasks that campaigns seek", Window: "two weeks", Source: "detection.md 1, targets",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		all, _, sought := soughtTasks(f)
		if all < minRequests {
			return 0, 0, 0, false
		}
		share := float64(sought) / float64(all)
		if share < 0.85 {
			return share, 0.4, 0, false
		}
		return share, 0.4, 0.3, true
	},
}

// soughtTasks counts the requests, of those the ones whose task is known, and of those the ones of tasks that campaigns seek.
func soughtTasks(f *window.Features) (all, known, sought uint64) {
	if f.Requests == nil {
		return 0, 0, 0
	}
	for t, n := range f.Requests.Tasks {
		all += n
		switch event.Task(t) { //nolint:gosec // an index of the enumeration
		case event.TaskAgenticReasoning, event.TaskSoftwareEngineering, event.TaskLongHorizon:
			sought += n
		}
	}
	return all, all - f.Requests.Tasks[event.TaskUnknown], sought
}
