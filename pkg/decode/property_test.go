package decode

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/schemas/samples"
)

// pick draws one of some values.
func pick(t *rapid.T, label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(t, label)
}

// goodText draws a value that the decoder accepts for a string field.
func goodText(t *rapid.T, name string) string {
	switch name {
	case "event_id", "account_id", "model":
		return rapid.StringMatching(`[a-zA-Z0-9é数"\\/|_-]{1,20}`).Draw(t, name)
	case "org_id", "api_key_id", "campaign":
		return rapid.StringMatching(`[a-z0-9é"\\ ]{0,30}`).Draw(t, name)
	case "ip":
		return pick(t, name, "", "203.0.113.9", "1.2.3.4", "2001:db8::7", "::ffff:9.8.7.6", "0.0.0.0", "::")
	case "country", "phone_country", "issuer_country", "billing_country":
		return pick(t, name, "", "SG", "jp", "Us")
	case "currency":
		return pick(t, name, "", "USD", "eur")
	case "email":
		return pick(t, name, "", "yan.tan76@Example.org", "a+b@gmail.com", "x@bücher.example")
	case "phone":
		return pick(t, name, "", "+65 6123 4567", "0049-30-123456")
	case "template_hash", "suffix_hash":
		return pick(t, name, "", "0123456789abcdef", "FFFFFFFFFFFFFFFF", "0000000000000000")
	case "task", "kind", "label", "source", "method", "program", "funding", "ip_type", "phone_type", "instrument_type":
		return pick(t, name, "chat", "charge", "fraud", "analyst", "google", "startup", "debit", "tor", "voip", "card", "none of these")
	default:
		return rapid.String().Draw(t, name)
	}
}

// goodInt draws a value that the decoder accepts for an integer field.
func goodInt(t *rapid.T, name string) int64 {
	switch name {
	case "ts":
		return rapid.Int64Range(minTS, maxTS).Draw(t, name)
	case "status":
		return rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(100, 599)).Draw(t, name)
	case "processor_risk":
		return rapid.Int64Range(0, 100).Draw(t, name)
	case "turn", "tool_calls":
		return rapid.Int64Range(0, 1<<31-1).Draw(t, name)
	case "asn":
		return rapid.Int64Range(0, 1<<32-1).Draw(t, name)
	default:
		return rapid.Int64Range(0, maxCount).Draw(t, name)
	}
}

func required(name string) bool {
	return strings.Contains(" event_id account_id ts model kind label source ", " "+name+" ")
}

// jsonString writes a string with a random choice of escapes.
func jsonString(t *rapid.T, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '/' && rapid.Bool().Draw(t, "slash"):
			b.WriteString(`\/`)
		case r < 0x20 || r == '"' || r == '\\' || (r < 0x10000 && rapid.IntRange(0, 9).Draw(t, "escape") == 0):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func jsonInt(t *rapid.T, name string, n int64) string {
	s := strconv.FormatInt(n, 10)
	switch rapid.IntRange(0, 4).Draw(t, "form of "+name) {
	case 0:
		return s + ".0"
	case 1:
		return s + "e0"
	default:
		return s
	}
}

// drawEvent draws an event of a topic as a message and as JSON, which may hold
// spaces, unknown fields, nulls and any order of fields.
func drawEvent(t *rapid.T, topic string) (proto.Message, string) {
	m, _ := newMessageOf(topic)
	r := m.ProtoReflect()
	var parts []string
	for i := range r.Descriptor().Fields().Len() {
		fd := r.Descriptor().Fields().Get(i)
		name := string(fd.Name())
		if !required(name) && rapid.IntRange(0, 2).Draw(t, "has "+name) == 0 {
			if rapid.Bool().Draw(t, "null "+name) {
				parts = append(parts, fmt.Sprintf("%q:null", name))
			}
			continue
		}
		v, text := drawValue(t, fd)
		r.Set(fd, v)
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	if rapid.Bool().Draw(t, "unknown") {
		parts = append(parts, `"unknown":{"a":[1,-2.5e3,{"b":"\u00e9"}],"c":null}`)
	}
	parts = rapid.Permutation(parts).Draw(t, "order")
	space := pick(t, "space", "", " ", "\n\t ")
	return m, "{" + space + strings.Join(parts, space+","+space) + space + "}" + space
}

func drawValue(t *rapid.T, fd protoreflect.FieldDescriptor) (protoreflect.Value, string) {
	name := string(fd.Name())
	switch fd.Kind() {
	case protoreflect.StringKind:
		s := goodText(t, name)
		return protoreflect.ValueOfString(s), jsonString(t, s)
	case protoreflect.BoolKind:
		b := rapid.Bool().Draw(t, name)
		return protoreflect.ValueOfBool(b), strconv.FormatBool(b)
	case protoreflect.DoubleKind:
		x := rapid.Float64Range(0, 1).Draw(t, name)
		return protoreflect.ValueOfFloat64(x), strconv.FormatFloat(x, pick(t, "float", "g", "f")[0], -1, 64)
	case protoreflect.Int32Kind:
		n := goodInt(t, name)
		return protoreflect.ValueOfInt32(int32(n)), jsonInt(t, name, n)
	case protoreflect.Uint32Kind:
		n := goodInt(t, name)
		return protoreflect.ValueOfUint32(uint32(n)), jsonInt(t, name, n)
	default:
		n := goodInt(t, name)
		return protoreflect.ValueOfInt64(n), jsonInt(t, name, n)
	}
}

// The same event in JSON, bare Protobuf and a Confluent frame decodes to one struct,
// and encoding/json agrees that the JSON is the event's.
func TestEncodingsAgree(t *testing.T) {
	for _, topic := range []string{"signups", "requests", "payments", "labels"} {
		t.Run(topic, func(t *testing.T) {
			d := goldenDecoder(t)
			rapid.Check(t, func(t *rapid.T) {
				m, text := drawEvent(t, topic)
				if !json.Valid([]byte(text)) {
					t.Fatalf("the test writes bad JSON: %s", text)
				}
				bare, err := proto.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				_, index := newMessageOf(topic)
				fromJSON, err := decodeAny(d, topic, Record{Value: []byte(text)})
				if err != nil {
					t.Fatalf("JSON: %v\n%s", err, text)
				}
				fromProto, err := decodeAny(d, topic, Record{Value: bare, ContentType: ContentTypeProtobuf})
				if err != nil && len(bare) > 0 {
					t.Fatalf("Protobuf: %v", err)
				}
				fromFrame, err := decodeAny(d, topic, Record{Value: confluent(samples.SchemaID, index, bare)})
				if err != nil {
					t.Fatalf("frame: %v", err)
				}
				if diff := cmp.Diff(fromProto, fromJSON); diff != "" {
					t.Fatalf("JSON differs (-protobuf +json):\n%s\n%s", diff, text)
				}
				if diff := cmp.Diff(fromProto, fromFrame); diff != "" {
					t.Fatalf("frame differs:\n%s", diff)
				}
			})
		})
	}
}
