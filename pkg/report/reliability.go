package report

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// reliabilityBins is how many parts of equal width a reliability diagram cuts 0..1 into.
const reliabilityBins = 10

// Bin is one column of a reliability diagram: of the accounts whose score lies in it, how many
// are fraudulent beside what their scores say.
type Bin struct {
	Accounts int     `json:"accounts"`
	Fraud    int     `json:"fraud"`
	Mean     float64 `json:"mean_score"`
	Share    float64 `json:"fraud_share"`
}

// Reliability says how far scores are from being probabilities.
type Reliability struct {
	Bins []Bin `json:"bins"`
	// ECE is the expected calibration error: |share - mean| averaged over the accounts (Naeini et al., AAAI 2015).
	ECE float64 `json:"ece"`
	// Worst is the largest |share - mean| of a bin of at least 30 accounts.
	Worst float64 `json:"worst"`
	Brier float64 `json:"brier"`
}

// Calibration collects scores (0..1) and what the accounts were.
type Calibration struct {
	bins    [reliabilityBins]Bin
	sums    [reliabilityBins]float64
	squares float64
}

// Add notes one account.
func (c *Calibration) Add(score float64, fraud bool) {
	i := min(max(int(score*reliabilityBins), 0), reliabilityBins-1)
	truth := 0.0
	if fraud {
		c.bins[i].Fraud++
		truth = 1
	}
	c.bins[i].Accounts++
	c.sums[i] += score
	c.squares += (score - truth) * (score - truth)
}

// minBin is the fewest accounts that a bin's distance means something of.
const minBin = 30

// Reliability sums up.
func (c *Calibration) Reliability() Reliability {
	r := Reliability{Bins: append([]Bin(nil), c.bins[:]...)}
	all := 0
	for i := range r.Bins {
		b := &r.Bins[i]
		if b.Accounts == 0 {
			continue
		}
		all += b.Accounts
		b.Mean, b.Share = c.sums[i]/float64(b.Accounts), float64(b.Fraud)/float64(b.Accounts)
		off := math.Abs(b.Share - b.Mean)
		r.ECE += off * float64(b.Accounts)
		if b.Accounts >= minBin {
			r.Worst = max(r.Worst, off)
		}
	}
	if all > 0 {
		r.ECE /= float64(all)
		r.Brier = c.squares / float64(all)
	}
	return r
}

// Reliability compares the labelled accounts' last scores with their labels. ok is false where
// no labels, or no scores, were given. An account that was never scored counts as 0.
func (t *Tally) Reliability() (r Reliability, ok bool) {
	var c Calibration
	fraud, scored := false, false
	for _, id := range t.ids() {
		a := t.accounts[id]
		if a.label == event.LabelUnknown {
			continue
		}
		is := a.label == event.LabelFraud
		fraud, scored = fraud || is, scored || a.score > 0
		c.Add(a.score, is)
	}
	return c.Reliability(), fraud && scored
}
