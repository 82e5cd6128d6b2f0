package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitPace: how regularly conversations begin, and how far apart, from the last four.
//
// Why: a queue hands out work at a pace, a person does not. Round robin over k accounts leaves each with a coefficient of
// variation of about 1/√k. Honest batch jobs are regular too, at paces of their own. Four starts tell little
// of one account, and something of a cluster of which most look so.
// Source: detection.md sections 3 (inter-arrival CV) and 4.5. Window: the last four starts. Cap: 0: at 0.2
// four honest accounts were suspended on A1 and none without it. It is not kept. Cost: 10 ns.
var traitPace = Trait{
	Kind: link.TraitPace, What: "regularity and length of the gaps between the last four conversations", Window: "4 starts", Source: "detection.md 4.5, inter-arrival CV",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		last := len(r.Starts) - 1
		if r.Starts[last] == 0 {
			return 0, false
		}
		mean := float64(r.Starts[0]-r.Starts[last]) / float64(last)
		squares := 0.0
		for i := range last {
			d := float64(r.Starts[i]-r.Starts[i+1]) - mean
			squares += d * d
		}
		if mean <= 0 {
			return 0, false
		}
		cv2 := squares / float64(last) / (mean * mean)
		return said | octave(uint64(mean)/60)<<8 | regularity(cv2), true
	},
}

// regularity is the squared coefficient of variation in four steps: like a clock, regular, at random, in bursts.
func regularity(cv2 float64) uint64 {
	switch {
	case cv2 < 0.04:
		return 0
	case cv2 < 0.25:
		return 1
	case cv2 < 0.8:
		return 2
	}
	return 3
}
