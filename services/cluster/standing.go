package cluster

import (
	"encoding/json"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// standings is how each account stands that was ever decided about: what the next record
// about it may have to carry (wire.HeaderStanding).
type standings map[string]*wire.Standing

// next takes in a decision, and returns the header of its record.
func (s standings) next(d *wire.Decision) ([]byte, error) {
	st := s[d.AccountID]
	if st == nil {
		st = &wire.Standing{}
		s[d.AccountID] = st
	}
	header, err := st.Header(d)
	st.Take(d)
	return header, err
}

// restoreDecision applies one decision of the history, and what its record says of those
// before it that compaction may have taken away.
func (l *life) restoreDecision(r *kgo.Record) error {
	if len(r.Value) == 0 {
		return errTombstone
	}
	var dec wire.Decision
	if err := json.Unmarshal(r.Value, &dec); err != nil {
		return err
	}
	before, err := wire.ParseStanding(kafka.Header(r, wire.HeaderStanding))
	if err != nil {
		return err
	}
	if before != nil {
		l.standing[dec.AccountID] = before
		for _, d := range before.Decisions() {
			l.stand(d)
		}
	}
	if _, err := l.standing.next(&dec); err != nil {
		return err
	}
	l.stand(&dec)
	return nil
}

// stand makes the account, or its key, stand where a decision of the history left it.
func (l *life) stand(d *wire.Decision) {
	l.detector.RestoreDecision(d)
	l.past.decided(d)
	l.noteStop(d)
}

// noteStop notes whether an account is suspended. The revocation of a key leaves that as it is.
func (l *life) noteStop(d *wire.Decision) {
	if d.APIKeyID == "" {
		l.stopped[d.AccountID] = d.Action == wire.ActionSuspend
	}
}

// undo makes the detector forget a decision that it came to on reading the history, and that was not said.
func (l *life) undo(d *wire.Decision) {
	if d.APIKeyID != "" {
		l.detector.RestoreDecision(&wire.Decision{AccountID: d.AccountID, APIKeyID: d.APIKeyID, Action: wire.ActionReinstate})
		return
	}
	stood := l.past.standing[d.AccountID]
	stood.AccountID = d.AccountID
	l.detector.RestoreDecision(&stood)
}
