package decode

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

// The field tables say what events.proto says: names, numbers, types, the messages'
// order in the file; and the numbers by which the builders read are those of the names.
func TestTablesMatchDescriptors(t *testing.T) {
	types := map[protoreflect.Kind]fieldType{
		protoreflect.StringKind: typeString, protoreflect.BoolKind: typeBool, protoreflect.DoubleKind: typeFloat,
		protoreflect.Int32Kind: typeInt, protoreflect.Int64Kind: typeInt, protoreflect.Uint32Kind: typeUint,
	}
	file := eventsv1.File_iolaus_events_v1_events_proto
	for _, m := range []*message{signupMessage(), requestMessage(), paymentMessage(), labelMessage()} {
		desc := file.Messages().ByName(protoreflect.Name(m.name))
		if desc == nil || desc.Index() != m.index {
			t.Fatalf("%s: not message %d of the file", m.name, m.index)
		}
		if got, want := len(m.byName), desc.Fields().Len(); got != want {
			t.Errorf("%s: %d fields, descriptor has %d", m.name, got, want)
		}
		for i := range desc.Fields().Len() {
			fd := desc.Fields().Get(i)
			got := m.fields[fd.Number()]
			want := types[fd.Kind()]
			if fd.Name() == "ts" {
				want = typeTime
			}
			if got.name != string(fd.Name()) || got.typ != want {
				t.Errorf("%s: field %d is %q of type %d, want %q of type %d", m.name, fd.Number(), got.name, got.typ, fd.Name(), want)
			}
		}
	}
}

// The last constant of each iota list has the number that its name has.
func TestConstantsMatchTables(t *testing.T) {
	for _, c := range []struct {
		m    *message
		i    int
		name string
	}{
		{signupMessage(), signupEmailShape, "email_shape"},
		{signupMessage(), signupFormMS, "form_ms"},
		{requestMessage(), requestUserAgent, "user_agent"},
		{requestMessage(), requestTask, "task"},
		{requestMessage(), requestCoT, "cot_score"},
		{paymentMessage(), paymentRisk, "processor_risk"},
		{labelMessage(), labelNote, "note"},
	} {
		if got := c.m.fields[c.i].name; got != c.name {
			t.Errorf("%s: constant %d is %q, want %q", c.m.name, c.i, got, c.name)
		}
	}
}
