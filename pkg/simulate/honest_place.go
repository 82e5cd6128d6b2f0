package simulate

// People who share a place, a device or a self, and little else.

// settleHouseholds makes two to six people on one line, some with one card.
func settleHouseholds(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 3, 6, 0.3, r, func(size int) {
		first := w.chatter(c, r)
		shared := r.chance(0.5)
		for i := range size {
			a := first
			if i > 0 {
				a = w.chatter(c, r)
				if r.chance(0.25) {
					a = w.asDeveloper(a, r)
				}
				a.home, a.access, a.reach = first.home, nil, nil
				a.reachBy(0.8, first.access[0])
				a.reachBy(0.2, first.home.phone(r))
				if shared && first.billing.with != nil {
					a.billing.with = first.billing.with
				}
				if r.chance(0.15) { // the parent's phone
					a.signup.phone, a.signup.phoneCountry, a.signup.phoneType = first.signup.phone, first.signup.phoneCountry, first.signup.phoneType
				}
			}
			w.enter(a, r)
		}
	})
}

// settleFamilyDevices makes families that also share the computer.
func settleFamilyDevices(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 3, 5, 0.3, r, func(size int) {
		first := w.chatter(c, r)
		for i := range size {
			a := first
			if i > 0 {
				a = w.chatter(c, r)
				a.home = first.home
				a.moves(first.access[0])
				a.signup.device, a.signup.client = first.signup.device, first.signup.client
				a.clients = first.clients
				a.billing.with = first.billing.with
			}
			w.enter(a, r)
		}
	})
}

// twin makes a second account of the same person: same place, device, card and phone.
func (w *World) twin(c *class, of *account, r *rng) *account {
	a := w.developer(c, r)
	a.home, a.access, a.reach = of.home, of.access, of.reach
	a.clients, a.use, a.habit = of.clients, of.use, of.habit
	a.signup.client, a.signup.device, a.signup.hashed = of.signup.client, of.signup.device, of.signup.hashed
	a.signup.domain, a.signup.method = of.signup.domain, of.signup.method
	a.signup.phone, a.signup.phoneCountry, a.signup.phoneType = of.signup.phone, of.signup.phoneCountry, of.signup.phoneType
	a.billing.with, a.billing.monthly = of.billing.with, 0
	a.missing = of.missing
	return a
}

// settlePlusAddresses makes people with two to five accounts on variants of one mailbox:
// work, a side project, a test; the prompts are different ones.
func settlePlusAddresses(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 2, 5, 0.4, r, func(size int) {
		first := w.developer(c, r)
		first.signup.domain = "gmail.com"
		first.signup.method = "email"
		for i := range size {
			a := first
			if i > 0 {
				a = w.twin(c, first, r)
				a.signup.of, a.signup.tag = first.signup, tag(r)
				if a.older {
					a.created = w.start - dayMS - int64(r.exp()*150*float64(dayMS))
				}
			}
			w.enter(a, r)
		}
	})
}

// settleMigrated makes people who leave an old account for a new one, work and all: a new
// mailbox, the same device, card and prompts; the old account falls silent.
func settleMigrated(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 2, 2, 0, r, func(size int) {
		old := w.developer(c, r)
		at := w.start + int64((0.1+0.75*r.float())*float64(w.end-w.start))
		old.older, old.created = true, w.start-30*dayMS-int64(r.exp()*200*float64(dayMS))
		w.lasting(old, r)
		old.from, old.to = w.start, min(w.end, at+int64(r.exp()*1.5*float64(dayMS)))
		w.stamp(old, r)
		if size < 2 {
			return
		}
		a := w.twin(c, old, r)
		a.content = old.content
		w.mailbox(a, r)
		if r.chance(0.4) { // to the company's domain
			a.signup.domain = w.names.company(r, ending(r, a.home))
		}
		a.older, a.created, a.weight, a.active = false, at, old.weight, old.active
		w.enter(a, r)
	})
}

// settleSecondHand makes pairs who never met: one sold the computer to the other.
func settleSecondHand(w *World, c *class, n int, r *rng) {
	crowds(n, 2, 2, 2, 0, r, func(size int) {
		seller := w.chatter(c, r)
		sold := 0.3 + 0.4*r.float()
		seller.older, seller.created = false, w.start+int64(r.float()*sold*float64(w.end-w.start))
		w.enter(seller, r)
		if size < 2 {
			return
		}
		buyer := w.chatter(c, r)
		buyer.older, buyer.created = false, w.start+int64((sold+(0.95-sold)*r.float())*float64(w.end-w.start))
		buyer.signup.device, buyer.signup.client = seller.signup.device, seller.signup.client
		buyer.clients = []*client{seller.signup.client}
		w.enter(buyer, r)
	})
}

// settleCafes makes internet cafés and libraries: strangers on a few computers behind one
// line, who also have a phone or a home of their own.
func settleCafes(w *World, c *class, n int, r *rng) {
	crowds(n, 4, 12, 60, 0.6, r, func(size int) {
		place := w.atlas.someone(r)
		line, machine := place.home(r), w.programs.browsers.pick(r)
		line.lease = []int64{0, 0, 7 * dayMS}[r.intn(3)]
		library := r.chance(0.4)
		if library {
			line.kind = "education"
		}
		devices := make([]uint64, 1+size/15)
		for i := range devices {
			devices[i] = r.u64()
		}
		for range size {
			a := w.chatter(c, r)
			a.home = place
			a.signup.device, a.signup.client = devices[r.intn(len(devices))], machine
			a.clients = []*client{machine, w.programs.mobile.pick(r)}
			a.access, a.reach = nil, nil
			a.reachBy(0.75, line)
			a.reachBy(0.25, place.phone(r))
			a.use = w.usage("chat", "day", 1)
			w.phoneFor(a.signup, place, 0.05, 0.03, r)
			switch {
			case r.chance(0.7):
				a.billing.with = nil
			case r.chance(0.5):
				a.billing.with = w.card(r, "prepaid", place, place, uint64(r.intn(4)))
				a.billing.decline = 0.15
			default:
				a.billing.with = w.anyCard(r, place)
			}
			a.billing.monthly = 0
			w.enter(a, r)
		}
	})
}

// settleCoworking makes freelancers and founders who rent desks in one building: one
// address in working hours, nothing else.
func settleCoworking(w *World, c *class, n int, r *rng) {
	crowds(n, 6, 20, 120, 0.7, r, func(size int) {
		place := w.atlas.someone(r)
		building := place.office(r)
		if r.chance(0.5) {
			building.kind = ""
		}
		for range size {
			a := w.developer(c, r)
			a.home, a.access, a.reach = place, nil, nil
			a.reachBy(0.65, building)
			a.reachBy(0.35, place.home(r))
			a.use = w.usage("dev", []string{"office", "day"}[r.intn(2)], 0.2)
			w.phoneFor(a.signup, place, 0.03, 0.1, r)
			if a.billing.with != nil {
				a.billing.with = w.anyCard(r, place)
			}
			w.enter(a, r)
		}
	})
}
