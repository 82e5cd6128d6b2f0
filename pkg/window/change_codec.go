package window

import (
	"encoding/binary"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// appendKeys writes the keys and what the account is known by; a state without keys takes a byte.
func (s *RequestState) appendKeys(dst []byte) []byte {
	dst = append(dst, byte(len(s.keys)))
	if len(s.keys) == 0 {
		return dst
	}
	firstMin, lastMin := uint32(s.first/keyMomentMS), uint32(s.last/keyMomentMS)
	for i := range s.keys {
		dst = s.keys[i].append(dst, firstMin, lastMin, s.last)
	}
	return s.habits.append(dst)
}

func (s *RequestState) readKeys(in *reader) {
	n := int(in.upTo(maxKeys))
	if n == 0 {
		return
	}
	firstMin, lastMin := uint32(s.first/keyMomentMS), uint32(s.last/keyMomentMS)
	for range n {
		s.keys = append(s.keys, keyState{})
		s.keys[len(s.keys)-1].read(in, firstMin, lastMin, s.last)
	}
	s.habits.read(in)
}

func (k *keyState) append(dst []byte, firstMin, lastMin uint32, lastMS int64) []byte {
	dst = append(dst, byte(k.key), byte(k.key>>8), byte(k.key>>16))
	dst = appendUint(dst, uint64(k.first-firstMin))
	dst = appendUint(dst, uint64(lastMin-k.last))
	dst = appendUint(dst, uint64(k.total))
	head := uint64(k.days) << 1
	if k.regime == nil {
		return appendUint(dst, head)
	}
	return k.regime.append(appendUint(dst, head|1), lastMS)
}

func (k *keyState) read(in *reader, firstMin, lastMin uint32, lastMS int64) {
	k.key = in.fixed24()
	k.first = firstMin + uint32(in.upTo(uint64(lastMin-firstMin)))
	k.last = lastMin - uint32(in.upTo(uint64(lastMin-firstMin)))
	k.total = uint32(in.upTo(regimeCountLimit))
	head := in.upTo(maxDays<<1 | 1)
	k.days = uint16(head >> 1)
	if head&1 == 1 {
		k.regime = new(regime)
		k.regime.read(in, lastMS)
	}
}

func (r *regime) append(dst []byte, lastMS int64) []byte {
	dst = appendID(dst, r.id)
	if r.id != "" {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(r.token))
	}
	dst = appendUint(dst, uint64(lastMS-r.last))
	dst = appendUint(dst, uint64(r.last-r.first))
	dst = append(dst, r.bits)
	dst = appendUint(dst, uint64(r.switches)<<1|bit(r.inNew))
	for _, n := range []uint32{r.news, r.olds, r.before, uint32(r.beforeDays), r.cotCount, r.sought, r.rented, r.hosted} {
		dst = appendUint(dst, uint64(n))
	}
	dst = appendUint(dst, r.cotSum)
	dst = appendCounts(dst, r.dims[:])
	dst = r.network.append(r.client.append(dst))
	n := 0
	for n < regimeTemplates && r.templates[n] != 0 {
		n++
	}
	dst = append(dst, byte(n))
	for _, t := range r.templates[:n] {
		dst = binary.LittleEndian.AppendUint64(dst, t)
	}
	return dst
}

func (r *regime) read(in *reader, lastMS int64) {
	if r.id = in.id(""); r.id != "" {
		r.token = event.Token(in.fixed64())
	}
	r.last = in.timeBefore(lastMS)
	r.first = in.timeBefore(r.last)
	r.bits = in.raw()
	v := in.upTo(1<<33 - 1)
	r.switches, r.inNew = uint32(v>>1), v&1 == 1
	count := func() uint32 { return uint32(in.upTo(regimeCountLimit)) }
	r.news, r.olds, r.before = count(), count(), count()
	r.beforeDays = uint16(in.upTo(maxDays))
	r.cotCount, r.sought, r.rented, r.hosted = count(), count(), count(), count()
	r.cotSum = in.uint()
	readCounts(in, r.dims[:])
	r.client.read(in)
	r.network.read(in)
	for i := range in.upTo(regimeTemplates) {
		if r.templates[i] = in.fixed64(); r.templates[i] == 0 {
			in.fail()
		}
	}
	if r.bits > maxBits {
		in.fail()
	}
}

func (l *leader) append(dst []byte) []byte {
	dst = appendUint(dst, uint64(l.votes))
	if l.votes > 0 {
		dst = binary.LittleEndian.AppendUint64(dst, l.value)
	}
	return dst
}

func (l *leader) read(in *reader) {
	if l.votes = uint32(in.upTo(regimeCountLimit)); l.votes > 0 {
		l.value = in.fixed64()
	}
}

func bit(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

func (h *habits) append(dst []byte) []byte {
	head := uint64(h.clients.n) | uint64(h.networks.n)<<3 | uint64(h.countries.n)<<7 | uint64(h.templates.n)<<10 | bit(h.bare)<<13
	dst = appendUint(dst, head)
	dst = appendUint(dst, uint64(h.tasks))
	dst = append(dst, h.seen)
	dst = appendCounts(dst, h.novel[:])
	for _, v := range h.clients.list() {
		dst = binary.LittleEndian.AppendUint16(dst, v)
	}
	for _, v := range h.networks.list() {
		dst = binary.LittleEndian.AppendUint16(dst, v)
	}
	for _, v := range h.countries.list() {
		dst = binary.LittleEndian.AppendUint16(dst, v)
	}
	for _, v := range h.templates.list() {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	return dst
}

func (h *habits) read(in *reader) {
	head := in.upTo(1<<14 - 1)
	h.clients.n, h.networks.n = uint8(head&7), uint8(head>>3&15)
	h.countries.n, h.templates.n = uint8(head>>7&7), uint8(head>>10&7)
	h.bare = head>>13 == 1
	if h.clients.n > maxClients || h.networks.n > maxNetworks || h.countries.n > maxCountries || h.templates.n > maxTemplates {
		*h = habits{}
		in.fail()
		return
	}
	h.tasks = uint16(in.upTo(1<<16 - 1))
	h.seen = in.raw()
	readCounts(in, h.novel[:])
	for _, l := range []*recent[uint16]{&h.clients, &h.networks, &h.countries} {
		for i := range l.list() {
			l.v[i] = in.fixed16()
		}
	}
	for i := range h.templates.list() {
		h.templates.v[i] = in.fixed32()
	}
	if h.seen > halveAt {
		in.fail()
	}
}
