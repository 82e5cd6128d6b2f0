package hostile

import (
	"bytes"
	"math"

	"github.com/iolaus-io/iolaus/pkg/decode"
)

func protobufs() []Case {
	good := goodProto()
	minus := uint64(math.MaxUint64) // -1 in two's complement
	bad := func(name string, value []byte, field string) Case {
		return protobuf(name, value, decode.ReasonBadProtobuf, field)
	}
	return []Case{
		bad("protobuf cut short in a string", good[:len(good)-1], "model"),
		bad("protobuf cut short behind a tag", append(bytes.Clone(good), 0x7a), "endpoint"),
		bad("protobuf of ones", bytes.Repeat([]byte{0xff}, 32), ""),
		bad("protobuf field 0", append(bytes.Clone(good), 0x00, 0x01), ""),
		bad("protobuf length above the record", append(bytes.Clone(good), 0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f), "endpoint"),
		bad("protobuf varint of 11 bytes", append(append(bytes.Clone(good), 0x38), bytes.Repeat([]byte{0x80}, 11)...), "turn"),
		bad("protobuf string as a varint", varint(bytes.Clone(good), 8, 5), "ip"),
		bad("protobuf varint as a string", text(bytes.Clone(good), 17, "5"), "input_tokens"),
		bad("protobuf invalid UTF-8", text(bytes.Clone(good), 13, "\xff\xfe"), "user_agent"),
		bad("protobuf group that does not end", append(bytes.Clone(good), 0xa3, 0x06), ""),
		bad("protobuf wire type 7", append(bytes.Clone(good), 0xa7, 0x06), ""),
		protobuf("protobuf without event_id", good[5:], decode.ReasonMissingField, "event_id"),
		protobuf("protobuf without ts", append(text(text(nil, 1, "e-1"), 2, Account), text(nil, 14, "m")...), decode.ReasonMissingField, "ts"),
		protobuf("protobuf negative tokens", varint(bytes.Clone(good), 17, minus), decode.ReasonImpossibleValue, "input_tokens"),
		protobuf("protobuf turn above 32 bits", varint(bytes.Clone(good), 7, 1<<40), decode.ReasonImpossibleValue, "turn"),
		protobuf("protobuf asn above 32 bits", varint(bytes.Clone(good), 9, 1<<32), decode.ReasonImpossibleValue, "asn"),
		protobuf("protobuf cot_score NaN", double(bytes.Clone(good), 26, math.Float64bits(math.NaN())), decode.ReasonImpossibleValue, "cot_score"),
		protobuf("protobuf cot_score infinite", double(bytes.Clone(good), 26, math.Float64bits(math.Inf(1))), decode.ReasonImpossibleValue, "cot_score"),
		protobuf("protobuf year 1970", varint(bytes.Clone(good), 3, 1), decode.ReasonTSOutOfRange, "ts"),
		protobuf("protobuf of another account", text(bytes.Clone(good), 2, "acct-2"), decode.ReasonKeyMismatch, "account_id"),
	}
}

func frames() []Case {
	good := goodProto()
	after := func(h []byte) []byte { return append(h, good...) }
	return []Case{
		framed("frame of one byte", []byte{0}, decode.ReasonBadFrame, ""),
		framed("frame cut short in the id", []byte{0, 0, 0, 0}, decode.ReasonBadFrame, ""),
		framed("frame without an index", header(SchemaID), decode.ReasonBadFrame, ""),
		framed("frame with an index cut short", header(SchemaID, 2), decode.ReasonBadFrame, ""),
		framed("frame with a negative index count", after(header(SchemaID, 1)), decode.ReasonBadFrame, ""),
		framed("frame with a huge index count", after(header(SchemaID, 0xfe, 0xff, 0xff, 0x0f)), decode.ReasonBadFrame, ""),
		framed("unknown schema id", after(header(424242, 2, 2)), decode.ReasonUnknownSchemaID, ""),
		framed("schema id 0", after(header(0, 2, 2)), decode.ReasonUnknownSchemaID, ""),
		framed("schema id above 31 bits", after(header(math.MaxUint32, 2, 2)), decode.ReasonUnknownSchemaID, ""),
		framed("frame of a signup", after(header(SchemaID, 0)), decode.ReasonWrongMessage, ""),
		framed("frame of a nested message", after(header(SchemaID, 4, 2, 0)), decode.ReasonWrongMessage, ""),
		framed("frame of an unknown message", after(header(SchemaID, 2, 40)), decode.ReasonWrongMessage, ""),
		framed("frame with JSON inside", append(header(SchemaID, 2, 2), request+"}"...), decode.ReasonBadProtobuf, "endpoint"),
		framed("frame with no payload", header(SchemaID, 2, 2), decode.ReasonMissingField, "event_id"),
		framed("frame cut short in the payload", after(header(SchemaID, 2, 2))[:22], decode.ReasonBadProtobuf, "ts"),
	}
}
