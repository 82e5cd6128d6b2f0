package graph

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// flip draws a hash within n bits of h.
func flip(t *rapid.T, h uint64, n int) uint64 {
	for range rapid.IntRange(0, n).Draw(t, "flips") {
		h ^= 1 << rapid.IntRange(0, 63).Draw(t, "bit")
	}
	return h
}

// The buckets miss nothing: what they find is what a comparison with every known hash finds.
func TestNearestIsWhatComparingAllFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFamilies()
		var known []uint64
		base := rapid.Uint64().Draw(t, "base")
		for range rapid.IntRange(1, 40).Draw(t, "hashes") {
			h := flip(t, base, 12)
			if rapid.IntRange(0, 3).Draw(t, "far") == 0 {
				h = rapid.Uint64().Draw(t, "h")
			}
			want, dist := uint64(0), nearBits+1
			for _, k := range known {
				d := bits.OnesCount64(h ^ k)
				if d < dist || d == dist && d <= nearBits && k < want {
					want, dist = k, d
				}
			}
			got, ok := f.nearest(h)
			if ok != (dist <= nearBits) || ok && got != want {
				t.Fatalf("nearest to %016x is %016x (%v), want %016x at %d", h, got, ok, want, dist)
			}
			fam := f.find(h)
			switch {
			case !ok && fam != h && f.of[h] != fam:
				t.Fatalf("%016x is near nothing and of family %016x", h, fam)
			case ok && fam != f.of[want]:
				t.Fatalf("%016x is of family %016x, its nearest %016x of %016x", h, fam, want, f.of[want])
			}
			if again := f.find(h); again != fam {
				t.Fatalf("family of %016x was %016x and is %016x", h, fam, again)
			}
			known = append(known, h)
		}
	})
}

// The radius is a guarantee: a variant within it of a family's only hash is of the family, a hash
// beyond it is not.
func TestRadius(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFamilies()
		h := rapid.Uint64().Draw(t, "h")
		f.find(h)
		v := h
		for _, b := range rapid.SliceOfNDistinct(rapid.IntRange(0, 63), 0, 12, rapid.ID).Draw(t, "bits") {
			v ^= 1 << b
		}
		near := bits.OnesCount64(h^v) <= nearBits
		if got := f.find(v) == h; got != near {
			t.Fatalf("%016x and %016x at distance %d: one family %v", h, v, bits.OnesCount64(h^v), got)
		}
	})
}

// Whoever fills a bucket costs a bounded look-up, and hides nobody who differs elsewhere.
func TestFullBucketIsBounded(t *testing.T) {
	f := newFamilies()
	honest := uint64(0xABCD_1234_5678_9ABC)
	f.find(honest)
	x := uint64(1)
	for range 4 * maxBucket { // one block is the same in all, the rest is noise
		x = x*6364136223846793005 + 1442695040888963407
		f.find(x&^0xFFFF | honest&0xFFFF)
	}
	for i := range f.buckets {
		for _, b := range f.buckets[i].all {
			if b.n > maxBucket {
				t.Fatalf("a bucket of block %d holds %d hashes", i, b.n)
			}
		}
	}
	if got := f.find(honest ^ 0b111); got != honest {
		t.Fatalf("a variant of a hash in a full bucket is of family %016x", got)
	}
}

// What nobody touches any more is forgotten with all that was kept of it, and nothing else is: a flood of
// hashes that are used once leaves no trace.
func TestForget(t *testing.T) {
	f := newFamilies()
	rapid.Check(t, func(t *rapid.T) {
		var known []uint64
		members := map[uint64][]uint64{}
		for range rapid.IntRange(1, 30).Draw(t, "hashes") {
			h := rapid.Uint64().Draw(t, "h")
			if len(known) > 0 && rapid.Bool().Draw(t, "near") {
				h = flip(t, rapid.SampledFrom(known).Draw(t, "known"), 7)
			}
			if fam := f.find(h); f.look(h) != fam {
				t.Fatalf("%016x is found in %016x and looked up in %016x", h, fam, f.look(h))
			} else if members[fam] == nil || members[fam][len(members[fam])-1] != h {
				members[fam] = append(members[fam], h)
			}
			known = append(known, h)
		}
		fams := make([]uint64, 0, len(members))
		for fam := range members {
			fams = append(fams, fam)
		}
		slices.Sort(fams)
		for i, fam := range fams {
			f.forget(fam)
			for _, gone := range fams[:i+1] {
				for _, h := range members[gone] {
					if _, ok := f.of[h]; ok {
						t.Fatalf("%016x of %016x is still known", h, gone)
					}
				}
			}
			for _, stays := range fams[i+1:] {
				for _, h := range members[stays] {
					if f.look(h) != stays {
						t.Fatalf("%016x was of %016x, and is of %016x", h, stays, f.look(h))
					}
				}
			}
		}
		if n := len(f.of) + len(f.further); n != 0 {
			t.Fatalf("%d entries left", n)
		}
		for _, h := range known {
			for i := range f.buckets {
				if n := f.buckets[i].all[block(h, i)].n; n != 0 {
					t.Fatalf("%d hashes left in a bucket of block %d", n, i)
				}
			}
			if f.look(h) != 0 {
				t.Fatalf("%016x is looked up in %016x", h, f.look(h))
			}
		}
	})
}
