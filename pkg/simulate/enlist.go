package simulate

import (
	"math"
	"slices"
)

// sharing says how a fleet's members share things: which of so many groups a member is in.
// Each kind of thing has its own shuffle, so that groups overlap and chain.
type sharing struct{ ip, device, card, batch []int }

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

// enlist brings up a fleet's accounts.
func (w *World) enlist(f *fleet, r *rng) {
	n, e := f.pool.Accounts, f.effort
	cellOf := groups(n, math.Ceil(float64(n)/float64(f.cells)), r)
	perCell := make([][]int, n)
	for i, c := range cellOf {
		perCell[c] = append(perCell[c], i)
	}
	members := make([]*account, n)
	weights := make([]float64, n)
	for _, cell := range perCell {
		if len(cell) == 0 {
			continue
		}
		s := sharing{ip: groups(len(cell), e.AccountsPerIP, r), device: groups(len(cell), e.AccountsPerDevice, r),
			card: groups(len(cell), e.AccountsPerCard, r), batch: groups(len(cell), e.Batch, r)}
		w.enlistCell(f, cell, &s, members, r)
	}
	for i, a := range members {
		weights[i] = a.weight * float64(a.to-a.from)
	}
	for i, q := range apportion(f.pool.Exchanges, weights, 1, r) {
		w.spread(members[i], q)
		members[i].billing.spend = float64(q) * pricePerExchange
	}
}

// crew is what the members of a cell draw their things from.
type crew struct {
	key       uint64
	countries choice[string]
	ipTypes   choice[string]
	domains   []string
	cards     map[int]*instrument
	cardHome  map[int]*country
	batchAt   map[int]int64
	ipHome    map[int]*country
	programs  choice[string]
	funding   choice[string]
	unpaid    map[int]bool
}

func (w *World) newCrew(f *fleet, r *rng) *crew {
	e := f.effort
	c := &crew{key: r.u64(), countries: choose(f.campaign.Countries), ipTypes: choose(e.IPTypes), cards: map[int]*instrument{}, cardHome: map[int]*country{},
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
	names := rng(hash(f.key, 0xd0)) // the whole fleet draws from the same domains
	for range e.Domains {
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

func (w *World) enlistCell(f *fleet, cell []int, s *sharing, members []*account, r *rng) {
	c := w.newCrew(f, r)
	for rank, i := range cell {
		a := w.newAccount(f.class)
		a.fleet, a.slot, a.cell = f, i, c.key
		w.member(a, f, c, s, rank, r)
		members[i] = a
	}
}

// member gives one account of a fleet everything it has.
func (w *World) member(a *account, f *fleet, c *crew, s *sharing, rank int, r *rng) {
	e := f.effort
	home := c.ipHome[s.ip[rank]]
	if home == nil {
		home = w.atlas.byCode[c.countries.pick(r)]
		c.ipHome[s.ip[rank]] = home
	}
	a.home, a.use = home, f.use
	a.weight, a.active, a.jumpy, a.limited = r.lognormal(1, e.Spread), e.ActiveDays, 0.3, e.Limited
	if !r.chance(e.Flat) {
		a.use = f.office
		a.home = &country{code: home.code, zone: f.campaign.Zone, dial: home.dial, currency: home.currency, fixed: home.fixed, mobile: home.mobile}
	}
	w.adopt(a)
	a.content.framework = w.frameworks.pick(r)
	a.reachBy(1, w.exitOf(f, c, home, s.ip[rank], r))
	a.clients = f.clients
	if len(a.clients) == 0 {
		a.clients = []*client{w.programs.api(r)}
	}
	if r.chance(0.3) {
		a.keys = 2
	}
	w.recruit(a, f, c, s, rank, home, r)
	w.fund(a, f, c, s, rank, home, r)
}

// exitOf is where an account's traffic leaves: by kind of network, shared as the effort says.
func (w *World) exitOf(f *fleet, c *crew, home *country, group int, r *rng) access {
	e := f.effort
	if len(w.homes) > 0 && r.chance(e.HonestIPs) {
		return w.homes[r.intn(len(w.homes))]
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
		way.asn = &home.fixed[g.intn(len(home.fixed))]
		if kind == "proxy" {
			way.kind = "proxy"
		}
	}
	return way
}

// recruit makes the account's signup.
func (w *World) recruit(a *account, f *fleet, c *crew, s *sharing, rank int, home *country, r *rng) {
	e := f.effort
	at, ok := c.batchAt[s.batch[rank]]
	if !ok {
		// Accounts come in over the ramp, most of them early, a day before the fleet needs them at the earliest.
		at = max(w.start, f.from-dayMS) + int64(r.float()*e.RampDays*float64(dayMS))
		c.batchAt[s.batch[rank]] = at
	}
	a.created = min(f.to-2*hourMS, at+int64(r.exp()*40_000*float64(1+rank%7)))
	a.from = max(f.from, a.created+60_000+int64(r.lognormal(max(0.02, e.FirstUse), 1)*float64(hourMS)))
	a.to = f.to
	if a.from > a.to-hourMS {
		a.from = max(a.created+30_000, a.to-hourMS)
	}
	if a.older = r.chance(e.Aged); a.older {
		a.created = w.start - dayMS - int64(r.exp()*90*float64(dayMS))
		a.from = f.from + int64(r.float()*e.RampDays*float64(dayMS)*0.5)
	}
	a.from = max(w.start, min(a.from, a.to-hourMS))
	up := &signup{ts: a.created, client: w.programs.browsers.pick(r), device: hash(c.key, 0xde, uint64(s.device[rank])), formMS: int64(r.lognormal(e.FormMS, 0.35))}
	up.from = a.access[0].at(a.created, r.u64(), a.key)
	w.mailFor(up, e, c, f.key, r)
	up.method = []string{"email", "email", "google", "github"}[r.intn(4)]
	if e.Domains > 0 && slices.Contains(c.domains, up.domain) || slices.Contains(w.names.disposable, up.domain) {
		up.method = "email"
	}
	w.phoneFor(up, home, e.VoIP, e.Abroad, r)
	up.program = c.programs.pick(r)
	if r.chance(e.Referral) {
		up.referral = referralCode(hash(f.key, 0x4ef, uint64(r.intn(3))))
	}
	a.signup = up
}

// mailFor gives a fleet's signup an address of one of its kinds.
func (w *World) mailFor(up *signup, e *Effort, c *crew, fleetKey uint64, r *rng) {
	shape := hash(fleetKey, 0x5a, uint64(r.intn(max(1, e.Shapes))))
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
func (w *World) fund(a *account, f *fleet, c *crew, s *sharing, rank int, home *country, r *rng) {
	e, group := f.effort, s.card[rank]
	if c.cards[group] == nil {
		g := rng(hash(c.key, 0xca, uint64(group)))
		issuer := home
		if !g.chance(e.Issuer) {
			issuer = w.atlas.countries.pick(&g)
		}
		funding := c.funding.pick(&g)
		c.cards[group] = w.card(&g, funding, issuer, home, hash(f.key, 0xb1)%1000+uint64(g.intn(e.BINs)))
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
	b.amount = topup(hash(f.key, 0xa0, uint64(r.intn(e.Amounts))))
}
