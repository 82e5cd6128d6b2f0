package cluster

import (
	"context"
	"fmt"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Store reads account windows: one MGET for the accounts of a partition and stream.
type Store interface {
	Load(ctx context.Context, stream event.Stream, partition int32, accounts []string) ([][]byte, error)
}

// needs is, per stream, the input offset that an account's windows must have passed
// to include the events that its facts tell of. Facts are acknowledged before the windows
// are stored, so a fact may come here first.
type needs [event.NumStreams]int64

// joined is one account's windows.
type joined struct {
	ref      detect.Ref
	features window.Features
	behind   bool // the store has not caught up with the account's facts yet
}

var windowStreams = [...]event.Stream{event.StreamSignup, event.StreamRequest, event.StreamPayment}

// join reads the windows of the accounts. One MGET per partition and stream.
func join(ctx context.Context, store Store, refs []detect.Ref, need map[string]*needs) ([]joined, error) {
	out := make([]joined, len(refs))
	byPartition := map[int32][]int{}
	for i, r := range refs {
		out[i].ref = r
		byPartition[r.Partition] = append(byPartition[r.Partition], i)
	}
	names := make([]string, 0, len(refs))
	for p, indexes := range byPartition {
		names = names[:0]
		for _, i := range indexes {
			names = append(names, refs[i].Account)
		}
		for _, s := range windowStreams {
			values, err := store.Load(ctx, s, p, names)
			if err != nil {
				return nil, fmt.Errorf("reading %s windows of partition %d: %w", s, p, err)
			}
			for j, i := range indexes {
				if err := out[i].take(s, values[j]); err != nil {
					return nil, fmt.Errorf("account %q: %w", refs[i].Account, err)
				}
			}
		}
	}
	for i := range out {
		out[i].behind = out[i].isBehind(need[out[i].ref.Account])
	}
	return out, nil
}

// take decodes one stream's packed state and looks at it at the fact's event time, or
// at the state's own where that is later.
func (j *joined) take(s event.Stream, packed []byte) error {
	if packed == nil {
		return nil
	}
	switch s {
	case event.StreamSignup:
		st, err := window.DecodeSignup(packed)
		if err != nil {
			return err
		}
		f := st.Features(max(j.ref.At, st.Last()))
		j.features.Signup = &f
	case event.StreamRequest:
		st, err := window.DecodeRequest(packed)
		if err != nil {
			return err
		}
		f := st.Features(max(j.ref.At, st.Last()))
		j.features.Requests = &f
	default:
		st, err := window.DecodePayment(packed)
		if err != nil {
			return err
		}
		f := st.Features(max(j.ref.At, st.Last()))
		j.features.Payments = &f
	}
	return nil
}

func (j *joined) isBehind(need *needs) bool {
	if need == nil {
		return false
	}
	var have needs
	if f := j.features.Signup; f != nil {
		have[event.StreamSignup] = f.Offset
	}
	if f := j.features.Requests; f != nil {
		have[event.StreamRequest] = f.Offset
	}
	if f := j.features.Payments; f != nil {
		have[event.StreamPayment] = f.Offset
	}
	for s, n := range need {
		if have[s] < n {
			return true
		}
	}
	return false
}
