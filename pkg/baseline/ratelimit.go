package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// RateLimit flags an account that asks more often than a limit: the most exchanges within
// an hour and within 24 hours, each divided by its limit, whichever is the larger share.
//
// Source: the per-key quotas that every API gateway has; the reports on the campaigns
// (5.6 to 857 exchanges a day and account) are why no such limit works.
//
// Cost: 25 counters an account, O(1) an event.
//
// Constants: 60 an hour and 300 a day flag 0.4% / 0.5% of the campaigns' accounts and 0.6% /
// 0.7% of the honest ones, most of them load tests, resellers and agents. With 15 an hour
// and 75 a day it would be 11% of either: volume does not tell them apart.
type RateLimit struct {
	ledger   *ledger
	activity []hours
}

// Limits of RateLimit, in exchanges.
const (
	hourLimit = 60
	dayLimit  = 300
)

// hours are the exchanges of the last 24 hours by the hour of the clock.
type hours struct {
	last int64 // newest hour, as hours since 1970
	n    [24]uint32
	day  uint32 // sum of n
}

// NewRateLimit returns the baseline with its limits.
func NewRateLimit() *RateLimit { return &RateLimit{ledger: newLedger(1)} }

// Name returns the name in tables.
func (*RateLimit) Name() string { return "rate limit" }

// Signup makes the account known.
func (r *RateLimit) Signup(e *event.Signup) { r.ledger.account(e.AccountID) }

// Payment makes the account known.
func (r *RateLimit) Payment(e *event.Payment) { r.ledger.account(e.AccountID) }

// Request counts an exchange.
func (r *RateLimit) Request(e *event.Request) {
	a := r.ledger.account(e.AccountID)
	for int32(len(r.activity)) <= a {
		r.activity = append(r.activity, hours{})
	}
	h := &r.activity[a]
	n := h.count(e.TS / hourMS)
	r.ledger.raise(a, max(float64(n)/hourLimit, float64(h.day)/dayLimit), e.TS)
}

// Verdicts returns the share of the limit that each account reached.
func (r *RateLimit) Verdicts() []Verdict { return r.ledger.verdicts() }

// count adds an exchange and returns how many its hour has. One that is older than a day
// before the newest counts to no hour.
func (h *hours) count(hour int64) uint32 {
	if hour > h.last {
		for gone := max(h.last, hour-24) + 1; gone <= hour; gone++ {
			h.day -= h.n[gone%24]
			h.n[gone%24] = 0
		}
		h.last = hour
	}
	if hour <= h.last-24 {
		return 0
	}
	h.n[hour%24]++
	h.day++
	return h.n[hour%24]
}
