package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Thirty accounts at 0.25 of which a third are fraud, one at 1.0 that is none, by hand.
func TestReliability(t *testing.T) {
	var c Calibration
	for i := range 30 {
		c.Add(0.25, i%3 == 0)
	}
	c.Add(1, false)
	r := c.Reliability()
	b := r.Bins[2]
	if b.Accounts != 30 || b.Fraud != 10 || b.Mean != 0.25 || math.Abs(b.Share-1./3) > 1e-12 || r.Bins[9].Accounts != 1 {
		t.Errorf("bins %+v", r.Bins)
	}
	off := 1./3 - 0.25
	if want := (30*off + 1) / 31; math.Abs(r.ECE-want) > 1e-12 {
		t.Errorf("ECE %g, want %g", r.ECE, want)
	}
	// The bin of one account is as wrong as can be, and says nothing.
	if math.Abs(r.Worst-off) > 1e-12 {
		t.Errorf("worst %g, want %g", r.Worst, off)
	}
	if want := (20*0.0625 + 10*0.5625 + 1) / 31; math.Abs(r.Brier-want) > 1e-12 {
		t.Errorf("Brier %g, want %g", r.Brier, want)
	}
	if r := (&Calibration{}).Reliability(); r.ECE != 0 || r.Brier != 0 || len(r.Bins) != reliabilityBins {
		t.Errorf("of nothing: %+v", r)
	}
}

// Every account is in one bin, the one of its score, and the errors are shares.
func TestReliabilityAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Calibration
		scores := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "scores")
		fraud := 0
		for _, s := range scores {
			is := rapid.Bool().Draw(t, "fraud")
			c.Add(s, is)
			if is {
				fraud++
			}
		}
		r := c.Reliability()
		all, of := 0, 0
		for i, b := range r.Bins {
			all, of = all+b.Accounts, of+b.Fraud
			if lo, hi := float64(i)/reliabilityBins, float64(i+1)/reliabilityBins; b.Accounts > 0 && (b.Mean < lo-1e-9 || b.Mean > hi+1e-9) {
				t.Fatalf("bin %d has mean %g", i, b.Mean)
			}
		}
		if all != len(scores) || of != fraud || r.ECE < 0 || r.ECE > 1 || r.Brier < 0 || r.Brier > 1 {
			t.Fatalf("%+v", r)
		}
	})
}

// Without labels, or without scores, there is nothing to compare.
func TestTallyReliability(t *testing.T) {
	tally := NewTally("r", "v")
	tally.AccountScore(&wire.AccountScore{AccountID: "a", Score: 0.9})
	if _, ok := tally.Reliability(); ok {
		t.Error("compared without labels")
	}
	tally.Label(&event.Label{Meta: event.Meta{AccountID: "a"}, Label: event.LabelFraud})
	tally.Label(&event.Label{Meta: event.Meta{AccountID: "b"}, Label: event.LabelLegit})
	r, ok := tally.Reliability()
	if !ok || r.Bins[9].Fraud != 1 || r.Bins[0].Accounts != 1 {
		t.Errorf("%+v, %v", r, ok)
	}
	tally.AccountScore(&wire.AccountScore{AccountID: "a"})
	if _, ok := tally.Reliability(); ok {
		t.Error("compared without scores")
	}
}
