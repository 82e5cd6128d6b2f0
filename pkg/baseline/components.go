package baseline

// components is a union-find over accounts (Galler and Fischer 1964; Tarjan 1975) by the
// things they share. Each component carries its members, the smaller list is moved to the
// larger, so an account is moved at most log2(n) times.
type components struct {
	root    []int32   // by account: the component's representative, itself kept current by moving
	members [][]int32 // by representative
	first   map[uint64]int32
}

func newComponents() *components { return &components{first: map[uint64]int32{}} }

// grow makes room for account a; accounts are numbered from 0 without gaps.
func (c *components) grow(a int32) {
	for int32(len(c.root)) <= a {
		n := int32(len(c.root))
		c.root = append(c.root, n)
		c.members = append(c.members, []int32{n})
	}
}

// share notes that an account used a thing. Where that joins two components it returns
// the members of the new one, else nil.
func (c *components) share(thing uint64, a int32) []int32 {
	owner, known := c.first[thing]
	if !known {
		c.first[thing] = a
		return nil
	}
	to, from := c.root[owner], c.root[a]
	if to == from {
		return nil
	}
	if len(c.members[to]) < len(c.members[from]) {
		to, from = from, to
	}
	for _, m := range c.members[from] {
		c.root[m] = to
	}
	c.members[to] = append(c.members[to], c.members[from]...)
	c.members[from] = nil
	return c.members[to]
}

// size returns how many accounts are connected with a, itself included.
func (c *components) size(a int32) int { return len(c.members[c.root[a]]) }
