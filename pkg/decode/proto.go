package decode

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// readProto reads a bare Protobuf message into f. Strings point into b. A field that
// stands twice counts as its last one, as Protobuf says; an unknown one is skipped.
func readProto(b []byte, m *message, f *fields) error {
	for pos := 0; pos < len(b); {
		tag, n := uvarint(b[pos:])
		if n == 0 {
			return badProto("", "malformed tag", pos)
		}
		num, wire := tag>>3, protowire.Type(tag&7)
		if num >= maxFields || m.fields[num].typ == typeNone {
			size := skipProto(b[pos:])
			if size < 0 {
				return badProto("", "malformed unknown field", pos)
			}
			pos += size
			continue
		}
		size, err := readField(b[pos+n:], m, int(num), wire, f) //nolint:gosec // < maxFields
		if err != nil {
			return err
		}
		pos += n + size
	}
	return nil
}

// readField reads the value of field i, which begins b, and returns its size.
func readField(b []byte, m *message, i int, wire protowire.Type, f *fields) (int, error) {
	name, typ := m.fields[i].name, m.fields[i].typ
	switch {
	case typ == typeString && wire == protowire.BytesType:
		size, n := uvarint(b)
		if n == 0 || size > uint64(len(b)-n) {
			return 0, badProto(name, "cut short", 0)
		}
		end := n + int(size) //nolint:gosec // bounded by len(b)
		text := b[n:end]
		if !utf8.Valid(text) {
			return 0, badProto(name, "not UTF-8", 0)
		}
		return end, f.setText(m, i, text)
	case typ == typeFloat && wire == protowire.Fixed64Type:
		if len(b) < 8 {
			return 0, badProto(name, "cut short", 0)
		}
		f.float[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		f.seen |= 1 << i
		return 8, nil
	case typ != typeString && typ != typeFloat && wire == protowire.VarintType:
		v, n := uvarint(b)
		if n == 0 {
			return 0, badProto(name, "malformed varint", 0)
		}
		return n, f.setVarint(m, i, v)
	default:
		return 0, badProto(name, "of another wire type", 0)
	}
}

func (f *fields) setVarint(m *message, i int, v uint64) error {
	n := int64(v) //nolint:gosec // two's complement is the wire format
	switch m.fields[i].typ {
	case typeBool:
		if v != 0 {
			n = 1
		}
	case typeUint:
		if v > math.MaxUint32 {
			return reject(ReasonImpossibleValue, m.fields[i].name, "does not fit the field's integer")
		}
	case typeTime:
		if v == 0 { // no presence on the wire: zero is absent
			f.seen &^= 1 << i
			return nil
		}
	}
	f.num[i] = n
	f.seen |= 1 << i
	return nil
}

func (f *fields) setText(m *message, i int, b []byte) error {
	if len(b) > maxText {
		return reject(ReasonTooLong, m.fields[i].name, "%d bytes, at most %d", len(b), maxText)
	}
	f.str[i] = b
	f.seen |= 1 << i
	return nil
}

// uvarint reads a varint of at most 64 bits; n is 0 where there is none.
func uvarint(b []byte) (v uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	v, n = binary.Uvarint(b)
	return v, max(n, 0)
}

// skipProto returns the size of the field that begins b, tag included, or a negative
// number where it is malformed. Groups are bounded in depth by protowire.
func skipProto(b []byte) int {
	_, _, n := protowire.ConsumeField(b)
	return n
}

func badProto(field, what string, pos int) error {
	if field == "" {
		return reject(ReasonBadProtobuf, "", "%s at byte %d", what, pos)
	}
	return reject(ReasonBadProtobuf, field, "%s", what)
}
