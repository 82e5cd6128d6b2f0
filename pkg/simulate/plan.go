package simulate

import (
	"cmp"
	"math"
	"slices"
)

// planned is one exchange to come: when, and in which session.
type planned struct {
	ts      int64
	session uint32
}

// session is a run of exchanges from one place with one client: a conversation.
type session struct {
	from         source
	client       *client
	kind         kind
	stream       bool
	endpoint     string
	model        string
	task         string
	key          uint64
	conversation uint64
	template     uint64
	frames       []uint64
	framed       float64
	frameBits    int
	cot          float64
	dressed      bool       // the fleet has chosen its prompts
	at           int64      // starts then, and not by the account's rhythm
	limited      bool       // is answered 429
	harness      *framework // or goes through this one
	customer     *content   // or passes on a customer's
	owner        uint64     // who that customer is
	band         float64    // where in the sizes this session may draw: low end
	width        float64    // and how wide; 1 = all
	turn, turns  int32
	last         int64 // time and tokens of the turn before
	tokens       int64
}

// spread divides an account's exchanges over its days: the week's rhythm, days off,
// and days that are busier than others. They sum to total exactly.
func (w *World) spread(a *account, total int64) {
	n := w.days
	cum, sum := make([]float64, n), 0.0
	for d := range n {
		lo, hi := max(a.from, w.start+int64(d)*dayMS), min(a.to, w.start+int64(d+1)*dayMS)
		if hi > lo {
			v := float64(hi-lo) / float64(dayMS) * a.rng.lognormal(1, a.jumpy) * w.weekday(a, d)
			if !a.rng.chance(a.active) {
				v *= 1e-6 // not 0: someone with a single day has it all there
			}
			sum += v * a.growth(lo, w)
		}
		cum[d] = sum
	}
	a.days = make([]uint32, n)
	if total <= 40 {
		for range total {
			a.days[a.rng.pick(cum)]++
		}
		return
	}
	phase, given := a.rng.float(), int64(0)
	for d := range n {
		upTo := int64(math.Floor(float64(total)*cum[d]/sum + phase))
		if cum[d] >= sum || upTo > total {
			upTo = total
		}
		a.days[d] = uint32(upTo - given)
		given = upTo
	}
}

// weekday is the volume of a day against a weekday's, in the account's own zone.
func (w *World) weekday(a *account, day int) float64 {
	days := (w.start + int64(day)*dayMS + dayMS/2 + int64(a.home.zone)*hourMS) / dayMS
	if a.home.restful(days) {
		return a.use.weekend
	}
	return 1
}

// growth lets a fleet ramp up; honest accounts keep their volume, but for what their habit says.
func (a *account) growth(ts int64, w *World) float64 {
	if a.fleet == nil {
		return a.habit.wave(ts)
	}
	return a.fleet.volume(a, ts)
}

// planDay lays out the sessions that start on a day, after what is left of those
// that started the day before.
func (w *World) planDay(a *account, day int) {
	a.carry()
	left := int(a.days[day])
	if a.fleet != nil {
		left -= w.relieve(a, day, left)
	}
	for left > 0 {
		k := a.use.kinds.pick(&a.rng)
		s := session{kind: k, width: 1}
		if a.fleet != nil {
			a.fleet.choose(a, &s, w.start+int64(day)*dayMS)
		}
		turns := min(w.turns(s.kind, &a.rng), left)
		left -= turns
		w.addSession(a, s, turns, day)
	}
	slices.SortStableFunc(a.plan, func(x, y planned) int { return cmp.Compare(x.ts, y.ts) })
}

// carry drops what is done and moves unfinished sessions to the front.
func (a *account) carry() {
	rest := a.plan[a.next:]
	if len(rest) == 0 {
		a.plan, a.next, a.sessions = a.plan[:0], 0, a.sessions[:0]
		return
	}
	moved := make(map[uint32]uint32, 4)
	var kept []session
	plan := a.plan[:0]
	for _, p := range rest {
		to, ok := moved[p.session]
		if !ok {
			to = uint32(len(kept))
			moved[p.session] = to
			kept = append(kept, a.sessions[p.session])
		}
		plan = append(plan, planned{p.ts, to})
	}
	a.plan, a.next = plan, 0
	a.sessions = append(a.sessions[:0], kept...)
}

// turns is how many exchanges a session has.
func (w *World) turns(k kind, r *rng) int {
	switch k {
	case kindChat:
		return w.traces.length(r)
	case kindCode:
		return 1 + w.traces.length(r)
	case kindAgent:
		return 4 + int(12*r.exp())
	default:
		return 1
	}
}

func (w *World) addSession(a *account, s session, turns, day int) {
	r := &a.rng
	at := make([]int64, turns)
	at[0] = w.sessionStart(a, &s, day)
	for i := 1; i < turns; i++ {
		at[i] = at[i-1] + w.pause(s.kind, r)
	}
	// A session that would run over the account's end is moved forward, or pressed together.
	if over := at[turns-1] - (a.to - 1); over > 0 {
		over += int64(r.exp() * 900_000)
		first := max(a.from, at[0]-over)
		for i := range at {
			at[i] -= over
			if at[i] < first {
				at[i] = first + int64(i)
			}
		}
	}
	s.turns = int32(turns)
	w.dress(a, &s, at[0])
	index := uint32(len(a.sessions))
	a.sessions = append(a.sessions, s)
	for _, ts := range at {
		a.plan = append(a.plan, planned{ts, index})
	}
}

// pause is the time between two turns: a person's from the traces, a machine's short.
func (w *World) pause(k kind, r *rng) int64 {
	switch k {
	case kindAgent:
		return 900 + int64(r.lognormal(7000, 0.8))
	case kindCode:
		return 1500 + w.traces.gap(r)/3 + r.between(0, 999)
	default:
		return 2000 + w.traces.gap(r) + r.between(0, 999)
	}
}

// sessionStart places a session within the account's part of a day: an hour by the
// account's rhythm in its own zone, and within the hour as real arrivals lie.
func (w *World) sessionStart(a *account, s *session, day int) int64 {
	midnight := w.start + int64(day)*dayMS
	lo, hi := max(a.from, midnight), min(a.to, midnight+dayMS)
	for range 12 {
		if a.fleet != nil {
			if ts, ok := a.fleet.schedule(a, s, day, midnight); ok && ts >= lo && ts < hi {
				return ts
			}
		}
		if ts, ok := a.habit.run(s.kind, midnight, &a.rng); ok && ts >= lo && ts < hi {
			return ts
		}
		hour := (a.rng.pick(a.rhythm(s)) - a.home.zone + a.habit.shift + 48) % 24
		// Real bursts, shifted by a common phase so that no two hours burst alike.
		_, in := math.Modf(w.arrivals(s.kind).arrival(&a.rng) + float64(hash(w.seed, uint64(day*24+hour))>>40)/(1<<24))
		ts := midnight + int64(hour)*hourMS + int64(in*float64(hourMS))
		if ts >= lo && ts < hi {
			return ts
		}
	}
	return a.rng.between(lo, max(lo, hi-1))
}

func (w *World) arrivals(k kind) *trace {
	switch k {
	case kindCode:
		return &w.traces.code
	case kindAgent:
		return &w.traces.agent
	default:
		return &w.traces.conv
	}
}

// dress gives a session where it comes from, its client, key, model and prompts.
func (w *World) dress(a *account, s *session, ts int64) {
	r := &a.rng
	pick := r.u64()
	way := a.way(ts, r)
	s.from = way.at(ts, pick, a.person)
	if s.client == nil {
		s.client = a.clients[r.intn(len(a.clients))]
	}
	epoch := uint64(0)
	if a.keyLife > 0 {
		epoch = uint64((ts + int64(a.person%uint64(a.keyLife))) / a.keyLife)
	}
	s.key = hash(w.seed, a.person, 0x4e9, uint64(r.intn(a.keys)), epoch)
	if a.fixedKey != 0 {
		s.key = a.fixedKey
	}
	s.conversation = pick | 1
	s.stream = s.kind != kindBatch && r.chance(0.8)
	s.endpoint = "/v1/messages"
	if s.kind == kindBatch && r.chance(0.1) {
		s.endpoint = "/v1/chat/completions"
	}
	s.model = w.model(a, ts, r)
	if a.fleet != nil && a.fleet.pivoted(ts, r) {
		s.model = a.fleet.pivotTo
	}
	if s.task == "" {
		s.task = a.use.tasks[s.kind].pick(r)
	}
	switch {
	case s.customer != nil:
		s.customer.start(s, s.owner, ts, r)
	case s.harness != nil:
		s.template = s.harness.version(ts, a.person)
	case !s.dressed:
		a.content.start(s, a.person, ts, r)
	}
	if a.fleet != nil {
		a.fleet.injectInto(s)
	}
}
