package eval

import (
	"cmp"
	"math"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Honest is how one class of honest accounts, or one trap, fared. Counts without Final are of accounts
// that the action ever met. Bounds are upper, one-sided, 95%, on the rate.
type Honest struct {
	Name           string  `json:"name"`
	Accounts       int     `json:"accounts"`
	Suspended      int     `json:"suspended"`
	Throttled      int     `json:"throttled"`
	Verified       int     `json:"verified"`
	FinalSuspended int     `json:"final_suspended"`
	FinalThrottled int     `json:"final_throttled"`
	FinalVerified  int     `json:"final_verified"`
	SuspendedBound float64 `json:"suspended_bound"`
	ThrottledBound float64 `json:"throttled_bound"`
	VerifiedBound  float64 `json:"verified_bound"`
}

func (h *Honest) add(s *Subject) {
	h.Accounts++
	h.Suspended += one(s.Suspended)
	h.Throttled += one(s.EverThrottled)
	h.Verified += one(s.EverVerified)
	h.FinalSuspended += one(s.Final == wire.ActionSuspend)
	h.FinalThrottled += one(s.Final == wire.ActionThrottle)
	h.FinalVerified += one(s.Final == wire.ActionVerify)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// honest groups honest accounts, in order of name.
func honest(subjects []Subject, group func(*Truth) string) []Honest {
	byName := map[string]*Honest{}
	for i := range subjects {
		s := &subjects[i]
		if !s.Truth.Honest() {
			continue
		}
		name := group(s.Truth)
		if name == "" {
			continue
		}
		h := byName[name]
		if h == nil {
			h = &Honest{Name: name}
			byName[name] = h
		}
		h.add(s)
	}
	out := make([]Honest, 0, len(byName))
	for _, h := range byName {
		h.SuspendedBound = upperBound(h.Suspended, h.Accounts)
		h.ThrottledBound = upperBound(h.Throttled, h.Accounts)
		h.VerifiedBound = upperBound(h.Verified, h.Accounts)
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b Honest) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// upperBound is the one-sided upper 95% bound on a rate of k among n: the rule of three, 3/n, for
// none (Hanley and Lippman-Hand, JAMA 1983), Clopper–Pearson's exact one otherwise.
func upperBound(k, n int) float64 {
	switch {
	case n == 0 || k >= n:
		return 1
	case k == 0:
		return min(1, 3/float64(n))
	}
	lo, hi := float64(k)/float64(n), 1.0
	for range 50 {
		mid := (lo + hi) / 2
		if binomialTail(k, n, mid) > 0.05 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// binomialTail is P(X <= k) of n draws at rate p, 0 < p < 1.
func binomialTail(k, n int, p float64) float64 {
	lg := func(v int) float64 { g, _ := math.Lgamma(float64(v) + 1); return g }
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
