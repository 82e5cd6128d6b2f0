package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// dayFlatness: people sleep. value = requests of the quietest eight hours in a row as
// a share of all, over the fortnight; 1/3 is perfectly flat, honest people are under 0.05,
// honest batch jobs are flat too. Needs 60 requests on three days.
var dayFlatness = Signal{"day_flatness", link.FamilyTiming,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Requests == nil || f.Requests.ActiveDay < 3 {
			return 0, 0, 0, false
		}
		share, n := quietShare(&f.Requests.Hours)
		if n < 60 || share < 0.15 {
			return share, 0.05, 0, false
		}
		return share, 0.05, min((share-0.15)*4, 0.6), true
	}}

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

// fastForm: the signup form was filled in faster than a person types. Password
// managers reach three seconds.
var fastForm = Signal{"fast_form", link.FamilyTiming,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.First == 0 || f.Signup.FormMS < 0 || f.Signup.FormMS > 2500 {
			return 0, 0, 0, false
		}
		return float64(f.Signup.FormMS), 20000, 0.5, true
	}}
