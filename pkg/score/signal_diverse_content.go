package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// What an honest account of many uses has: prompts of its own in number, and no task that leads.
const (
	diverseTemplates = 6
	diverseShare     = 0.5
)

// trustDiversity reads how many prompt templates the account used and how far the leading task leads.
// value = templates of the fortnight.
//
// Why: a reseller, a gateway and an agency do many things; a distiller asks for few. Cover traffic imitates it,
// so that it is worth little and needs both.
// Source: detection.md section 3 (traps: reseller, agency). Window: fortnight; tasks of this week and the last.
// Cap: -0.3. Cost: 6 ns.
var trustDiversity = Signal{
	Code: "diverse_content", Family: link.FamilyNone, Cap: 0.3,
	What: "six prompts or more, and no task is half of the requests", Window: "fortnight", Source: "detection.md 3, traps",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		r := habit(f)
		if r == nil || r.Templates[window.Fortnight].N < diverseTemplates {
			return 0, 0, 0, false
		}
		var all, most uint64
		for _, n := range r.Tasks {
			all += n
			most = max(most, n)
		}
		if all < minRequests || float64(most) >= diverseShare*float64(all) {
			return 0, 0, 0, false
		}
		return float64(r.Templates[window.Fortnight].N), 2, -0.3, true
	},
}
