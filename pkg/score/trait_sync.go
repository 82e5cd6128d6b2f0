package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Synchrony: accounts whose conversations begin in the same minutes of the same day, at three granularities.
//
// Why: a dispatcher starts the work of many accounts at once; jitter of minutes hides it at one granularity and
// not at the next. A day's starts are two MinHashes; both equal has the chance J² for two accounts whose sets of
// minutes have the Jaccard similarity J, so that only close synchrony makes one category. Colleagues in one meeting
// share an hour now and then; a cluster that shares most of its days' minutes is one scheduler's. A cron job of a
// popular template at full hours is as common outside.
// Source: SynchroTrap (CCS 2014), detection.md sections 2 and 4.5. Window: the UTC day, from three conversations on. Caps: 0.8, 0.6, 0.4 at 1, 10 and 60 minutes, in the timing family, which is
// capped itself; 1.5, 1.2, 1.0 were no better on A1 and levels-s8. On the
// world alt-smallmixed-s2 it costs a campaign of 24 accounts (L1 0.86 for 1.00) unless 10 and 60 minutes are 0. Cost: 4 ns each.
var (
	traitSync1  = traitSync(link.TraitSync1, 0, "the minutes of the day in which conversations began (MinHash)")
	traitSync10 = traitSync(link.TraitSync10, 1, "the ten minutes in which they began")
	traitSync60 = traitSync(link.TraitSync60, 2, "the hours in which they began")
)

func traitSync(kind link.Kind, granularity int, what string) Trait {
	return Trait{
		Kind: kind, What: what, Window: "UTC day", Source: "SynchroTrap, CCS 2014",
		Read: func(f *window.Features) (uint64, bool) {
			if f.Requests == nil {
				return 0, false
			}
			s := &f.Requests.Sync[granularity]
			return uint64(s[0])<<32 | uint64(s[1]), true
		},
	}
}
