// Package replay drives the detector over history: a folder of files, or a range of
// Kafka topics. It is the same core as the live services, in one deterministic order,
// and touches nothing live.
package replay

import (
	"context"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Event is one decoded record with its place. One of the four pointers is set; a
// Rejected record has none.
type Event struct {
	Stream    event.Stream
	Partition int32
	Offset    int64
	TS        int64

	Signup   *event.Signup
	Request  *event.Request
	Payment  *event.Payment
	Label    *event.Label
	Rejected string // reason code, "" = accepted
}

// meta returns what every accepted event carries.
func (e *Event) meta() *event.Meta {
	switch e.Stream {
	case event.StreamSignup:
		return &e.Signup.Meta
	case event.StreamRequest:
		return &e.Request.Meta
	case event.StreamPayment:
		return &e.Payment.Meta
	default:
		return &e.Label.Meta
	}
}

// before is the merge order: event time, then stream, partition and offset.
func (e *Event) before(o *Event) bool {
	switch {
	case e.TS != o.TS:
		return e.TS < o.TS
	case e.Stream != o.Stream:
		return e.Stream < o.Stream
	case e.Partition != o.Partition:
		return e.Partition < o.Partition
	default:
		return e.Offset < o.Offset
	}
}

// batchSize is how many events a source hands over at a time.
const batchSize = 1024

// source is one ordered input: a file, or a partition of a topic.
type source interface {
	// read decodes the next records; an empty batch is the end.
	read(ctx context.Context) ([]Event, error)
	// progress returns how much of the input was read, in bytes or records, and its size.
	progress() (done, total int64)
	close()
}

func closeAll(sources []source) {
	for _, s := range sources {
		s.close()
	}
}
