package simulate

import "math"

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
	hosted  bool     // one prompt for all at any time, as an app has it that its maker runs
}

// version is the harness's prompt as an account has it at a time: releases shift a
// few bits, accounts lag behind by up to a release, half of them configure a little.
func (f *framework) version(ts int64, owner uint64) uint64 {
	if f.hosted {
		return flip(f.base, uint64(ts/f.release), 3)
	}
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

// recipe is a prompt that unrelated people copy word for word: a tutorial's, a public
// repository's.
type recipe struct {
	base      uint64
	frames    []uint64
	published int64 // Unix ms
}

// commons is what is shared by people who have nothing to do with each other.
type commons struct {
	recipes choice[*recipe]
	idioms  choice[uint64] // frames of user blocks: continue, fix this error, summarise the following
	devices choice[uint64] // fingerprints that stock phones and laptops have in common
}

// newCommons makes two dozen recipes, the most popular with six times the users of the
// least, a third of them published during the stream; four dozen idioms and devices.
func (w *World) newCommons(r *rng) *commons {
	c := &commons{}
	for i := range 24 {
		p := &recipe{base: r.u64(), published: w.start - dayMS - int64(r.exp()*100*float64(dayMS))}
		if i%3 == 2 {
			p.published = w.start + int64(r.float()*0.8*float64(w.end-w.start))
		}
		for range 1 + r.intn(4) {
			p.frames = append(p.frames, r.u64())
		}
		c.recipes.add(p, math.Pow(float64(i+1), -0.6))
	}
	for i := range 48 {
		c.idioms.add(r.u64(), 1/float64(i+1))
		c.devices.add(r.u64(), 1/float64(i+1))
	}
	return c
}

// copies lets a share of an account's sessions use a recipe, from a while after it was
// published; one in five changes it a little.
func (c *content) copies(p *recipe, share float64, r *rng) {
	c.recipe, c.copying = p, share
	c.copied = p.published + int64(r.lognormal(5, 1.2)*float64(dayMS))
	if r.chance(0.2) {
		c.changed = 1 + r.u64()>>1
	}
}

// content says what an account's prompts are made from.
type content struct {
	own       []uint64   // bases of own templates
	recipe    *recipe    // copied; nil = none
	copying   float64    // share of sessions that use it
	copied    int64      // from when on
	changed   uint64     // not 0 = a few bits from the original
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
	if c.recipe != nil && ts >= c.copied {
		if u < c.copying {
			s.template, s.frames, s.framed = c.recipe.base, c.recipe.frames, 0.6
			if c.changed != 0 {
				s.template = flip(s.template, c.changed, 2)
			}
			return
		}
		u = (u - c.copying) / (1 - c.copying)
	}
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

// ownContent is a developer's prompts: some of their own, edited from time to time, a few
// turns of phrase that everyone uses, and for one in eight a prompt from somewhere public.
func (w *World) ownContent(r *rng) content {
	c := content{churn: (4 + int64(r.intn(16))) * dayMS, bits: 3, bare: 0.1 + 0.3*r.float(), cot: 0.08 + 0.15*r.float(), lures: 0.02}
	for range 1 + r.intn(4) {
		c.own = append(c.own, r.u64())
	}
	if r.chance(0.6) {
		c.framed = 0.3 + 0.6*r.float()
		for range 1 + r.intn(6) {
			c.frames = append(c.frames, w.phrase(0.4, r))
		}
	}
	if r.chance(0.12) {
		c.copies(w.commons.recipes.pick(r), 0.1+0.6*r.float(), r)
	}
	return c
}

// phrase is a frame of a user block, a popular one with the given chance.
func (w *World) phrase(popular float64, r *rng) uint64 {
	if r.chance(popular) {
		return w.commons.idioms.pick(r)
	}
	return r.u64()
}
