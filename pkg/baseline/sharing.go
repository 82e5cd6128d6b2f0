package baseline

// sharing counts the distinct accounts of each thing, and knows who they are.
type sharing struct {
	keep   int // members to remember of a thing, 0 = all
	groups map[uint64]*group
	pairs  map[pairKey]struct{}
}

type group struct {
	n       int     // distinct accounts
	members []int32 // the first keep of them
}

type pairKey struct {
	thing   uint64
	account int32
}

func newSharing(keep int) *sharing {
	s := &sharing{keep: keep}
	s.reset()
	return s
}

// reset forgets everything, where a count is per day.
func (s *sharing) reset() {
	s.groups, s.pairs = map[uint64]*group{}, map[pairKey]struct{}{}
}

// join notes that an account used a thing. It returns nil if that was known.
func (s *sharing) join(thing uint64, a int32) *group {
	k := pairKey{thing, a}
	if _, known := s.pairs[k]; known {
		return nil
	}
	s.pairs[k] = struct{}{}
	g := s.groups[thing]
	if g == nil {
		g = &group{}
		s.groups[thing] = g
	}
	g.n++
	if s.keep == 0 || len(g.members) < s.keep {
		g.members = append(g.members, a)
	}
	return g
}
