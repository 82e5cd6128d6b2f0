package simulate

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/token"
	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

func message(s event.Stream) proto.Message {
	switch s {
	case event.StreamSignup:
		return &eventsv1.Signup{}
	case event.StreamPayment:
		return &eventsv1.Payment{}
	case event.StreamRequest:
		return &eventsv1.Request{}
	default:
		return &eventsv1.Label{}
	}
}

// Every event is valid: its JSON has only fields of the schema with the right types, and
// the Protobuf form of the same world holds the same message.
func TestEventsAreValid(t *testing.T) {
	type value struct {
		stream event.Stream
		bytes  []byte
	}
	var inJSON []value
	for e := range world(t, "press", 0.01, 0.001, 2).Events {
		inJSON = append(inJSON, value{e.Stream, append([]byte(nil), e.Value...)})
	}
	i := 0
	for e := range world(t, "press", 0.01, 0.001, 2, WithEncoding(Protobuf)).Events {
		a, b := message(e.Stream), message(e.Stream)
		if err := protojson.Unmarshal(inJSON[i].bytes, a); err != nil {
			t.Fatalf("%v: %s", err, inJSON[i].bytes)
		}
		if err := proto.Unmarshal(e.Value, b); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(a, b) {
			t.Fatalf("JSON %v\nProtobuf %v", a, b)
		}
		i++
	}
	if i != len(inJSON) || i < 40_000 {
		t.Errorf("%d events in Protobuf, %d in JSON", i, len(inJSON))
	}
}

// The pipeline's own decoder takes every event, in both encodings.
func TestDecoderTakesAll(t *testing.T) {
	d, err := decode.New(decode.Config{Privacy: token.Config{HMACKey: strings.Repeat("k", 32), HMACKeyID: 1}, Limits: decode.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	for _, enc := range []Encoding{JSON, Protobuf} {
		for e := range world(t, "press", 0.004, 0.0004, 2, WithEncoding(enc)).Events {
			r := decode.Record{Key: []byte(e.AccountID), Value: e.Value}
			if enc == Protobuf {
				r.ContentType = "application/x-protobuf"
			}
			var err error
			switch e.Stream {
			case event.StreamSignup:
				err = d.Signup(r, &event.Signup{})
			case event.StreamPayment:
				err = d.Payment(r, &event.Payment{})
			case event.StreamRequest:
				err = d.Request(r, &event.Request{})
			default:
				err = d.Label(r, &event.Label{})
			}
			if err != nil {
				t.Fatalf("%v: %s", err, e.Value)
			}
		}
	}
}

// Names of campaigns and models come from outside; Validate lets only plain ones pass,
// because strings are written unescaped.
func TestNamesArePlain(t *testing.T) {
	plain := regexp.MustCompile(`^[ -!#-\[\]-~]*$`)
	for _, c := range newClients().sdks.values {
		if !plain.MatchString(c.agent) || !plain.MatchString(c.ja4) {
			t.Errorf("%+v", c)
		}
	}
	for _, bad := range []string{"", `a"b`, "a b", "a\\b", "a\nb", "ä"} {
		if plainName.MatchString(bad) {
			t.Errorf("%q passes as a plain name", bad)
		}
	}
}

// The shape of a mailbox name is the contract's.
func TestShapeOf(t *testing.T) {
	for local, want := range map[string]string{"yan.tan76": "a.ad2", "a": "a", "123": "d3", "x_1-y": "a_d1-a", "": ""} {
		if got := shapeOf(local); got != want {
			t.Errorf("%q: %q, want %q", local, got, want)
		}
	}
}

// ja4 looks like a JA4 fingerprint.
func TestJA4Form(t *testing.T) {
	form := regexp.MustCompile(`^t13d\d{4}h[12]_[0-9a-f]{12}_[0-9a-f]{12}$`)
	for i := range 100 {
		if s := ja4(fmt.Sprint(i)); !form.MatchString(s) {
			t.Errorf("%s", s)
		}
	}
}
