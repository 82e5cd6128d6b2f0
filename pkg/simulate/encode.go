package simulate

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encoding is how an event's value is written.
type Encoding uint8

// The encodings of the input topics.
const (
	JSON     Encoding = iota // one JSON object
	Protobuf                 // bare iolaus.events.v1 message
)

// writer appends an event's fields, in either encoding, to one buffer. Field lists
// exist once (record.go), so the two encodings cannot drift apart. Strings are
// written unescaped: everything generated is printable ASCII without quote or
// backslash, which Validate guarantees for what comes from a scenario file.
type writer struct {
	buf      []byte
	encoding Encoding
	start    int
}

func (w *writer) open() {
	w.start = len(w.buf)
	if w.encoding == JSON {
		w.buf = append(w.buf, '{')
	}
}

// close ends the event, which lies in the buffer from start on.
func (w *writer) close() {
	if w.encoding == JSON {
		w.buf[len(w.buf)-1] = '}' // in place of the last comma: an event is never empty
	}
}

func (w *writer) name(s string) {
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, '"', ':')
}

func (w *writer) tag(n protowire.Number, t protowire.Type) { w.buf = protowire.AppendTag(w.buf, n, t) }

// str writes a string; empty is absent.
func (w *writer) str(n protowire.Number, name, v string) {
	if v == "" {
		return
	}
	if w.encoding == Protobuf {
		w.tag(n, protowire.BytesType)
		w.buf = protowire.AppendString(w.buf, v)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, v...)
	w.buf = append(w.buf, '"', ',')
}

// num writes a whole number; zero is absent unless always.
func (w *writer) num(n protowire.Number, name string, v int64, always bool) {
	if v == 0 && !always {
		return
	}
	if w.encoding == Protobuf {
		w.tag(n, protowire.VarintType)
		w.buf = protowire.AppendVarint(w.buf, uint64(v))
		return
	}
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, v, 10)
	w.buf = append(w.buf, ',')
}

func (w *writer) boolean(n protowire.Number, name string, v bool) {
	if w.encoding == Protobuf {
		if v {
			w.tag(n, protowire.VarintType)
			w.buf = append(w.buf, 1)
		}
		return
	}
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, v)
	w.buf = append(w.buf, ',')
}

// milli writes a fraction given in thousandths.
func (w *writer) milli(n protowire.Number, name string, v int) {
	if w.encoding == Protobuf {
		w.tag(n, protowire.Fixed64Type)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(float64(v)/1000))
		return
	}
	w.name(name)
	w.buf = strconv.AppendFloat(w.buf, float64(v)/1000, 'g', -1, 64)
	w.buf = append(w.buf, ',')
}

// id writes prefix and 16 hex digits; zero is absent.
func (w *writer) id(n protowire.Number, name, prefix string, v uint64) {
	if v == 0 {
		return
	}
	if w.encoding == Protobuf {
		w.tag(n, protowire.BytesType)
		w.buf = protowire.AppendVarint(w.buf, uint64(len(prefix)+16))
		w.buf = appendHex(append(w.buf, prefix...), v)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '"')
	w.buf = appendHex(append(w.buf, prefix...), v)
	w.buf = append(w.buf, '"', ',')
}

// addr writes an IP address; the zero Addr is absent.
func (w *writer) addr(n protowire.Number, name string, v netip.Addr) {
	if !v.IsValid() {
		return
	}
	if w.encoding == Protobuf {
		var text [48]byte
		s := v.AppendTo(text[:0])
		w.tag(n, protowire.BytesType)
		w.buf = protowire.AppendBytes(w.buf, s)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '"')
	w.buf = v.AppendTo(w.buf)
	w.buf = append(w.buf, '"', ',')
}

func appendHex(b []byte, v uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[v>>shift&15])
	}
	return b
}
