package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// dayFlatness reads the requests of the quietest eight hours in a row as a share of all. value = that
// share: 1/3 is perfectly flat.
//
// Why: people sleep, with under 0.05 in their quietest hours; a dispatcher does not. Honest batch jobs are flat
// too. Needs 60 requests on three days.
// Source: detection.md section 3 (diurnal flatness). Window: this week and the last. Cap: 0.6. Cost: 40 ns.
var dayFlatness = Signal{
	Code: "day_flatness", Family: link.FamilyTiming, Cap: 0.6,
	What: "a day without a night", Window: "two weeks", Source: "detection.md 3, diurnal flatness",
	Read: func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Requests == nil || f.Requests.ActiveDay < 3 {
			return 0, 0, 0, false
		}
		share, n := quietShare(&f.Requests.Hours)
		if n < 60 || share < 0.15 {
			return share, 0.05, 0, false
		}
		return share, 0.05, min((share-0.15)*4, 0.6), true
	},
}

// quietShare returns the share of the quietest eight consecutive hours, and the total.
func quietShare(hours *[24]uint32) (float64, uint64) {
	var total, run uint64
	for h, n := range hours {
		total += uint64(n)
		if h < 8 {
			run += uint64(n)
		}
	}
	if total == 0 {
		return 0, 0
	}
	quiet := run
	for h := range 23 {
		run += uint64(hours[(h+8)%24]) - uint64(hours[h])
		quiet = min(quiet, run)
	}
	return float64(quiet) / float64(total), total
}
