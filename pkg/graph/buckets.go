package graph

import "math/bits"

// buckets holds hashes by the value of one of their blocks. All lie in one array without pointers,
// for a look-up reads dozens of buckets, and what it costs is how much memory they are spread over.
type buckets struct {
	all  [1 << blockBits]bucket
	pool []uint64
	free [maxBucketLog + 1][]uint32 // starts of places in the pool that are in no bucket, by the logarithm of how many
}

// bucket is where its hashes are in the pool. It holds as many places as the least power of two that they fit in.
type bucket struct {
	start uint32
	n     uint32
}

// maxBucket bounds how many hashes one block value is compared with, so that an
// attacker who fills a bucket costs a bounded look-up and hides only among himself.
const (
	maxBucket    = 1 << maxBucketLog
	maxBucketLog = 8
)

// of returns a bucket's hashes.
func (bs *buckets) of(b bucket) []uint64 { return bs.pool[b.start:][:b.n] }

// add puts a hash into the bucket of a value, unless that is full.
func (bs *buckets) add(value uint16, h uint64) {
	b := &bs.all[value]
	if b.n == maxBucket {
		return
	}
	if b.n&(b.n-1) == 0 { // all its places are taken, or it has none
		bs.double(b)
	}
	bs.pool[b.start+b.n] = h
	b.n++
}

// double moves a full bucket to twice as many places.
func (bs *buckets) double(b *bucket) {
	if b.n == 0 {
		b.start = bs.take(0)
		return
	}
	size := bits.Len32(b.n) - 1
	start := bs.take(size + 1)
	copy(bs.pool[start:], bs.of(*b))
	bs.free[size] = append(bs.free[size], b.start)
	b.start = start
}

// take returns the start of 1<<size free places.
func (bs *buckets) take(size int) uint32 {
	if n := len(bs.free[size]); n > 0 {
		start := bs.free[size][n-1]
		bs.free[size] = bs.free[size][:n-1]
		return start
	}
	start := uint32(len(bs.pool)) //nolint:gosec // 4 billion hashes do not fit in memory
	for range 1 << size {
		bs.pool = append(bs.pool, 0)
	}
	return start
}

// drop takes a hash out of the bucket of a value, if it is there. A bucket that fits in half of its
// places gives the upper half back.
func (bs *buckets) drop(value uint16, h uint64) {
	b := &bs.all[value]
	list := bs.of(*b)
	for i, c := range list {
		if c != h {
			continue
		}
		b.n--
		list[i] = list[b.n]
		if b.n&(b.n-1) == 0 {
			size := max(0, bits.Len32(b.n)-1)
			bs.free[size] = append(bs.free[size], b.start+b.n)
		}
		return
	}
}
