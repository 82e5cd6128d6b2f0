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
	a.content = content{bare: 0.8, cot: 0.1 + 0.08*r.float(), lures: 0.03, own: []uint64{r.u64()}, churn: 30 * dayMS, bits: 2}
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
	a.content = ownContent(r)
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

// settleHouseholds makes two to four people on one line, some with one card.
func settleHouseholds(w *World, c *class, n int, r *rng) {
	for n > 0 {
		size := min(n, 2+r.intn(3))
		n -= size
		first := w.chatter(c, r)
		shared := r.chance(0.5)
		for i := range size {
			a := first
			if i > 0 {
				a = w.chatter(c, r)
				a.home, a.access, a.reach = first.home, nil, nil
				a.reachBy(0.8, first.access[0])
				a.reachBy(0.2, first.home.phone(r))
				if shared && first.billing.with != nil {
					a.billing.with = first.billing.with
				}
			}
			w.enter(a, r)
		}
	}
}

// settleFamilyDevices makes families that also share the computer.
func settleFamilyDevices(w *World, c *class, n int, r *rng) {
	for n > 0 {
		size := min(n, 2+r.intn(3))
		n -= size
		first := w.chatter(c, r)
		for i := range size {
			a := first
			if i > 0 {
				a = w.chatter(c, r)
				a.home, a.access, a.reach = first.home, nil, nil
				a.reachBy(1, first.access[0])
				a.signup.device, a.signup.client = first.signup.device, first.signup.client
				a.clients = first.clients
				a.billing.with = first.billing.with
			}
			w.enter(a, r)
		}
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
