package graph

import "math/bits"

// nearBits is the Hamming radius inside which two SimHashes are one content family.
// The contract calls distance <= 3 near; campaigns spread their variants to 7. Two
// unrelated 64-bit hashes lie within 7 bits with probability 4e-11, so among a
// million templates about twenty pairs meet by chance.
const nearBits = 7

// Two hashes within 7 bits agree, in at least one of four 16-bit blocks, to within
// one bit: 7 flips over 4 blocks leave a block with at most 1.
const (
	blocks    = 4
	blockBits = 16
)

// families maps SimHashes to content families by single linkage within nearBits.
// A look-up of a known hash is one map read; a new one reads 68 buckets.
type families struct {
	of      map[uint64]uint64   // hash -> the family's first hash
	further map[uint64][]uint64 // family -> its hashes but the first: most have none
	buckets [blocks]buckets     // hashes by the value of each block
}

func newFamilies() *families {
	return &families{of: map[uint64]uint64{}, further: map[uint64][]uint64{}}
}

// find returns the family of h, founding one where none is near.
func (f *families) find(h uint64) uint64 {
	if fam, ok := f.of[h]; ok {
		return fam
	}
	fam := h
	if near, ok := f.nearest(h); ok {
		fam = f.of[near]
		f.further[fam] = append(f.further[fam], h)
	}
	f.of[h] = fam
	for i := range f.buckets {
		f.buckets[i].add(block(h, i), h)
	}
	return fam
}

// look returns the family of h without founding one, 0 if it has none.
func (f *families) look(h uint64) uint64 {
	if fam, ok := f.of[h]; ok {
		return fam
	}
	if near, ok := f.nearest(h); ok {
		return f.of[near]
	}
	return 0
}

// nearest returns the known hash closest to h within nearBits; ties go to the smaller. It gathers
// where the buckets are before it reads them: they are all over memory, and so are read side by side.
func (f *families) nearest(h uint64) (uint64, bool) {
	var found [blocks * (1 + blockBits)]bucket
	for i := range f.buckets {
		b, all := block(h, i), &f.buckets[i].all
		at := found[i*(1+blockBits):][:1+blockBits]
		at[blockBits] = all[b]
		for flip := range blockBits {
			at[flip] = all[b^1<<flip]
		}
	}
	best, dist := uint64(0), nearBits+1
	for i := range found {
		for _, c := range f.buckets[i/(1+blockBits)].of(found[i]) {
			d := bits.OnesCount64(h ^ c)
			if d < dist || (d == dist && c < best) {
				best, dist = c, d
			}
		}
	}
	return best, dist <= nearBits
}

// forget drops a family that no account touches any more, so that a flood of hashes that
// are used once costs no memory for longer than the links that carry them.
func (f *families) forget(fam uint64) {
	f.drop(fam)
	for _, h := range f.further[fam] {
		f.drop(h)
	}
	delete(f.further, fam)
}

func (f *families) drop(h uint64) {
	delete(f.of, h)
	for i := range f.buckets {
		f.buckets[i].drop(block(h, i), h)
	}
}

func block(h uint64, i int) uint16 { return uint16(h >> (i * blockBits)) } //nolint:gosec // cut on purpose
