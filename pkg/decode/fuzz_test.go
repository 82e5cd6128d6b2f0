package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/schemas/samples"
)

// seed adds the topic's samples in one encoding, whole and cut short.
func seed(f *testing.F, topic string, of func(samples.Sample) []byte) {
	f.Helper()
	all, err := samples.All()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range all {
		if s.Topic == topic {
			f.Add(of(s))
			f.Add(of(s)[:len(of(s))/2])
		}
	}
}

// checkInvariants decodes a value and holds it to what is true of every record:
//   - no panic, and the value is not written to;
//   - an error is a *Rejection with a listed reason and valid UTF-8 in its detail;
//   - the same record gives the same outcome again, on a decoder that is warm;
//   - an accepted event has its ids within bounds and its time in range.
func checkInvariants(t *testing.T, d *Decoder, topic string, r Record) (any, bool) {
	t.Helper()
	before := bytes.Clone(r.Value)
	got, err := decodeAny(d, topic, r)
	again, errAgain := decodeAny(d, topic, r)
	if !bytes.Equal(before, r.Value) {
		t.Fatal("the record was written to")
	}
	if (err == nil) != (errAgain == nil) || (err != nil && err.Error() != errAgain.Error()) {
		t.Fatalf("first %v, then %v", err, errAgain)
	}
	if err != nil {
		var rej *Rejection
		if !errors.As(err, &rej) || !slices.Contains(Reasons(), rej.Reason) || !utf8.ValidString(rej.Detail) {
			t.Fatalf("got %v, want a rejection", err)
		}
		return nil, false
	}
	meta := metaOf(got)
	if meta != metaOf(again) {
		t.Fatal("the second decode differs")
	}
	if meta.EventID == "" || len(meta.EventID) > maxEventID || meta.AccountID == "" || len(meta.AccountID) > maxAccountID ||
		meta.TS < minTS || meta.TS > maxTS || !utf8.ValidString(meta.EventID) || !utf8.ValidString(meta.AccountID) {
		t.Fatalf("accepted %+v", meta)
	}
	return got, true
}

func metaOf(e any) event.Meta {
	switch e := e.(type) {
	case *event.Signup:
		return e.Meta
	case *event.Request:
		return e.Meta
	case *event.Payment:
		return e.Meta
	default:
		return e.(*event.Label).Meta
	}
}

// What is accepted as JSON is JSON to encoding/json too, with the same account. (The
// reverse does not hold: encoding/json takes invalid UTF-8 and doubled keys.)
func fuzzJSON(f *testing.F, topic string) {
	seed(f, topic, func(s samples.Sample) []byte { return s.JSON })
	d := goldenDecoder(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) == 0 || value[0] != '{' {
			return
		}
		got, ok := checkInvariants(t, d, topic, Record{Value: value})
		if !ok {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(value, &want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if want["account_id"] != metaOf(got).AccountID {
			t.Fatalf("account %q, encoding/json reads %q", metaOf(got).AccountID, want["account_id"])
		}
	})
}

// What is accepted as Protobuf is Protobuf to the official library too, with the
// same meta, and encoding that message again decodes to the same.
func fuzzProto(f *testing.F, topic string) {
	seed(f, topic, func(s samples.Sample) []byte { return s.Protobuf })
	d := goldenDecoder(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) == 0 || value[0] == '{' || value[0] == 0 {
			return
		}
		got, ok := checkInvariants(t, d, topic, Record{Value: value, ContentType: ContentTypeProtobuf})
		if !ok {
			return
		}
		m, _ := newMessageOf(topic)
		if err := proto.Unmarshal(value, m); err != nil {
			t.Fatalf("accepted what the library refuses: %v", err)
		}
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeAny(d, topic, Record{Value: b, ContentType: ContentTypeProtobuf})
		if err != nil || decodedForm(t, got) != decodedForm(t, again) {
			t.Fatalf("encoded again by the library: %v", err)
		}
	})
}

// A frame that is accepted is its payload, accepted and read the same.
func fuzzFrame(f *testing.F, topic string) {
	seed(f, topic, func(s samples.Sample) []byte { return s.Frame })
	d := goldenDecoder(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) == 0 || value[0] != 0 {
			return
		}
		got, ok := checkInvariants(t, d, topic, Record{Value: value})
		if !ok {
			return
		}
		fr, err := readFrame(value)
		if err != nil {
			t.Fatal(err)
		}
		bare, err := decodeAny(d, topic, Record{Value: fr.payload, ContentType: ContentTypeProtobuf})
		if err != nil || decodedForm(t, got) != decodedForm(t, bare) {
			t.Fatalf("the payload alone: %v", err)
		}
	})
}

func FuzzSignupJSON(f *testing.F)      { fuzzJSON(f, "signups") }
func FuzzRequestJSON(f *testing.F)     { fuzzJSON(f, "requests") }
func FuzzPaymentJSON(f *testing.F)     { fuzzJSON(f, "payments") }
func FuzzLabelJSON(f *testing.F)       { fuzzJSON(f, "labels") }
func FuzzSignupProtobuf(f *testing.F)  { fuzzProto(f, "signups") }
func FuzzRequestProtobuf(f *testing.F) { fuzzProto(f, "requests") }
func FuzzPaymentProtobuf(f *testing.F) { fuzzProto(f, "payments") }
func FuzzLabelProtobuf(f *testing.F)   { fuzzProto(f, "labels") }
func FuzzSignupFrame(f *testing.F)     { fuzzFrame(f, "signups") }
func FuzzRequestFrame(f *testing.F)    { fuzzFrame(f, "requests") }
func FuzzPaymentFrame(f *testing.F)    { fuzzFrame(f, "payments") }
func FuzzLabelFrame(f *testing.F)      { fuzzFrame(f, "labels") }

// topLevel never hangs or panics on what a registry hands out.
func FuzzTopLevel(f *testing.F) {
	f.Add(`syntax = "proto3"; package iolaus.events.v1; message Signup { string a = 1; message In {} } // message No {` + "\nmessage Request {}")
	f.Add(`/* message X { */ option a = "message { \" ";`)
	f.Fuzz(func(_ *testing.T, src string) { topLevel(src) })
}
