// Package simulate makes worlds: honest customers and campaigns as agents, and the
// events they cause, in time order. A world is a pure function of (scenario, seed,
// scale); how many cores work on it changes no byte.
package simulate

const maxModels = 8

// World is a scenario brought to life, before its first event.
type World struct {
	scenario   *Scenario
	seed       uint64
	start, end int64
	days       int
	encoding   Encoding

	traces     *traces
	atlas      *atlas
	programs   *clients
	names      *names
	frameworks choice[*framework]
	commons    *commons
	models     []model
	usages     map[usageKey]*usage
	homes      []access // of honest households, which proxy networks also use
	accounts   []*account
	gangs      []*gang
	bans       *BanList
	moved      Moved
}

// model is a model and the time it can be asked for.
type model struct {
	name   string
	share  float64
	launch int64
}

// Option changes how a world is made or written.
type Option func(*World)

// WithEncoding chooses the encoding of the events' values; JSON is the default.
func WithEncoding(e Encoding) Option { return func(w *World) { w.encoding = e } }

// New builds the world: every account with its network, device, card, volume and
// days. Memory is about 2 kB an account and what one day of traffic needs.
func New(sc *Scenario, seed uint64, options ...Option) (*World, error) {
	t, err := loadTraces()
	if err != nil {
		return nil, err
	}
	return build(sc, seed, t, options...), nil
}

func build(sc *Scenario, seed uint64, t *traces, options ...Option) *World {
	w := &World{scenario: sc, seed: hash(seed, hashString("iolaus")), start: sc.startMS(), days: sc.Days, traces: t,
		atlas: newAtlas(), programs: newClients(), names: newNames(), usages: map[usageKey]*usage{}}
	for _, o := range options {
		o(w)
	}
	w.end = w.start + int64(sc.Days)*dayMS
	for _, m := range sc.Models {
		launch := int64(0)
		if m.LaunchDay > 0 {
			launch = w.start + int64(m.LaunchDay*float64(dayMS))
		}
		w.models = append(w.models, model{m.Name, m.Share, launch})
	}
	r := rng(hash(w.seed, 1))
	w.frameworks = newFrameworks(&r, 40)
	w.commons = w.newCommons(&r)
	w.settleHonest()
	for i := range sc.Campaigns {
		w.settleCampaign(i, &sc.Campaigns[i])
	}
	w.settleMailboxes()
	for _, a := range w.accounts {
		if a.host == nil {
			w.settlePayments(a)
			w.settleLabel(a)
		}
	}
	if w.bans != nil {
		known := len(w.accounts)
		w.applyBans()
		w.settleMoved(known)
	}
	return w
}

// newAccount makes an account that differs from others by its index alone.
func (w *World) newAccount(c *class) *account {
	return w.newAccountWith(c, mix(uint64(len(w.accounts))^w.seed))
}

// newAccountWith makes an account whose own is all that follows from a key.
func (w *World) newAccountWith(c *class, key uint64) *account {
	index := uint32(len(w.accounts))
	a := &account{key: key, person: key, index: index, rng: rng(hash(key, 7)), words: rng(hash(key, 8)), class: c, from: w.start, to: w.end, keys: 1,
		weight: 1, active: 1, jumpy: 0.5, limited: 0.004}
	a.id = idAccount + string(appendHex(nil, mix(key^0xacc7)))
	a.missing = missingFor(&a.rng)
	if a.rng.chance(0.3) { // made an organisation of one in the console
		a.org = idOrg + string(appendHex(nil, mix(key^0x0c9)))
	}
	a.label = label{label: "legit"}
	w.accounts = append(w.accounts, a)
	return a
}

// reachBy gives an account its ways onto the network with their weights.
func (a *account) reachBy(weight float64, way access) {
	if n := len(a.reach); n > 0 {
		weight += a.reach[n-1]
	}
	a.access, a.reach = append(a.access, way), append(a.reach, weight)
}

// adopt decides when an account takes up each model: the old ones before the start,
// each launch by its share of the accounts, after a delay of minutes to weeks.
func (w *World) adopt(a *account) {
	var old []float64
	sum := 0.0
	for _, m := range w.models {
		if m.launch == 0 {
			sum += m.share
		}
		old = append(old, sum)
	}
	a.adopted[a.rng.pick(old)] = 1
	for i, m := range w.models {
		if m.launch > 0 && a.rng.chance(m.share) {
			a.adopted[i] = m.launch + int64(a.rng.lognormal(float64(30*hourMS), 1.8))
		}
	}
}

// model is what an account asks for at a time: what it took up last, or for one
// session in eight any other that is there.
func (w *World) model(a *account, ts int64, r *rng) string {
	best := -1
	for i, at := range a.adopted[:len(w.models)] {
		if at > 0 && at <= ts && (best < 0 || at >= a.adopted[best]) {
			best = i
		}
	}
	if other := r.intn(len(w.models)); best < 0 || r.chance(0.125) && w.models[other].launch <= ts {
		best = other
		if w.models[best].launch > ts {
			best = 0
		}
	}
	return w.models[best].name
}

// Truth is what an account really is; no part of the pipeline sees it.
type Truth struct {
	Class    string // honest class, or "campaign"
	Campaign string // empty = honest
	Pool     string
	Trap     string // the reason an honest account may look bad, or empty
	Level    string // effort level of a campaign's account
	Attack   string // what a campaign's account tries besides, or empty
	Key      string // API key of an honest account that a campaign uses too, or empty
	Honest   bool
}

// Truth returns every account's truth by account id.
func (w *World) Truth() map[string]Truth {
	out := make(map[string]Truth, len(w.accounts))
	for _, a := range w.accounts {
		if a.host != nil { // sends under another account's name
			continue
		}
		t := Truth{Class: a.class.name, Trap: a.trap(), Honest: a.fleet == nil}
		if f := a.fleet; f != nil {
			t.Campaign, t.Pool, t.Level, t.Attack = f.campaign.Name, f.pool.Name, f.effort.Level, a.post.attack
		}
		if a.thief != nil {
			t.Key = idKey + string(appendHex(nil, a.thief.fixedKey))
		}
		out[a.id] = t
	}
	return out
}

// Span is the world's first millisecond and the one after its last exchange. Labels
// come after that.
func (w *World) Span() (start, end int64) { return w.start, w.end }

// Exchanges is the exact number of requests that Events will yield.
func (w *World) Exchanges() int64 {
	n := w.scenario.Honest.Exchanges
	if w.scenario.Honest.Accounts == 0 {
		n = 0
	}
	for _, c := range w.scenario.Campaigns {
		n += c.Exchanges
	}
	return n
}
