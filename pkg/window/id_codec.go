package window

import "strings"

const hexDigits = "0123456789abcdef"

// appendID writes an id: its length, how many pairs of lower-case hexadecimal digits it ends in, as
// most ids do, what is before these, and the pairs as bytes.
func appendID(dst []byte, id string) []byte {
	dst = appendUint(dst, uint64(len(id)))
	if id == "" {
		return dst
	}
	digits := 0
	for digits < len(id) && strings.IndexByte(hexDigits, id[len(id)-1-digits]) >= 0 {
		digits++
	}
	tail := id[len(id)-digits/2*2:]
	dst = appendUint(dst, uint64(len(tail)/2))
	dst = append(dst, id[:len(id)-len(tail)]...)
	for i := 0; i < len(tail); i += 2 {
		dst = append(dst, byte(strings.IndexByte(hexDigits, tail[i])<<4|strings.IndexByte(hexDigits, tail[i+1])))
	}
	return dst
}

// id reads what appendID wrote, keeping old where it is the same.
func (r *reader) id(old string) string {
	n := int(r.upTo(uint64(2 * len(r.b))))
	if n == 0 {
		return ""
	}
	pairs := int(r.upTo(uint64(n / 2)))
	head := n - 2*pairs
	if r.err != nil || head+pairs > len(r.b) {
		r.fail()
		return ""
	}
	var buf [128]byte // longer ones allocate
	id := append(buf[:0], r.b[:head]...)
	for _, b := range r.b[head : head+pairs] {
		id = append(id, hexDigits[b>>4], hexDigits[b&15])
	}
	r.b = r.b[head+pairs:]
	if old == string(id) {
		return old
	}
	return string(id)
}
