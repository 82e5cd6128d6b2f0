package simulate

// habit is what sets one honest account's days apart from others' with the same way of
// working. The zero habit is none.
type habit struct {
	shift int   // hours that the day is later than usual; negative is earlier
	every int64 // ms between runs of a scheduled program, 0 = nothing is scheduled
	phase int64 // ms after the full period at which it runs
	lag   int64 // ms, mean delay of a run
	chat  bool  // the schedule starts a person's kinds of session too (home automation)
	waves [2]wave
}

// wave is a time in which an account does so many times its usual volume.
type wave struct {
	from, to int64
	factor   float64
}

// wave is the volume of a day that starts at ts against the usual one.
func (h *habit) wave(ts int64) float64 {
	f := 1.0
	for _, v := range h.waves {
		if v.factor > 0 && ts+dayMS > v.from && ts < v.to {
			f *= v.factor
		}
	}
	return f
}

// swell adds a wave; there is room for two.
func (h *habit) swell(from, to int64, factor float64) {
	h.waves[0], h.waves[1] = wave{from, to, factor}, h.waves[0]
}

// run says when a scheduled program starts a session, for the kinds that programs start.
// Schedules lie on the full hour or half hour, as crontabs do.
func (h *habit) run(k kind, midnight int64, r *rng) (int64, bool) {
	if h.every == 0 || !h.chat && k != kindBatch && k != kindAgent || r.chance(0.15) {
		return 0, false
	}
	slot := int64(r.intn(int(dayMS / h.every)))
	return midnight + slot*h.every + h.phase + int64(r.exp()*float64(h.lag)), true
}

// cron gives an account a schedule as people write them: every hour, every quarter of
// one, once a night; a few seconds late.
func (h *habit) cron(r *rng) {
	h.every = []int64{hourMS, hourMS, hourMS / 4, hourMS / 12, 6 * hourMS, dayMS}[r.intn(6)]
	if h.every >= 6*hourMS { // at night, somewhere
		h.phase = int64(r.intn(24)) * hourMS % h.every
	}
	if r.chance(0.3) {
		h.phase = (h.phase + int64(r.intn(60))*60_000) % h.every
	}
	h.lag = 400 + int64(r.exp()*4000)
}

// trip is a time that an account spends elsewhere: its traffic leaves by the trip's ways.
type trip struct {
	from, to int64
	ways     []access
}

// way is how an account's session goes onto the network: by the trip that it is on, or
// by one of its usual ways. Each draws once.
func (a *account) way(ts int64, r *rng) *access {
	for i := range a.trips {
		if t := &a.trips[i]; ts >= t.from && ts < t.to {
			return &t.ways[r.intn(len(t.ways))]
		}
	}
	return &a.access[r.pick(a.reach)]
}

// place is the way onto the network of what an account does by hand: signing up, paying.
func (a *account) place(ts int64) *access {
	for i := range a.trips {
		if t := &a.trips[i]; ts >= t.from && ts < t.to {
			return &t.ways[0]
		}
	}
	return &a.access[0]
}

// moves replaces an account's ways onto the network by one.
func (a *account) moves(way access) {
	a.access, a.reach = nil, nil
	a.reachBy(1, way)
}
