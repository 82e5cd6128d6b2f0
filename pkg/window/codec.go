package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// version is the first byte of every packed state.
const version = 2

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

func (r *reader) fixed16() uint16 {
	if len(r.b) < 2 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint16(r.b)
	r.b = r.b[2:]
	return v
}

func (r *reader) fixed24() uint32 {
	if len(r.b) < 3 {
		r.fail()
		return 0
	}
	v := uint32(r.b[0]) | uint32(r.b[1])<<8 | uint32(r.b[2])<<16
	r.b = r.b[3:]
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

func appendUint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

// finerPanes is how many panes of the next finer span make up one of the span. A newest pane that is
// the sum of those is not written. For minute and day it always is, because the finer window
// is at least as long; for two hours it is where all was in the last hour.
var finerPanes = [NumSpans]uint32{
	Hour: hourPaneMS / minutePaneMS, Day: dayPaneMS / hourPaneMS, Fortnight: fortnightPaneMS / dayPaneMS,
}

// sumOf adds up the panes of the ring that lie in pane idx of the coarser span.
func (r *ring[S]) sumOf(idx uint32, span Span, add func(sum, more *S)) (sum S) {
	for i := range r.panes {
		if p := &r.panes[i]; p.idx/finerPanes[span] == idx {
			add(&sum, &p.sum)
		}
	}
	return sum
}

// What the head of a newest pane says beside dirty.
const (
	newestDirty = 1 << iota
	newestImplied
	newestBits = iota
)

// format is how the sums of a stream are packed. add is nil where no pane is implied.
type format[S comparable] struct {
	append func([]byte, *S) []byte
	read   func(*reader, *S)
	add    func(sum, more *S)
}

// appendRings writes the rings of all spans.
func (f format[S]) appendRings(dst []byte, rings *[NumSpans]ring[S]) []byte {
	for span := Minute; span < NumSpans; span++ {
		r, implied := &rings[span], false
		if n := len(r.panes); span > Minute && n > 0 {
			newest := &r.panes[n-1]
			implied = rings[span-1].sumOf(newest.idx, span, f.add) == newest.sum
		}
		dst = f.appendRing(dst, r, implied)
	}
	return dst
}

// readRings is the inverse of appendRings; last is the time of the state's last event.
func (f format[S]) readRings(in *reader, rings *[NumSpans]ring[S], last int64) {
	for span := Minute; span < NumSpans; span++ {
		newest := paneIndex(last, span.PaneMS())
		if !f.readRing(in, &rings[span], newest) {
			continue
		}
		if span == Minute {
			in.fail()
			return
		}
		r := &rings[span]
		r.panes[len(r.panes)-1].sum = rings[span-1].sumOf(newest, span, f.add)
	}
}

// appendRing writes the panes, newest first: each as its distance from the one before,
// whether it is dirty, and its sums. Those of an implied newest pane are left out.
func (f format[S]) appendRing(dst []byte, r *ring[S], implied bool) []byte {
	dst = appendUint(dst, uint64(len(r.panes)))
	if len(r.panes) == 0 {
		return dst
	}
	newer := r.panes[len(r.panes)-1].idx
	for i := len(r.panes) - 1; i >= 0; i-- {
		p := &r.panes[i]
		if i == len(r.panes)-1 {
			if dst = append(dst, byte(bit(p.dirty)*newestDirty|bit(implied)*newestImplied)); !implied {
				dst = f.append(dst, &p.sum)
			}
			continue
		}
		dst = f.append(appendUint(dst, uint64(newer-p.idx)<<1|bit(p.dirty)), &p.sum)
		newer = p.idx
	}
	return dst
}

// readRing is the inverse of appendRing; newest is the pane of the state's last event. It says
// whether the sums of that one are implied.
func (f format[S]) readRing(in *reader, r *ring[S], newest uint32) (implied bool) {
	n := in.count()
	r.size(n)
	idx := newest
	for i := n - 1; i >= 0; i-- {
		p := &r.panes[i]
		if i == n-1 {
			head := in.upTo(1<<newestBits - 1)
			*p = pane[S]{idx: idx, dirty: head&newestDirty != 0}
			if implied = head&newestImplied != 0; !implied {
				f.read(in, &p.sum)
			}
			continue
		}
		head := in.uint()
		back := head >> 1
		if back > uint64(idx) || back == 0 {
			in.fail()
			return implied
		}
		idx -= uint32(back)
		*p = pane[S]{idx: idx, dirty: head&1 == 1}
		f.read(in, &p.sum)
	}
	return implied
}

// append writes the tables, one after the other; days older than the day before the
// last event's carry no count, since no event may still be added to them. The list is in
// the order of the tables.
func (e *entities) append(dst []byte, tables []Table, lastTS int64) []byte {
	slot := paneIndex(lastTS, dayPaneMS)
	var sizes [numTables]byte // none is over 15
	for i := range e.list {
		sizes[e.list[i].table]++
	}
	for i := 0; i < len(tables); i += 2 {
		two := sizes[tables[i]]
		if i+1 < len(tables) {
			two |= sizes[tables[i+1]] << 4
		}
		dst = append(dst, two)
	}
	for i := range e.list {
		dst = e.list[i].append(dst, slot)
	}
	return dst
}

// How an entry's count is packed, in the low bits of its head.
const (
	countUnknown = iota
	countOne
	countMany
	countOld  // the distance is in days
	countBits = 2
	countMask = 1<<countBits - 1
)

func (v *entry) append(dst []byte, slot uint32) []byte {
	if age := slot/slotsPerDay - v.last/slotsPerDay; age > 1 {
		dst = append(dst, byte(v.key), byte(v.key>>8), byte(v.key>>16))
		return appendUint(dst, uint64(age)<<countBits|countOld)
	}
	form := uint64(countUnknown)
	if v.count > 0 {
		form = uint64(min(v.count, countMany))
	}
	dst = append(dst, byte(v.key), byte(v.key>>8), byte(v.key>>16))
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
	var sizes [numTables]int
	for i := 0; i < len(tables); i += 2 {
		two := in.raw()
		sizes[tables[i]] = int(two & 15)
		if i+1 < len(tables) {
			sizes[tables[i+1]] = int(two >> 4)
		} else if two > 15 {
			in.fail()
		}
	}
	for _, t := range tables {
		if sizes[t] > tableCaps[t] {
			in.fail()
			return
		}
		for range sizes[t] {
			e.list = append(e.list, readEntry(in, t, slot))
		}
	}
}

func readEntry(in *reader, t Table, slot uint32) entry {
	v := entry{key: in.fixed24(), table: t}
	head := in.uint()
	if head&countMask == countOld {
		age := head >> countBits
		if age < 2 || age > uint64(slot/slotsPerDay) {
			in.fail()
			return v
		}
		v.last = (slot/slotsPerDay - uint32(age)) * slotsPerDay
		return v
	}
	if head>>countBits > uint64(slot) || slot/slotsPerDay-(slot-uint32(head>>countBits))/slotsPerDay > 1 {
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

// counts is numbers of which many are zero: a mask of those that are not, and these.
type counts interface{ ~uint8 | ~uint32 | ~uint64 }

func maskOf[T counts](list []T) (mask uint64) {
	for i, c := range list {
		if c != 0 {
			mask |= 1 << i
		}
	}
	return mask
}

func appendMasked[T counts](dst []byte, list []T) []byte {
	for _, c := range list {
		if c != 0 {
			dst = appendUint(dst, uint64(c))
		}
	}
	return dst
}

func readMasked[T counts](in *reader, mask uint64, list []T) {
	for m := mask; m != 0; m &= m - 1 {
		list[bits.TrailingZeros64(m)] = T(in.uint())
	}
}

// appendCounts writes a list of counts with its mask.
func appendCounts[T counts](dst []byte, list []T) []byte {
	return appendMasked(appendUint(dst, maskOf(list)), list)
}

func readCounts[T counts](in *reader, list []T) {
	readMasked(in, in.upTo(1<<len(list)-1), list)
}
