package simulate

// People who come together: students, courses, hackathons, referrals.

// campus is a university's network: one NAT pool and one mail domain.
type campus struct {
	country *country
	domain  string
	net     access
	habit   uint64
}

// campuses makes as many universities as a population of students has.
func (w *World) campuses(n int, r *rng) []campus {
	out := make([]campus, max(1, n/45))
	for i := range out {
		c := w.atlas.countries.pick(r)
		out[i] = campus{country: c, domain: w.names.company(r, ".edu"), habit: r.u64(),
			net: access{asn: &asn{38000 + uint32(r.intn(2000)), "education", c}, key: r.u64(), pool: 4, slot: slotBySession}}
	}
	return out
}

// student makes someone on a campus, mostly.
func (w *World) student(c *class, u *campus, r *rng) *account {
	a := w.developer(c, r)
	a.home, a.access, a.reach = u.country, nil, nil
	a.reachBy(0.6, u.net)
	a.reachBy(0.25, u.country.home(r))
	a.reachBy(0.15, u.country.phone(r))
	a.use = w.usage("student", "evening", 0.9)
	if r.chance(0.7) {
		a.signup.domain, a.signup.local = u.domain, w.names.work(r, u.habit)
	}
	a.signup.program, a.billing.grant = "education", 5000
	if r.chance(0.7) {
		a.billing.with = nil
	}
	a.weight *= 0.5
	return a
}

func settleStudents(w *World, c *class, n int, r *rng) {
	all := w.campuses(n, r)
	for range n {
		w.enter(w.student(c, &all[r.intn(len(all))], r), r)
	}
}

// settleCourses makes classes of 20 to 60 who sign up within two hours in a lecture hall
// and start from the teacher's prompt.
func settleCourses(w *World, c *class, n int, r *rng) {
	all := w.campuses(n, r)
	teams(n, 20, 60, r, func(size int) {
		u := &all[r.intn(len(all))]
		lecture := w.start + int64(r.float()*0.7*float64(w.end-w.start))
		prompt, code := r.u64(), referralCode(r.u64())
		for range size {
			a := w.student(c, u, r)
			a.older, a.created = false, lecture+int64(r.float()*float64(2*hourMS))
			a.signup.referral = code
			a.content.own = append(a.content.own[:1:1], prompt, prompt)
			w.enter(a, r)
		}
	})
}

// settleHackathons makes bursts on one venue's address: strangers with their own
// prompts, cards and mailboxes, and one programme code.
func settleHackathons(w *World, c *class, n int, r *rng) {
	teams(n, 25, 120, r, func(size int) {
		place := w.atlas.countries.pick(r)
		venue, code := place.office(r), referralCode(r.u64())
		opens := w.start + int64(r.float()*0.85*float64(w.end-w.start))
		for range size {
			a := w.developer(c, r)
			home := a.access[0]
			a.access, a.reach = nil, nil
			a.reachBy(0.75, venue)
			a.reachBy(0.25, home)
			a.older, a.created = false, opens+int64(r.exp()*float64(hourMS))
			a.signup.referral, a.billing.grant = code, 2500
			a.use = w.usage("agent", "night", 1.5)
			w.lasting(a, r)
			a.from = min(a.from, a.created+3*hourMS)
			if r.chance(0.6) {
				a.to = min(w.end, opens+int64((1.5+r.float())*float64(dayMS)))
			}
			a.to = max(a.to, min(w.end, a.from+6*hourMS))
			w.stamp(a, r)
		}
	})
}

// settleReferrals makes the followers of someone with a large audience: one referral
// code, a burst over two days, nothing else in common.
func settleReferrals(w *World, c *class, n int, r *rng) {
	teams(n, 40, 200, r, func(size int) {
		code, posted := referralCode(r.u64()), w.start+int64(r.float()*0.85*float64(w.end-w.start))
		for range size {
			a := w.chatter(c, r)
			a.older, a.created = false, posted+int64(r.exp()*0.6*float64(dayMS))
			a.signup.referral = code
			a.created = min(a.created, w.end-dayMS)
			w.enter(a, r)
		}
	})
}
