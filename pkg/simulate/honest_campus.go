package simulate

import "strings"

// People who come together: students, courses, hackathons, referrals.

// campus is a university's network: one NAT pool and one mail domain.
type campus struct {
	country *country
	domain  string
	net     access
	habit   uint64
	lab     uint64 // the computers of its lab, which look alike by the room
}

// campuses makes as many universities as a population of students has.
func (w *World) campuses(n int, r *rng) []campus {
	out := make([]campus, max(1, n/45))
	for i := range out {
		c := w.atlas.someone(r)
		out[i] = campus{country: c, domain: w.names.company(r, academic(c)), habit: r.u64(), lab: r.u64(),
			net: access{asn: &asn{38000 + uint32(r.intn(2000)), "education", c}, key: r.u64(), pool: 4, slot: slotBySession}}
	}
	return out
}

// academic is the ending of a university's domain.
func academic(c *country) string {
	switch c.code {
	case "US":
		return ".edu"
	case "GB":
		return ".ac.uk"
	case "JP", "KR", "IN", "ID", "ZA", "TH", "IL":
		return ".ac." + strings.ToLower(c.code)
	case "AU", "BR", "SG", "HK", "TW", "TR", "MX", "NG", "VN", "PH", "PL", "UA", "PK", "BD", "EG", "SA", "AR", "CO", "MY":
		return ".edu." + strings.ToLower(c.code)
	default:
		return "." + strings.ToLower(c.code)
	}
}

// one is a campus of several, the large ones more often.
func one(all []campus, r *rng) *campus {
	u := r.float()
	return &all[int(u*u*float64(len(all)))]
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
		a.signup.method = methodFor(u.domain, r)
	}
	if r.chance(0.08) {
		a.signup.device = hash(u.lab, uint64(r.intn(6)))
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
		w.enter(w.student(c, one(all, r), r), r)
	}
}

// settleCourses makes classes who sign up within two hours in a lecture hall and start
// from the teacher's prompt; homework is due on one evening a week.
func settleCourses(w *World, c *class, n int, r *rng) {
	all := w.campuses(n, r)
	crowds(n, 12, 35, 250, 0.6, r, func(size int) {
		u := one(all, r)
		lecture := w.start + int64(r.float()*0.7*float64(w.end-w.start))
		prompt, code, frame := r.u64(), referralCode(r.u64()), r.u64()
		for range size {
			a := w.student(c, u, r)
			a.older, a.created = false, lecture+int64(r.float()*float64(2*hourMS))
			a.trips = []trip{{from: lecture, to: lecture + 2*hourMS, ways: []access{u.net}}}
			a.signup.referral = code
			a.content.own = append(a.content.own[:1:1], prompt, prompt)
			a.content.frames, a.content.framed = append(a.content.frames[:0:0], frame), 0.4
			for i := range a.habit.waves {
				due := lecture + int64(i+1)*7*dayMS
				a.habit.waves[i] = wave{due - dayMS, due, 4}
			}
			w.enter(a, r)
		}
	})
}

// settleHackathons makes bursts on one venue's address: strangers with their own
// prompts, cards and mailboxes, and one programme code.
func settleHackathons(w *World, c *class, n int, r *rng) {
	crowds(n, 15, 45, 300, 0.6, r, func(size int) {
		place := w.atlas.someone(r)
		venue, code, starter := place.office(r), referralCode(r.u64()), r.u64()
		opens := w.start + int64(r.float()*0.85*float64(w.end-w.start))
		for range size {
			a := w.developer(c, r)
			a.trips = []trip{{from: opens, to: opens + 5*dayMS/2, ways: []access{venue, venue, venue, place.phone(r)}}}
			a.older, a.created = false, opens+int64(r.exp()*float64(hourMS))
			a.signup.referral, a.billing.grant = code, 2500
			a.use = w.usage("agent", "night", 1.5)
			a.content.own = append(a.content.own, starter) // the organisers' starter kit
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
// code, a burst over two days, for some the prompt that was shown, nothing else in common.
func settleReferrals(w *World, c *class, n int, r *rng) {
	crowds(n, 25, 70, 600, 0.7, r, func(size int) {
		code, posted := referralCode(r.u64()), w.start+int64(r.float()*0.85*float64(w.end-w.start))
		shown := &recipe{base: r.u64(), published: posted - 7*dayMS}
		for range size {
			a := w.chatter(c, r)
			a.older, a.created = false, posted+int64(r.exp()*0.6*float64(dayMS))
			a.signup.referral = code
			a.created = min(a.created, w.end-dayMS)
			if r.chance(0.3) {
				a.content.copies(shown, 0.2+0.5*r.float(), r)
			}
			w.enter(a, r)
		}
	})
}
