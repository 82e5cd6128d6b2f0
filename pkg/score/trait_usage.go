package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitUsage: how deep conversations go (powers of two), the share of cached input and of streamed
// answers (in quarters).
//
// Why: one harness caches, streams and talks in one way, whatever it asks. So does a popular one: as common outside.
// Source: detection.md section 3 (token mix). Window: this week and the last, cached input over the fortnight. Cap: 0: at 0.6 and 0.2 it
// won nothing on A1 and levels-s8. It is not kept. Cost: 10 ns.
var traitUsage = Trait{
	Kind: link.TraitUsage, What: "depth of conversations, shares of cached input and of streams", Window: "two weeks", Source: "detection.md 3, token mix",
	Read: func(f *window.Features) (uint64, bool) {
		r := habit(f)
		if r == nil {
			return 0, false
		}
		var requests uint64
		for _, n := range r.Tasks {
			requests += n
		}
		s := &r.Sums[window.Fortnight]
		if requests == 0 || s.Input == 0 {
			return 0, true
		}
		depth := octave(requests / max(r.Conversations, 1))
		return said | depth<<16 | quarters(s.Cached, s.Input)<<8 | quarters(r.Streams, requests), true
	},
}

// quarters is a share in quarters, with none and all apart: 0 to 5.
func quarters(part, all uint64) uint64 {
	switch {
	case part == 0:
		return 0
	case part >= all:
		return 5
	}
	return 1 + part*4/all
}
