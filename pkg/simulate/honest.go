package simulate

import (
	"fmt"
	"strconv"
)

// hashedShare of signups come from a producer that tokenises emails itself.
const hashedShare = 0.08

// class is an archetype of honest customer; share is its part of the population.
type class struct {
	name   string
	trap   string // why it may look bad
	share  float64
	settle func(w *World, c *class, n int, r *rng)
}

// honestClasses lists the population, one builder each. Shares are our own estimate of
// an API vendor's customers; traps are the rows of the detection notes.
func honestClasses() []*class {
	return []*class{
		{"individual_chat", "", 0.22, settleChatters},
		{"individual_dev", "", 0.22, settleDevelopers},
		{"framework_user", "popular_framework", 0.09, settleFrameworkUsers},
		{"mobile_user", "cgnat", 0.07, settleMobile},
		{"vpn_user", "vpn_exit", 0.04, settleVPN},
		{"household", "shared_home", 0.05, settleHouseholds},
		{"family_device", "shared_device", 0.01, settleFamilyDevices},
		{"virtual_card", "virtual_card_issuer", 0.03, settleVirtualCards},
		{"heavy_agent", "around_the_clock", 0.008, settleHeavyAgents},
		{"org_sso", "one_organisation", 0.07, settleOrganisations},
		{"org_plain", "one_organisation", 0.04, settlePlainOrganisations},
		{"startup", "one_organisation", 0.03, settleStartups},
		{"agency", "one_card_many_accounts", 0.01, settleAgencies},
		{"student", "campus", 0.05, settleStudents},
		{"course", "course_burst", 0.025, settleCourses},
		{"hackathon", "hackathon_burst", 0.012, settleHackathons},
		{"referral", "referral_burst", 0.015, settleReferrals},
		{"reseller", "reseller", 0.0012, settleResellers},
		{"load_test", "load_test", 0.001, settleLoadTests},
		{"eval_lab", "cot_evaluation", 0.002, settleEvalLabs},
	}
}

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
	shares := make([]float64, len(classes))
	for i, c := range classes {
		shares[i] = c.share
		if v, ok := h.Classes[c.name]; ok {
			shares[i] = v
		}
	}
	r := rng(hash(w.seed, 3))
	for i, n := range apportion(int64(h.Accounts), shares, 0, &r) {
		of := rng(hash(w.seed, 4, uint64(i)))
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

// newcomer says when an honest account came: before the stream, or at any time in it.
func (w *World) newcomer(a *account, r *rng) {
	if a.older = r.chance(w.scenario.Honest.Older); a.older {
		a.created = w.start - dayMS - int64(r.exp()*200*float64(dayMS))
		return
	}
	a.created = w.start + int64(r.float()*0.96*float64(w.end-w.start))
}

// lasting sets the account's time of use from its creation: a first exchange after
// minutes or days, and for some an end before the stream's.
func (w *World) lasting(a *account, r *rng) {
	a.created = min(a.created, w.end-2*hourMS)
	a.from = max(w.start, a.created+45_000+int64(r.lognormal(float64(25*60*1000), 1.9)))
	if r.chance(0.15) {
		a.to = a.from + int64(r.float()*float64(w.end-a.from))
	}
	a.to = max(a.to, min(w.end, a.from+6*hourMS))
	a.from = max(w.start, min(a.from, a.to-hourMS))
}

// person makes an honest account of someone at home somewhere: line, browser, mailbox,
// card. Builders change what sets their class apart, then call enter.
func (w *World) person(c *class, r *rng) *account {
	a := w.newAccount(c)
	a.home = w.atlas.countries.pick(r)
	a.weight, a.active, a.jumpy = r.lognormal(1, 1.2), 0.15+0.7*r.float(), 0.7
	w.newcomer(a, r)
	home := a.home.home(r)
	w.homes = append(w.homes, home)
	a.reachBy(0.85, home)
	if r.chance(0.5) {
		a.reachBy(0.15, a.home.phone(r))
	}
	w.adopt(a)
	a.signup = &signup{client: w.programs.browsers.pick(r), device: r.u64(), local: w.names.local(r), domain: w.names.free.pick(r),
		method: []string{"email", "email", "google", "google", "github", "microsoft"}[r.intn(6)], formMS: int64(r.lognormal(38_000, 0.7)), hashed: r.chance(hashedShare)}
	if r.chance(0.06) {
		a.signup.domain = w.names.company(r, ".dev") // a domain of one's own
	}
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
	}
	return a
}

// enter completes a signup once the builder has set place and time.
func (w *World) enter(a *account, r *rng) {
	w.lasting(a, r)
	w.stamp(a, r)
}

// stamp makes the signup event at the account's creation, from its first place.
func (w *World) stamp(a *account, r *rng) {
	a.signup.ts = a.created
	a.signup.from = a.access[0].at(a.created, r.u64(), a.key)
}

// phoneFor gives most signups a verified phone number.
func (w *World) phoneFor(up *signup, home *country, voip, abroad float64, r *rng) {
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

// ownContent is a developer's prompts: some of their own, edited from time to time.
func ownContent(r *rng) content {
	c := content{churn: (4 + int64(r.intn(16))) * dayMS, bits: 3, bare: 0.1 + 0.3*r.float(), cot: 0.08 + 0.15*r.float(), lures: 0.02}
	for range 1 + r.intn(4) {
		c.own = append(c.own, r.u64())
	}
	if r.chance(0.6) {
		c.framed = 0.3 + 0.6*r.float()
		for range 1 + r.intn(6) {
			c.frames = append(c.frames, r.u64())
		}
	}
	return c
}
