package cluster

import (
	"context"
	"fmt"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Store reads account windows: one MGET for the accounts of a partition and stream.
type Store interface {
	Load(ctx context.Context, stream event.Stream, partition int32, accounts []string) ([][]byte, error)
}

// want is an account whose windows are wanted, and per stream the input offset that they
// must have passed.
type want struct {
	account   string
	partition int32
	need      [event.NumStreams]int64
}

var windowStreams = [...]event.Stream{event.StreamSignup, event.StreamRequest, event.StreamPayment}

// windows holds the states of the accounts that are being judged.
type windows struct {
	accounts map[string]*states
}

// states are one account's windows; nil where it did nothing of that kind.
type states struct {
	signup  *window.SignupState
	request *window.RequestState
	payment *window.PaymentState
	offset  [event.NumStreams]int64 // input offset after the latest event counted
}

func newWindows() *windows { return &windows{accounts: map[string]*states{}} }

func (w *windows) reset() { clear(w.accounts) }

// load reads the windows, one MGET per partition and stream, and returns those
// accounts whose windows are older than wanted.
func (w *windows) load(ctx context.Context, store Store, ws []want) (behind []want, err error) {
	byPartition := map[int32][]int{}
	for i := range ws {
		byPartition[ws[i].partition] = append(byPartition[ws[i].partition], i)
	}
	names := make([]string, 0, len(ws))
	for p, indexes := range byPartition {
		names = names[:0]
		for _, i := range indexes {
			names = append(names, ws[i].account)
		}
		for _, s := range windowStreams {
			values, err := store.Load(ctx, s, p, names)
			if err != nil {
				return nil, fmt.Errorf("reading %s windows of partition %d: %w", s, p, err)
			}
			for j, name := range names {
				if err := w.take(name, s, values[j]); err != nil {
					return nil, fmt.Errorf("account %q: %w", name, err)
				}
			}
		}
	}
	for i := range ws {
		st := w.accounts[ws[i].account]
		for s, n := range ws[i].need {
			if st.offset[s] < n {
				behind = append(behind, ws[i])
				break
			}
		}
	}
	return behind, nil
}

// take decodes one stream's packed state.
func (w *windows) take(account string, s event.Stream, packed []byte) (err error) {
	st := w.accounts[account]
	if st == nil {
		st = &states{}
		w.accounts[account] = st
	}
	if packed == nil {
		return nil
	}
	switch s {
	case event.StreamSignup:
		if st.signup, err = window.DecodeSignup(packed); err == nil {
			st.offset[s] = st.signup.Offset()
		}
	case event.StreamRequest:
		if st.request, err = window.DecodeRequest(packed); err == nil {
			st.offset[s] = st.request.Offset()
		}
	default:
		if st.payment, err = window.DecodePayment(packed); err == nil {
			st.offset[s] = st.payment.Offset()
		}
	}
	return err
}

// features looks at an account's windows at an event time, or at a window's own where
// that is later.
func (w *windows) features(account string, at int64) *window.Features {
	st := w.accounts[account]
	if st == nil {
		return &window.Features{}
	}
	return window.Join(st.signup, st.request, st.payment, at)
}
