package replay

import (
	"errors"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// decoder turns the records of one stream into batches of events. Each batch has slabs
// of its own, for the merge reads it while the next is being made.
type decoder struct {
	stream   event.Stream
	dec      *decode.Decoder
	lastTS   int64 // a rejected record stands where the one before it stood
	events   []Event
	signups  []event.Signup
	requests []event.Request
	payments []event.Payment
	labels   []event.Label
}

func (d *decoder) begin() {
	d.events = make([]Event, 0, batchSize)
	switch d.stream {
	case event.StreamSignup:
		d.signups = make([]event.Signup, 0, batchSize)
	case event.StreamRequest:
		d.requests = make([]event.Request, 0, batchSize)
	case event.StreamPayment:
		d.payments = make([]event.Payment, 0, batchSize)
	default:
		d.labels = make([]event.Label, 0, batchSize)
	}
}

func (d *decoder) add(r decode.Record, partition int32, offset int64) {
	e := Event{Stream: d.stream, Partition: partition, Offset: offset, TS: d.lastTS}
	if err := d.decode(r, &e); err != nil {
		e = Event{Stream: d.stream, Partition: partition, Offset: offset, TS: d.lastTS, Rejected: reason(err)}
	} else {
		e.TS = e.meta().TS
		d.lastTS = e.TS
	}
	d.events = append(d.events, e)
}

func (d *decoder) decode(r decode.Record, e *Event) error {
	switch d.stream {
	case event.StreamSignup:
		d.signups = d.signups[:len(d.signups)+1]
		e.Signup = &d.signups[len(d.signups)-1]
		return d.dec.Signup(r, e.Signup)
	case event.StreamRequest:
		d.requests = d.requests[:len(d.requests)+1]
		e.Request = &d.requests[len(d.requests)-1]
		return d.dec.Request(r, e.Request)
	case event.StreamPayment:
		d.payments = d.payments[:len(d.payments)+1]
		e.Payment = &d.payments[len(d.payments)-1]
		return d.dec.Payment(r, e.Payment)
	default:
		d.labels = d.labels[:len(d.labels)+1]
		e.Label = &d.labels[len(d.labels)-1]
		return d.dec.Label(r, e.Label)
	}
}

// reason names why a record was refused.
func reason(err error) string {
	var rej *decode.Rejection
	if errors.As(err, &rej) {
		return rej.Reason
	}
	return "undecodable"
}
