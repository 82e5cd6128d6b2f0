package score

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Trait reads a category off an account's windows. Tokens are small on purpose: each category
// is shared by many, and counts only where a group is far from the population. So no direction has to be known: what
// the population does as well, a launch, a weekend, a season, counts for nothing. Family, cap and floor are those of the
// link kind.
type Trait struct {
	Kind   link.Kind
	What   string // these three for docs/signals.md
	Window string
	Source string
	// Read returns the category, 0 for none. Not known: the windows say nothing yet.
	Read func(f *window.Features) (token uint64, known bool)
}

// traits is all of them in the order of their kinds. Never written to.
var traits = [...]Trait{
	traitSignupHour, traitTask, traitTokens, traitHours, traitSignup, traitTools,
	traitSync1, traitSync10, traitSync60, traitHandover, traitPace, traitFirstUse, traitPivot,
	traitUsage, traitModel, traitRate, traitAmount, traitSpend,
}

// Traits reads all categories that are worth something off an account's windows into dst. Token 0
// takes a category away.
func Traits(dst []graph.Trait, f *window.Features) []graph.Trait {
	for i := range traits {
		if traits[i].Kind.Spec().Cap == 0 {
			continue
		}
		if token, known := traits[i].Read(f); known {
			dst = append(dst, graph.Trait{Kind: traits[i].Kind, Token: token})
		}
	}
	return dst
}

// minRequests is how many exchanges a share needs before it is read.
const minRequests = 8

// said marks a token as given: 0 means that there is none.
const said = 1 << 40

// habit returns the account's requests once there are enough to speak of habits, or nil.
func habit(f *window.Features) *window.RequestFeatures {
	if r := f.Requests; r != nil && r.Total >= minRequests {
		return r
	}
	return nil
}

// octave is the place of the highest bit: a category a factor of two wide.
func octave(v uint64) uint64 { return uint64(bits.Len64(v)) }

// clamped is a time span as a count, 0 where it is negative.
func clamped(ms int64) uint64 { return uint64(max(ms, 0)) }
