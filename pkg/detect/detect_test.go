package detect

import (
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// campaign is a ring that shares what the reports say: a card, a device, a template, each account its own address.
const campaign = `
	crowd 400
	at 2h
	windows a[1-12] tor fast cot
	touch a[1-12] device:farm card:stolen template:lure ip:{}
	at 4h
	touch a[1-12] phone:burner
`

func TestScenarios(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"campaign", campaign + `
			expect-cluster a[1-12]
			expect a[1-12] suspend
			expect honest[0-399] allow`},
		// The same ring in an empty population: nothing is known to be rare yet.
		{"too young a population", `
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:stolen template:lure ip:{}
			expect a[1-12] harmed-not`},
		// Hundreds on one address of a carrier.
		{"CGNAT", `
			crowd 400
			touch nat[1-300] ip:gateway prefix:net asn:carrier device:{} card:{}
			touch nat[1-300] client:phone
			expect nat[1-300] harmed-not`},
		// VPN users: all of network, and windows that speak against them.
		{"network alone never suspends", `
			crowd 400
			windows v[1-40] tor
			touch v[1-40] ip:exit prefix:exit asn:vpn
			touch v[1-40] ip:exit2 prefix:exit2
			expect v[1-40] harmed-not`},
		// One firm: SSO, one card, one office, one template.
		{"organisation", `
			crowd 400
			windows o[1-30] sso
			touch o[1-30] domain:firm org:firm card:firm ip:office prefix:office device:{} template:tool
			touch o[1-30] client:laptop
			expect o[1-30] harmed-not`},
		// An agency's card on three old accounts with nothing else in common.
		{"agency", `
			crowd 400
			touch g[1-3] card:agency device:{} ip:{} template:{}
			expect g[1-3] allow`},
		// A household: one device, one address, one card, few people.
		{"household", `
			crowd 400
			touch h[1-3] device:tablet ip:home card:family
			expect h[1-3] harmed-not`},
		// A popular framework's template.
		{"popular template", `
			crowd 400
			touch f[1-200] template:framework device:{} card:{} ip:{}
			expect f[1-200] harmed-not`},
		// Pool 2 on what pool 1 was suspended for: met when it comes.
		{"second pool", campaign + `
			at 400h
			crowd 400
			windows b[1-6] tor fast cot
			touch b[1-6] device:farm card:stolen template:lure ip:{}
			expect b[1-6] suspend`},
		// An honest victim whose address a ring uses is not of the ring.
		{"framed by address", campaign + `
			touch victim ip:home device:{} card:{}
			touch a[1-12] ip:home
			touch victim template:own
			expect victim harmed-not`},
	} {
		t.Run(c.name, func(t *testing.T) { run(t, c.text) })
	}
}

// A suspension says why, with what a person can look up, and by which policy.
func TestDecisionSaysWhy(t *testing.T) {
	p := run(t, campaign)
	pol, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	d := p.decision("a5")
	if d.Action != wire.ActionSuspend || d.Mode != wire.ModeEnforce || d.PolicyVersion != pol.Version() || d.ClusterID == "" {
		t.Fatalf("decision %+v", d)
	}
	if d.Score != min(d.AccountScore, d.ClusterScore) || d.Score <= 0.5 || d.Score > 1 {
		t.Errorf("score %g of %g and %g", d.Score, d.AccountScore, d.ClusterScore)
	}
	if d.DecidedAt != d.EventTS || d.EventTS < start || d.EventTS > p.now {
		t.Errorf("event time %d, decided %d: a replay has no other clock", d.EventTS, d.DecidedAt)
	}
	codes := map[string]string{}
	for i, r := range d.Reasons {
		codes[r.Code] = r.Family
		if i > 0 && abs(r.Contribution) > abs(d.Reasons[i-1].Contribution) {
			t.Errorf("reasons out of order: %v", d.Reasons)
		}
	}
	for code, family := range map[string]string{"shared_device": "device", "shared_instrument": "payment", "chain_of_thought": "content", "cluster_size": "cluster"} {
		if codes[code] != family {
			t.Errorf("reason %s of family %q, want %s", code, codes[code], family)
		}
	}
	found := map[string]int{}
	for _, e := range d.Evidence {
		found[e.Kind] = e.Accounts
		if e.Token == "" {
			t.Errorf("evidence without a token: %+v", e)
		}
	}
	if found["device"] < 5 || found["instrument"] < 5 {
		t.Errorf("evidence %v", d.Evidence)
	}
}

func abs(v float64) float64 { return max(v, -v) }

// Each decision of an account follows the one before it, changes something, and has an id of its own.
func TestDecisionsChain(t *testing.T) {
	p := run(t, campaign)
	last := map[string]string{}
	ids := map[string]bool{}
	for _, d := range p.out.Decisions {
		previous := last[d.AccountID]
		if previous == "" {
			previous = wire.ActionAllow
		}
		if d.PreviousAction != previous || d.Action == d.PreviousAction || ids[d.DecisionID] {
			t.Fatalf("%+v follows %s", d, previous)
		}
		last[d.AccountID], ids[d.DecisionID] = d.Action, true
	}
}

// The same input gives the same output, byte by byte.
func TestSameInputSameOutput(t *testing.T) {
	a, b := run(t, campaign), run(t, campaign)
	if x, y := text(t, a.out), text(t, b.out); x != y {
		t.Fatalf("outputs differ:\n%s\n%s", x, y)
	}
}

// The wall clock is a stamp on the decision: all else is event time's.
func TestWallClockIsOnlyAStamp(t *testing.T) {
	p := newPlay(t)
	p.run(campaign)
	q := newPlay(t)
	q.wall = 1 << 50
	q.run(campaign)
	for i := range q.out.Decisions {
		d := &q.out.Decisions[i]
		if d.DecidedAt != q.wall || d.EventTS > q.now {
			t.Fatalf("decision of %s at %d, decided %d, last event %d", d.AccountID, d.EventTS, d.DecidedAt, q.now)
		}
		d.DecidedAt = d.EventTS
	}
	if x, y := text(t, p.out), text(t, q.out); x != y {
		t.Fatalf("the clock shows:\n%s\n%s", x, y)
	}
}

// restored begins a second life from what the first one said and was told, in the order in which the topics may be read.
func restored(t *testing.T, p *play, decisionsFirst bool) *play {
	t.Helper()
	q := newPlay(t)
	q.now, q.names, q.windows, q.facts = p.now, p.names, p.windows, p.facts
	if decisionsFirst {
		q.restoreDecisions(p)
	}
	for i := range p.facts {
		q.d.Observe(&p.facts[i])
	}
	if !decisionsFirst {
		q.restoreDecisions(p)
	}
	latest := map[string]wire.Member{}
	for _, m := range p.out.Members {
		latest[m.AccountID] = m
	}
	names := make([]string, 0, len(latest))
	for a := range latest {
		names = append(names, a)
	}
	slices.Sort(names)
	for _, a := range names {
		m := latest[a]
		q.d.RestoreMember(&m)
		if m.LeftAt == 0 {
			q.cluster[a] = m.ClusterID
		}
	}
	q.d.Restored()
	q.evaluate()
	return q
}

func (p *play) restoreDecisions(from *play) {
	for i := range from.out.Decisions {
		d := &from.out.Decisions[i]
		p.d.RestoreDecision(d)
		p.standing[d.AccountID] = d.Action
	}
}

// A new owner of the graph stands where the old one stood, and says nothing of it again, whichever topic is read first.
func TestRestore(t *testing.T) {
	for _, c := range []struct {
		name           string
		decisionsFirst bool
	}{{"decisions before facts", true}, {"facts before decisions", false}} {
		t.Run(c.name, func(t *testing.T) {
			p := run(t, campaign)
			q := restored(t, p, c.decisionsFirst)
			if n := len(q.out.Decisions); n != 0 {
				t.Fatalf("%d decisions again, first %s", n, text(t, q.out.Decisions[0]))
			}
			if n := len(q.out.Members); n != 0 {
				t.Fatalf("%d memberships again: %s", n, text(t, q.out.Members))
			}
			if p.d.Population() != q.d.Population() {
				t.Fatalf("population %d, was %d", q.d.Population(), p.d.Population())
			}
			more := `
				windows late tor fast cot
				touch late device:farm card:stolen template:lure ip:{}
				expect-cluster a[1-12]
				expect late suspend`
			q.run(more)
			p.run(more)
			if x, y := p.decision("late"), q.decision("late"); x.ClusterID != y.ClusterID || x.Action != y.Action {
				t.Fatalf("%+v\n%+v", x, y)
			}
		})
	}
}

// The cluster's score is after a take-over what it was before: its suspended members count in it.
func TestRestoreKeepsTheClustersScore(t *testing.T) {
	for _, decisionsFirst := range []bool{true, false} {
		p := run(t, campaign)
		q := restored(t, p, decisionsFirst)
		a, _ := p.d.graph.Find("a1")
		b, _ := q.d.graph.Find("a1")
		x, y := p.d.clusterScore(p.d.graph.ClusterOf(a)), q.d.clusterScore(q.d.graph.ClusterOf(b))
		if abs(x-y) > 0.03 {
			t.Errorf("decisions first %v: score %.3f, was %.3f", decisionsFirst, y, x)
		}
	}
}

// A decision made again has the id that it had: a reader that sees both counts one.
func TestDecisionIDIsOfTheDecision(t *testing.T) {
	d := wire.Decision{AccountID: "a", Action: wire.ActionSuspend, PreviousAction: wire.ActionVerify, PolicyVersion: "v", EventTS: 5, DecidedAt: 7}
	again := d
	again.DecidedAt, again.Score = 99, 0.5
	if decisionID(&d, "d-1") != decisionID(&again, "d-1") {
		t.Error("the wall clock or the score is in the id")
	}
	for name, change := range map[string]func(*wire.Decision){
		"account": func(d *wire.Decision) { d.AccountID = "b" }, "action": func(d *wire.Decision) { d.Action = wire.ActionVerify },
		"previous": func(d *wire.Decision) { d.PreviousAction = wire.ActionAllow }, "policy": func(d *wire.Decision) { d.PolicyVersion = "w" },
		"time": func(d *wire.Decision) { d.EventTS = 6 },
	} {
		other := d
		change(&other)
		if decisionID(&d, "d-1") == decisionID(&other, "d-1") {
			t.Errorf("another %s, the same id", name)
		}
	}
	if decisionID(&d, "d-1") == decisionID(&d, "d-2") {
		t.Error("after another decision, the same id")
	}
}

// What a human or a key revocation said is taken as the account's standing only where it is one.
func TestRestoreDecision(t *testing.T) {
	p := newPlay(t)
	p.d.RestoreDecision(&wire.Decision{AccountID: "a", Action: wire.ActionThrottle, DecisionID: "d-1"})
	p.d.RestoreDecision(&wire.Decision{AccountID: "a", Action: wire.ActionRevokeKey, DecisionID: "d-2"})
	a, _ := p.d.graph.Find("a")
	if st := p.d.state(a); st.action != wire.ActionThrottle || st.decision != "d-1" {
		t.Fatalf("stands on %s by %s", st.action, st.decision)
	}
}

// Labels move scores: fraud on members raises their cluster's, legit lowers; without being fed they are unknown.
func TestLabels(t *testing.T) {
	ring := `
		crowd 400
		touch a[1-6] device:farm card:shared ip:{}
	`
	score := func(p *play) float64 {
		a, _ := p.d.graph.Find("a1")
		return p.d.clusterScore(p.d.graph.ClusterOf(a))
	}
	plain := score(run(t, ring))
	fraud := score(run(t, ring+"label a1 fraud\n label a2 fraud\n label a3 fraud"))
	legit := score(run(t, ring+"label a1 legit\n label a2 legit\n label a3 legit"))
	if !(legit < plain && plain < fraud) {
		t.Fatalf("legit %.3f, unlabelled %.3f, fraud %.3f", legit, plain, fraud)
	}
	p := run(t, ring)
	p.d.Label(&event.Label{Meta: event.Meta{AccountID: "a1", TS: p.now}, Label: event.LabelCompromised})
	if n := len(p.d.Dirty(nil)); n != 0 {
		t.Errorf("compromised says nothing of the owner, %d accounts are looked at", n)
	}
	p.d.Label(&event.Label{Meta: event.Meta{AccountID: "never-seen", TS: p.now}, Label: event.LabelFraud})
	if n := len(p.d.Dirty(nil)); n != 0 {
		t.Errorf("an account that was never seen is looked at")
	}
}

// A fact that says nothing new is no reason to look; growing volume is, ever more rarely.
func TestWhatIsLookedAt(t *testing.T) {
	p := newPlay(t)
	f := link.Fact{Account: "a", Kind: link.KindIP, Token: 7, First: start, Last: start, Count: 1, Partition: 3}
	p.d.Observe(&f)
	refs := p.d.Dirty(nil)
	if len(refs) != 1 || refs[0] != (Ref{"a", 3, start}) {
		t.Fatalf("dirty %+v", refs)
	}
	p.evaluate()
	again := f
	again.Last, again.Count = start+5000, 64
	p.d.Observe(&again)
	if refs := p.d.Dirty(nil); len(refs) != 0 {
		t.Fatalf("a link that was known makes %+v dirty", refs)
	}
	looks := 0
	for n := uint64(1); n <= 1<<20; n *= 2 {
		v := link.Fact{Account: "a", Kind: link.KindVolume, First: start, Last: start, Count: n}
		p.d.Observe(&v)
		looks += len(p.d.Dirty(nil))
		p.evaluate()
	}
	if looks < 5 || looks > 15 {
		t.Fatalf("%d looks at a million events", looks)
	}
	p.d.Join("never-seen", &window.Features{}, start)
	p.d.Again("never-seen", start)
	if n := len(p.d.Dirty(nil)); n != 0 {
		t.Fatal("an account that was never seen is looked at")
	}
}

// A day without events is a day all the same: old links go, and the accounts with them.
func TestNewDayDropsWhatIsOld(t *testing.T) {
	p := run(t, `
		crowd 300
		touch h[1-3] device:tablet ip:home card:family
		at 600h`)
	p.run("touch n[1-5] ip:{} device:{}")
	if got := p.d.Population(); got != 5 {
		t.Fatalf("population %d, want the five of the day", got)
	}
	for _, m := range p.out.Members {
		if m.LeftAt != 0 && m.LeftAt < m.JoinedAt {
			t.Errorf("left before it joined: %+v", m)
		}
	}
	p.run(`
		touch h1 ip:elsewhere
		expect h1 allow
		expect-cluster none h[1-3]`)
}
