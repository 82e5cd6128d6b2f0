package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// Rules is a sheet of hand-written rules with fixed points, as risk teams keep them: what
// was seen of an account adds up, and from a sum on it is flagged. An account is judged
// again at each of its events, and when others come to what it uses.
//
// Source: lines and points are our own, in the manner of such sheets: each was written
// down once from what the field says of an account, and then left. Two were corrected on
// seed 7, as an operator would after the first complaints: mail domains and programmes
// that vouch for an account.
//
// Cost: 36 conditions an event, a map entry for each account and shared thing.
//
// Constants: 75 points flag 27% / 27% of the campaigns' accounts (99% of L0, two thirds of
// L1, 1% of L2, none of L3) and 0.6% / 1.2% of the honest ones.
type Rules struct {
	sheet  []rule
	ledger *ledger
	facts  []facts

	cards, devices, phones, referrals *sharing // for ever
	ips, domains, shapes              *sharing // of the day, UTC
	day                               int64
}

// rulesThreshold is the sum that flags, in points.
const rulesThreshold = 75

// enough is how many accounts on one thing the sheet tells apart; more is the same.
const enough = 20

// rule is a line of the sheet.
type rule struct {
	name   string
	points float64
	hit    func(*facts) bool
}

// NewRules returns the baseline with its sheet.
func NewRules() *Rules {
	r := &Rules{sheet: ruleSheet(), ledger: newLedger(rulesThreshold)}
	for _, s := range []**sharing{&r.cards, &r.devices, &r.phones, &r.referrals, &r.ips, &r.domains, &r.shapes} {
		*s = newSharing(enough)
	}
	return r
}

// ruleSheet is the sheet. Where two lines are steps of one count, the points add.
func ruleSheet() []rule {
	return []rule{
		// Identity. A mail domain nobody knows is weak; many new accounts on it are not.
		{"own mail domain without sign-on", 5, func(f *facts) bool { return f.signed && !f.freeMail && !f.sso }},
		{"3 new accounts today on an own mail domain", 15, func(f *facts) bool { return f.domainToday >= 3 && f.unknown() }},
		{"10 new accounts today on an own mail domain", 15, func(f *facts) bool { return f.domainToday >= 10 && f.unknown() }},
		{"3 new accounts today of one mailbox shape and own domain", 10, func(f *facts) bool { return f.shapeToday >= 3 && f.unknown() }},
		{"VoIP number", 20, func(f *facts) bool { return f.phone == event.PhoneVoIP }},
		{"phone on 2 accounts", 30, func(f *facts) bool { return f.onPhone >= 2 }},
		{"form filled in within 3 s", 15, func(f *facts) bool { return f.formMS >= 0 && f.formMS < 3000 }},
		{"single sign-on", -40, func(f *facts) bool { return f.sso }},
		{"came in through a programme", -15, func(f *facts) bool { return f.program != event.ProgramNone }},
		// Network at signup.
		{"hosting or VPN address", 10, func(f *facts) bool { return f.ipType == event.IPHosting || f.ipType == event.IPVPN }},
		{"proxy address", 20, func(f *facts) bool { return f.ipType == event.IPProxy }},
		{"Tor address", 30, func(f *facts) bool { return f.ipType == event.IPTor }},
		{"phone from another country than the address", 15, func(f *facts) bool { return differ(f.phoneCountry, f.country) }},
		{"card from another country than the address", 15, func(f *facts) bool { return differ(f.issuer, f.country) }},
		{"billed to another country than the address", 10, func(f *facts) bool { return differ(f.billing, f.country) }},
		{"5 accounts on the address today", 10, func(f *facts) bool { return f.onIP >= 5 }},
		{"20 accounts on the address today", 10, func(f *facts) bool { return f.onIP >= 20 }},
		// Things that belong to one person.
		{"device of 3 accounts", 20, func(f *facts) bool { return f.onDevice >= 3 }},
		{"device of 5 accounts", 20, func(f *facts) bool { return f.onDevice >= 5 }},
		{"card of 2 accounts", 15, func(f *facts) bool { return f.onCard >= 2 }},
		{"card of 3 accounts", 35, func(f *facts) bool { return f.onCard >= 3 }},
		{"referral code of 20 accounts", 10, func(f *facts) bool { return f.onReferral >= 20 }},
		// Payment.
		{"prepaid or virtual card", 15, func(f *facts) bool { return f.prepaid }},
		{"crypto", 15, func(f *facts) bool { return f.crypto }},
		{"processor risk from 50", 10, func(f *facts) bool { return f.risk >= 50 }},
		{"processor risk from 75", 20, func(f *facts) bool { return f.risk >= 75 }},
		{"3 declines within a day", 20, func(f *facts) bool { return f.declinesADay >= 3 }},
		{"chargeback", 50, func(f *facts) bool { return f.chargeback }},
		{"pays by invoice", -50, func(f *facts) bool { return f.invoice }},
		// Use.
		{"first exchange within 2 min of the signup", 10, func(f *facts) bool { return f.rushed }},
		{"500 exchanges on the first day", 20, func(f *facts) bool { return f.firstDay >= 500 }},
		{"60 exchanges in a minute", 10, func(f *facts) bool { return f.burst >= 60 }},
		{"1,500 exchanges on one day", 20, func(f *facts) bool { return f.busiestDay >= 1500 }},
		{"active in 22 hours of one day", 10, func(f *facts) bool { return f.hoursADay >= 22 }},
		{"asks for reasoning at length, over 20 exchanges", 25, func(f *facts) bool { return f.lured >= 20 && f.lured*2 >= f.judged }},
		{"known for 30 days", -20, func(f *facts) bool { return f.age() >= 30*dayMS }},
	}
}

func differ(a, b event.Country) bool { return a != 0 && b != 0 && a != b }

// Name returns the name in tables.
func (*Rules) Name() string { return "rule sheet" }

// Signup judges an account by how it was made.
func (r *Rules) Signup(e *event.Signup) {
	a := r.see(&e.Meta)
	r.facts[a].signup(e)
	r.count(r.devices, uint64(e.Device), a, e.TS, func(f *facts, n int) { f.onDevice = n })
	r.count(r.phones, uint64(e.Phone), a, e.TS, func(f *facts, n int) { f.onPhone = n })
	r.count(r.referrals, uint64(e.Referral), a, e.TS, func(f *facts, n int) { f.onReferral = n })
	if !e.FreeMail {
		r.count(r.domains, uint64(e.EmailDomain), a, e.TS, func(f *facts, n int) { f.domainToday = n })
		if e.EmailDomain != 0 && e.EmailShape != 0 {
			r.count(r.shapes, mix(uint64(e.EmailDomain), uint64(e.EmailShape)), a, e.TS, func(f *facts, n int) { f.shapeToday = n })
		}
	}
	r.address(e.IP, a, e.TS)
	r.judge(a, e.TS)
}

// Request judges an account by an exchange.
func (r *Rules) Request(e *event.Request) {
	a := r.see(&e.Meta)
	r.facts[a].request(e)
	r.address(e.IP, a, e.TS)
	r.judge(a, e.TS)
}

// Payment judges an account by a payment signal.
func (r *Rules) Payment(e *event.Payment) {
	a := r.see(&e.Meta)
	r.facts[a].payment(e)
	r.count(r.cards, uint64(e.Instrument), a, e.TS, func(f *facts, n int) { f.onCard = n })
	r.address(e.IP, a, e.TS)
	r.judge(a, e.TS)
}

// Verdicts returns the highest sum of each account.
func (r *Rules) Verdicts() []Verdict { return r.ledger.verdicts() }

// see makes an account known and turns the day.
func (r *Rules) see(m *event.Meta) int32 {
	if day := m.TS / dayMS; day > r.day {
		r.day = day
		r.ips.reset()
		r.domains.reset()
		r.shapes.reset()
	}
	a := r.ledger.account(m.AccountID)
	for int32(len(r.facts)) <= a {
		r.facts = append(r.facts, newFacts(m.TS))
	}
	r.facts[a].last = max(r.facts[a].last, m.TS)
	return a
}

func (r *Rules) address(ip event.Token, a int32, ts int64) {
	r.count(r.ips, uint64(ip), a, ts, func(f *facts, n int) { f.onIP = max(f.onIP, n) })
}

// count notes a shared thing, and judges those again that it had before.
func (r *Rules) count(s *sharing, token uint64, a int32, ts int64, set func(*facts, int)) {
	if token == 0 {
		return
	}
	g := s.join(token, a)
	if g == nil {
		return
	}
	set(&r.facts[a], g.n)
	if g.n > enough {
		return
	}
	for _, m := range g.members {
		if m != a {
			set(&r.facts[m], g.n)
			r.judge(m, ts)
		}
	}
}

// judge sums the sheet.
func (r *Rules) judge(a int32, ts int64) {
	sum := 0.0
	f := &r.facts[a]
	for i := range r.sheet {
		if r.sheet[i].hit(f) {
			sum += r.sheet[i].points
		}
	}
	r.ledger.raise(a, sum, ts)
}
