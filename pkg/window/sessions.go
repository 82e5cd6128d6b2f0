package window

import (
	"encoding/binary"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/event"
)

const (
	// silenceMS is after how long without a request the next one begins anew.
	silenceMS = 30 * 60 * 1000
	// maxStarts is how many conversation starts are kept one by one.
	maxStarts = 4
	// signatureStarts is how many conversations a day must have begun in before it has a signature.
	signatureStarts = 3
	handoverMS      = 10 * 60 * 1000
)

// The granularities of a day's signature, ms.
var syncMS = [...]int64{60 * 1000, 10 * 60 * 1000, 60 * 60 * 1000}

const (
	numSync    = 3
	numHashes  = 2
	handoverID = numSync // seed of the handover's hash
)

// sessions is when an account began conversations.
type sessions struct {
	starts   [maxStarts]uint32 // Unix s, latest first; 0 = none
	recent   [2]uint32         // conversations of the latest requests that gave no turn
	today    uint32            // conversations begun in the UTC day of the latest event
	buckets  [numSync][numHashes]uint16
	handover uint16 // bucket of the day + 1, 0 = none
}

// starts says whether a request begins a conversation: its first turn, or, where no turn is
// given, a conversation that is not that of the requests before, or the end of a silence.
func (s *sessions) begins(e *event.Request, silent bool) bool {
	conversation := fold(uint64(e.Conversation))
	known := conversation != 0 && slices.Contains(s.recent[:], conversation)
	switch {
	case e.Turn > 1:
		return false
	case e.Turn == 1:
		return !known
	case conversation == 0:
		return silent
	}
	if !known {
		s.recent[1], s.recent[0] = s.recent[0], conversation
	}
	return !known
}

// add counts a request; last is the account's highest event time before it, 0 = none, and
// newest the one with it.
func (s *sessions) add(e *event.Request, last, newest int64) (start bool) {
	if last == 0 || newest/fortnightPaneMS != last/fortnightPaneMS {
		s.today, s.buckets, s.handover = 0, [numSync][numHashes]uint16{}, 0
	}
	silent := last == 0 || e.TS-last >= silenceMS
	start = s.begins(e, silent)
	if start {
		s.keep(uint32(e.TS / 1000))
	}
	if e.TS/fortnightPaneMS != newest/fortnightPaneMS {
		return start
	}
	day := uint32(newest / fortnightPaneMS)
	if start {
		s.sign(day, e.TS%fortnightPaneMS)
	}
	if silent || e.Status == statusTooMany {
		b := uint16(e.TS % fortnightPaneMS / handoverMS)
		if s.handover == 0 || signature(handoverID, 0, day, b) < signature(handoverID, 0, day, s.handover-1) {
			s.handover = b + 1
		}
	}
	return start
}

// keep keeps the latest starts, of a second only one.
func (s *sessions) keep(second uint32) {
	for i := range s.starts {
		if second == s.starts[i] {
			return
		}
		if second > s.starts[i] {
			copy(s.starts[i+1:], s.starts[i:])
			s.starts[i] = second
			return
		}
	}
}

// sign takes a start into the day's signature: of each granularity the buckets with the least hashes.
func (s *sessions) sign(day uint32, inDay int64) {
	increment(&s.today)
	for g := range s.buckets {
		b := uint16(inDay / syncMS[g])
		for i, have := range s.buckets[g] {
			if s.today == 1 || signature(g, i, day, b) < signature(g, i, day, have) {
				s.buckets[g][i] = b
			}
		}
	}
}

// signature hashes a bucket of a day; never 0. The same for every account, so that equal means equal times.
func signature(granularity, i int, day uint32, bucket uint16) uint32 {
	h := uint64(day)<<32 | uint64(bucket)<<8 | uint64(granularity)<<4 | uint64(i)
	h *= 0x9E3779B97F4A7C15
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	h ^= h >> 32
	return uint32(h) | 1
}

// Signature is the hash that Sync and Handover hold of a bucket of a UTC day, for who wants to know what was met:
// granularity 0..2 with i 0 or 1, and 3 for the handover.
func Signature(granularity, i int, day, bucket int64) uint32 {
	return signature(granularity, i, uint32(day), uint16(bucket))
}

// features puts the sessions into a view at event time at; last is the account's highest.
func (s *sessions) features(at, last int64, f *RequestFeatures) {
	for i, second := range s.starts {
		f.Starts[i] = int64(second)
	}
	if at/fortnightPaneMS != last/fortnightPaneMS {
		return
	}
	day := uint32(last / fortnightPaneMS)
	f.StartsToday = uint64(s.today)
	if s.handover != 0 {
		f.Handover = signature(handoverID, 0, day, s.handover-1)
	}
	if s.today < signatureStarts {
		return
	}
	for g := range s.buckets {
		for i, b := range s.buckets[g] {
			f.Sync[g][i] = signature(g, i, day, b)
		}
	}
}

// append writes the sessions of a state whose highest event time is last.
func (s *sessions) append(dst []byte, last int64) []byte {
	n := 0
	for n < maxStarts && s.starts[n] != 0 {
		n++
	}
	hasRecent := s.recent[0] != 0
	dst = append(dst, byte(n)|byte(bit(hasRecent))<<3|byte(bit(s.handover != 0))<<4)
	later := uint32(last / 1000)
	for _, second := range s.starts[:n] {
		dst = appendUint(dst, uint64(later-second))
		later = second
	}
	if hasRecent {
		dst = append(dst, byte(s.recent[0]), byte(s.recent[0]>>8), byte(s.recent[0]>>16))
		dst = append(dst, byte(s.recent[1]), byte(s.recent[1]>>8), byte(s.recent[1]>>16))
	}
	if s.handover != 0 {
		dst = append(dst, byte(s.handover))
	}
	dst = appendUint(dst, uint64(s.today))
	if s.today == 0 {
		return dst
	}
	return s.appendBuckets(dst)
}

// appendBuckets writes the finest granularity in two bytes a bucket, the others in one. One start a
// day, which is most days', is one bucket.
func (s *sessions) appendBuckets(dst []byte) []byte {
	b := &s.buckets
	dst = binary.LittleEndian.AppendUint16(dst, b[0][0])
	if s.today == 1 {
		return dst
	}
	dst = binary.LittleEndian.AppendUint16(dst, b[0][1])
	return append(dst, byte(b[1][0]), byte(b[1][1]), byte(b[2][0]), byte(b[2][1]))
}

func (s *sessions) read(in *reader, last int64) {
	head := in.raw()
	n := int(head & 7)
	if head > 1<<5-1 || n > maxStarts {
		in.fail()
		return
	}
	later := uint64(last / 1000)
	for i := range n {
		later -= in.upTo(later)
		if later == 0 || later > 1<<32-1 {
			in.fail()
			return
		}
		s.starts[i] = uint32(later)
	}
	if head&8 != 0 {
		s.recent = [2]uint32{in.fixed24(), in.fixed24()}
		if s.recent[0] == 0 {
			in.fail()
		}
	}
	if head&16 != 0 {
		if s.handover = uint16(in.raw()); s.handover == 0 || s.handover > uint16(fortnightPaneMS/handoverMS) {
			in.fail()
		}
	}
	if s.today = uint32(in.upTo(regimeCountLimit)); s.today > 0 {
		s.readBuckets(in)
	}
}

func (s *sessions) readBuckets(in *reader) {
	b := &s.buckets
	b[0][0] = in.fixed16()
	if s.today == 1 {
		minute := int64(b[0][0]) * syncMS[0]
		for g := range b {
			bucket := uint16(minute / syncMS[g])
			b[g] = [numHashes]uint16{bucket, bucket}
		}
	} else {
		b[0][1] = in.fixed16()
		b[1] = [numHashes]uint16{uint16(in.raw()), uint16(in.raw())}
		b[2] = [numHashes]uint16{uint16(in.raw()), uint16(in.raw())}
	}
	for g := range b {
		for _, v := range b[g] {
			if int64(v) >= fortnightPaneMS/syncMS[g] {
				in.fail()
			}
		}
	}
}
