package oracle

import (
	"slices"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// begun is a request that began a conversation, or that the account came back with, or that met HTTP 429.
type begun struct {
	ts       int64
	start    bool
	handover bool
	sameDay  bool // as the account's highest event time when it arrived
}

// begins goes through the requests in the order of arrival.
func begins(events []event.Request) (bs []begun) {
	var recent []event.Token // different conversations of requests without a turn
	last := int64(0)
	for i := range events {
		e := &events[i]
		silent := last == 0 || e.TS-last >= 30*60*1000
		newest := max(last, e.TS)
		known := e.Conversation != 0 && slices.Contains(recent[max(0, len(recent)-2):], e.Conversation)
		b := begun{ts: e.TS, handover: silent || e.Status == 429, sameDay: e.TS/dayMS == newest/dayMS}
		switch {
		case e.Turn == 1:
			b.start = !known
		case e.Turn == 0 && e.Conversation == 0:
			b.start = silent
		case e.Turn == 0 && !known:
			b.start = true
			recent = append(recent, e.Conversation)
		}
		bs = append(bs, b)
		last = newest
	}
	return bs
}

func sessionFeatures(events []event.Request, at int64, f *window.RequestFeatures) {
	bs := begins(events)
	var starts []int64
	for _, b := range bs {
		if b.start {
			starts = append(starts, b.ts/1000)
			if b.ts/weekMS > at/weekMS-2 {
				f.Conversations++
			}
		}
	}
	slices.Sort(starts)
	slices.Reverse(starts)
	copy(f.Starts[:], slices.Compact(starts))
	today := slices.DeleteFunc(bs, func(b begun) bool { return !b.sameDay || b.ts/dayMS != at/dayMS })
	for _, b := range today {
		if b.start {
			f.StartsToday++
		}
	}
	f.Handover = least(today, 3, 0, 10, func(b begun) bool { return b.handover })
	if f.StartsToday < 3 {
		return
	}
	for g, minutes := range []int64{1, 10, 60} {
		for i := range f.Sync[g] {
			f.Sync[g][i] = least(today, g, i, minutes, func(b begun) bool { return b.start })
		}
	}
}

// least is the least hash of the buckets of those that count.
func least(bs []begun, granularity, i int, minutes int64, counts func(begun) bool) (h uint32) {
	for _, b := range bs {
		if !counts(b) {
			continue
		}
		if v := window.Signature(granularity, i, b.ts/dayMS, b.ts%dayMS/60000/minutes); h == 0 || v < h {
			h = v
		}
	}
	return h
}

// modelFeatures: the three models used last.
func modelFeatures(events []event.Request) (ms [3]window.ModelUse) {
	var order []event.Token
	use := map[event.Token]window.ModelUse{}
	for i := range events {
		m, hour := events[i].Model, events[i].TS/3600000*3600000
		u, ok := use[m]
		if !ok {
			u = window.ModelUse{Model: window.FoldModel(m), First: hour}
		}
		u.First, u.Total = min(u.First, hour), u.Total+1
		use[m] = u
		order = append(slices.DeleteFunc(order, func(o event.Token) bool { return o == m }), m)
		if len(order) > 3 {
			delete(use, order[0])
			order = order[1:]
		}
	}
	slices.Reverse(order)
	for i, m := range order {
		ms[i] = use[m]
	}
	return ms
}

// payFeatures: the amount of most payments and runs of declines.
func payFeatures(events []event.Payment, f *window.PaymentFeatures) {
	run, votes := 0, 0
	var declined []uint64
	for i := range events {
		e := &events[i]
		switch e.Kind {
		case event.PaymentDecline:
			run++
			declined = renew(declined, uint64(e.Instrument), 8)
			continue
		case event.PaymentCharge, event.PaymentTopup:
			if v := uint64(e.AmountMinor)<<24 | uint64(e.Currency); e.AmountMinor > 0 {
				if votes == 0 {
					f.AmountShape = v
				}
				if f.AmountShape == v {
					votes++
				} else if votes--; votes == 0 {
					f.AmountShape = 0
				}
			}
		case event.PaymentCardAdded:
		default:
			continue
		}
		f.DeclineRun, run = max(f.DeclineRun, run), 0
	}
	f.DeclinedInstruments = len(declined)
}
