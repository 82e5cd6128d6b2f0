package simulate

import (
	"math/bits"
	"slices"
)

// post is an account's place in a fleet.
type post struct {
	relief    uint64 // who stand in for one another when one is limited: the same for all of them,
	rank, of  int    // and this account's number among so many
	turned    int64  // when the campaign's own work begins; light cover before it
	crew      *crew
	groups    grouping
	mask      *content // a victim's prompts that it copies
	maskOwner uint64
	maskShare float64
	attack    string
	late      bool  // signed up in the closed loop, for one that was banned
	bannedAt  int64 // by the scenario's script; 0 = never
	reserve   bool  // signs up only when others are banned
	capacity  int64 // exchanges until its ban by volume; 0 = none
	lifetime  int64 // ms of use until its ban by time; 0 = none
}

// standIns is how many accounts stand in for one another at a limit.
const standIns = 5

// schedule is when the fleet's dispatcher starts an account's next session: waves in the
// day, and within a wave the accounts in turn, with jitter. Not all sessions are
// dispatched: those of unrelated customers come when the customers do.
func (f *fleet) schedule(a *account, s *session, day int, midnight int64) (int64, bool) {
	e := f.effort
	if s.at > 0 {
		return s.at, true
	}
	if s.customer != nil || !a.rng.chance(e.Sync) {
		return 0, false
	}
	period := dayMS / int64(e.Waves)
	wave := int64(a.rng.intn(e.Waves))
	h := hash(f.key, a.cell, uint64(day), uint64(wave))
	at := midnight + wave*period + int64(h%uint64(max(1, period/4)))
	turn := float64(a.slot%64) / 64 * float64(period) / 4
	return at + int64(turn) + int64(a.rng.exp()*e.JitterMS), true
}

// rhythm is the hours that a session keeps: an unrelated customer's are its own.
func (a *account) rhythm(s *session) []float64 {
	if a.fleet != nil && s.customer != nil {
		return a.fleet.public.hours
	}
	return a.use.hours
}

// choose decides what a session is for: the campaign's own work, the same rewritten, the
// same through a popular harness, or an unrelated customer's request. day is the day's
// first millisecond.
func (f *fleet) choose(a *account, s *session, day int64) {
	r, e := &a.rng, f.effort
	p := a.post
	if r.chance(e.Cover) || day < p.turned {
		f.cover(a, s)
		return
	}
	if p.mask != nil && r.chance(p.maskShare) {
		s.customer, s.owner = p.mask, p.maskOwner
		return
	}
	f.work(a, s)
}

// work makes a session the campaign's own, for one of its actors.
func (f *fleet) work(a *account, s *session) {
	r, e := &a.rng, f.effort
	if e.TokenBand > 0 {
		s.band, s.width = f.band, e.TokenBand
	}
	if !f.tasks.empty() {
		s.task = f.tasks.pick(r)
	}
	who := &f.actors[r.intn(len(f.actors))]
	s.frames, s.framed, s.frameBits, s.cot = who.frames, e.Framed, e.FrameBits, 0.2
	if r.chance(f.campaign.Lures) {
		s.cot = 0.75
	}
	s.dressed = true
	base := who.templates[f.given(a, r.intn(len(who.templates)))]
	words := rng(r.u64()) // what decides the version: the session, or one of the account's few
	if e.Versions > 0 {
		words = rng(hash(a.person, base, uint64(words)%uint64(e.Versions)))
	}
	switch {
	case r.chance(e.Harness):
		s.harness = a.content.framework
	case r.chance(e.Paraphrase):
		s.template = rewrite(base, &words)
		s.framed *= 0.3
	default:
		s.template = flip(base, hash(f.key, words.u64()%uint64(e.Variants)), e.TemplateBits)
	}
}

// given is which prompt an account uses where the draw is the i-th: one of its own few.
func (f *fleet) given(a *account, i int) int {
	if f.effort.Prompts == 0 {
		return i
	}
	n := len(f.actors[0].templates)
	return int((hash(f.key, a.person)%uint64(n) + uint64(i%f.effort.Prompts)) % uint64(n))
}

// rewrite is a paraphrase of a prompt: 12 to 32 different bits away, where two unrelated
// prompts are 32 apart on average.
func rewrite(base uint64, r *rng) uint64 {
	changed := uint64(0)
	for n := 12 + r.intn(21); bits.OnesCount64(changed) < n; {
		changed |= 1 << r.intn(64)
	}
	return base ^ changed
}

// cover makes a session an unrelated customer's. A customer stays with a few accounts, and
// an account has one to three of them.
func (f *fleet) cover(a *account, s *session) {
	r := &a.rng
	who := &f.customers[hash(a.person, uint64(r.intn(1+int(a.person%3))))%uint64(len(f.customers))]
	s.kind = []kind{kindChat, kindChat, kindCode, kindAgent, kindBatch}[r.intn(5)]
	s.customer, s.owner = &who.prompts, who.key
}

// injectInto puts the relay's fixed prompt into a session.
func (f *fleet) injectInto(s *session) {
	switch i := f.campaign.Inject; {
	case f.inject == 0:
	case i.Where == "user":
		s.frames, s.framed, s.frameBits = []uint64{f.inject}, 1, i.Bits-1
	default:
		s.template = flip(f.inject, s.template, i.Bits)
	}
}

// pivoted says whether a session at a time goes to the newly launched model.
func (f *fleet) pivoted(ts int64, r *rng) bool {
	if f.pivotTo == "" || ts < f.pivotAt {
		return false
	}
	share := f.campaign.Pivot.Share
	if f.campaign.Pivot.Hours > 0 {
		share *= min(1, float64(ts-f.pivotAt)/(f.campaign.Pivot.Hours*float64(hourMS)))
	}
	return r.chance(share)
}

// limitAt is when an account of a group of stand-ins runs into a limit on a day, if it
// does: the dispatcher's knowledge, the same for whoever asks.
func (f *fleet) limitAt(p *post, rank, day int, midnight int64) (int64, bool) {
	r := rng(hash(p.relief, uint64(rank), uint64(day), 0x429))
	if !r.chance(f.effort.Failover) {
		return 0, false
	}
	hour := int64((r.pick(f.office.hours) - f.campaign.Zone + 48) % 24)
	return midnight + hour*hourMS + r.between(0, hourMS-1), true
}

// relieve lays out what a limit makes of an account's day: a few exchanges answered 429
// where it is this one that runs into it, a session a second later where it stands in for
// the one that did. It returns how many of the day's exchanges that takes.
func (w *World) relieve(a *account, day, left int) int {
	f, p := a.fleet, a.post
	if p.of < 2 || f.effort.Failover == 0 || left < 3 {
		return 0
	}
	midnight, used := w.start+int64(day)*dayMS, 0
	if midnight < p.turned {
		return 0
	}
	add := func(at int64, limited bool, turns int) {
		if at < max(a.from, midnight) || at >= min(a.to, midnight+dayMS)-hourMS/12 || used+turns > left {
			return
		}
		s := session{kind: kindAgent, width: 1, at: at, limited: limited}
		f.work(a, &s)
		w.addSession(a, s, turns, day)
		used += turns
	}
	if at, ok := f.limitAt(p, p.rank, day, midnight); ok {
		add(at, true, 1+a.rng.intn(2))
	}
	if at, ok := f.limitAt(p, (p.rank+p.of-1)%p.of, day, midnight); ok {
		add(at+300+int64(a.rng.exp()*900), false, min(left-used, w.turns(kindAgent, &a.rng)))
	}
	return used
}

// mostlyBanned is when most of the accounts that had signed up by then were banned by
// the fleet's script; 0 = never.
func (f *fleet) mostlyBanned() int64 {
	var joined, banned []int64
	for _, a := range f.members {
		joined = append(joined, a.created)
		if a.post.bannedAt > 0 {
			banned = append(banned, a.post.bannedAt)
		}
	}
	slices.Sort(joined)
	slices.Sort(banned)
	for i, at := range banned {
		there, _ := slices.BinarySearch(joined, at)
		if float64(i+1) >= mostly*float64(there) && 2*there > len(joined) {
			return at
		}
	}
	return 0
}
