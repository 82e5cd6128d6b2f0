package eval

import (
	"sort"

	"github.com/iolaus-io/iolaus/pkg/baseline"
	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/replay"
)

// rivals feeds baselines with what the product reads, and remembers when campaigns' exchanges were:
// a baseline says when it flagged an account, and what was served by then is counted here.
type rivals struct {
	truths    *Truths
	detectors []baseline.Detector
	times     map[string][]int64 // campaign account -> event times (ms) of its exchanges
}

var _ replay.Watcher = (*rivals)(nil)

func newRivals(truths *Truths, detectors []baseline.Detector) *rivals {
	return &rivals{truths: truths, detectors: detectors, times: map[string][]int64{}}
}

// Event hands an event to every baseline.
func (r *rivals) Event(e *replay.Event) {
	switch e.Stream {
	case event.StreamSignup:
		for _, d := range r.detectors {
			d.Signup(e.Signup)
		}
	case event.StreamPayment:
		for _, d := range r.detectors {
			d.Payment(e.Payment)
		}
	case event.StreamRequest:
		for _, d := range r.detectors {
			d.Request(e.Request)
		}
		if id := e.Request.AccountID; r.truths.Of(id).Fraud() {
			r.times[id] = append(r.times[id], e.TS)
		}
	}
}

// Output is what the product says: no business of the baselines.
func (r *rivals) Output(*detect.Output) {}

// judged judges each baseline on the subjects of the product's own run.
func (r *rivals) judged(subjects []Subject) []Judged {
	for _, times := range r.times {
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	}
	out := make([]Judged, 0, len(r.detectors))
	for _, d := range r.detectors {
		out = append(out, judge(d.Name(), r.subjects(subjects, d.Verdicts())))
	}
	return out
}

func (r *rivals) subjects(subjects []Subject, verdicts []baseline.Verdict) []Subject {
	byAccount := make(map[string]*baseline.Verdict, len(verdicts))
	for i := range verdicts {
		byAccount[verdicts[i].Account] = &verdicts[i]
	}
	out := make([]Subject, 0, len(subjects))
	for _, s := range subjects {
		flat := Subject{Account: s.Account, Truth: s.Truth, Exchanges: s.Exchanges, Before: s.Exchanges}
		if v := byAccount[s.Account]; v != nil {
			flat.Score = v.Score
			if v.Flagged {
				flat.flag(r.times[s.Account], v.At)
			}
		}
		out = append(out, flat)
	}
	return out
}

// flag suspends the account at an event time; the exchange that tipped it was served.
func (s *Subject) flag(times []int64, at int64) {
	s.Suspended = true
	n := sort.Search(len(times), func(i int) bool { return times[i] > at })
	s.Before = uint64(n)
	if n > 0 {
		s.Seconds = float64(at-times[0]) / 1000
	}
}
