package simulate

import (
	"math/bits"
	"strconv"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Aged accounts signed up weeks before their use; light cover keeps some of them alive.
func TestAged(t *testing.T) {
	w := levelWorld(t, "L2", "aged: 0.2, sleepers: 0.3, sleep_days: 10, warm: 0.5, ramp_days: 14")
	aged, warm, cold := 0, 0, 0
	for _, a := range w.gangs[0].fleets[0].members {
		if a.post.attack != "aged" {
			continue
		}
		aged++
		if work := max(a.from, a.post.turned); work-a.created < 2*dayMS {
			t.Errorf("used %d h after its signup", (work-a.created)/hourMS)
		}
		if a.from < a.post.turned {
			warm++
			for range 50 {
				var s session
				if a.fleet.choose(a, &s, a.post.turned-dayMS); s.customer == nil {
					t.Fatal("the campaign's own work before the account's time")
				}
			}
		} else {
			cold++
		}
	}
	if aged < 90 || aged > 150 || warm < 30 || cold < 20 {
		t.Errorf("%d aged, %d warm, %d cold of 240", aged, warm, cold)
	}
}

// When an account runs into a limit, its stand-in starts a session within seconds.
func TestFailover(t *testing.T) {
	w := levelWorld(t, "L1", "failover: 1, cover: 0, sync: 0")
	relief := map[string]uint64{}
	for _, a := range w.gangs[0].fleets[0].members {
		relief[a.id] = a.post.relief
	}
	type limit struct {
		account string
		ts      int64
	}
	last, followed, all := map[uint64]limit{}, 0, 0
	for e := range w.Events {
		group := relief[e.AccountID]
		if e.Stream != event.StreamRequest || group == 0 {
			continue
		}
		if l := last[group]; l.ts > 0 && l.account != e.AccountID && field(e.Value, "turn") == "1" && field(e.Value, "status") != "429" && e.TS-l.ts < 10_000 {
			followed++
			delete(last, group)
		}
		if field(e.Value, "status") == "429" && field(e.Value, "turn") == "1" {
			last[group] = limit{e.AccountID, e.TS}
			all++
		}
	}
	if all < 1000 || float64(followed) < 0.4*float64(all) {
		t.Errorf("%d of %d limits were followed by a sibling", followed, all)
	}
}

// A fixed prompt is in every request, cover included; several actors have prompts of their own.
func TestInjectedAndActors(t *testing.T) {
	parse := func(fields string) *World {
		sc, err := Parse([]byte("name: x\nstart: \"2026-03-02\"\ndays: 8\ncampaigns: [{name: c, accounts: 20, exchanges: 4000, " + fields + "}]"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := New(sc, 5)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := parse("inject: {where: system, bits: 4}, pools: [{name: a, share: 1, effort: {level: L3}}]")
	base := w.gangs[0].inject
	for _, h := range crowdOf(w).template {
		if d := bits.OnesCount64(h ^ base); d > 4 {
			t.Fatalf("a system prompt %d bits from the injected one", d)
		}
	}
	w = parse("inject: {where: user, bits: 2}, pools: [{name: a, share: 1, effort: {level: L2}}]")
	base = w.gangs[0].inject
	for e := range w.Events {
		s, err := strconv.ParseUint(field(e.Value, "suffix_hash"), 16, 64)
		if e.Stream == event.StreamRequest && err == nil && bits.OnesCount64(s^base) > 2 {
			t.Fatalf("a frame %d bits from the injected one", bits.OnesCount64(s^base))
		}
	}
	w = parse("actors: 3, pools: [{name: a, share: 1, effort: {level: L0}}]")
	seen := map[uint64]bool{}
	for _, h := range crowdOf(w).template {
		seen[h] = true
	}
	if len(seen) != 6 { // two templates an actor, one variant each
		t.Errorf("%d templates for three actors", len(seen))
	}
}
