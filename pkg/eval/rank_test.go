package eval

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// 2,000 honest accounts allow two wrong at 1e-3 and none at 1e-4; equal scores stand or fall together.
func TestRank(t *testing.T) {
	var subjects []Subject
	add := func(n int, score float64, truth *Truth) {
		for range n {
			subjects = append(subjects, Subject{Truth: truth, Score: score})
		}
	}
	f, h := fraud("a", "L1"), legit("x", "")
	add(3, 0.99, f)
	add(1, 0.95, h)
	add(2, 0.9, f)
	add(1, 0.9, h) // ties with the two
	add(1, 0.8, f)
	add(1, 0.7, h) // a third wrong one
	add(4, 0.6, f)
	add(1997, 0, h)
	add(5, 1, nil) // no label
	r := rank(subjects)
	if r.Fraud != 10 || r.Honest != 2000 || len(r.At) != 3 {
		t.Fatalf("%+v", r)
	}
	if at := r.At[0]; at.Allowed != 2 || !near(at.Recall, 0.6) || at.Threshold != 0.8 {
		t.Errorf("at 1e-3: %+v", at)
	}
	if at := r.At[1]; at.Allowed != 0 || !near(at.Recall, 0.3) || at.Threshold != 0.99 {
		t.Errorf("at 1e-4: %+v", at)
	}
	if last := r.Curve[len(r.Curve)-1]; last.FPR != 1 || last.TPR != 1 {
		t.Errorf("the curve ends at %+v", last)
	}
	none := rank([]Subject{{Truth: h, Score: 1}, {Truth: f, Score: 0.5}})
	if at := none.At[0]; at.Recall != 0 || at.Threshold <= 1 {
		t.Errorf("nobody can be flagged: %+v", at)
	}
}

// Against every threshold tried by itself.
func TestRankAgainstBruteForce(t *testing.T) {
	scores := []float64{0, 0.2, 0.4, 0.6, 0.8, 1}
	rapid.Check(t, func(t *rapid.T) {
		subjects := make([]Subject, rapid.IntRange(2, 60).Draw(t, "accounts"))
		for i := range subjects {
			subjects[i] = Subject{Truth: legit("x", ""), Score: rapid.SampledFrom(scores).Draw(t, "score")}
			if rapid.Bool().Draw(t, "fraud") {
				subjects[i].Truth = fraud("a", "L0")
			}
		}
		r := rank(subjects)
		best, auc := 0.0, 0.0
		for _, threshold := range append(slices.Clone(scores), 2) {
			tp, fp := 0, 0
			for i := range subjects {
				if s := &subjects[i]; s.Score >= threshold {
					tp, fp = tp+one(s.Truth.Fraud()), fp+one(s.Truth.Honest())
				}
			}
			if fp == 0 {
				best = max(best, ratio(tp, r.Fraud))
			}
		}
		for i := range subjects {
			for j := range subjects {
				if a, b := &subjects[i], &subjects[j]; a.Truth.Fraud() && b.Truth.Honest() {
					switch {
					case a.Score > b.Score:
						auc++
					case a.Score == b.Score:
						auc += 0.5
					}
				}
			}
		}
		if n := float64(r.Fraud * r.Honest); n > 0 {
			auc /= n
		}
		if !near(r.At[2].Recall, best) || !near(r.AUC, auc) {
			t.Fatalf("recall %g, want %g; AUC %g, want %g of %+v", r.At[2].Recall, best, r.AUC, auc, subjects)
		}
	})
}
