package decode

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth bounds the nesting of values of unknown fields.
const maxDepth = 32

// maxText bounds every string of a record, in bytes; ids have tighter limits.
const maxText = 4096

// scanner reads one JSON object of a known message. It accepts RFC 8259 and nothing
// more, checks what it skips, and allocates nothing unless a string has escapes.
type scanner struct {
	buf []byte
	pos int
	msg *message
	out *fields

	// Producers send fields in the same order, so the field that followed another
	// last time is tried first.
	next *[maxFields]uint8
}

// object reads the whole record, which the caller has seen to begin with '{'.
func (s *scanner) object() error {
	s.pos = 1
	s.space()
	if s.take('}') {
		return s.end()
	}
	prev := 0
	for {
		i, err := s.key(prev)
		if err != nil {
			return err
		}
		s.space()
		if i == 0 {
			err = s.skip(0)
		} else {
			err = s.value(i)
			prev = i
		}
		if err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			s.space()
			continue
		}
		if s.take('}') {
			return s.end()
		}
		return s.bad("no comma and no end of object")
	}
}

func (s *scanner) end() error {
	s.space()
	if s.pos != len(s.buf) {
		return s.bad("data behind the object")
	}
	return nil
}

// key reads a field's name and the colon. It returns 0 for an unknown field.
func (s *scanner) key(prev int) (int, error) {
	i := int(s.next[prev])
	if head := s.msg.fields[i].head; i != 0 && len(s.buf)-s.pos >= len(head) && string(s.buf[s.pos:s.pos+len(head)]) == head {
		s.pos += len(head)
	} else {
		name, err := s.name()
		if err != nil {
			return 0, err
		}
		if i = s.msg.byName[string(name)]; i == 0 {
			return 0, nil
		}
		s.next[prev] = uint8(i) //nolint:gosec // < maxFields
	}
	if s.out.named&(1<<i) != 0 {
		return 0, reject(ReasonDuplicateField, s.msg.fields[i].name, "stands twice in the object")
	}
	s.out.named |= 1 << i
	return i, nil
}

// name reads any field's name and the colon.
func (s *scanner) name() ([]byte, error) {
	if !s.take('"') {
		return nil, s.bad("no field name")
	}
	name, err := s.text()
	if err != nil {
		return nil, err
	}
	s.space()
	if !s.take(':') {
		return nil, s.bad("no colon")
	}
	return name, nil
}

// value reads the value of field i into out.
func (s *scanner) value(i int) error {
	if s.pos >= len(s.buf) {
		return s.bad("no value")
	}
	typ := s.msg.fields[i].typ
	c := s.buf[s.pos]
	switch {
	case c == 'n':
		return s.literal("null")
	case c == '"' && (typ == typeString || typ == typeTime):
		return s.stringValue(i, typ)
	case c == '"' && s.pos+1 < len(s.buf) && s.buf[s.pos+1] == '"':
		s.pos += 2 // an empty string stands for absent, whatever the field is
		return nil
	case c == '-' || isDigit(c):
		switch typ {
		case typeInt, typeUint, typeTime:
			return s.intValue(i)
		case typeFloat:
			return s.floatValue(i)
		default:
			return s.wrongType(i)
		}
	case (c == 't' || c == 'f') && typ == typeBool:
		return s.boolValue(i)
	case c == '"', c == 't', c == 'f', c == '{', c == '[':
		return s.wrongType(i)
	default:
		return s.bad("not a value")
	}
}

func (s *scanner) wrongType(i int) error {
	expected := [...]string{"", "a string", "an integer", "an integer", "true or false", "a number", "milliseconds or RFC 3339"}
	f := s.msg.fields[i]
	return reject(ReasonWrongType, f.name, "expected %s", expected[f.typ])
}

func (s *scanner) stringValue(i int, typ fieldType) error {
	s.pos++
	b, err := s.text()
	if err != nil || len(b) == 0 {
		return err
	}
	if typ == typeTime {
		t, err := time.Parse(time.RFC3339, strings.ToUpper(string(b)))
		if err != nil {
			return reject(ReasonBadTime, s.msg.fields[i].name, "neither Unix milliseconds nor RFC 3339")
		}
		s.out.num[i] = t.UnixMilli()
		s.out.seen |= 1 << i
		return nil
	}
	return s.out.setText(s.msg, i, b)
}

func (s *scanner) boolValue(i int) error {
	if s.buf[s.pos] == 't' {
		s.out.num[i] = 1
		s.out.seen |= 1 << i
		return s.literal("true")
	}
	s.out.num[i] = 0
	s.out.seen |= 1 << i
	return s.literal("false")
}

// skip reads over a value of an unknown field.
func (s *scanner) skip(depth int) error {
	if s.pos >= len(s.buf) {
		return s.bad("no value")
	}
	switch c := s.buf[s.pos]; {
	case c == '"':
		s.pos++
		_, err := s.text()
		return err
	case c == '{' || c == '[':
		if depth == maxDepth {
			return reject(ReasonTooDeep, "", "nested deeper than %d at byte %d", maxDepth, s.pos)
		}
		return s.skipNested(c == '{', depth+1)
	case c == '-' || isDigit(c):
		_, err := s.number()
		return err
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		return s.bad("not a value")
	}
}

func (s *scanner) skipNested(object bool, depth int) error {
	closing := byte(']')
	if object {
		closing = '}'
	}
	s.pos++
	s.space()
	if s.take(closing) {
		return nil
	}
	for {
		if object {
			if _, err := s.name(); err != nil {
				return err
			}
			s.space()
		}
		if err := s.skip(depth); err != nil {
			return err
		}
		s.space()
		if s.take(closing) {
			return nil
		}
		if !s.take(',') {
			return s.bad("no comma and no end of a nested value")
		}
		s.space()
	}
}

func (s *scanner) literal(word string) error {
	if len(s.buf)-s.pos < len(word) || string(s.buf[s.pos:s.pos+len(word)]) != word {
		return s.bad("not a value")
	}
	s.pos += len(word)
	return nil
}

// text reads a string whose opening quote has been read. The result points into the
// record, or into scratch where there are escapes.
func (s *scanner) text() ([]byte, error) {
	b, start := s.buf, s.pos
	i := start
	for ; i+8 <= len(b); i += 8 {
		if hit := specials(binary.LittleEndian.Uint64(b[i:])); hit != 0 {
			i += bits.TrailingZeros64(hit) >> 3
			if b[i] == '"' {
				s.pos = i + 1
				return b[start:i], nil
			}
			return s.slowText(start, i)
		}
	}
	return s.slowText(start, i)
}

// specials marks (0x80) the bytes of a word that end the plain run of a string: quote,
// backslash, control characters and all that is not ASCII. The lowest mark is exact.
func specials(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w | w) & highs
}

// slowText reads on from i a string that began at start.
func (s *scanner) slowText(start, i int) ([]byte, error) {
	escaped, ascii := false, true
	for ; ; i++ {
		if i >= len(s.buf) {
			return nil, s.bad("a string does not end")
		}
		switch c := s.buf[i]; {
		case c == '"':
			s.pos = i + 1
			raw := s.buf[start:i]
			if !ascii && !utf8.Valid(raw) {
				return nil, reject(ReasonInvalidUTF8, "", "in the string that begins at byte %d", start)
			}
			if escaped {
				return s.unescape(raw, start)
			}
			return raw, nil
		case c == '\\':
			escaped = true
			i++
		case c < 0x20:
			return nil, s.bad("a control character in a string")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
}

func (s *scanner) space() {
	if s.pos < len(s.buf) && s.buf[s.pos] <= ' ' {
		s.slowSpace()
	}
}

func (s *scanner) slowSpace() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\n', '\t', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.pos < len(s.buf) && s.buf[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) bad(what string) error {
	return reject(ReasonBadJSON, "", "%s at byte %d", what, min(s.pos, len(s.buf)))
}

func isDigit(c byte) bool { return c-'0' <= 9 }
