// Package fold is the pure first stage: an event and its account's state give the
// new state, the facts to tell the graph, and the minutes that have closed. The
// live services and the replay both run exactly this. No I/O, no clock.
package fold

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Pos is where an event stood in its input topic.
type Pos struct {
	Partition int32
	Offset    int64
}

// Out is what one call gave beside the state. Every call begins by emptying it, and
// uses its memory again: take what it holds before the next call.
type Out struct {
	Facts    []link.Fact
	Activity []wire.Activity
	entities []link.Entity
}

func (o *Out) reset() {
	o.Facts, o.Activity, o.entities = o.Facts[:0], o.Activity[:0], o.entities[:0]
}

// Signup folds a signup into its account's state. It returns true, with the state
// unchanged, for an event that is older than the account's highest event time on the
// stream by more than latenessMS.
//
// An account signs up once, so no table of values is kept: the facts of the first
// few events of a day are told, each with count 1, then those of the 16th, 64th, ….
func Signup(st *window.SignupState, e *event.Signup, p Pos, latenessMS int64, out *Out) (late bool) {
	out.reset()
	if closes(st.Total(), st.Last(), e.TS) {
		takeSignup(st, e.AccountID, e.TS, out)
	}
	if !st.Add(e, latenessMS, p.Offset+1) {
		return true
	}
	n := st.DayCount(e.TS)
	at := source{event.StreamSignup, &e.Meta, p}
	at.volume(n, out)
	if n > signupsTold && !power4(n) {
		return false
	}
	out.entities = link.OfSignup(out.entities, e)
	for _, en := range out.entities {
		at.fact(en, window.Touch{Count: 1, First: e.TS, Last: e.TS}, out)
	}
	return false
}

// signupsTold is how many of an account's signup events of a day are told in full.
const signupsTold = 4

// Request folds a request; see Signup. The facts are told when a value's count in the
// UTC day reaches 1, 4, 16, ….
func Request(st *window.RequestState, e *event.Request, p Pos, latenessMS int64, out *Out) (late bool) {
	out.reset()
	if closes(st.Total(), st.Last(), e.TS) {
		takeRequest(st, e.AccountID, e.TS, out)
	}
	if !st.Add(e, latenessMS, p.Offset+1) {
		return true
	}
	at := source{event.StreamRequest, &e.Meta, p}
	at.volume(st.DayCount(e.TS), out)
	out.entities = link.OfRequest(out.entities, e)
	var x window.Exchange
	for _, en := range out.entities {
		switch en.Kind {
		case link.KindClient:
			x.Client = en.Token
		case link.KindASN:
			x.Network = en.Token
		}
		at.fact(en, st.Touch(tableOf[en.Kind], en.Token, e.TS), out)
	}
	if st.Observe(e, x) {
		at.look(st.DayCount(e.TS), out)
	}
	return false
}

// Payment folds a payment signal; see Request.
func Payment(st *window.PaymentState, e *event.Payment, p Pos, latenessMS int64, out *Out) (late bool) {
	out.reset()
	if closes(st.Total(), st.Last(), e.TS) {
		takePayment(st, e.AccountID, e.TS, out)
	}
	if !st.Add(e, latenessMS, p.Offset+1) {
		return true
	}
	at := source{event.StreamPayment, &e.Meta, p}
	at.volume(st.DayCount(e.TS), out)
	out.entities = link.OfPayment(out.entities, e)
	for _, en := range out.entities {
		at.fact(en, st.Touch(tableOf[en.Kind], en.Token, e.TS), out)
	}
	return false
}

// tableOf says in which table of a state a kind of entity is counted.
var tableOf = [link.NumKinds]window.Table{
	link.KindIP: window.TableIP, link.KindPrefix: window.TablePrefix, link.KindASN: window.TableASN,
	link.KindClient: window.TableClient, link.KindAPIKey: window.TableKey,
	link.KindTemplate: window.TableTemplate, link.KindSuffix: window.TableSuffix, link.KindOrg: window.TableOrg,
	link.KindInstrument: window.TableInstrument, link.KindCardShape: window.TableCardShape, link.KindBilling: window.TableBilling,
}

// source is the event that facts come from.
type source struct {
	stream event.Stream
	meta   *event.Meta
	pos    Pos
}

// fact tells what is known of an entity when its count reaches a power of four.
func (s source) fact(en link.Entity, t window.Touch, out *Out) {
	if !power4(t.Count) {
		return
	}
	out.Facts = append(out.Facts, link.Fact{
		Account: s.meta.AccountID, Kind: en.Kind, Token: en.Token, Pane: link.Pane(s.meta.TS),
		First: t.First, Last: t.Last, Count: t.Count,
		Stream: s.stream, Partition: s.pos.Partition, Offset: s.pos.Offset,
	})
}

// volume tells the account's events of the day at 1, 2, 4, 8, ….
func (s source) volume(n uint64, out *Out) {
	if bits.OnesCount64(n) == 1 {
		s.events(n, out)
	}
}

// look tells the account's events of the day once more, so that it is looked at.
func (s source) look(n uint64, out *Out) {
	if bits.OnesCount64(n) != 1 {
		s.events(n, out)
	}
}

func (s source) events(n uint64, out *Out) {
	out.Facts = append(out.Facts, link.Fact{
		Account: s.meta.AccountID, Kind: link.KindVolume, Pane: link.Pane(s.meta.TS),
		First: s.meta.TS, Last: s.meta.TS, Count: n,
		Stream: s.stream, Partition: s.pos.Partition, Offset: s.pos.Offset,
	})
}

// power4 reports whether n is 1, 4, 16, 64, ….
func power4(n uint64) bool {
	return bits.OnesCount64(n) == 1 && bits.TrailingZeros64(n)%2 == 0
}
