package simulate

import (
	"slices"
	"strings"
)

// settleFraming wraps accounts of a campaign around honest victims: they copy the
// victim's own prompts, sign up and work from its line, name its referral code and use
// its organisation's mail domain or one that looks like it. Nothing of the victim changes.
func (w *World) settleFraming(g *gang, r *rng) {
	fr := &g.campaign.Framing
	if fr.Victims == 0 {
		return
	}
	var framers []*account
	for _, f := range g.fleets {
		for _, a := range f.members {
			if !a.older && !a.post.reserve {
				framers = append(framers, a)
			}
		}
	}
	beside := map[string]int{}
	for _, a := range w.honest(func(*account) bool { return true }) {
		beside[a.org]++
		beside[a.line()]++
	}
	victims := w.honest(func(a *account) bool {
		crowd := beside[a.line()]
		if a.org != "" {
			crowd = max(crowd, beside[a.org])
		}
		return a.thief == nil && !a.framed && !a.patron && len(a.content.own) > 0 && a.access[0].pool <= 1 && a.totalDays() > 0 && crowd <= maxBeside
	})
	for range fr.Victims {
		if len(victims) == 0 || len(framers) == 0 {
			return
		}
		i := r.intn(len(victims))
		v := victims[i]
		victims[i] = victims[len(victims)-1]
		victims = victims[:len(victims)-1]
		if v.framed { // beside another victim
			continue
		}
		w.markFramed(v)
		for range max(1, int(fr.Accounts*(0.5+r.float())+0.5)) {
			if len(framers) == 0 {
				return
			}
			j := r.intn(len(framers))
			w.wrap(framers[j], v, fr, r)
			framers[j] = framers[len(framers)-1]
			framers = framers[:len(framers)-1]
		}
	}
}

// maxBeside is how many honest accounts a victim's line or organisation may have: who
// frames someone does not frame a campus.
const maxBeside = 15

// line names an account's first way onto the network.
func (a *account) line() string { return string(appendHex(nil, a.access[0].key)) }

// totalDays is how many days an account is used on.
func (a *account) totalDays() (n int) {
	for _, d := range a.days {
		if d > 0 {
			n++
		}
	}
	return n
}

// markFramed notes the victim, and those honest customers who share its organisation or
// its line: what is made to look bad looks bad on them too.
func (w *World) markFramed(v *account) {
	v.framed = true
	for _, a := range w.accounts {
		if a.fleet == nil && a.host == nil && a.thief == nil && (a.org != "" && a.org == v.org || a.access[0].key == v.access[0].key) {
			a.framed = true
		}
	}
}

// wrap makes an account of the campaign look like a victim's.
func (w *World) wrap(a, v *account, fr *Framing, r *rng) {
	p, up := a.post, a.signup
	p.attack = "framing"
	if r.chance(fr.Ways["template"]) {
		mask := content{own: v.content.own, churn: v.content.churn, bits: v.content.bits, frames: v.content.frames, framed: v.content.framed, cot: v.content.cot}
		p.mask, p.maskOwner, p.maskShare = &mask, v.key, fr.Share
	}
	if r.chance(fr.Ways["ip"]) { // a residential proxy on the victim's line
		up.from = v.access[0].at(up.ts, r.u64(), v.key)
		a.reachBy(0.4*a.reach[len(a.reach)-1], v.access[0])
	}
	if code := v.signup.referral; code != "" && r.chance(fr.Ways["referral"]) {
		up.referral = code
	}
	if domain := v.signup.domain; !w.names.isFree(domain) && !slices.Contains(w.names.relays, domain) && r.chance(fr.Ways["domain"]) {
		up.domain = domain
		if r.chance(0.5) {
			up.domain = alike(up.domain, r)
		}
		up.local, up.method = w.names.local(r), "email"
	}
}

// settlePatrons picks honest customers who use the campaign's relay beside their own
// account: their prompts come out of both.
func (w *World) settlePatrons(g *gang, r *rng) {
	if g.campaign.Patrons == 0 {
		return
	}
	there := w.honest(func(a *account) bool {
		return !a.framed && !a.patron && a.thief == nil && len(a.content.own) > 0 && a.totalDays() > 0
	})
	for range min(g.campaign.Patrons, len(there)) {
		i := r.intn(len(there))
		a := there[i]
		there[i] = there[len(there)-1]
		there = there[:len(there)-1]
		a.patron = true
		g.patrons = append(g.patrons, customer{a.content, a.key})
	}
}

// alike is a domain that looks like another one.
func alike(domain string, r *rng) string {
	name, _, _ := strings.Cut(domain, ".")
	return []string{name + ".co", name + "-team.com", name + "-ai.com", name + "hq.com", name + ".net"}[r.intn(5)]
}
