package simulate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The closed loop: what a detector suspended in an earlier run of the same world is
// banned in this one, and the campaign goes on with what it has left. Until the first
// ban both worlds are the same bytes; the honest accounts' are the same to the end.

// WithBans takes the campaigns' accounts and stolen keys down at the times given.
func WithBans(b *BanList) Option { return func(w *World) { w.bans = b } }

// Moved says what a closed loop made of a campaign's exchanges.
type Moved struct {
	Banned       int   // accounts and stolen keys of campaigns that were taken down
	Replacements int   // accounts that signed up for them
	Exchanges    int64 // that went to siblings and replacements
	GivenUp      int64 // that no account was left for
}

// Moved returns what the bans given to New changed.
func (w *World) Moved() Moved { return w.moved }

// loop moves one campaign's work.
type loop struct {
	world  *World
	gang   *gang
	queue  []ban // in time order
	shifts map[*account]*account
	daily  float64 // exchanges a day that an account of the campaign does on average
}

// ban is one account's end.
type ban struct {
	at      int64
	account *account
}

func (b ban) compare(c ban) int {
	return cmp.Or(cmp.Compare(b.at, c.at), cmp.Compare(b.account.key, c.account.key))
}

// stopFor is when an agent is taken down, 0 = never: with its account, or with its key.
func (w *World) stopFor(a *account) int64 {
	at := w.bans.Accounts[a.id]
	if a.fixedKey != 0 {
		if k := w.bans.Keys[idKey+string(appendHex(nil, a.fixedKey))]; k > 0 && (at == 0 || k < at) {
			at = k
		}
	}
	if at == 0 || at >= w.end {
		return 0
	}
	return max(at, w.start)
}

// applyBans plays the ban list against every campaign, in the order of the scenario.
func (w *World) applyBans() {
	for _, g := range w.gangs {
		l := &loop{world: w, gang: g, shifts: map[*account]*account{}}
		accounts, exchanges := 0, int64(0)
		for _, f := range g.fleets {
			accounts += len(f.members)
			exchanges += f.pool.Exchanges
			for _, a := range f.members {
				l.enqueue(a)
			}
		}
		for _, t := range g.thieves {
			l.enqueue(t)
		}
		l.daily = float64(exchanges) / float64(max(1, accounts)) / max(1, float64(g.end-g.start)/float64(dayMS))
		slices.SortFunc(l.queue, ban.compare)
		l.play()
	}
}

func (l *loop) enqueue(a *account) {
	if at := l.world.stopFor(a); at > 0 && at < a.to {
		l.queue = append(l.queue, ban{at, a})
	}
}

// play takes the bans day by day: what the banned had planned goes to the accounts that
// are up, and replacements sign up a while after.
func (l *loop) play() {
	w := l.world
	backlog := make([]int64, w.days+1)
	for day := range w.days {
		until := w.start + int64(day+1)*dayMS
		for len(l.queue) > 0 && l.queue[0].at < until {
			b := l.queue[0]
			l.queue = l.queue[1:]
			w.moved.Banned++
			for d, n := range w.cutOff(b.account, b.at, day) {
				backlog[min(d, w.days)] += n
			}
			l.replace(b)
		}
		backlog[day+1] += l.place(day, backlog[day])
	}
	w.moved.GivenUp += backlog[w.days]
}

// cutOff ends an agent's use and returns the exchanges that it would still have had, by day; what is
// left of the ban's own day goes to the day after.
func (w *World) cutOff(a *account, at int64, day int) map[int]int64 {
	left := map[int]int64{}
	if rest := w.unserved(a, at, day); rest > 0 {
		left[day+1] = rest
	}
	for d := day + 1; d < len(a.days); d++ {
		if a.days[d] > 0 {
			left[d] += int64(a.days[d])
			a.days[d] = 0
		}
	}
	a.cut = at
	a.paid = slices.DeleteFunc(a.paid, func(p payment) bool { return p.ts >= at && p.kind != "chargeback" && p.kind != "refund" })
	return left
}

// unserved is how many exchanges of an agent's plan up to a day's end come after a time:
// its days are laid out as they will be when the world is played.
func (w *World) unserved(a *account, at int64, day int) int64 {
	b := *a
	b.plan, b.sessions, b.next = nil, nil, 0
	for d := range day + 1 {
		midnight := w.start + int64(d)*dayMS
		for b.next < len(b.plan) && b.plan[b.next].ts < midnight {
			b.next++
		}
		if b.days[d] > 0 || b.next < len(b.plan) {
			w.planDay(&b, d)
		}
	}
	n := int64(0)
	for _, p := range b.plan[b.next:] {
		if p.ts >= at {
			n++
		}
	}
	return n
}

// replace signs up another account for one that was banned, for as many as the pool
// replaces (half of them, where it does not say). It takes the effort of the pool that comes after,
// where there is one.
func (l *loop) replace(b ban) {
	w, old := l.world, b.account
	f := old.fleet
	if old.fixedKey != 0 {
		return
	}
	r := rng(hash(old.key, 0x2e91))
	share := f.pool.Bans.Replace
	if share == 0 {
		share = 0.5
	}
	if !r.chance(share) {
		return
	}
	to := f
	for i, g := range l.gang.fleets {
		if g == f && i+1 < len(l.gang.fleets) {
			to = l.gang.fleets[i+1]
		}
	}
	created := b.at + int64(r.lognormal(f.pool.Bans.DelayHours, 0.7)*float64(hourMS))
	if created > l.gang.end-dayMS {
		return
	}
	a := w.newAccountWith(f.class, hash(old.key, 0x2e92))
	a.slot = len(to.members)
	crew, places := old.post.crew, old.post.groups
	if to != f {
		crew, places = w.newCrew(to, &r), grouping{}
	}
	w.join(a, to, crew, places.fresh(to.effort, a.slot), &r)
	a.older, a.created, a.post.turned, a.post.attack, a.post.of, a.post.late = false, created, 0, "replacement", 1, true
	a.from = created + 60_000 + int64(r.lognormal(max(0.02, to.effort.FirstUse), 1)*float64(hourMS)/4)
	a.to = l.gang.end
	a.from = min(a.from, a.to-hourMS)
	a.days = make([]uint32, w.days)
	w.stamp(a, &r)
	w.settleLabel(a)
	to.members = append(to.members, a)
	w.moved.Replacements++
	if at := w.stopFor(a); at > 0 && at < a.to {
		i, _ := slices.BinarySearchFunc(l.queue, ban{at, a}, ban.compare)
		l.queue = slices.Insert(l.queue, i, ban{at, a})
	}
}

// fresh is a place for a new account where the old one's was: of what the fleet shares it
// gets the same, of the rest its own.
func (g grouping) fresh(e *Effort, slot int) grouping {
	const unused = 1 << 30 // above all groups dealt at the start
	own := func(old int, per float64) int {
		if per >= 2 {
			return old
		}
		return unused + slot
	}
	return grouping{g.rank, own(g.ip, e.AccountsPerIP), own(g.device, e.AccountsPerDevice), own(g.card, e.AccountsPerCard), unused + slot}
}

// crowded is how many times its usual work an account takes over at most.
const crowded = 4

// place gives a day's moved exchanges to the accounts that are up all day; what they
// cannot take waits for the next day.
func (l *loop) place(day int, n int64) (rest int64) {
	if n == 0 {
		return 0
	}
	w := l.world
	lo, hi := w.start+int64(day)*dayMS, w.start+int64(day+1)*dayMS
	var up []*account
	var weights []float64
	for _, f := range l.gang.fleets {
		for _, a := range f.members {
			stop := w.stopFor(a)
			if a.from > lo || a.to < hi || stop > 0 && stop < hi || lo < a.post.turned {
				continue
			}
			weight := a.weight
			if a.post.late {
				weight *= 2 // they have nothing else to do
			}
			up, weights = append(up, a), append(weights, weight)
		}
	}
	if len(up) == 0 {
		return n
	}
	r := rng(hash(w.seed, 0x10a, uint64(day), hashString(l.gang.campaign.Name)))
	take := min(n, max(1, int64(math.Ceil(crowded*l.daily*float64(len(up))))))
	for i, q := range apportion(take, weights, 0, &r) {
		if q > 0 {
			l.shift(up[i]).days[day] += uint32(q)
			w.moved.Exchanges += q
		}
	}
	return n - take
}

// shift is the agent that does an account's additional work: under the account's name,
// from its places, with its keys, beside what the account does anyway.
func (l *loop) shift(of *account) *account {
	if of.post.late {
		return of // it has no other work
	}
	if s := l.shifts[of]; s != nil {
		return s
	}
	w := l.world
	s := w.newAccountWith(of.class, hash(of.key, 0x51f7))
	s.lendName(of)
	s.fleet, s.cell, s.slot, s.person = of.fleet, of.cell, of.slot, of.key
	s.post = &post{crew: of.post.crew, groups: of.post.groups, mask: of.post.mask, maskOwner: of.post.maskOwner, maskShare: of.post.maskShare, of: 1}
	s.home, s.use, s.access, s.reach, s.clients, s.keys = of.home, of.use, of.access, of.reach, of.clients, of.keys
	s.content, s.adopted, s.limited = of.content, of.adopted, of.limited
	s.from, s.to, s.active, s.jumpy = of.from, of.to, of.active, of.jumpy
	s.days = make([]uint32, w.days)
	s.billing = of.billing
	l.shifts[of] = s
	return s
}

// settleMoved lays out the payments for work that moved.
func (w *World) settleMoved(from int) {
	for _, a := range w.accounts[from:] {
		n := 0.0
		for _, d := range a.days {
			n += float64(d)
		}
		a.billing.spend = n * pricePerExchange
		if a.signup == nil {
			a.signup = &signup{} // never written
			a.billing.grant = 0
		}
		w.settlePayments(a)
		if a.cut > 0 {
			a.paid = slices.DeleteFunc(a.paid, func(p payment) bool { return p.ts >= a.cut && p.kind != "chargeback" && p.kind != "refund" })
		}
	}
}

// String says it in a line.
func (m Moved) String() string {
	return fmt.Sprintf("%d banned, %d replacements, %d exchanges moved, %d given up", m.Banned, m.Replacements, m.Exchanges, m.GivenUp)
}
