package window_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// states packs one state of each stream, the rest of the seeds being damaged copies.
func states() (request, payment, signup []byte) {
	m := event.Meta{AccountID: "a", OrgID: "org", TS: 1_775_000_000_000}
	var r window.RequestState
	r.Add(&event.Request{Meta: m, Status: 429, InputTokens: 7, CachedTokens: 3, ToolCalls: 1, CoT: 0.5}, 0, 9)
	r.Touch(window.TableIP, 77, m.TS)
	stolen(&r, m)
	var p window.PaymentState
	p.Add(&event.Payment{Meta: m, Kind: event.PaymentCharge, AmountMinor: 100, IssuerCountry: 5, ProcessorRisk: 30}, 0, 9)
	p.Add(&event.Payment{Meta: m, Kind: event.PaymentDecline, Instrument: 5}, 0, 10)
	p.Touch(window.TableInstrument, 77, m.TS)
	var s window.SignupState
	s.Add(&event.Signup{Meta: m, EmailShape: 3, FormMS: -1}, 0, 9)
	return r.Append(nil), p.Append(nil), s.Append(nil)
}

// stolen uses a key in one way and then in quite another, so that the state holds a change.
func stolen(r *window.RequestState, m event.Meta) {
	e := event.Request{Meta: m, APIKey: 5, APIKeyID: "key_0badc0de", Turn: 1, Template: 0xFF, Network: event.Network{Country: 3}, Model: 4}
	for i := range 60 {
		x := window.Exchange{Client: 11, Network: 12}
		if i >= 50 {
			e.Template, e.Country, e.Task, e.CoT = 0xFFFF_0000, 4, event.TaskLongHorizon, 0.9
			x = window.Exchange{Client: 21, Network: 22}
		}
		e.TS += 3_600_000
		r.Add(&e, 0, int64(10+i))
		r.Observe(&e, x)
	}
}

// Every state is refused when its version is another's, when it is cut short
// anywhere, and when something follows it.
func TestDecodeRefuses(t *testing.T) {
	request, payment, signup := states()
	for _, c := range []struct {
		name   string
		b      []byte
		decode func([]byte) error
	}{
		{"request", request, func(b []byte) error { _, err := window.DecodeRequest(b); return err }},
		{"payment", payment, func(b []byte) error { _, err := window.DecodePayment(b); return err }},
		{"signup", signup, func(b []byte) error { _, err := window.DecodeSignup(b); return err }},
	} {
		if err := c.decode(c.b); err != nil {
			t.Errorf("%s: whole: %v", c.name, err)
		}
		other := append([]byte{99}, c.b[1:]...)
		if err := c.decode(other); !errors.Is(err, window.ErrVersion) {
			t.Errorf("%s: version 99: %v, want ErrVersion", c.name, err)
		}
		for n := range c.b {
			if err := c.decode(c.b[:n]); !errors.Is(err, window.ErrCorrupt) {
				t.Errorf("%s: first %d of %d bytes: %v, want ErrCorrupt", c.name, n, len(c.b), err)
			}
		}
		if err := c.decode(append(bytes.Clone(c.b), 0)); !errors.Is(err, window.ErrCorrupt) {
			t.Errorf("%s: a byte too many: %v, want ErrCorrupt", c.name, err)
		}
	}
}

// Whatever the bytes, decoding neither panics nor makes a state that packs and
// decodes to another one.
func FuzzDecodeRequest(f *testing.F) {
	request, payment, signup := states()
	f.Add(request)
	f.Add(payment)
	f.Add(signup)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := window.DecodeRequest(b)
		if err != nil {
			return
		}
		once := s.Append(nil)
		again, err := window.DecodeRequest(once)
		if err != nil {
			t.Fatalf("decoding what was packed: %v", err)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Fatalf("packed again:\n%x\nbefore:\n%x", twice, once)
		}
		s.Features(s.Last())
	})
}

// The same for payments.
func FuzzDecodePayment(f *testing.F) {
	_, payment, _ := states()
	f.Add(payment)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := window.DecodePayment(b)
		if err != nil {
			return
		}
		once := s.Append(nil)
		again, err := window.DecodePayment(once)
		if err != nil || !bytes.Equal(once, again.Append(nil)) {
			t.Fatalf("packed and decoded: %v", err)
		}
		s.Features(s.Last())
	})
}

// The same for signups.
func FuzzDecodeSignup(f *testing.F) {
	_, _, signup := states()
	f.Add(signup)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := window.DecodeSignup(b)
		if err != nil {
			return
		}
		once := s.Append(nil)
		again, err := window.DecodeSignup(once)
		if err != nil || !bytes.Equal(once, again.Append(nil)) {
			t.Fatalf("packed and decoded: %v", err)
		}
		s.Features(s.Last())
	})
}
