package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// traitHandover: ten minutes of the day in which the account was throttled or came back from silence.
//
// Why: traffic that fails over from a throttled account to its sibling leaves both with the same ten minutes.
// An outage throttles everybody at once and is as common outside.
// Source: detection.md section 3 (429 failover to siblings). Window: the UTC day. Cap: 0: at 1.0 it cost recall and an honest account on A1, at 0.2 it
// won nothing that is more than noise. It is not kept. Cost: 2 ns.
var traitHandover = Trait{
	Kind: link.TraitHandover, What: "ten minutes of the day in which it was throttled or came back (MinHash)", Window: "UTC day", Source: "detection.md 3, 429 failover",
	Read: func(f *window.Features) (uint64, bool) {
		if f.Requests == nil {
			return 0, false
		}
		return uint64(f.Requests.Handover), true
	},
}
