package graph

import (
	"slices"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// Expire drops the links that no event refreshed within the window. Call it about
// once per day of event time: it looks only at accounts whose day has come.
func (g *Graph) Expire(now int64) {
	g.moved = true
	g.expireDays(g.expiry, link.Pane(now-g.cfg.WindowMS), now)
	g.expireDays(g.recheck, link.Pane(now)+1, now)
	for c := range g.clusters {
		g.sortOut(Cluster(c)) //nolint:gosec // indexes are 32-bit
	}
}

func (g *Graph) expireDays(buckets map[uint32][]Account, before uint32, now int64) {
	var days []uint32
	for day := range buckets {
		if day < before {
			days = append(days, day)
		}
	}
	slices.Sort(days) // map order must not show
	for _, day := range days {
		accounts := buckets[day]
		delete(buckets, day)
		for _, a := range accounts {
			g.expireAccount(a, now)
		}
	}
}

// recheckDays is how often the links of an account that is kept are looked at.
const recheckDays = 5

// expireAccount drops a's stale links; without any, a leaves its cluster and the population.
func (g *Graph) expireAccount(a Account, now int64) {
	acc := &g.accounts[a]
	life := g.cfg.WindowMS
	if acc.keep {
		life = g.cfg.HistoryMS
	}
	cut := (now - life) / 1000
	for i := len(acc.edges) - 1; i >= 0; i-- {
		if e := &acc.edges[i]; int64(e.last) < cut {
			if e.ent != noEntity && e.key.kind.Prompt() && !acc.keep {
				g.entities[e.ent].past++
			}
			g.disconnect(a, i)
		}
	}
	if len(acc.edges) > 0 {
		// A link's latest day has this account in its bucket, so the account comes
		// up again by itself, save where its links outlive the window.
		if acc.keep && acc.lastDay < link.Pane(now-g.cfg.WindowMS) {
			day := link.Pane(now) + recheckDays
			g.recheck[day] = append(g.recheck[day], a)
		}
		return
	}
	if acc.lastSeen != 0 {
		g.live--
		acc.lastSeen = 0
	}
	if acc.cluster != NoCluster {
		g.leave(a, now)
	}
	g.setHabit(a, habit{})
}
