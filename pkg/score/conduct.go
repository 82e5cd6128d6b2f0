package score

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// conductSignals describe what can be said of a cluster's members only together. Never written to.
var conductSignals = [...]struct {
	code         string
	family       link.Family
	most         float64
	what, source string
	read         func(c *graph.Conduct) (value, baseline, contribution float64)
}{
	{"busy_members", link.FamilyHistory, graph.BusyCap, "members have more exchanges a day than others (geometric mean)", "detection.md 1, per account",
		func(c *graph.Conduct) (float64, float64, float64) {
			return math.Exp(c.LogRate), math.Exp(c.LogRateOfAll), c.Busy
		}},
	{"even_members", link.FamilyTiming, graph.EvenCap, "and about as many each (standard deviation of the logarithm)", "detection.md 1, load balancing",
		func(c *graph.Conduct) (float64, float64, float64) { return c.Deviation, c.DeviationOfAll, c.Even }},
	{"light_instruments", link.FamilyPayment, graph.ConductCap, "more of them pay by virtual or prepaid instruments", "detection.md 1, virtual cards",
		func(c *graph.Conduct) (float64, float64, float64) { return c.LightShare, c.LightShareOfAll, c.Light }},
}

// ConductReasons lists what a cluster's conduct says: value is the members', baseline everybody else's.
func ConductReasons(c graph.Conduct) []wire.Reason {
	var rs []wire.Reason
	for i := range conductSignals {
		s := &conductSignals[i]
		if v, base, worth := s.read(&c); worth >= 0.1 || worth <= -0.1 {
			rs = append(rs, wire.Reason{Code: s.code, Family: s.family.String(), Value: round(v), Baseline: round(base), Contribution: round(worth)})
		}
	}
	return rs
}

// paceCode is the reason that an account works at its cluster's pace, or not.
const paceCode = "members_pace"

// PaceReason appends what an account's exchanges a day say of its belonging to its cluster (graph.Likeness): value is its own
// rate, baseline everybody else's. A few hundredths are left out.
func PaceReason(rs []wire.Reason, c graph.Conduct, rate, worth float64) []wire.Reason {
	if math.Abs(worth) < 0.1 {
		return rs
	}
	return append(rs, wire.Reason{Code: paceCode, Family: link.FamilyHistory.String(), Value: round(rate), Baseline: round(math.Exp(c.LogRateOfAll)), Contribution: round(worth)})
}
