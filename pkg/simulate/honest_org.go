package simulate

// Organisations: people who share a domain, a network, a bill and prompts because
// they work together.

// team is what the members of an organisation share.
type team struct {
	id         string
	domain     string
	convention uint64
	country    *country
	office     access
	server     access
	prompts    []uint64
	frames     []uint64
	framework  *framework
	bill       *instrument
	founded    int64
	older      bool
	client     *client
	use        *usage
}

func (w *World) newTeam(r *rng, ending string) *team {
	t := &team{id: idOrg + string(appendHex(nil, r.u64())), domain: w.names.company(r, ending), convention: r.u64(), country: w.atlas.countries.pick(r)}
	t.office, t.server = t.country.office(r), w.atlas.server(r)
	for range 1 + r.intn(4) {
		t.prompts = append(t.prompts, r.u64())
	}
	for range 2 + r.intn(5) {
		t.frames = append(t.frames, r.u64())
	}
	t.framework, t.client = w.frameworks.pick(r), w.programs.sdks.pick(r)
	if r.chance(0.3) {
		t.client = private(r.u64()) // the company's own gateway
	}
	t.older = r.chance(w.scenario.Honest.Older)
	t.founded = w.start + int64(r.float()*0.8*float64(w.end-w.start))
	if t.older {
		t.founded = w.start - dayMS - int64(r.exp()*250*float64(dayMS))
	}
	t.use = w.usage("dev", "office", 0.15)
	return t
}

// colleague makes someone who works in a team.
func (w *World) colleague(c *class, t *team, r *rng) *account {
	a := w.developer(c, r)
	a.org, a.home, a.use = t.id, t.country, t.use
	a.access, a.reach = nil, nil
	a.reachBy(0.7, t.office)
	a.reachBy(0.2, t.country.home(r))
	if r.chance(0.3) {
		a.reachBy(0.4, t.server)
	}
	a.signup.domain, a.signup.local, a.signup.referral = t.domain, w.names.work(r, t.convention), ""
	w.phoneFor(a.signup, t.country, 0.05, 0.02, r)
	a.older, a.created = t.older, t.founded+int64(r.exp()*6*float64(dayMS))
	if t.older {
		a.created = min(a.created, w.start-hourMS)
		if r.chance(0.2) { // joined since
			a.older, a.created = false, w.start+int64(r.float()*0.9*float64(w.end-w.start))
		}
	}
	a.created = min(a.created, w.end-dayMS)
	a.content.own, a.content.frames, a.content.framed = append(a.content.own[:1:1], t.prompts...), t.frames, 0.5
	a.content.framework, a.content.harness = t.framework, 0.25
	if r.chance(0.6) {
		a.clients = []*client{t.client}
	}
	a.billing.with, a.billing.monthly, a.billing.credit, a.billing.risk = t.bill, 0, false, 9
	a.billing.amount = 5000
	return a
}

func invoice(r *rng, c *country) *instrument {
	return &instrument{id: r.u64(), kind: "invoice", billing: c.code, name: r.u64(), zip: r.u64(), currency: c.currency}
}

// teams deals n accounts into teams of lo to hi, skewed to the small.
func teams(n, lo, hi int, r *rng, each func(size int)) {
	for n > 0 {
		u := r.float()
		size := min(n, lo+int(u*u*float64(hi-lo+1)))
		n -= size
		each(size)
	}
}

// settleOrganisations makes companies with single sign-on, paying by invoice.
func settleOrganisations(w *World, c *class, n int, r *rng) {
	teams(n, 4, 60, r, func(size int) {
		t := w.newTeam(r, ".com")
		t.bill = invoice(r, t.country)
		for range size {
			a := w.colleague(c, t, r)
			a.signup.method, a.signup.sso = "sso", t.domain
			w.enter(a, r)
		}
	})
}

// settlePlainOrganisations makes companies without single sign-on, on one company card.
func settlePlainOrganisations(w *World, c *class, n int, r *rng) {
	teams(n, 3, 25, r, func(size int) {
		t := w.newTeam(r, ".com")
		t.bill = w.card(r, "credit", t.country, t.country, uint64(r.intn(120)))
		if r.chance(0.3) {
			t.bill = invoice(r, t.country)
		}
		for range size {
			w.enter(w.colleague(c, t, r), r)
		}
	})
}

// settleStartups makes young teams: programme credit, one product, long hours.
func settleStartups(w *World, c *class, n int, r *rng) {
	teams(n, 2, 9, r, func(size int) {
		t := w.newTeam(r, ".ai")
		t.bill = w.card(r, "virtual", t.country, t.country, uint64(r.intn(4)))
		t.use = w.usage("agent", "day", 0.6)
		for range size {
			a := w.colleague(c, t, r)
			a.signup.program, a.billing.grant = "startup", 50_000
			a.weight *= 1.6
			w.enter(a, r)
		}
	})
}

// settleAgencies makes consultants with one card on several old accounts, each for
// another client with prompts, hours and keys of its own.
func settleAgencies(w *World, c *class, n int, r *rng) {
	teams(n, 3, 8, r, func(size int) {
		first := w.developer(c, r)
		bill := w.card(r, "credit", first.home, first.home, uint64(r.intn(120)))
		for i := range size {
			a := first
			if i > 0 {
				a = w.developer(c, r)
				a.home, a.access, a.reach = first.home, nil, nil
				a.reachBy(0.5, first.access[0])
				a.reachBy(0.5, w.atlas.server(r))
			}
			a.older, a.created = true, w.start-60*dayMS-int64(r.exp()*200*float64(dayMS))
			a.billing.with, a.billing.monthly = bill, 0
			a.signup.domain = w.names.company(r, ".com")
			w.enter(a, r)
		}
	})
}

// settleResellers makes gateways: very many users, of all kinds, behind one account.
func settleResellers(w *World, c *class, n int, r *rng) {
	for range n {
		t := w.newTeam(r, ".io")
		t.bill = invoice(r, t.country)
		a := w.colleague(c, t, r)
		a.older, a.created = true, w.start-100*dayMS-int64(r.exp()*200*float64(dayMS))
		a.use = w.usage("gateway", "flat", 0.9)
		a.weight, a.active, a.jumpy, a.keys = r.lognormal(350, 0.6), 1, 0.2, 6
		for range 200 {
			a.content.own = append(a.content.own, r.u64())
		}
		a.content.bare, a.content.harness, a.content.frames = 0.3, 0.2, nil
		a.access, a.reach = nil, nil
		a.reachBy(1, w.atlas.server(r))
		a.reachBy(1, w.atlas.server(r))
		w.enter(a, r)
	}
}

// settleLoadTests makes accounts that send one prompt over and over, in bursts of days.
func settleLoadTests(w *World, c *class, n int, r *rng) {
	for range n {
		t := w.newTeam(r, ".com")
		t.bill = invoice(r, t.country)
		a := w.colleague(c, t, r)
		a.use = w.usage("batch", "flat", 0.2)
		a.content = content{own: []uint64{r.u64()}, frames: []uint64{r.u64()}, framed: 1, cot: 0.05}
		a.weight, a.active, a.jumpy, a.limited = r.lognormal(150, 0.5), 0.15, 1, 0.1
		a.access, a.reach = nil, nil
		a.reachBy(1, w.atlas.server(r))
		w.enter(a, r)
	}
}

// settleEvalLabs makes research groups that measure reasoning: chain-of-thought prompts
// from two to five accounts with a common harness of their own.
func settleEvalLabs(w *World, c *class, n int, r *rng) {
	teams(n, 2, 5, r, func(size int) {
		t := w.newTeam(r, ".edu")
		t.bill = w.card(r, "credit", t.country, t.country, uint64(r.intn(120)))
		t.office.kind = "education"
		t.use = w.usage("evaluation", "day", 0.7)
		for range size {
			a := w.colleague(c, t, r)
			a.signup.program, a.billing.grant = "research", 100_000
			a.content.cot, a.content.lures, a.content.harness = 0.65, 0.3, 0
			a.weight = r.lognormal(40, 0.6)
			w.enter(a, r)
		}
	})
}
