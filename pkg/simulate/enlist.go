package simulate

// sharing says how a fleet's members share things: which of so many groups a member is in.
// Each kind of thing has its own shuffle, so that groups overlap and chain.
type sharing struct{ ip, device, card, batch []int }

// grouping is one member's groups, and its rank in its cell.
type grouping struct{ rank, ip, device, card, batch int }

func (s *sharing) of(rank int) grouping {
	return grouping{rank, s.ip[rank], s.device[rank], s.card[rank], s.batch[rank]}
}

// cellsOf deals n members into cells: one of all, or of half to five thirds of the mean size.
func cellsOf(n int, mean float64, r *rng) [][]int {
	order := groups(n, 1, r)
	if mean <= 0 {
		return [][]int{order}
	}
	var cells [][]int
	least := max(1, int(mean/2))
	for len(order) > 0 {
		size := least + r.intn(int(mean*5/3)-least+1)
		if rest := len(order) - size; rest < least { // no cell smaller than the least
			size = len(order)
		}
		cells, order = append(cells, order[:size]), order[size:]
	}
	return cells
}

// groups deals n members into groups of a mean size, in shuffled order.
func groups(n int, size float64, r *rng) []int {
	out := make([]int, n)
	order := make([]int, n)
	for i := range order {
		j := r.intn(i + 1)
		order[i], order[j] = order[j], i
	}
	group, left := -1, 0.0
	for _, i := range order {
		if left < 0.5 {
			group++
			left += size
		}
		out[i] = group
		left--
	}
	return out
}

// enlist brings up a fleet's accounts and deals out its exchanges.
func (w *World) enlist(f *fleet, exchanges int64, r *rng) {
	n, e := f.pool.Accounts, f.effort
	f.members = make([]*account, n)
	for _, cell := range cellsOf(n, e.Subcluster, r) {
		s := sharing{ip: groups(len(cell), e.AccountsPerIP, r), device: groups(len(cell), e.AccountsPerDevice, r),
			card: groups(len(cell), e.AccountsPerCard, r), batch: groups(len(cell), e.Batch, r)}
		c := w.newCrew(f, r)
		for rank, i := range cell {
			a := w.newAccount(f.class)
			a.slot = i
			w.join(a, f, c, s.of(rank), r)
			a.post.relief, a.post.rank = hash(c.key, uint64(rank/standIns)), rank%standIns
			a.post.of = min(standIns, len(cell)-rank/standIns*standIns)
			f.members[i] = a
		}
	}
	w.allocate(f, exchanges, r)
}

// crew is what the members of a cell draw their things from.
type crew struct {
	key       uint64
	scope     uint64 // within which forms of mailbox, referral codes, BINs and amounts are common: cell or fleet
	countries choice[string]
	ipTypes   choice[string]
	domains   []string
	cards     map[int]*instrument
	batchAt   map[int]int64
	ipHome    map[int]*country
	programs  choice[string]
	funding   choice[string]
	unpaid    map[int]bool
}

func (w *World) newCrew(f *fleet, r *rng) *crew {
	e := f.effort
	c := &crew{key: r.u64(), countries: choose(f.campaign.Countries), ipTypes: choose(e.IPTypes), cards: map[int]*instrument{},
		batchAt: map[int]int64{}, ipHome: map[int]*country{}, unpaid: map[int]bool{}, funding: choose(e.Funding)}
	if c.countries.empty() {
		c.countries.add("SG", 1)
	}
	if c.ipTypes.empty() {
		c.ipTypes.add("residential", 1)
	}
	if c.funding.empty() {
		c.funding.add("virtual", 1)
	}
	domains := e.Domains
	if c.scope = f.key; e.Subcluster > 0 { // cells share nothing with one another but the work
		c.scope, domains = c.key, min(domains, 2)
	}
	names := rng(hash(c.scope, 0xd0))
	for range domains {
		c.domains = append(c.domains, w.names.company(&names, []string{".com", ".net", ".io", ".top", ".xyz"}[names.intn(5)]))
	}
	none := 1.0
	for _, v := range e.Programs {
		none -= v
	}
	all := map[string]float64{"": max(0, none)}
	for k, v := range e.Programs {
		all[k] = v
	}
	c.programs = choose(all)
	return c
}

// join gives an account its place in a fleet and everything it has.
func (w *World) join(a *account, f *fleet, c *crew, g grouping, r *rng) {
	a.fleet, a.cell = f, c.key
	a.post = &post{crew: c, groups: g, attack: f.attack}
	home := w.outfit(a, f, c, g, r)
	w.recruit(a, f, c, g, home, r)
	w.fund(a, f, c, g, home, r)
}

// outfit gives an account where it comes from, its client and its way of working; it
// returns the country that it seems to be in.
func (w *World) outfit(a *account, f *fleet, c *crew, g grouping, r *rng) *country {
	e := f.effort
	home := c.ipHome[g.ip]
	if home == nil {
		home = w.atlas.byCode[c.countries.pick(r)].resident(r)
		c.ipHome[g.ip] = home
	}
	a.home, a.use = home, f.use
	a.weight, a.active, a.jumpy, a.limited = r.lognormal(1, e.Spread), e.ActiveDays, 0.3, e.Limited
	if !r.chance(e.Flat) {
		a.use = f.office
		a.home = &country{code: home.code, zone: f.campaign.Zone, dial: home.dial, currency: home.currency, fixed: home.fixed, mobile: home.mobile, rest: home.rest}
	}
	w.adopt(a)
	a.content.framework = w.frameworks.pick(r)
	a.reachBy(1, w.exitOf(f, c, home, g.ip, r))
	a.clients = f.clients
	if len(a.clients) == 0 {
		a.clients = []*client{w.programs.api(r)}
	}
	if r.chance(e.Mobile) {
		a.reachBy(0.1+0.3*r.float(), home.phone(r))
	}
	a.keys = 1 + r.intn(3)
	return home
}

// exitOf is where an account's traffic leaves: by kind of network, shared as the effort says.
func (w *World) exitOf(f *fleet, c *crew, home *country, group int, r *rng) access {
	e := f.effort
	if len(w.homes) > 0 && r.chance(e.HonestIPs) {
		f.lines++ // a line each: 7919 is prime, so that none comes twice soon
		return w.homes[(f.key%uint64(len(w.homes))+7919*f.lines)%uint64(len(w.homes))]
	}
	g := rng(hash(c.key, 0x1b, uint64(group)))
	way := access{key: g.u64(), lease: int64(e.RotationHours * float64(hourMS))}
	switch kind := c.ipTypes.pick(&g); kind {
	case "mobile":
		if e.AccountsPerIP <= 2 {
			return home.phone(&g)
		}
		way.asn = &home.mobile[g.intn(len(home.mobile))]
	case "hosting":
		way.asn = &w.atlas.hosting[g.intn(len(w.atlas.hosting))]
	case "vpn":
		return w.atlas.exit(&g)
	default:
		way.asn, way.v6 = &home.fixed[g.intn(len(home.fixed))], g.chance(0.3) // as at home
		if kind == "proxy" {
			way.kind = "proxy"
		}
	}
	return way
}

// recruit makes the account's signup.
func (w *World) recruit(a *account, f *fleet, c *crew, g grouping, home *country, r *rng) {
	e := f.effort
	at, ok := c.batchAt[g.batch]
	if !ok {
		// Accounts come in over the ramp, most of them early, a day before the fleet needs them at the earliest.
		at = max(w.start, f.from-dayMS) + int64(r.float()*f.rampMS())
		c.batchAt[g.batch] = at
	}
	a.created = min(f.to-2*hourMS, at+int64(r.exp()*40_000*float64(1+g.rank%7)))
	a.from = max(f.from, a.created+60_000+int64(r.lognormal(max(0.02, e.FirstUse), 1)*float64(hourMS)))
	a.to = f.to
	if a.from > a.to-hourMS {
		a.from = max(a.created+30_000, a.to-hourMS)
	}
	w.age(a, f, r)
	a.from = max(w.start, min(a.from, a.to-hourMS))
	up := &signup{ts: a.created, client: w.programs.browsers.pick(r), device: hash(c.key, 0xde, uint64(g.device)), formMS: int64(r.lognormal(e.FormMS, 0.35))}
	up.from = a.access[0].at(a.created, r.u64(), a.key)
	w.mailFor(up, e, c, r)
	up.method = methodFor(up.domain, r)
	w.phoneFor(up, home, e.VoIP, e.Abroad, r)
	up.program = c.programs.pick(r)
	if r.chance(e.Referral) {
		up.referral = referralCode(hash(c.scope, 0x4ef, uint64(r.intn(3))))
	}
	a.signup = up
}

// age makes some accounts older than their use: signed up before the stream, or weeks
// before the campaign needs them; light traffic of others keeps some of them alive.
func (w *World) age(a *account, f *fleet, r *rng) {
	e, u := f.effort, r.float()
	if u >= e.Aged+e.Sleepers {
		return
	}
	if u < e.Aged {
		a.older, a.created = true, w.start-dayMS-int64(r.exp()*90*float64(dayMS))
		a.from = f.from + int64(r.float()*f.rampMS()*0.5)
	} else {
		a.created = a.from - int64(r.lognormal(max(1, e.SleepDays), 0.4)*float64(dayMS))
		a.older = a.created < w.start
	}
	if a.post.attack == "" {
		a.post.attack = "aged"
	}
	if r.chance(e.Warm) {
		a.post.turned = a.from
		a.from = min(a.from, max(w.start, a.created+int64(r.lognormal(12, 1)*float64(hourMS))))
	}
}

// mailFor gives a fleet's signup an address of one of its kinds.
func (w *World) mailFor(up *signup, e *Effort, c *crew, r *rng) {
	shape := hash(c.scope, 0x5a, uint64(r.intn(max(1, e.Shapes))))
	up.local = w.names.made(r, shape)
	if e.Shapes == 0 {
		up.local = w.names.local(r)
	}
	u := r.float()
	switch {
	case u < e.Disposable:
		up.domain = w.names.disposable[r.intn(len(w.names.disposable))]
	case u < e.Disposable+e.FreeMail || len(c.domains) == 0:
		up.domain = w.names.free.pick(r)
	default:
		up.domain = c.domains[r.intn(len(c.domains))]
	}
	up.hashed = r.chance(hashedShare)
}

// fund gives the account its means of payment.
func (w *World) fund(a *account, f *fleet, c *crew, g grouping, home *country, r *rng) {
	e, group := f.effort, g.card
	if c.cards[group] == nil {
		g := rng(hash(c.key, 0xca, uint64(group)))
		issuer := home
		if !g.chance(e.Issuer) {
			issuer = w.atlas.countries.pick(&g)
		}
		funding := c.funding.pick(&g)
		c.cards[group] = w.card(&g, funding, issuer, home, hash(c.scope, 0xb1)%1000+uint64(g.intn(e.BINs)))
		c.unpaid[group] = g.chance(e.Unpaid)
	}
	b := &a.billing
	b.decline, b.chargeback, b.refund, b.risk = e.Decline, e.Chargeback, 0.004, e.Risk
	b.credit = r.chance(0.5)
	if c.unpaid[group] {
		b.credit = true
		return
	}
	b.with = c.cards[group]
	b.amount = topup(hash(c.scope, 0xa0, uint64(r.intn(e.Amounts))))
}
