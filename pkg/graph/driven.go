package graph

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// A prompt may be too frequent to tie anybody, and a campaign's own all the same: one that comes within a day with
// thousands of accounts is never rare. What its users have in common then is their pace. People who take up a
// program work as differently as people do, by orders of magnitude; accounts among which a dispatcher balances its load work
// alike, and more than most.
//
// Source: the shared documents' detection.md, sections 1 (load balancing) and 3. Tuned on levels:301 and on a world of another
// generator: of 60 campaigns' prompts with 150 users or more 54 lie above, and of 90 popular programs' and firms' none.
const (
	drivenUsers = 40  // whose rates are known
	drivenEven  = 0.6 // log-odds for how alike they are, less what chance may do
	drivenAbove = 0.2 // e-folds by which the mean rate is higher, likewise
)

// driven reports whether those who touch a prompt, suspended or not, work as if one dispatcher drove them. O(1).
func (g *Graph) driven(e *entity) bool {
	if e.crowd.rated < drivenUsers || g.population.rated < leastKnown || g.cfg.Off[link.FamilyTiming] {
		return false
	}
	all := g.population.deviation()
	_, even := e.crowd.evenness(all)
	above := e.crowd.mean() - g.population.mean() - all/math.Sqrt(float64(e.crowd.rated))
	return even >= drivenEven && above >= drivenAbove || even >= evenTelling
}

// Driven reports whether what ties an account is such a prompt.
func (f *Affinity) Driven() bool {
	s := &f.Kinds[link.KindTemplate]
	return s.seen && s.driven && s.tie >= anchorBar
}

func (e *entity) countCrowd(h *habit, n int32) {
	if e.key.kind.Prompt() {
		e.crowd.add(h, n)
	}
}
