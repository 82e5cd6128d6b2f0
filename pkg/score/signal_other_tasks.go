package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Up to otherTasksShare of requests of the tasks that campaigns seek an account is taken to want something else.
const (
	otherTasksShare = 0.15
	otherTasksWorth = -0.8
)

// trustOtherTasks reads the share of agentic reasoning, software engineering and long-horizon tasks among
// requests whose task is known. value = that share.
//
// Why: users of one popular chat or role-play program pay, hide and come at night as campaigns do, and have its prompts in
// common; but what campaigns want they do not ask for. Who would pass for one of them gets little of it.
// Source: detection.md section 1 (targets). Window: this week and the last. Cap: -0.8. Cost: 5 ns.
var trustOtherTasks = Signal{
	Code: "other_tasks", Family: link.FamilyNone, Cap: 0.8,
	What: "hardly any request is of the tasks that campaigns seek", Window: "two weeks", Source: "detection.md 1, targets",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		_, known, sought := soughtTasks(f)
		if known < minRequests {
			return 0, 0, 0, false
		}
		share := float64(sought) / float64(known)
		if share > otherTasksShare {
			return share, 0.4, 0, false
		}
		return share, 0.4, otherTasksWorth, true
	},
}
