package eval

import (
	"cmp"
	"math"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/report"
)

// Rank is what the highest scores that accounts reached would catch at any threshold.
type Rank struct {
	Fraud  int     `json:"fraud"`
	Honest int     `json:"honest"`
	AUC    float64 `json:"auc"`
	At     []AtFPR `json:"at"`
	Curve  []Point `json:"curve"` // thinned out, for the plot
}

// AtFPR is the recall at the best threshold whose false positives are at most Rate of the honest.
type AtFPR struct {
	Rate      float64 `json:"fpr"`
	Allowed   int     `json:"allowed"` // honest accounts, of Rank.Honest
	Recall    float64 `json:"recall"`
	Threshold float64 `json:"threshold"` // flags whoever reached it; above 1 = nobody
}

// Point is one threshold.
type Point struct {
	FPR float64 `json:"fpr"`
	TPR float64 `json:"tpr"`
}

// rates are those that the issue asks for.
var rates = [...]float64{1e-3, 1e-4, 1e-5}

// rank orders accounts by what they reached; equal scores are flagged together or not at all.
func rank(subjects []Subject) Rank {
	type scored struct {
		score float64
		fraud bool
	}
	var all []scored
	var r Rank
	for i := range subjects {
		s := &subjects[i]
		switch {
		case s.Truth.Fraud():
			r.Fraud++
		case s.Truth.Honest():
			r.Honest++
		default:
			continue
		}
		all = append(all, scored{s.Score, s.Truth.Fraud()})
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	for _, rate := range rates {
		r.At = append(r.At, AtFPR{Rate: rate, Allowed: int(rate*float64(r.Honest) + 1e-9), Threshold: math.Nextafter(1, 2)})
	}
	r.Curve = []Point{{0, 0}}
	var fp, tp int
	for i := 0; i < len(all); {
		score := all[i].score
		wrong, right := fp, tp
		for ; i < len(all) && all[i].score == score; i++ {
			tp += one(all[i].fraud)
			fp += one(!all[i].fraud)
		}
		r.AUC += float64(fp-wrong) * float64(tp+right) / 2
		for j := range r.At {
			if at := &r.At[j]; fp <= at.Allowed {
				at.Recall, at.Threshold = ratio(tp, r.Fraud), score
			}
		}
		r.Curve = append(r.Curve, Point{ratio(fp, r.Honest), ratio(tp, r.Fraud)})
	}
	if r.Fraud > 0 && r.Honest > 0 {
		r.AUC /= float64(r.Fraud) * float64(r.Honest)
	}
	r.Curve = thin(r.Curve)
	return r
}

// thin keeps a curve's corners: of points with the same false positives the last.
func thin(ps []Point) []Point {
	out := ps[:0]
	for i, p := range ps {
		if i+1 < len(ps) && ps[i+1].FPR == p.FPR {
			continue
		}
		out = append(out, p)
	}
	const most = 200
	if len(out) <= most {
		return out
	}
	few := make([]Point, 0, most)
	for i := range most {
		few = append(few, out[i*(len(out)-1)/(most-1)])
	}
	return few
}

// reliability compares last scores with the truth.
func reliability(subjects []Subject) report.Reliability {
	var c report.Calibration
	for i := range subjects {
		if s := &subjects[i]; s.Truth.Fraud() || s.Truth.Honest() {
			c.Add(s.Last, s.Truth.Fraud())
		}
	}
	return c.Reliability()
}
