package simulate

import (
	"cmp"
	"math"
	"slices"
)

// allocate deals out a fleet's exchanges over its accounts and days, exactly.
func (w *World) allocate(f *fleet, exchanges int64, r *rng) {
	if f.pool.Bans.on() {
		w.allocateUnderBans(f, exchanges, r)
		return
	}
	weights := make([]float64, len(f.members))
	for i, a := range f.members {
		work := max(a.from, a.post.turned) // turned is 0 where nothing came before
		weights[i] = a.weight * (float64(a.to-work) + idle*float64(work-a.from))
	}
	for i, q := range apportion(exchanges, weights, 1, r) {
		w.spread(f.members[i], q)
		f.members[i].billing.spend = float64(q) * pricePerExchange
	}
}

// siege is the work of a fleet whose accounts are banned by a script: day by day the
// work goes to the accounts that are up.
type siege struct {
	world    *World
	fleet    *fleet
	r        *rng
	reserve  []*account // sign up when others are banned
	banned   []*account // without replacement as yet
	used     []int64    // exchanges, by slot
	unplaced int64
}

func (w *World) allocateUnderBans(f *fleet, exchanges int64, r *rng) {
	s := &siege{world: w, fleet: f, r: r, used: make([]int64, len(f.members))}
	s.doom()
	s.suffice(exchanges)
	first, last := s.dayOf(f.from), s.dayOf(f.to-1)
	for _, a := range f.members {
		a.days = make([]uint32, w.days)
		if !a.post.reserve {
			first = min(first, s.dayOf(a.from))
		}
	}
	demand := s.demand(first, last, exchanges)
	for i, n := range apportion(exchanges, demand, 0, r) {
		if s.day(first+i, n); i >= len(demand)*7/10 {
			s.relieveAll(first + i) // who has not been called for comes all the same
		}
	}
	s.atLeastOne()
	s.place(s.unplaced)
	for i, a := range f.members {
		a.billing.spend = float64(s.used[i]) * pricePerExchange
	}
}

// suffice raises the capacities of accounts that are banned by volume where together they
// would fall short of the pool's work.
func (s *siege) suffice(exchanges int64) {
	sum, n := int64(0), 0
	for _, a := range s.fleet.members {
		if sum += a.post.capacity; a.post.capacity > 0 {
			n++
		}
	}
	need := float64(exchanges) * float64(n) / float64(len(s.fleet.members))
	if factor := need / float64(max(1, sum)); factor > 1 {
		for _, a := range s.fleet.members {
			a.post.capacity = int64(math.Ceil(float64(a.post.capacity) * factor))
		}
	}
}

// demand is how much work each day has: as the pool ramps up, and as it loses accounts,
// though not as fast, since the siblings take over.
func (s *siege) demand(first, last int, exchanges int64) []float64 {
	w, f := s.world, s.fleet
	daily := float64(exchanges) / float64(len(f.members)) / float64(last-first+1)
	out := make([]float64, last-first+1)
	initial := 0
	for _, a := range f.members {
		if a.post.reserve {
			continue
		}
		initial++
		end := float64(f.to)
		if p := a.post; p.lifetime > 0 {
			end = min(end, float64(max(a.from, p.turned)+p.lifetime))
		}
		if c := a.post.capacity; c > 0 {
			end = min(end, float64(max(a.from, a.post.turned))+float64(c)/daily*float64(dayMS))
		}
		for i := range out {
			if float64(w.start+int64(first+i)*dayMS) < end {
				out[i]++
			}
		}
	}
	reserve := float64(len(s.reserve))
	for i := range out {
		lo, hi := max(f.from, w.start+int64(first+i)*dayMS), min(f.to, w.start+int64(first+i+1)*dayMS)
		alive := min(float64(initial), out[i]+reserve/2) / float64(max(1, initial))
		out[i] = max(1e-6, float64(hi-lo)) * f.ramp(lo) * s.r.lognormal(1, 0.15) * max(0.02, math.Pow(alive, 0.9))
	}
	return out
}

func (s *siege) dayOf(ts int64) int {
	return max(0, min(s.world.days-1, int((ts-s.world.start)/dayMS)))
}

// doom draws when each account would be banned, and which ones wait in reserve. One in
// fifty is never found, so that work can always go on.
func (s *siege) doom() {
	b, n := s.fleet.pool.Bans, len(s.fleet.members)
	waiting := min(n-1, int(math.Round(b.Replace*float64(n))))
	for i, a := range s.fleet.members {
		p := a.post
		if i >= n-waiting {
			p.reserve, p.turned = true, 0
			if a.older || p.attack == "" || p.attack == "aged" {
				a.older, p.attack = false, "replacement"
			}
			a.from, a.created = math.MaxInt64, math.MaxInt64 // until it is called
			s.reserve = append(s.reserve, a)
		}
		if i%50 == 0 || !s.r.chance(b.Share) {
			continue
		}
		if b.Hours > 0 {
			p.lifetime = max(2*hourMS, int64(s.r.lognormal(b.Hours, 0.6)*float64(hourMS)))
		}
		if b.Exchanges > 0 {
			p.capacity = max(1, int64(s.r.lognormal(b.Exchanges, 0.6)))
		}
	}
}

// day deals out a day's work, and what could not be placed before.
func (s *siege) day(day int, n int64) {
	n += s.unplaced
	s.unplaced = 0
	midnight := s.world.start + int64(day)*dayMS
	var up []*account
	for _, a := range s.fleet.members {
		if a.post.lifetime > 0 && a.post.bannedAt == 0 && a.from < midnight+dayMS {
			if at := max(a.from, a.post.turned) + a.post.lifetime; at < midnight+dayMS {
				s.ban(a, max(at, midnight))
			}
		}
		if min(a.to, midnight+dayMS)-max(a.from, midnight) > hourMS/2 {
			up = append(up, a)
		}
	}
	for n > 0 && len(up) > 0 {
		weights := make([]float64, len(up))
		for i, a := range up {
			part := float64(min(a.to, midnight+dayMS)-max(a.from, midnight)) / float64(dayMS)
			weights[i] = a.weight * part * s.r.lognormal(1, a.jumpy) * s.world.weekday(a, day)
			if midnight < a.post.turned {
				weights[i] *= idle
			}
			if !s.r.chance(a.active) {
				weights[i] *= 1e-3
			}
		}
		n = s.deal(day, up, apportion(n, weights, 0, s.r))
		up = slices.DeleteFunc(up, func(a *account) bool {
			return a.post.bannedAt > 0 && a.post.capacity > 0 && s.used[a.slot] >= a.post.capacity
		})
	}
	s.unplaced = n
	s.relieveSome(day)
}

// deal gives accounts their parts of a day's work; it returns what those that were
// banned for their volume could not take.
func (s *siege) deal(day int, up []*account, parts []int64) (rest int64) {
	midnight := s.world.start + int64(day)*dayMS
	for i, a := range up {
		q, left := parts[i], a.post.capacity-s.used[a.slot]
		if a.post.capacity > 0 && q >= left {
			rest += q - left
			lo, hi := max(a.from, midnight), min(a.to, midnight+dayMS)
			s.ban(a, lo+max(hourMS/2, int64(float64(hi-lo)*min(1, float64(left)/float64(q)))))
			q = left
		}
		a.days[day] += uint32(q)
		s.used[a.slot] += q
	}
	return rest
}

// ban ends an account's use.
func (s *siege) ban(a *account, at int64) {
	if a.post.bannedAt > 0 && a.post.bannedAt <= at {
		return
	}
	if a.post.bannedAt == 0 {
		s.banned = append(s.banned, a)
	}
	a.post.bannedAt, a.to = at, at
}

// relieveSome lets reserves sign up for those that were banned, one for one.
func (s *siege) relieveSome(day int) {
	slices.SortStableFunc(s.banned, func(a, b *account) int { return cmp.Compare(a.post.bannedAt, b.post.bannedAt) })
	for len(s.banned) > 0 && len(s.reserve) > 0 {
		s.call(s.banned[0].post.bannedAt, day)
		s.banned = s.banned[1:]
	}
	s.banned = s.banned[:0]
}

// relieveAll lets the whole reserve sign up over the rest of a day.
func (s *siege) relieveAll(day int) {
	for len(s.reserve) > 0 {
		s.call(s.world.start+int64(day)*dayMS+int64(s.r.float()*float64(dayMS)), day)
	}
}

// call brings up the next account of the reserve after a ban; never before the day after
// the one whose work is dealt out.
func (s *siege) call(after int64, day int) {
	a := s.reserve[0]
	s.reserve = s.reserve[1:]
	e, f := s.fleet.effort, s.fleet
	a.created = after + int64(s.r.lognormal(s.fleet.pool.Bans.DelayHours, 0.7)*float64(hourMS))
	a.created = min(a.created, f.to-6*hourMS)
	a.from = max(a.created+60_000+int64(s.r.lognormal(max(0.02, e.FirstUse), 1)*float64(hourMS)/4), s.world.start+int64(day+1)*dayMS)
	a.from = min(a.from, f.to-4*hourMS)
	a.from, a.to = max(a.from, a.created+30_000), f.to
	s.world.stamp(a, s.r)
}

// atLeastOne gives every account an exchange, from one that has many on a day.
func (s *siege) atLeastOne() {
	for i, a := range s.fleet.members {
		if s.used[i] > 0 || a.to-a.from < hourMS/2 {
			continue
		}
		for day := s.dayOf(max(a.from, s.world.start)); day <= s.dayOf(a.to-hourMS/2) && s.used[i] == 0; day++ {
			donor := slices.IndexFunc(s.fleet.members, func(b *account) bool { return b != a && b.days[day] > 1 && s.used[b.slot] > 1 })
			if donor >= 0 {
				s.fleet.members[donor].days[day]--
				a.days[day]++
				s.used[donor], s.used[i] = s.used[donor]-1, 1
			}
		}
	}
}

// place puts work that found no account on its day on the last day of the account that
// is up longest.
func (s *siege) place(n int64) {
	if n == 0 {
		return
	}
	last := slices.MaxFunc(s.fleet.members, func(a, b *account) int { return cmp.Compare(a.to, b.to) })
	last.days[s.dayOf(last.to-1)] += uint32(n)
	s.used[last.slot] += n
}
