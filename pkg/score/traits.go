package score

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Traits reads the categorical attributes off an account's windows into dst. Token 0
// means that the windows say nothing yet. Tokens are small on purpose: each category
// is shared by many, and counts only where a group is far from the population.
func Traits(dst []graph.Trait, f *window.Features) []graph.Trait {
	dst = append(dst,
		graph.Trait{Kind: link.TraitSignupHour, Token: signupHour(f.Signup)},
		graph.Trait{Kind: link.TraitSignup, Token: signupShape(f.Signup)},
	)
	if r := f.Requests; r != nil && r.Total >= minRequests {
		dst = append(dst,
			graph.Trait{Kind: link.TraitTask, Token: taskShape(r)},
			graph.Trait{Kind: link.TraitTokens, Token: tokenShape(r)},
			graph.Trait{Kind: link.TraitTools, Token: toolShape(r)},
			graph.Trait{Kind: link.TraitHours, Token: hourShape(r)},
		)
	}
	return dst
}

// signupHour: accounts made in the same hour. A burst is an hour with many members and
// few others.
func signupHour(s *window.SignupFeatures) uint64 {
	if s == nil || s.First == 0 {
		return 0
	}
	return uint64(s.First/3_600_000) | 1<<40
}

// signupShape: how the account came in, and whether its countries agree.
func signupShape(s *window.SignupFeatures) uint64 {
	if s == nil || s.First == 0 {
		return 0
	}
	agree := uint64(2)
	if s.PhoneCountry != 0 && s.Country != 0 {
		agree = 0
		if s.PhoneCountry == s.Country {
			agree = 1
		}
	}
	return 1<<40 | uint64(s.Method)<<16 | uint64(s.PhoneType)<<8 | uint64(s.IPType)<<4 | agree
}

// taskShape: the leading task and its share in fifths.
func taskShape(r *window.RequestFeatures) uint64 {
	best, all := 0, uint64(0)
	for t, n := range r.Tasks {
		all += n
		if n > r.Tasks[best] {
			best = t
		}
	}
	if all == 0 || event.Task(best) == event.TaskUnknown {
		return 0
	}
	return 1<<40 | uint64(best)<<8 | r.Tasks[best]*5/all
}

// tokenShape: input and output tokens per request, in powers of two.
func tokenShape(r *window.RequestFeatures) uint64 {
	s := &r.Sums[window.Fortnight]
	if s.Requests == 0 {
		return 0
	}
	return 1<<40 | uint64(bits.Len64(s.Input/s.Requests))<<8 | uint64(bits.Len64(s.Output/s.Requests))
}

// toolShape: tool calls per ten requests, in powers of two.
func toolShape(r *window.RequestFeatures) uint64 {
	s := &r.Sums[window.Fortnight]
	if s.Requests == 0 {
		return 0
	}
	return 1<<40 | uint64(bits.Len64(10*s.Tools/s.Requests))
}

// hourShape: the quietest eight hours' share of the day's requests, in tenths.
func hourShape(r *window.RequestFeatures) uint64 {
	share, n := quietShare(&r.Hours)
	if n < 30 {
		return 0
	}
	return 1<<40 | uint64(share*10)
}
