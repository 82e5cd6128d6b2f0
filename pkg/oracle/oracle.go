// Package oracle recomputes by brute force what the first stage must arrive at: it
// keeps every event of an account and goes through all of them for each question.
// It shares no code with the packed windows but their result types, the bounds of the
// tables and the choice of entities. For tests only.
package oracle

import (
	"slices"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Log holds all that was counted. Add events in the order of their input partition.
type Log struct {
	LatenessMS int64

	Signups  map[string]*Account[event.Signup]
	Requests map[string]*Account[event.Request]
	Payments map[string]*Account[event.Payment]
	Late     [event.NumStreams]int
}

// Account is one account's counted events of one stream, in the order of arrival.
type Account[E any] struct {
	Events []E
	metas  []event.Meta
	offset int64
}

// NewLog returns an empty log.
func NewLog(latenessMS int64) *Log {
	return &Log{
		LatenessMS: latenessMS,
		Signups:    map[string]*Account[event.Signup]{},
		Requests:   map[string]*Account[event.Request]{},
		Payments:   map[string]*Account[event.Payment]{},
	}
}

// AddSignup counts a signup, or reports that it is late.
func (l *Log) AddSignup(e event.Signup, offset int64) (late bool) {
	return add(l, event.StreamSignup, l.Signups, e, e.Meta, offset)
}

// AddRequest counts a request, or reports that it is late.
func (l *Log) AddRequest(e event.Request, offset int64) (late bool) {
	return add(l, event.StreamRequest, l.Requests, e, e.Meta, offset)
}

// AddPayment counts a payment signal, or reports that it is late.
func (l *Log) AddPayment(e event.Payment, offset int64) (late bool) {
	return add(l, event.StreamPayment, l.Payments, e, e.Meta, offset)
}

func add[E any](l *Log, stream event.Stream, accounts map[string]*Account[E], e E, m event.Meta, offset int64) bool {
	a := accounts[m.AccountID]
	if a == nil {
		a = &Account[E]{}
		accounts[m.AccountID] = a
	}
	if len(a.metas) > 0 && m.TS < a.last()-l.LatenessMS {
		l.Late[stream]++
		return true
	}
	a.Events, a.metas, a.offset = append(a.Events, e), append(a.metas, m), offset+1
	return false
}

func (a *Account[E]) last() int64 {
	return slices.MaxFunc(a.metas, func(x, y event.Meta) int { return int(x.TS - y.TS) }).TS
}

func (a *Account[E]) first() int64 {
	return slices.MinFunc(a.metas, func(x, y event.Meta) int { return int(x.TS - y.TS) }).TS
}

// org is the latest org_id to have arrived.
func (a *Account[E]) org() string {
	for _, m := range slices.Backward(a.metas) {
		if m.OrgID != "" {
			return m.OrgID
		}
	}
	return ""
}

// inside reports whether an event lies in the span's window that ends at at.
func inside(span window.Span, ts, at int64) bool {
	return ts/span.PaneMS() > at/span.PaneMS()-span.Panes()
}

// distinct counts different values in the windows of day and fortnight.
func distinct[E any](a *Account[E], t window.Table, at int64, token func(*E) uint64) (d [window.NumSpans]window.Distinct) {
	for _, span := range []window.Span{window.Day, window.Fortnight} {
		seen := map[uint64]bool{}
		for i := range a.Events {
			if v := token(&a.Events[i]); v != 0 && inside(span, a.metas[i].TS, at) {
				seen[v] = true
			}
		}
		n := min(len(seen), t.Cap())
		d[span] = window.Distinct{N: n, Full: n == t.Cap()}
	}
	return d
}

// ActivityKey is the identity of an activity row.
type ActivityKey struct {
	Account string
	Stream  event.Stream
	Minute  int64
}

// Activity returns the final rows of every account and minute.
func (l *Log) Activity() map[ActivityKey]wire.Activity {
	rows := map[ActivityKey]wire.Activity{}
	for id, a := range l.Signups {
		for i := range a.Events {
			row(rows, id, a.org(), event.StreamSignup, a.metas[i].TS, func(*wire.Activity) {})
		}
	}
	for id, a := range l.Requests {
		for i := range a.Events {
			row(rows, id, a.org(), event.StreamRequest, a.metas[i].TS, func(r *wire.Activity) { addRequest(r, &a.Events[i]) })
		}
	}
	for id, a := range l.Payments {
		for i := range a.Events {
			row(rows, id, a.org(), event.StreamPayment, a.metas[i].TS, func(r *wire.Activity) { addPayment(r, &a.Events[i]) })
		}
	}
	return rows
}

func row(rows map[ActivityKey]wire.Activity, id, org string, stream event.Stream, ts int64, add func(*wire.Activity)) {
	minute := ts - ts%60000
	key := ActivityKey{id, stream, minute}
	r, ok := rows[key]
	if !ok {
		r = wire.Activity{AccountID: id, OrgID: org, Stream: stream, MinuteMS: minute}
	}
	r.Events++
	add(&r)
	rows[key] = r
}

func addRequest(r *wire.Activity, e *event.Request) {
	r.Requests++
	if e.Status >= 400 {
		r.Errors++
	}
	r.InputTokens += uint64(e.InputTokens)
	r.OutputTokens += uint64(e.OutputTokens)
	r.CachedTokens += uint64(e.CachedTokens)
	r.ToolCalls += uint64(e.ToolCalls)
}

func addPayment(r *wire.Activity, e *event.Payment) {
	switch e.Kind {
	case event.PaymentCharge, event.PaymentTopup:
		r.Charges++
		r.AmountMinor += e.AmountMinor
	case event.PaymentDecline:
		r.Declines++
	}
}
