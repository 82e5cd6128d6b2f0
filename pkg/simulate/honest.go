package simulate

import (
	"fmt"
	"math"
	"strconv"
)

// hashedShare of signups come from a producer that tokenises emails itself.
const hashedShare = 0.08

func classNames() []string {
	classes := honestClasses()
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = c.name
	}
	return names
}

// settleHonest makes the honest population and deals out its exchanges.
func (w *World) settleHonest() {
	h := &w.scenario.Honest
	classes := honestClasses()
	r := rng(hash(w.seed, 3))
	for i, n := range apportion(int64(h.Accounts), h.shares(classes), 0, &r) {
		of := rng(hash(w.seed, 4, hashString(classes[i].name)))
		classes[i].settle(w, classes[i], int(n), &of)
	}
	weights := make([]float64, len(w.accounts))
	for i, a := range w.accounts {
		weights[i] = a.weight * float64(a.to-a.from)
	}
	for i, q := range apportion(h.Exchanges, weights, 0, &r) {
		a := w.accounts[i]
		w.spread(a, q)
		a.billing.spend = float64(q) * pricePerExchange
	}
}

// newcomer says when an honest account came: before the stream, or at any time in it when
// people are awake, some of them for a model that has just come out.
func (w *World) newcomer(a *account, r *rng) {
	if a.older = r.chance(w.scenario.Honest.Older); a.older {
		a.created = w.start - dayMS - int64(r.exp()*200*float64(dayMS))
		return
	}
	a.created = w.start + int64(r.float()*0.96*float64(w.end-w.start))
	if newest := w.models[len(w.models)-1].launch; newest > 0 && r.chance(0.08) {
		a.created = newest + int64(r.exp()*1.5*float64(dayMS))
	}
	a.created = w.awake(a.created, a.home, r)
}

// awake moves a time to an hour of the same day at which people in a country are up, mostly.
func (w *World) awake(ts int64, home *country, r *rng) int64 {
	if r.chance(0.1) {
		return ts
	}
	hour := int64(r.pick(w.usage("chat", "day", 1).hours)-home.zone+48) % 24
	midnight := ts - (ts-w.start)%dayMS
	return midnight + hour*hourMS + (ts-w.start)%hourMS
}

// lasting sets the account's time of use from its creation: a first exchange after
// minutes or days, for some an end before the stream's, and for some old ones a long sleep.
func (w *World) lasting(a *account, r *rng) {
	a.created = min(a.created, w.end-2*hourMS)
	a.from = min(w.end-hourMS, max(w.start, a.created+45_000+int64(r.lognormal(float64(25*60*1000), 1.9))))
	if a.older && r.chance(0.07) {
		a.from = w.start + int64(r.float()*0.9*float64(w.end-w.start))
	}
	if r.chance(0.15) {
		a.to = a.from + int64(r.float()*float64(w.end-a.from))
	}
	a.to = max(a.to, min(w.end, a.from+6*hourMS))
	a.from = max(w.start, min(a.from, a.to-hourMS))
}

// volume is how much an account does against others: lognormal, with a tail of the few
// who do tens of times as much.
func volume(r *rng) float64 {
	v := r.lognormal(1, 1.25)
	if r.chance(0.004) {
		v *= 10 / math.Sqrt(0.02+r.float())
	}
	return min(v, 120)
}

// person makes an honest account of someone at home somewhere: line, browser, mailbox,
// card. Builders change what sets their class apart, then call enter.
func (w *World) person(c *class, r *rng) *account {
	a := w.newAccount(c)
	a.home = w.atlas.someone(r)
	a.weight, a.active, a.jumpy = volume(r), 0.12+0.75*r.float(), 0.4+0.6*r.float()
	a.habit.shift = int(math.Round(1.3 * r.norm()))
	w.newcomer(a, r)
	home := a.home.home(r)
	w.homes = append(w.homes, home)
	a.reachBy(0.85, home)
	if r.chance(0.5) {
		a.reachBy(0.15, a.home.phone(r))
	}
	w.adopt(a)
	a.signup = &signup{client: w.programs.browsers.pick(r), device: r.u64(), formMS: int64(r.lognormal(38_000, 0.7)), hashed: r.chance(hashedShare)}
	if r.chance(0.05) { // a stock phone or laptop, which looks like every other
		a.signup.device = w.commons.devices.pick(r)
	}
	w.mailbox(a, r)
	if r.chance(0.08) {
		a.signup.referral = referralCode(r.u64() % 4000)
	}
	w.phoneFor(a.signup, a.home, 0.03, 0.04, r)
	b := &a.billing
	b.decline, b.refund, b.chargeback, b.risk, b.credit = 0.035, 0.006, 0.0006, 12, r.chance(0.5)
	if r.chance(0.6) {
		b.with = w.anyCard(r, a.home)
		if r.chance(0.4) {
			b.monthly = []int64{2000, 2000, 10000}[r.intn(3)]
		}
		if r.chance(0.3) {
			b.spare = w.anyCard(r, a.home)
		}
	}
	return a
}

// mailbox gives a person an address: at a public provider, on a domain of their own, behind a
// relay that hides it, or, rarely, on throw-away mail.
func (w *World) mailbox(a *account, r *rng) {
	up := a.signup
	up.local = w.names.local(r)
	switch u := r.float(); {
	case u < 0.06:
		up.domain = w.names.company(r, ending(r, a.home))
	case u < 0.075:
		up.domain, up.local = w.names.relays[r.intn(len(w.names.relays))], hidden(r)
	case u < 0.08:
		up.domain = w.names.disposable[r.intn(len(w.names.disposable))]
	default:
		up.domain = w.names.free.pick(r)
	}
	up.method = methodFor(up.domain, r)
}

// enter completes a signup once the builder has set place and time.
func (w *World) enter(a *account, r *rng) {
	w.lasting(a, r)
	w.stamp(a, r)
}

// stamp makes the signup event at the account's creation, from its first place.
func (w *World) stamp(a *account, r *rng) {
	a.signup.ts = a.created
	if a.signup.method != "email" && r.chance(0.8) { // one click and a name
		a.signup.formMS = int64(r.lognormal(9_000, 0.8))
	}
	a.signup.from = a.place(a.created).at(a.created, r.u64(), a.key)
}

// phoneFor gives most signups a verified phone number.
func (w *World) phoneFor(up *signup, home *country, voip, abroad float64, r *rng) {
	up.phone, up.phoneCountry, up.phoneType = "", "", ""
	if r.chance(0.25) {
		return
	}
	if r.chance(abroad) {
		home = w.atlas.countries.pick(r)
	}
	up.phone, up.phoneCountry, up.phoneType = home.dial+strconv.FormatUint(600000000+r.u64()%399999999, 10), home.code, "mobile"
	switch u := r.float(); {
	case u < voip:
		up.phoneType = "voip"
	case u < voip+0.04:
		up.phoneType = "landline"
	}
}

func referralCode(n uint64) string { return fmt.Sprintf("R%07X", mix(n)>>36) }
