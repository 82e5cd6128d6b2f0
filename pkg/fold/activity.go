package fold

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Activity rows are absolute: a minute's row is told when a later minute begins, and
// again if a late event touches the minute after that, with what is known by then. Of two
// rows for a minute the one with more events is newer. A state keeps every minute that
// an event may still touch and whether it changed since it was told, so the
// newest rows add up to exactly what was counted.

// FlushSignup tells the minutes that have not been told, the open one too.
func FlushSignup(st *window.SignupState, account string, out *Out) {
	out.reset()
	takeSignup(st, account, st.Last()+window.MinuteMS, out)
}

// FlushRequest tells the minutes that have not been told, the open one too.
func FlushRequest(st *window.RequestState, account string, out *Out) {
	out.reset()
	takeRequest(st, account, st.Last()+window.MinuteMS, out)
}

// FlushPayment tells the minutes that have not been told, the open one too.
func FlushPayment(st *window.PaymentState, account string, out *Out) {
	out.reset()
	takePayment(st, account, st.Last()+window.MinuteMS, out)
}

// closes reports whether an event at ts begins a later minute than the account's last.
func closes(total uint64, last, ts int64) bool {
	return total > 0 && ts/window.MinuteMS > last/window.MinuteMS
}

func takeSignup(st *window.SignupState, account string, before int64, out *Out) {
	st.Take(before, func(minuteMS int64, attempts uint64) {
		out.Activity = append(out.Activity, wire.Activity{
			AccountID: account, OrgID: st.Org(), Stream: event.StreamSignup, MinuteMS: minuteMS, Events: attempts,
		})
	})
}

func takeRequest(st *window.RequestState, account string, before int64, out *Out) {
	st.Take(before, func(minuteMS int64, s *window.RequestSums) {
		out.Activity = append(out.Activity, wire.Activity{
			AccountID: account, OrgID: st.Org(), Stream: event.StreamRequest, MinuteMS: minuteMS,
			Events: s.Requests, Requests: s.Requests, Errors: s.Errors,
			InputTokens: s.Input, OutputTokens: s.Output, CachedTokens: s.Cached, ToolCalls: s.Tools,
		})
	})
}

// takePayment counts top-ups with the charges, as the amount does.
func takePayment(st *window.PaymentState, account string, before int64, out *Out) {
	st.Take(before, func(minuteMS int64, s *window.PaymentSums) {
		out.Activity = append(out.Activity, wire.Activity{
			AccountID: account, OrgID: st.Org(), Stream: event.StreamPayment, MinuteMS: minuteMS,
			Events: s.Events, Declines: s.Declines, Charges: s.Charges + s.Topups, AmountMinor: int64(s.ChargedMinor),
		})
	})
}
