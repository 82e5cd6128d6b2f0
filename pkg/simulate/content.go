package simulate

// A template is the 64-bit SimHash of a masked system prompt; a frame is the same of
// the last user block. Bases are random words; an edit flips a few bits.

// flip returns base with up to k bits flipped, the same ones for the same variant.
func flip(base, variant uint64, k int) uint64 {
	h := rng(hash(base, variant))
	for range h.intn(k + 1) {
		base ^= 1 << h.intn(64)
	}
	return base
}

// framework is a popular harness whose system prompt thousands share.
type framework struct {
	base    uint64
	release int64    // ms between versions
	frames  []uint64 // of the blocks that it writes itself (tool results, continue)
}

// version is the harness's prompt as an account has it at a time: releases shift a
// few bits, accounts lag behind by up to a release, half of them configure a little.
func (f *framework) version(ts int64, owner uint64) uint64 {
	lag := int64(owner % uint64(f.release))
	t := flip(f.base, uint64((ts-lag)/f.release), 3)
	if owner>>32&1 == 0 {
		return t
	}
	return flip(t, owner>>33%40, 2)
}

func newFrameworks(r *rng, n int) choice[*framework] {
	var c choice[*framework]
	for i := range n {
		f := &framework{base: r.u64(), release: (7 + int64(r.intn(20))) * dayMS}
		for range 8 {
			f.frames = append(f.frames, r.u64())
		}
		c.add(f, 1/float64(i+1)) // Zipf
	}
	return c
}

// content says what an account's prompts are made from.
type content struct {
	own       []uint64   // bases of own templates
	churn     int64      // ms between edits of the own ones
	bits      int        // flipped by an edit
	framework *framework // nil = none
	harness   float64    // share of sessions through the framework
	bare      float64    // share of sessions without a system prompt
	frames    []uint64   // own frames of user blocks; nil = free text
	framed    float64    // share of exchanges that use them
	cot       float64    // mean of the chain-of-thought score, 0..1
	lures     float64    // share of sessions that ask for reasoning at length
}

// start gives a session its template and frames.
func (c *content) start(s *session, owner uint64, ts int64, r *rng) {
	s.cot = c.cot
	if r.chance(c.lures) {
		s.cot = 0.72
	}
	u := r.float()
	switch {
	case u < c.harness && c.framework != nil:
		s.template, s.frames, s.framed = c.framework.version(ts, owner), c.framework.frames, 0.6
	case u < c.harness+c.bare || len(c.own) == 0:
		s.template, s.frames, s.framed = 0, nil, 0
	default:
		base := c.own[r.intn(len(c.own))]
		epoch := uint64(0)
		if c.churn > 0 {
			epoch = uint64((ts + int64(base%uint64(c.churn))) / c.churn)
		}
		s.template, s.frames, s.framed = flip(base, epoch, c.bits), c.frames, c.framed
	}
}

// frame is the suffix hash of one exchange.
func (s *session) frame(r *rng) uint64 {
	if len(s.frames) > 0 && r.chance(s.framed) {
		return flip(s.frames[r.intn(len(s.frames))], r.u64()%8, 1+s.frameBits)
	}
	return r.u64()
}
