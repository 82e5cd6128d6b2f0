package graph

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Buckets hold what a map of slices would, up to their bound, and no two of them the same place: after
// any hashes have come and gone, each place of the pool is in one bucket or free.
func TestBucketsAreAMapOfSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bs, want := &buckets{}, map[uint16][]uint64{}
		next := uint64(1)
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			value := rapid.Uint16Range(0, 3).Draw(t, "value")
			if rapid.Bool().Draw(t, "come") {
				for range rapid.IntRange(1, 70).Draw(t, "hashes") {
					bs.add(value, next)
					if len(want[value]) < maxBucket {
						want[value] = append(want[value], next)
					}
					next++
				}
				continue
			}
			for range rapid.IntRange(1, 70).Draw(t, "hashes") {
				if len(want[value]) == 0 {
					bs.drop(value, next) // was never there
					break
				}
				i := rapid.IntRange(0, len(want[value])-1).Draw(t, "which")
				bs.drop(value, want[value][i])
				want[value] = slices.Delete(want[value], i, i+1)
			}
		}
		held := make([]int, len(bs.pool))
		for value := range uint16(4) {
			b := bs.all[value]
			got := slices.Sorted(slices.Values(bs.of(b)))
			if !slices.Equal(got, want[value]) {
				t.Fatalf("bucket %d holds %d, want %d", value, got, want[value])
			}
			places := 0
			if b.n > 0 {
				for places = 1; places < int(b.n); places *= 2 {
					continue
				}
			}
			for i := range places {
				held[int(b.start)+i]++
			}
		}
		for size, starts := range bs.free {
			for _, start := range starts {
				for i := range 1 << size {
					held[int(start)+i]++
				}
			}
		}
		for i, n := range held {
			if n != 1 {
				t.Fatalf("place %d of %d is in %d buckets or free pieces", i, len(held), n)
			}
		}
	})
}
