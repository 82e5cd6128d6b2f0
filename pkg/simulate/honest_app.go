package simulate

// People whose traffic looks alike because one program or one contract makes it.

// app is a program that a vendor publishes: its prompt by version, its blocks, its client.
func (w *World) app(hosted bool, r *rng) (*framework, *client) {
	f := &framework{base: r.u64(), release: (9 + int64(r.intn(40))) * dayMS, hosted: hosted}
	for range 2 + r.intn(6) {
		f.frames = append(f.frames, w.phrase(0.15, r))
	}
	word := func() string { return w.names.words[r.intn(len(w.names.words))] }
	return f, w.programs.named(word()+"-"+word(), r.intn(20), r)
}

// settleWhiteLabels makes the customers of a small company's app. Each has an account, a
// card and a home of their own; prompt and program are the app's, word for word.
func settleWhiteLabels(w *World, c *class, n int, r *rng) {
	crowds(n, 5, 13, 40, 0.6, r, func(size int) {
		app, program := w.app(true, r)
		if r.chance(0.4) {
			program = private(r.u64()) // the app calls through its own library
		}
		market, code := w.atlas.someone(r), referralCode(r.u64())
		mix, rhythm := []string{"chat", "student", "batch"}[r.intn(3)], []string{"day", "office", "evening"}[r.intn(3)]
		for range size {
			a := w.chatter(c, r)
			if r.chance(0.8) {
				w.settlesIn(a, market, r)
			}
			a.use = w.usage(mix, rhythm, 0.5)
			a.clients, a.keys = []*client{program}, 1
			a.content.framework, a.content.harness, a.content.bare = app, 0.97, 0.01
			if r.chance(0.5) {
				a.signup.referral = code
			}
			w.enter(a, r)
		}
	})
}

// settlesIn moves a person to a country: line, phone and card with them.
func (w *World) settlesIn(a *account, c *country, r *rng) {
	a.home, a.access, a.reach = c, nil, nil
	a.reachBy(0.85, c.home(r))
	if r.chance(0.5) {
		a.reachBy(0.15, c.phone(r))
	}
	w.phoneFor(a.signup, c, 0.03, 0.04, r)
	if a.billing.with != nil {
		a.billing.with = w.anyCard(r, c)
	}
}

// settlePluginUsers makes the users of niche tools (a home automation, a plugin for a shop,
// a bot): strangers with one program, one prompt in a few versions, some on one schedule.
func settlePluginUsers(w *World, c *class, n int, r *rng) {
	crowds(n, 12, 45, 300, 0.9, r, func(size int) {
		app, program := w.app(r.chance(0.3), r)
		scheduled, every := r.chance(0.5), []int64{hourMS / 4, hourMS, hourMS, 6 * hourMS}[r.intn(4)]
		mix := []string{"batch", "dev", "agent"}[r.intn(3)]
		for range size {
			a := w.developer(c, r)
			a.content.framework, a.content.harness, a.content.bare = app, 0.5+0.5*r.float(), 0.05
			a.clients = []*client{program}
			if r.chance(0.2) {
				a.clients = append(a.clients, w.programs.api(r))
			}
			if scheduled && r.chance(0.85) {
				a.use = w.usage(mix, "flat", 1)
				a.habit.every, a.habit.lag, a.habit.chat = every, 300+int64(r.exp()*8000), true
				a.active, a.jumpy = 0.8+0.2*r.float(), 0.25
			}
			w.enter(a, r)
		}
	})
}

// gig is a contract of a team abroad: for whom it works, and how.
type gig struct {
	boss   *team
	there  *country
	series uint64 // BIN range of the team's virtual cards
	tunnel bool   // through the client's server
	night  bool   // in the client's day
}

// settleContractors makes teams abroad who work for one client: from home or through the
// client's server, with internet phones, virtual cards of one issuer, the client's prompts,
// the client's hours; no company mail, no single sign-on. They come in batches of six.
func settleContractors(w *World, c *class, n int, r *rng) {
	from := choose(map[string]float64{"IN": 5, "PH": 3, "UA": 2, "PK": 2, "VN": 2, "NG": 1, "EG": 1, "AR": 1, "BD": 2, "ID": 1, "CO": 1, "PL": 1})
	crowds(n, 10, 16, 30, 0.35, r, func(size int) {
		g := gig{boss: w.newTeam(1, r), there: w.atlas.byCode[from.pick(r)].resident(r), series: bin("virtual", r), tunnel: r.chance(0.4), night: r.chance(0.4)}
		hired := g.boss.founded
		for i := range size {
			if i%6 == 0 && i > 0 {
				hired += int64(r.exp() * 6 * float64(dayMS))
			}
			a := w.contractor(c, &g, r)
			a.older, a.created = g.boss.older, min(hired+int64(r.exp()*3*float64(hourMS)), w.end-dayMS)
			if a.older {
				a.created = min(a.created, w.start-hourMS)
			}
			w.enter(a, r)
		}
	})
}

// contractor makes one of a team abroad.
func (w *World) contractor(c *class, g *gig, r *rng) *account {
	a := w.developer(c, r)
	w.settlesIn(a, g.there, r)
	a.use = w.usage("dev", "office", 0.25)
	if g.night {
		a.use = w.usage("dev", "night", 0.3)
	}
	if g.tunnel {
		a.reachBy(1, g.boss.server)
	}
	w.phoneFor(a.signup, g.there, 0.75, 0.3, r)
	a.signup.local, a.signup.referral = w.names.work(r, g.boss.convention), ""
	us, b := w.atlas.byCode["US"], &a.billing
	b.with, b.spare, b.monthly, b.amount, b.risk = w.card(r, "virtual", us, us, g.series), nil, 0, topup(2), b.risk+8
	a.content.own, a.content.frames, a.content.framed = g.boss.prompts, g.boss.frames, 0.6
	a.content.framework, a.content.harness = g.boss.framework, 0.2
	if r.chance(0.7) {
		a.clients = []*client{g.boss.client}
	}
	return a
}

// settleCI makes the accounts of build machines: one prompt, a flat day, a schedule, a
// cloud's shared addresses; one to four of them for a company.
func settleCI(w *World, c *class, n int, r *rng) {
	crowds(n, 1, 2, 5, 0.5, r, func(size int) {
		t := w.newTeam(1, r)
		t.bill = invoice(r, t.country)
		if r.chance(0.6) {
			t.bill = w.card(r, "credit", t.country, t.country, bin("credit", r))
		}
		prompt, frame := r.u64(), r.u64()
		for i := range size {
			a := w.colleague(c, t, r)
			a.use = w.usage([]string{"batch", "agent"}[r.intn(2)], "flat", 0.5)
			a.signup.local = []string{"ci", "build", "bot", "deploy", "staging"}[i%5]
			a.signup.method, a.signup.phone = "email", ""
			a.content = content{own: []uint64{prompt}, frames: []uint64{frame}, framed: 0.9, churn: 20 * dayMS, bits: 2, cot: 0.08}
			a.clients = []*client{w.programs.api(r)}
			a.access, a.reach = nil, nil
			a.reachBy(1, w.atlas.egress(r))
			a.reachBy(0.5, w.atlas.egress(r))
			a.active, a.jumpy, a.weight = 0.95, 0.35, r.lognormal(6, 0.8)
			a.habit.cron(r)
			w.enter(a, r)
		}
	})
}
