package simulate

import "math"

// fleet is one pool of a campaign at work.
type fleet struct {
	class       *class
	campaign    *Campaign
	pool        *Pool
	effort      *Effort
	key         uint64
	from, to    int64
	campaignEnd int64

	templates []uint64
	frames    []uint64
	customers []content // unrelated customers whose traffic serves as cover
	clients   []*client
	cells     int
	use       *usage // around the clock
	office    *usage // the same work in office hours
	tasks     choice[string]
	band      float64
	pivotAt   int64
	pivotTo   string
}

func (w *World) settleCampaign(index int, c *Campaign) {
	r := rng(hash(w.seed, 2, uint64(index), hashString(c.Name)))
	campaignStart := w.start + int64(c.StartDay*float64(dayMS))
	// What the campaign's work has in common, whichever pool does it.
	var templates, frames []uint64
	for range 64 {
		templates, frames = append(templates, r.u64()), append(frames, r.u64())
	}
	relay := r.u64()
	for i := range c.Pools {
		p := &c.Pools[i]
		f := &fleet{class: &class{name: "campaign"}, campaign: c, pool: p, effort: &p.Effort, key: r.u64(),
			from: campaignStart + int64(p.StartDay*float64(dayMS)), templates: templates[:min(64, p.Effort.Templates)], frames: frames[:min(64, p.Effort.Frames)]}
		f.to = min(w.end, f.from+int64(p.Days*float64(dayMS)))
		f.campaignEnd = min(w.end, campaignStart+int64(c.Days*float64(dayMS)))
		w.equip(f, relay, &r)
		w.enlist(f, &r)
	}
}

// equip gives a fleet its programs, its work and its cover.
func (w *World) equip(f *fleet, relay uint64, r *rng) {
	e, c := f.effort, f.campaign
	f.cells = 1
	if e.Subcluster > 0 {
		f.cells = max(1, int(math.Round(float64(f.pool.Accounts)/e.Subcluster)))
	}
	switch e.Client {
	case "private":
		for i := range max(1, e.Clients) {
			f.clients = append(f.clients, private(hash(relay, uint64(i))))
		}
	case "one":
		f.clients = []*client{w.programs.sdks.pick(r)}
	}
	for range max(8, f.pool.Accounts/3) {
		cover := content{own: []uint64{r.u64()}, churn: 12 * dayMS, bits: 2, harness: 0.2, bare: 0.2, framework: w.frameworks.pick(r), cot: 0.12}
		f.customers = append(f.customers, cover)
	}
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = map[string]float64{"agent": 0.6, "code": 0.2, "chat": 0.2}
	}
	f.use, f.office = newUsage(kinds, "flat", 0.95), newUsage(kinds, "office", 0.5)
	f.tasks = choose(c.Tasks)
	f.band = r.float() * (1 - e.TokenBand)
	if e.TokenBand == 0 {
		f.band = 0
	}
	for _, m := range w.models {
		if m.name == c.Pivot.Model && m.launch > 0 {
			f.pivotAt, f.pivotTo = m.launch, m.name
		}
	}
}

// ramp is a fleet's volume at a time against its full one: growth comes with the
// accounts that join, and each account starts below its full volume for a while.
func (f *fleet) ramp(ts int64) float64 {
	if f.effort.RampDays <= 0 {
		return 1
	}
	return min(1, 0.3+0.7*float64(ts-f.from)/(f.effort.RampDays*float64(dayMS)))
}

// schedule is when the fleet's dispatcher starts an account's next session: waves in the
// day, and within a wave the accounts in turn, with jitter. Not all sessions are dispatched.
func (f *fleet) schedule(a *account, day int, midnight int64) (int64, bool) {
	e := f.effort
	if !a.rng.chance(e.Sync) {
		return 0, false
	}
	period := dayMS / int64(e.Waves)
	wave := int64(a.rng.intn(e.Waves))
	h := hash(f.key, a.cell, uint64(day), uint64(wave))
	at := midnight + wave*period + int64(h%uint64(max(1, period/4)))
	turn := float64(a.slot%64) / 64 * float64(period) / 4
	return at + int64(turn) + int64(a.rng.exp()*e.JitterMS), true
}

// choose decides what a session is for: the campaign's own work, the same rewritten, the
// same through a popular harness, or an unrelated customer's request.
func (f *fleet) choose(a *account, s *session) {
	r, e := &a.rng, f.effort
	u := r.float()
	if u < e.Cover {
		f.cover(a, s)
		return
	}
	if e.TokenBand > 0 {
		s.band, s.width = f.band, e.TokenBand
	}
	if !f.tasks.empty() {
		s.task = f.tasks.pick(r)
	}
	s.frames, s.framed, s.frameBits, s.cot = f.frames, e.Framed, e.FrameBits, 0.2
	if r.chance(f.campaign.Lures) {
		s.cot = 0.75
	}
	s.dressed = true
	base := f.templates[r.intn(len(f.templates))]
	switch {
	case u < e.Cover+e.Harness:
		s.harness = a.content.framework
	case u < e.Cover+e.Harness+e.Paraphrase:
		s.template = r.u64()
		s.framed *= 0.3
	default:
		s.template = flip(base, hash(f.key, r.u64()%uint64(e.Variants)), e.TemplateBits)
	}
}

// cover makes a session an unrelated customer's: their prompts reach a few accounts.
func (f *fleet) cover(a *account, s *session) {
	r := &a.rng
	customer := hash(a.key, uint64(r.intn(3))) % uint64(len(f.customers))
	s.kind = []kind{kindChat, kindChat, kindCode, kindAgent, kindBatch}[r.intn(5)]
	s.customer, s.owner = &f.customers[customer], customer
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
