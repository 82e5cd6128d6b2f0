package detect

import (
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// campaign is a ring that shares what the reports say: a prompt, a device, a card for every two
// accounts, each its own address.
const campaign = `
	crowd 1500
	at 2h
	windows a[1-12] tor fast cot
	touch a[1-12] device:farm card:{/2} template:lure ip:{}
	at 4h
	touch a[1-12] phone:burner
`

func TestScenarios(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"campaign", campaign + `
			expect-cluster a[1-12]
			expect a[1-12] suspend
			expect honest[0-1499] allow`},
		// The same ring in an empty population: nothing is known to be rare yet.
		{"too young a population", `
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:{/2} template:lure ip:{}
			expect a[1-12] harmed-not`},
		// A ring on one card and one device is a ring all the same.
		{"one card", `
			crowd 1500
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:stolen template:lure ip:{}
			expect-cluster a[1-12]
			expect a[1-12] suspend
			expect honest[0-1499] allow`},
		// No device, no address: prompts, and a card for every two.
		{"own devices", `
			crowd 1500
			windows a[1-12] tor fast cot
			use a[1-12] 64
			touch a[1-12] device:{} card:{/2} template:lure suffix:task ip:{}
			touch a[1-12] shape:prepaid volume:more
			expect-cluster a[1-12]
			expect a[1-12] suspend
			expect honest[0-1499] allow`},
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
			crowd 1500
			windows b[1-6] tor fast cot
			touch b[1-6] device:farm card:{/2} template:lure ip:{}
			expect b[1-6] suspend`},
		// A firm that is known by its mail domain alone, with its own tool, a card for every team and one office.
		{"firm without single sign-on", `
			crowd 4000
			touch o[1-24] domain:firm card:firm ip:office prefix:office device:{} template:tool suffix:task client:cli
			touch o[1-24] shape:corporate volume:more
			expect o[1-24] harmed-not`},
		// A course: one campus, one hour, one prompt, a card of their own.
		{"course", `
			crowd 4000
			windows s[1-30] campus
			touch s[1-30] ip:campus prefix:campus device:{} template:exercise suffix:exercise referral:course
			touch s[1-30] client:notebook volume:more
			expect s[1-30] harmed-not
			expect-cluster none s[1-30]`},
		// An event: all came by one code from one hall, with the prompt of the workshop.
		{"event", `
			crowd 4000
			touch e[1-30] referral:event ip:hall prefix:hall device:{} card:{} mailshape:ab
			touch e[1-30] template:workshop
			expect e[1-30] harmed-not`},
		// What content alone brings together is not told of, whatever its size.
		{"a small product's prompt", `
			crowd 4000
			touch f[1-30] template:product suffix:product device:{} card:{} ip:{}
			expect-cluster none f[1-30]
			expect f[1-30] allow`},
		// The same small product when a campaign uses it as well: its honest users are judged by what they share.
		{"a product that a campaign uses", `
			crowd 4000
			touch f[1-20] template:product device:{} card:{} ip:{}
			windows a[1-12] tor fast cot
			touch a[1-12] template:product device:farm card:{/2} suffix:lure ip:{}
			touch a[1-12] phone:burner
			expect a[1-12] suspend
			touch f[21-26] template:product device:{} card:{} ip:{}
			expect f[1-26] harmed-not
			expect honest[0-3999] allow`},
		// A ring with the prompt of a firm: the firm, for which its single sign-on answers, is left alone.
		{"a firm's prompt copied", `
			crowd 4000
			windows o[1-20] sso
			touch o[1-20] org:firm domain:firm device:{} template:tool suffix:task ip:{}
			windows a[1-12] tor fast cot
			touch a[1-12] template:tool suffix:lure device:farm card:{/2} ip:{}
			touch a[1-12] template:second
			expect a[1-12] suspend
			expect o[1-20] allow
			expect-cluster none o[1-20]`},
		// The ring claims the firm's domain, and those of the firm who do not come by single sign-on are left alone.
		{"a firm's domain claimed", `
			crowd 4000
			windows o[1-10] sso
			touch o[1-20] org:firm domain:firm device:{} template:tool suffix:task ip:{}
			windows a[1-12] tor fast cot
			touch a[1-12] domain:firm template:lure suffix:lure device:farm card:{/2} ip:{}
			touch a[1-12] template:second
			expect o[1-20] harmed-not`},
		// A ring wrapped around a victim by everything that is easy to come by.
		{"framed by all that is soft", `
			crowd 1500
			touch victim ip:home prefix:home asn:isp referral:code mailshape:v billing:home shape:gold client:app template:own suffix:own device:{} card:{}
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:{/2} template:lure ip:home prefix:home asn:isp referral:code mailshape:v billing:home shape:gold client:app
			touch a[1-12] ip:home phone:burner
			touch victim ip:home suffix:another
			expect a[1-12] suspend
			expect victim allow
			expect-cluster none victim`},
		// A ring that uses the victim's prompt among its own.
		{"framed by prompt", `
			crowd 1500
			touch victim template:own suffix:own device:{} card:{} ip:{}
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:{/2} template:lure suffix:lure ip:{}
			touch a[1-12] template:own phone:burner
			touch victim suffix:another
			expect a[1-12] suspend
			expect victim harmed-not`},
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
	for code, family := range map[string]string{"shared_device": "device", "shared_instrument": "payment", "exclusive_template": "content", "chain_of_thought": "content", "cluster_size": "cluster"} {
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
	if found["device"] < 5 || found["template"] < 5 || found["instrument"] != 2 {
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

// Labels move scores: fraud on members raises their cluster's; who is found legit is of no cluster, and the cluster's score
// falls with those that it loses. Without being fed they are unknown.
func TestLabels(t *testing.T) {
	ring := `
		crowd 1500
		touch a[1-9] template:lure suffix:task card:{/2} ip:{}
	`
	score := func(p *play) float64 {
		a, _ := p.d.graph.Find("a9")
		if p.d.graph.ClusterOf(a) == graph.NoCluster {
			t.Fatal("the ring is no cluster")
		}
		return p.d.clusterScore(p.d.graph.ClusterOf(a))
	}
	plain := score(run(t, ring))
	fraud := score(run(t, ring+"label a1 fraud\n label a2 fraud\n label a3 fraud"))
	found := run(t, ring+"label a1 legit\n label a2 legit\n label a3 legit")
	legit := score(found)
	if !(legit < plain && plain < fraud) {
		t.Fatalf("legit %.3f, unlabelled %.3f, fraud %.3f", legit, plain, fraud)
	}
	for _, id := range []string{"a1", "a2", "a3"} {
		if a, _ := found.d.graph.Find(id); found.d.graph.ClusterOf(a) != graph.NoCluster {
			t.Errorf("%s was found legit, and is in a cluster", id)
		}
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
	f := link.Fact{Account: "a", Kind: link.KindTemplate, Token: 7, First: start, Last: start, Count: 1, Partition: 3}
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
