package simulate

// fleet is one pool of a campaign at work, or its stolen keys.
type fleet struct {
	class       *class
	campaign    *Campaign
	pool        *Pool
	effort      *Effort
	key         uint64
	from, to    int64
	campaignEnd int64
	attack      string // what its labels say it tries

	members   []*account
	actors    []actor
	inject    uint64     // base of the prompt that is put into every request; 0 = none
	customers []customer // unrelated customers whose traffic serves as cover
	clients   []*client
	lines     uint64 // honest households' lines in use
	use       *usage // around the clock
	office    *usage // the same work in office hours
	public    *usage // how the unrelated customers' requests come in
	tasks     choice[string]
	band      float64
	pivotAt   int64
	pivotTo   string
}

// actor is one of those a campaign works for: prompts and frames of its own.
type actor struct{ templates, frames []uint64 }

// maxPrompts is how many templates and frames a campaign can have for each actor.
const maxPrompts = 64

// customer is someone whose requests a relay passes on: prompts, and who they are of.
type customer struct {
	prompts content
	key     uint64
}

// gang is what a campaign's fleets have in common.
type gang struct {
	campaign   *Campaign
	start, end int64
	actors     []actor // with all prompts that there can be
	relay      uint64
	inject     uint64
	patrons    []customer
	fleets     []*fleet
	thieves    []*account
}

func (w *World) settleCampaign(index int, c *Campaign) {
	r := rng(hash(w.seed, 2, uint64(index), hashString(c.Name)))
	own := func(purpose uint64) *rng { // so that one part of a campaign does not move another
		s := rng(hash(w.seed, 2, uint64(index), hashString(c.Name), purpose))
		return &s
	}
	g := &gang{campaign: c, start: w.start + int64(c.StartDay*float64(dayMS))}
	g.end = min(w.end, g.start+int64(c.Days*float64(dayMS)))
	for range c.Actors {
		var a actor
		for range maxPrompts {
			a.templates, a.frames = append(a.templates, r.u64()), append(a.frames, r.u64())
		}
		g.actors = append(g.actors, a)
	}
	g.relay = r.u64()
	if c.Inject.Where != "" {
		g.inject = r.u64()
	}
	w.settlePatrons(g, own(0x9a))
	spare := w.settleStolen(g, own(0x57))
	for i := range c.Pools {
		f := w.newFleet(g, &c.Pools[i], &r)
		w.enlist(f, f.pool.Exchanges+spare, &r)
		g.fleets, spare = append(g.fleets, f), 0
	}
	w.settleFraming(g, own(0xf4))
	w.gangs = append(w.gangs, g)
}

// newFleet brings up a pool's programs and work, at the time when it starts.
func (w *World) newFleet(g *gang, p *Pool, r *rng) *fleet {
	f := &fleet{class: &class{name: "campaign"}, campaign: g.campaign, pool: p, effort: &p.Effort, key: r.u64(), attack: p.Attack,
		from: g.start + int64(p.StartDay*float64(dayMS)), campaignEnd: g.end}
	if p.Follows != "" {
		if f.attack == "" {
			f.attack = "next_pool"
		}
		for _, before := range g.fleets {
			if at := before.mostlyBanned(); before.pool.Name == p.Follows && at > 0 {
				f.from = min(f.from, at)
			}
		}
	}
	f.to = min(w.end, g.start+int64((p.StartDay+p.Days)*float64(dayMS)))
	for _, a := range g.actors {
		f.actors = append(f.actors, actor{a.templates[:min(maxPrompts, p.Effort.Templates)], a.frames[:min(maxPrompts, p.Effort.Frames)]})
	}
	f.inject = g.inject
	w.equip(f, g.relay, r)
	copy(f.customers, g.patrons)
	return f
}

// equip gives a fleet its programs, its work and its cover.
func (w *World) equip(f *fleet, relay uint64, r *rng) {
	e, c := f.effort, f.campaign
	switch e.Client {
	case "private":
		for i := range max(1, e.Clients) {
			f.clients = append(f.clients, private(hash(relay, uint64(i))))
		}
	case "one":
		f.clients = []*client{w.programs.sdks.pick(r)}
	}
	for range max(8, f.pool.Accounts/3) {
		cover := content{own: []uint64{r.u64()}, churn: (4 + int64(r.intn(30))) * dayMS, bits: 2, harness: 0.5 * r.float(), bare: 0.5 * r.float(), framework: w.frameworks.pick(r), cot: 0.12}
		f.customers = append(f.customers, customer{cover, uint64(len(f.customers))})
	}
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = map[string]float64{"agent": 0.6, "code": 0.2, "chat": 0.2}
	}
	f.use, f.office, f.public = newUsage(kinds, "flat", 0.95), newUsage(kinds, "office", 0.5), w.usage("gateway", "day", 0.8)
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
	ramp := f.rampMS()
	if ramp <= 0 {
		return 1
	}
	return min(1, max(0.3, 0.3+0.7*float64(ts-f.from)/ramp))
}

// rampMS is how long a fleet takes to reach full volume: never most of its time.
func (f *fleet) rampMS() float64 {
	return min(f.effort.RampDays*float64(dayMS), 0.7*float64(f.to-f.from))
}

// idle is the volume of an account that others' traffic only keeps alive, against its full one.
const idle = 0.08

// volume is an account's at a time against its full one.
func (f *fleet) volume(a *account, ts int64) float64 {
	if a.post != nil && ts < a.post.turned {
		return idle
	}
	return f.ramp(ts)
}
