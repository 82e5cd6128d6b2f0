package simulate

import "strconv"

// Organisations: people who share a domain, a network, a bill and prompts because
// they work together.

// team is what the members of an organisation share.
type team struct {
	id         string
	domain     string
	convention uint64
	country    *country
	offices    []access
	server     access
	prompts    []uint64
	frames     []uint64
	framework  *framework
	bill       *instrument
	seats      uint64 // BIN range of one card a seat, +1; 0 = one bill for all
	founded    int64
	older      bool
	client     *client
	use        *usage
}

// newTeam founds an organisation of a size: the larger, the more prompts and offices.
func (w *World) newTeam(size int, r *rng) *team {
	t := &team{id: idOrg + string(appendHex(nil, r.u64())), convention: r.u64(), country: w.atlas.someone(r)}
	t.domain = w.names.company(r, ending(r, t.country))
	t.offices, t.server = []access{t.country.office(r)}, w.atlas.server(r)
	for size > 60 && len(t.offices) <= size/60 && len(t.offices) < 6 {
		t.offices = append(t.offices, w.atlas.someone(r).office(r))
	}
	for range 1 + r.intn(4) + size/12 {
		t.prompts = append(t.prompts, r.u64())
	}
	for range 2 + r.intn(5) + size/20 {
		t.frames = append(t.frames, w.phrase(0.25, r))
	}
	if r.chance(0.12) { // all traffic is checked elsewhere, with that of other companies
		t.offices = []access{among(w.atlas.filters, 60, r)}
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
	a.habit.shift = r.intn(3) - 1
	a.access, a.reach = nil, nil
	a.reachBy(0.7, t.offices[r.intn(len(t.offices))])
	a.reachBy(0.2, t.country.home(r))
	if r.chance(0.3) {
		a.reachBy(0.4, t.server)
	}
	a.signup.domain, a.signup.local, a.signup.referral = t.domain, w.names.work(r, t.convention), ""
	a.signup.method = methodFor(t.domain, r)
	w.phoneFor(a.signup, t.country, 0.05, 0.02, r)
	w.joins(a, t, r)
	a.content.own, a.content.frames, a.content.framed = append(a.content.own[:1:1], t.prompts...), t.frames, 0.5
	a.content.framework, a.content.harness = t.framework, 0.25
	if r.chance(0.6) {
		a.clients = []*client{t.client}
	}
	a.billing.with, a.billing.spare, a.billing.monthly, a.billing.credit, a.billing.risk = t.bill, nil, 0, false, 9
	if t.seats > 0 {
		a.billing.with = w.card(r, "virtual", t.country, t.country, t.seats-1)
	}
	a.billing.amount = 5000
	return a
}

// joins sets when someone came to a team: with it, or since.
func (w *World) joins(a *account, t *team, r *rng) {
	a.older, a.created = t.older, t.founded+int64(r.exp()*6*float64(dayMS))
	if t.older {
		a.created = min(a.created, w.start-hourMS)
		if r.chance(0.2) {
			a.older, a.created = false, w.start+int64(r.float()*0.9*float64(w.end-w.start))
		}
	}
	if !a.older {
		a.created = w.awake(a.created, t.country, r)
	}
	a.created = min(a.created, w.end-dayMS)
}

func invoice(r *rng, c *country) *instrument {
	return &instrument{id: r.u64(), kind: "invoice", billing: c.code, name: r.u64(), zip: r.u64(), currency: c.currency}
}

// crowds deals n accounts into groups whose sizes are lognormal around a median, from lo
// to hi: mostly small, a few very large. The last group is what is left.
func crowds(n, lo, median, hi int, sigma float64, r *rng, each func(size int)) {
	for n > 0 {
		size := min(n, max(lo, min(hi, int(r.lognormal(float64(median), sigma)+0.5))))
		n -= size
		each(size)
	}
}

// settleOrganisations makes companies with single sign-on, paying by invoice.
func settleOrganisations(w *World, c *class, n int, r *rng) {
	crowds(n, 3, 11, 500, 1, r, func(size int) {
		t := w.newTeam(size, r)
		t.bill = invoice(r, t.country)
		if size < 12 && r.chance(0.3) {
			t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		}
		for range size {
			a := w.colleague(c, t, r)
			a.signup.method, a.signup.sso = "sso", t.domain
			if r.chance(0.9) {
				a.signup.phone = ""
			}
			w.enter(a, r)
		}
	})
}

// settlePlainOrganisations makes companies without single sign-on: on one company card, by
// invoice, or with one virtual card a seat, all of one issuer.
func settlePlainOrganisations(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 6, 120, 0.9, r, func(size int) {
		t := w.newTeam(size, r)
		t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		switch u := r.float(); {
		case u < 0.3:
			t.bill = invoice(r, t.country)
		case u < 0.45:
			t.seats = 1 + bin("virtual", r)
		}
		for range size {
			w.enter(w.colleague(c, t, r), r)
		}
	})
}

// settleStartups makes young teams: programme credit, one product, long hours.
func settleStartups(w *World, c *class, n int, r *rng) {
	crowds(n, 1, 3, 14, 0.6, r, func(size int) {
		t := w.newTeam(size, r)
		t.bill = w.card(r, "virtual", t.country, t.country, bin("virtual", r))
		t.use = w.usage("agent", "day", 0.6)
		for range size {
			a := w.colleague(c, t, r)
			a.signup.program = "startup"
			a.weight *= 1.6
			w.enter(a, r)
		}
	})
}

// settleCallCentres makes support floors: one address, one script, shifts around the clock,
// computers from one image, numbered mailboxes.
func settleCallCentres(w *World, c *class, n int, r *rng) {
	crowds(n, 12, 30, 120, 0.5, r, func(size int) {
		t := w.newTeam(1, r)
		t.bill = invoice(r, t.country)
		if r.chance(0.4) {
			t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		}
		images := [3]uint64{r.u64(), r.u64(), r.u64()}
		browser, role := w.programs.browsers.pick(r), []string{"agent", "support", "desk", "team"}[r.intn(4)]
		for i := range size {
			a := w.colleague(c, t, r)
			a.moves(t.offices[0])
			a.use = w.usage("chat", []string{"office", "evening", "night"}[i%3], 0.9)
			a.signup.local, a.signup.method = role+strconv.Itoa(101+i), "email"
			a.signup.device, a.signup.client = images[r.intn(3)], browser
			a.clients, a.keys, a.habit.every = []*client{browser}, 1, 0
			a.active, a.jumpy, a.weight = 0.7, 0.3, r.lognormal(1.5, 0.4)
			a.content = content{own: t.prompts, frames: t.frames, framed: 0.7, churn: 14 * dayMS, bits: 2, bare: 0.02, cot: 0.1}
			w.enter(a, r)
		}
	})
}

// settleAgencies makes consultants with one card on several old accounts, each for
// another client with prompts, hours and keys of its own.
func settleAgencies(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 5, 25, 0.6, r, func(size int) {
		first := w.developer(c, r)
		bill := w.card(r, "credit", first.home, first.home, bin("credit", r))
		for i := range size {
			a := first
			if i > 0 {
				a = w.developer(c, r)
				a.home, a.access, a.reach = first.home, nil, nil
				a.reachBy(0.5, first.access[0])
				a.reachBy(0.5, w.atlas.server(r))
			}
			a.older, a.created = true, w.start-60*dayMS-int64(r.exp()*200*float64(dayMS))
			a.billing.with, a.billing.spare, a.billing.monthly = bill, nil, 0
			a.signup.domain = w.names.company(r, ending(r, a.home))
			w.enter(a, r)
		}
	})
}

// settleResellers makes gateways: very many users, of all kinds, behind one account or
// one for each region.
func settleResellers(w *World, c *class, n int, r *rng) {
	crowds(n, 1, 2, 6, 0.6, r, func(size int) {
		t := w.newTeam(size, r)
		t.bill = invoice(r, t.country)
		for range size {
			a := w.colleague(c, t, r)
			a.older, a.created = true, w.start-100*dayMS-int64(r.exp()*200*float64(dayMS))
			a.use = w.usage("gateway", "flat", 0.9)
			a.weight, a.active, a.jumpy, a.keys = r.lognormal(350/float64(size), 0.6), 1, 0.2, 6
			a.content.own = nil
			for range 200 {
				a.content.own = append(a.content.own, r.u64())
			}
			a.content.bare, a.content.harness, a.content.frames = 0.3, 0.2, nil
			a.access, a.reach = nil, nil
			a.reachBy(1, w.atlas.server(r))
			a.reachBy(1, t.server)
			w.enter(a, r)
		}
	})
}

// settleLoadTests makes accounts that send one prompt over and over, in bursts of days.
func settleLoadTests(w *World, c *class, n int, r *rng) {
	for range n {
		t := w.newTeam(1, r)
		t.bill = invoice(r, t.country)
		a := w.colleague(c, t, r)
		a.use = w.usage("batch", "flat", 0.2)
		a.content = content{own: []uint64{r.u64()}, frames: []uint64{r.u64()}, framed: 1, cot: 0.05}
		a.weight, a.active, a.jumpy, a.limited = r.lognormal(150, 0.5), 0.15, 1, 0.1
		a.moves(w.atlas.server(r))
		w.enter(a, r)
	}
}

// settleEvalLabs makes research groups that measure reasoning: chain-of-thought prompts
// from two to five accounts with a common harness of their own.
func settleEvalLabs(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 3, 5, 0.3, r, func(size int) {
		t := w.newTeam(1, r)
		t.domain = w.names.company(r, academic(t.country))
		t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		t.offices[0].kind = "education"
		for range size {
			a := w.evaluator(c, t, r)
			a.signup.program = "research"
			a.weight = r.lognormal(40, 0.6)
			w.enter(a, r)
		}
	})
}

// settleEvalCompanies makes firms that sell evaluations: ten to twenty accounts on one
// domain, one card, one harness, without single sign-on, asking for reasoning all day.
func settleEvalCompanies(w *World, c *class, n int, r *rng) {
	crowds(n, 10, 14, 20, 0.3, r, func(size int) {
		t := w.newTeam(1, r)
		t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		for range size {
			a := w.evaluator(c, t, r)
			a.reachBy(1, t.server)
			a.weight = r.lognormal(8, 0.7)
			w.enter(a, r)
		}
	})
}

// evaluator makes a colleague who measures how a model reasons.
func (w *World) evaluator(c *class, t *team, r *rng) *account {
	a := w.colleague(c, t, r)
	a.use = w.usage("evaluation", "day", 0.7)
	a.content.cot, a.content.lures, a.content.harness = 0.65, 0.3, 0
	if r.chance(0.4) {
		a.habit.cron(r)
	}
	return a
}
