package eval

import (
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/report"
)

// Judged is what one detector did on one world. The product and the baselines are judged alike.
type Judged struct {
	Detector  string    `json:"detector"`
	Campaigns []Outcome `json:"campaigns"` // by campaign and level
	Levels    []Outcome `json:"levels"`
	Attacks   []Outcome `json:"attacks,omitempty"`
	All       Outcome   `json:"all"` // all campaigns together
	Honest    Honest    `json:"honest"`
	Classes   []Honest  `json:"classes"`
	Traps     []Honest  `json:"traps"`
	Second    []Second  `json:"second_pool,omitempty"`
	Rank      Rank      `json:"rank"`
}

// Result is all that is known of the product on one world.
type Result struct {
	World    string `json:"world"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	Events   uint64 `json:"events"`
	Accounts int    `json:"accounts"` // labelled

	Judged
	Stolen      []Stolen           `json:"stolen_keys,omitempty"`
	WrongKeys   int                `json:"wrong_keys"` // revoked, but nobody stole them
	Clusters    Clusters           `json:"clusters"`
	Reliability report.Reliability `json:"reliability"`
	Audit       Audit              `json:"audit"`
	Cost        *replay.Cost       `json:"cost,omitempty"`
	Timeline    []DayRow           `json:"timeline"`
	Detection   []Detection        `json:"detection"`

	Ablations []Judged `json:"ablations,omitempty"`
	Baselines []Judged `json:"baselines,omitempty"`
}

// DayRow is what campaigns of one level were served on a day, and what suspension stopped.
type DayRow struct {
	TS      int64  `json:"ts"`
	Level   string `json:"level"`
	Served  uint64 `json:"served"`
	Stopped uint64 `json:"stopped"`
}

// Detection is, of a level's accounts, the share that is suspended by its n-th exchange.
type Detection struct {
	Level  string    `json:"level"`
	Shares []float64 `json:"shares"` // at each of Exchanges
}

// Exchanges are the points of Detection.
var Exchanges = [...]uint64{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}

// judge counts what can be counted of any detector.
func judge(name string, subjects []Subject) Judged {
	j := Judged{Detector: name, Rank: rank(subjects), Second: secondPool(subjects)}
	j.Campaigns = outcomes(subjects, func(t *Truth) string { return orDash(t.Campaign) + " " + levelOf(t) })
	j.Levels = outcomes(subjects, levelOf)
	j.Attacks = outcomes(subjects, func(t *Truth) string { return t.Attack })
	if all := outcomes(subjects, func(*Truth) string { return "all" }); len(all) > 0 {
		j.All = all[0]
	}
	j.Classes = honest(subjects, func(t *Truth) string { return t.Class })
	j.Traps = honest(subjects, func(t *Truth) string { return t.Trap })
	if all := honest(subjects, func(*Truth) string { return "all" }); len(all) > 0 {
		j.Honest = all[0]
	}
	return j
}

// result sums up a watched replay.
func (r *record) result(m *report.Metrics) Result {
	subjects := r.subjects()
	res := Result{Accounts: len(r.truths.accounts), Judged: judge("iolaus", subjects),
		Stolen: r.stolen(), WrongKeys: len(r.wrong), Reliability: reliability(subjects), Audit: r.audit.Audit,
		Timeline: r.timeline(), Detection: detection(subjects)}
	for _, n := range m.Events {
		res.Events += n
	}
	enforced, ever := r.enforcedAndEver()
	res.Clusters = clustersOf(subjects, enforced, ever)
	return res
}

func detection(subjects []Subject) []Detection {
	byLevel := map[string][]uint64{} // exchanges before, of the suspended
	all := map[string]int{}
	for i := range subjects {
		if s := &subjects[i]; s.Truth.Fraud() {
			level := levelOf(s.Truth)
			all[level]++
			if s.Suspended {
				byLevel[level] = append(byLevel[level], s.Before)
			}
		}
	}
	var out []Detection
	for _, level := range sortedKeys(all) {
		d := Detection{Level: level}
		for _, at := range Exchanges {
			n := 0
			for _, before := range byLevel[level] {
				n += one(before <= at)
			}
			d.Shares = append(d.Shares, ratio(n, all[level]))
		}
		out = append(out, d)
	}
	return out
}

func (r *record) timeline() []DayRow {
	var out []DayRow
	for _, day := range sortedKeys(r.days) {
		levels := r.days[day].Levels
		for _, level := range sortedKeys(levels) {
			out = append(out, DayRow{day, level, levels[level].served, levels[level].stopped})
		}
	}
	return out
}
