package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// version is the first byte of every packed state.
const version = 1

// ErrVersion says that a packed state is of a version this build does not know.
var ErrVersion = errors.New("packed state of an unknown version")

// ErrCorrupt says that bytes are no packed state: cut short, too long, or out of range.
var ErrCorrupt = errors.New("corrupt packed state")

// reader takes a packed state apart. The first failure stays in err.
type reader struct {
	b   []byte
	err error
}

// open checks the version byte.
func open(b []byte) reader {
	switch {
	case len(b) == 0:
		return reader{err: ErrCorrupt}
	case b[0] != version:
		return reader{err: fmt.Errorf("%w: %d, this build knows %d", ErrVersion, b[0], version)}
	}
	return reader{b: b[1:]}
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = ErrCorrupt
	}
	r.b = nil
}

// close reports the first failure, or bytes that are left over.
func (r *reader) close() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = ErrCorrupt
	}
	return r.err
}

func (r *reader) uint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// upTo reads a number that may not exceed bound.
func (r *reader) upTo(bound uint64) uint64 {
	v := r.uint()
	if v > bound {
		r.fail()
		return 0
	}
	return v
}

// count reads how many things follow, each at least a byte long.
func (r *reader) count() int { return int(r.upTo(uint64(len(r.b)))) }

// timeBefore reads a time as its distance back from a later one.
func (r *reader) timeBefore(later int64) int64 { return later - int64(r.upTo(uint64(later))) }

// raw reads one byte as it is.
func (r *reader) raw() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) fixed32() uint32 {
	if len(r.b) < 4 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) fixed64() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

// text reads a string, keeping old where it is the same.
func (r *reader) text(old string) string {
	n := r.count()
	if r.err != nil || n > len(r.b) {
		r.fail()
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	if old == string(s) {
		return old
	}
	return string(s)
}

func appendUint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

func appendText(dst []byte, s string) []byte {
	return append(appendUint(dst, uint64(len(s))), s...)
}

// appendRing writes the panes, newest first: each as its distance from the one before,
// whether it is dirty, and its sums.
func appendRing[S any](dst []byte, r *ring[S], sums func([]byte, *S) []byte) []byte {
	dst = appendUint(dst, uint64(len(r.panes)))
	if len(r.panes) == 0 {
		return dst
	}
	newer := r.panes[len(r.panes)-1].idx
	for i := len(r.panes) - 1; i >= 0; i-- {
		p := &r.panes[i]
		head := uint64(newer-p.idx) << 1
		if p.dirty {
			head |= 1
		}
		dst = sums(appendUint(dst, head), &p.sum)
		newer = p.idx
	}
	return dst
}

// readRing is the inverse of appendRing; newest is the pane of the state's last event.
func readRing[S any](in *reader, r *ring[S], newest uint32, sums func(*reader, *S)) {
	n := in.count()
	r.size(n)
	idx := newest
	for i := n - 1; i >= 0; i-- {
		head := in.uint()
		back := head >> 1
		if back > uint64(idx) || (back == 0) != (i == n-1) {
			in.fail()
			return
		}
		idx -= uint32(back)
		p := &r.panes[i]
		*p = pane[S]{idx: idx, dirty: head&1 == 1}
		sums(in, &p.sum)
	}
}

// append writes the tables, one after the other; days older than the day before the
// last event's carry no count, since no event may still be added to them. The list is in
// the order of the tables.
func (e *entities) append(dst []byte, tables []Table, lastTS int64) []byte {
	slot := paneIndex(lastTS, dayPaneMS)
	i := 0
	for _, t := range tables {
		end := i
		for end < len(e.list) && e.list[end].table == t {
			end++
		}
		dst = append(dst, byte(end-i)) // no table holds 128
		for ; i < end; i++ {
			dst = e.list[i].append(dst, slot)
		}
	}
	return dst
}

// How an entry's count is packed, in the low bits of its head.
const (
	countUnknown = iota
	countOne
	countMany
	countBits = 2
	countMask = 1<<countBits - 1
)

func (v *entry) append(dst []byte, slot uint32) []byte {
	form := uint64(countUnknown)
	if v.count > 0 && slot/slotsPerDay-v.last/slotsPerDay <= 1 {
		form = uint64(min(v.count, countMany))
	}
	dst = binary.LittleEndian.AppendUint32(dst, v.key)
	dst = appendUint(dst, uint64(slot-v.last)<<countBits|form)
	if form == countMany {
		dst = appendUint(dst, uint64(v.count))
	}
	if form != countUnknown {
		dst = append(dst, v.first)
	}
	return dst
}

func (e *entities) read(in *reader, tables []Table, lastTS int64) {
	slot := paneIndex(lastTS, dayPaneMS)
	e.list = e.list[:0]
	for _, t := range tables {
		n := in.upTo(uint64(tableCaps[t]))
		for range n {
			e.list = append(e.list, readEntry(in, t, slot))
		}
	}
}

func readEntry(in *reader, t Table, slot uint32) entry {
	v := entry{key: in.fixed32(), table: t}
	head := in.uint()
	if head>>countBits > uint64(slot) || head&countMask > countMany {
		in.fail()
		return v
	}
	v.last = slot - uint32(head>>countBits)
	switch head & countMask {
	case countOne:
		v.count = 1
	case countMany:
		v.count = uint32(in.upTo(1<<32 - 1))
	default:
		return v
	}
	v.first = in.raw()
	return v
}

// appendCounts writes a list of counts as a mask of those that are not zero and these.
func appendCounts[T ~uint32 | ~uint64](dst []byte, counts []T) []byte {
	mask := uint64(0)
	for i, c := range counts {
		if c != 0 {
			mask |= 1 << i
		}
	}
	dst = appendUint(dst, mask)
	for m := mask; m != 0; m &= m - 1 {
		dst = appendUint(dst, uint64(counts[bits.TrailingZeros64(m)]))
	}
	return dst
}

func readCounts[T ~uint32 | ~uint64](in *reader, counts []T) {
	mask := in.upTo(1<<len(counts) - 1)
	for m := mask; m != 0; m &= m - 1 {
		counts[bits.TrailingZeros64(m)] = T(in.uint())
	}
}
