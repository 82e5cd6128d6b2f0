package simulate

// Individuals: people on their own, at home, on the move or behind a VPN.

// chatter makes a person who talks to the model in a browser or an app.
func (w *World) chatter(c *class, r *rng) *account {
	a := w.person(c, r)
	a.use = w.usage("chat", []string{"evening", "evening", "day", "night"}[r.intn(4)], 1.1)
	a.clients = []*client{a.signup.client}
	if r.chance(0.5) {
		a.clients = append(a.clients, w.programs.mobile.pick(r))
	}
	if r.chance(0.05) {
		a.reachBy(2, among(w.atlas.relays, 120, r))
	}
	a.content = content{bare: 0.8, cot: 0.1 + 0.08*r.float(), lures: 0.03, own: []uint64{r.u64()}, churn: 30 * dayMS, bits: 2}
	if r.chance(0.5) {
		a.content.framed = 0.05 + 0.3*r.float()
		for range 1 + r.intn(3) {
			a.content.frames = append(a.content.frames, w.phrase(0.8, r))
		}
	}
	if r.chance(0.7) {
		a.content.framework, a.content.harness = w.frameworks.values[0], 0.75 // the vendor's own chat page
		a.content.bare = 0.15
	}
	return a
}

func settleChatters(w *World, c *class, n int, r *rng) {
	for range n {
		w.enter(w.chatter(c, r), r)
	}
}

// developer makes a person who writes programs against the API.
func (w *World) developer(c *class, r *rng) *account {
	a := w.person(c, r)
	a.use = w.usage("dev", []string{"day", "day", "office", "night"}[r.intn(4)], 0.7)
	a.clients = []*client{w.programs.api(r)}
	if r.chance(0.3) {
		a.clients = append(a.clients, w.programs.api(r))
	}
	if r.chance(0.05) {
		a.clients = append(a.clients, private(r.u64())) // a program of one's own
	}
	a.keys = 1 + r.intn(3)
	if r.chance(0.1) {
		a.keyLife = 20 * dayMS
	}
	a.weight *= 2.5
	a.content = w.ownContent(r)
	if r.chance(0.12) {
		a.habit.cron(r)
	}
	if r.chance(0.4) {
		a.content.framework, a.content.harness = w.frameworks.pick(r), 0.2+0.6*r.float()
	}
	if r.chance(0.25) {
		a.reachBy(0.5, w.atlas.server(r))
	} else if r.chance(0.1) {
		a.reachBy(0.4, w.atlas.egress(r))
	}
	return a
}

func settleDevelopers(w *World, c *class, n int, r *rng) {
	for range n {
		w.enter(w.developer(c, r), r)
	}
}

// settleFrameworkUsers makes people whose every prompt is a popular harness's.
func settleFrameworkUsers(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		a.use = w.usage("agent", "day", 0.7)
		a.clients = []*client{w.programs.sdks.pick(r)}
		a.content.framework, a.content.harness, a.content.bare = w.frameworks.pick(r), 0.95, 0.02
		w.enter(a, r)
	}
}

// settlePromptCopiers makes people most of whose work is a prompt from somewhere public.
func settlePromptCopiers(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		if r.chance(0.3) {
			a = w.asChatter(a, r)
		}
		a.content.copies(w.commons.recipes.pick(r), 0.75+0.25*r.float(), r)
		w.enter(a, r)
	}
}

// settleMobile makes people who are on their carrier's CGNAT only.
func settleMobile(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.chatter(c, r)
		a.access, a.reach = nil, nil
		way := a.home.phone(r)
		way.v6 = false
		a.reachBy(1, way)
		a.clients = []*client{w.programs.mobile.pick(r)}
		a.signup.client = a.clients[0]
		w.enter(a, r)
	}
}

// settleVPN makes people behind commercial VPNs: an address of another country.
func settleVPN(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		a.access, a.reach = nil, nil
		a.reachBy(0.9, w.atlas.exit(r))
		a.reachBy(0.1, a.home.home(r))
		a.billing.risk += 6
		w.enter(a, r)
	}
}

// settleVirtualCards makes people who pay with one issuer's virtual cards.
func settleVirtualCards(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		a.billing.with = w.card(r, "virtual", a.home, a.home, uint64(r.intn(2)))
		a.billing.risk += 7
		w.enter(a, r)
	}
}

// settlePrepaidCards makes people who top up little and often from prepaid cards that run
// empty: decline after decline, and nothing wrong.
func settlePrepaidCards(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.chatter(c, r)
		if r.chance(0.4) {
			a = w.asDeveloper(a, r)
		}
		a.billing.with = w.card(r, "prepaid", a.home, a.home, uint64(r.intn(4)))
		a.billing.spare, a.billing.monthly, a.billing.amount = nil, 0, topup(uint64(r.intn(2)))
		a.billing.decline, a.billing.risk = 0.15+0.3*r.float(), a.billing.risk+10
		w.enter(a, r)
	}
}

// settleHeavyAgents makes developers whose agents never sleep.
func settleHeavyAgents(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		a.use = w.usage("agent", "flat", 1)
		a.active, a.jumpy, a.weight = 1, 0.3, r.lognormal(60, 0.8)
		a.content.harness = 0.3 * r.float()
		a.reachBy(4, w.atlas.server(r))
		a.limited = 0.03
		if a.billing.with == nil {
			a.billing.with = w.anyCard(r, a.home)
		}
		a.billing.monthly, a.billing.amount = 0, 10000
		w.enter(a, r)
	}
}

// settleTravellers makes people who are on the road for weeks: another country's hotels,
// roaming through the carrier at home, sometimes a VPN.
func settleTravellers(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		if r.chance(0.5) {
			a = w.asChatter(a, r)
		}
		at := w.start - int64(r.exp()*3*float64(dayMS))
		for range 2 + r.intn(5) {
			there := w.atlas.someone(r)
			t := trip{from: at, to: at + int64((2+9*r.exp())*float64(dayMS)), ways: []access{there.home(r), there.home(r)}}
			if r.chance(0.6) {
				t.ways = append(t.ways, a.home.phone(r))
			}
			if r.chance(0.3) {
				t.ways = append(t.ways, w.atlas.exit(r))
			}
			a.trips = append(a.trips, t)
			at = t.to + int64(r.exp()*5*float64(dayMS))
		}
		w.enter(a, r)
	}
}

// settleExpats makes people who live abroad: phone, card and bill of the country that they
// come from, hours and addresses of the one that they are in.
func settleExpats(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.chatter(c, r)
		if r.chance(0.5) {
			a = w.asDeveloper(a, r)
		}
		from := w.atlas.someone(r)
		w.phoneFor(a.signup, from, 0.08, 0, r)
		if a.billing.with != nil && r.chance(0.8) {
			a.billing.with = w.anyCard(r, from)
			if r.chance(0.5) {
				a.billing.with.billing = a.home.code
			}
		}
		a.billing.risk += 6
		w.enter(a, r)
	}
}

// settlePrivateMail makes people who hide: random addresses of a relay or throw-away mail,
// often no phone, often a VPN.
func settlePrivateMail(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.chatter(c, r)
		if r.chance(0.5) {
			a = w.asDeveloper(a, r)
		}
		a.signup.local, a.signup.domain = hidden(r), w.names.relays[r.intn(len(w.names.relays))]
		if r.chance(0.15) {
			a.signup.domain = w.names.disposable[r.intn(len(w.names.disposable))]
		}
		a.signup.method = "email"
		if r.chance(0.6) {
			w.phoneFor(a.signup, a.home, 1, 0.3, r)
		}
		switch u := r.float(); {
		case u < 0.4:
			a.moves(w.atlas.exit(r))
		case u < 0.5:
			a.moves(among(w.atlas.tor, 40, r))
		case u < 0.65:
			a.moves(among(w.atlas.relays, 120, r))
		}
		if r.chance(0.5) {
			a.billing.with = w.card(r, "virtual", a.home, a.home, bin("virtual", r))
		}
		w.enter(a, r)
	}
}

// settleEarlyAdopters makes the launch-day crowd: people who try a new model within hours,
// do several times their usual on those days, and many of whom sign up for it.
func settleEarlyAdopters(w *World, c *class, n int, r *rng) {
	for range n {
		a := w.developer(c, r)
		if r.chance(0.4) {
			a = w.asChatter(a, r)
		}
		newest := int64(0)
		for i, m := range w.models {
			if m.launch > 0 {
				a.adopted[i] = m.launch + int64(r.exp()*3*float64(hourMS))
				newest = m.launch
			}
		}
		if newest > 0 {
			a.habit.swell(newest, newest+2*dayMS, 3+6*r.float())
			if r.chance(0.4) {
				a.older, a.created = false, newest+int64(r.exp()*8*float64(hourMS))
			}
		}
		w.enter(a, r)
	}
}

// asDeveloper turns a person who chats into one who writes programs, asChatter the other
// way round; who and where they are stays.
func (w *World) asDeveloper(a *account, r *rng) *account {
	a.use = w.usage("dev", []string{"day", "day", "office", "night"}[r.intn(4)], 0.7)
	a.clients, a.content, a.keys = []*client{w.programs.api(r)}, w.ownContent(r), 1+r.intn(2)
	return a
}

func (w *World) asChatter(a *account, r *rng) *account {
	a.use = w.usage("chat", []string{"evening", "day", "night"}[r.intn(3)], 1.1)
	a.clients, a.habit.every = []*client{a.signup.client}, 0
	a.content.framework, a.content.harness, a.content.bare = w.frameworks.values[0], 0.75, 0.15
	return a
}
