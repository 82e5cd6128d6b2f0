package window

import "github.com/iolaus-io/iolaus/pkg/event"

// A stolen key runs its owner's traffic and the thief's beside one another. Each key
// therefore has a one-sided CUSUM (Page, Continuous inspection schemes, Biometrika 41, 1954) over the
// log-likelihood ratio of its exchanges: habits.surprise. Three things differ from the textbook. The
// rates before the change are the account's own, learned on the way. Exchanges
// that are the owner's do not pull the sum down, since the new regime runs beside
// the old one; an exchange that mixes both does, since it ties them to one person. And an exchange
// gives at most stepBits, so that it takes several.
//
// What is novel in one dimension only is learned: a laptop, a journey, an edited prompt.
// Costs 65 ns an exchange, and 9 bytes a key, 33 an account and 70 a regime.
const (
	learnAccount = 12 // first exchanges of an account that are taken as its owner's, whatever they are
	stepBits     = 6
	suspectBits  = 10 // two wholly novel exchanges: enough beside ties to a known campaign
	declareBits  = 24 // four wholly novel exchanges: one false alarm in 2^24 were they independent
	maxBits      = 60
	bridgePlace  = 3  // owner's prompt from the regime's client or network
	bridgePrompt = 12 // regime's prompt from the owner's place
	// A regime that is not declared is forgotten after idleMS without an exchange.
	idleMS = 3 * fortnightPaneMS
	// A declared one is taken as the owner's after lifeMS; after driftMS where it is on the
	// account's own networks.
	lifeMS  = 28 * fortnightPaneMS
	driftMS = 2 * fortnightPaneMS
	// What a key must have done for its change to be one of an established key.
	establishedDays  = 3
	establishedTotal = 20
)

const (
	maxKeys          = 6
	regimeTemplates  = 4
	maxDays          = 1<<16 - 1
	keyMomentMS      = 60 * 1000 // how exactly first and last use of a key are kept
	regimeCountLimit = 1<<32 - 1
)

// keyState is what is kept of an API key.
type keyState struct {
	key         uint32 // folded token
	first, last uint32 // minutes
	total       uint32
	days        uint16 // days on which it was used, counted when a later one begins
	regime      *regime
}

// regime is the exchanges of a key that are unlike its account.
type regime struct {
	id          string      // set when suspected
	token       event.Token // likewise
	first, last int64       // ms of its first and latest exchange
	bits        uint8       // the sum
	news, olds  uint32
	switches    uint32 // times that the key went from one regime to the other
	inNew       bool   // the latest exchange was of the new one
	before      uint32 // exchanges of the key before first
	beforeDays  uint16
	dims        [numDims]uint32
	client      leader
	network     leader
	templates   [regimeTemplates]uint64
	cotSum      uint64 // in 1/cotScale
	cotCount    uint32
	sought      uint32 // agentic reasoning, software engineering, long-horizon
	rented      uint32 // from vpn, proxy or tor
	hosted      uint32 // from hosting
}

// leader is the majority vote of Boyer and Moore (1981): the value of most exchanges, if there is one.
type leader struct {
	value uint64
	votes uint32
}

func (l *leader) see(v uint64) {
	switch {
	case v == 0:
	case l.votes == 0:
		l.value, l.votes = v, 1
	case l.value == v:
		l.votes++
	default:
		if l.votes--; l.votes == 0 {
			l.value = 0
		}
	}
}

// Observe looks at what a request touched in the light of what its account is known by.
// Call it after Add. A request without an API key says nothing. It reports whether a change of the key is
// worth a look: when it is suspected, when it is declared, and then at each doubling of its exchanges.
func (s *RequestState) Observe(e *event.Request, x Exchange) (look bool) {
	if e.APIKey == 0 {
		return false
	}
	k := s.key(e)
	if k == nil {
		return false
	}
	var bits uint8
	var news uint32
	if r := k.regime; r != nil {
		bits, news = r.bits, r.news
	}
	s.habits.observe(k, e, x)
	r := k.regime
	if r == nil || r.bits < suspectBits || r.news == news {
		return false
	}
	return bits < suspectBits || r.bits >= declareBits && (bits < declareBits || r.news&(r.news-1) == 0)
}

// key finds or makes a key's state and counts the request in it; nil for one older than all keys kept.
func (s *RequestState) key(e *event.Request) *keyState {
	key, minute := fold(uint64(e.APIKey)), uint32(e.TS/keyMomentMS)
	oldest := 0
	for i := range s.keys {
		k := &s.keys[i]
		if k.key == key {
			k.use(minute)
			return k
		}
		if k.last < s.keys[oldest].last {
			oldest = i
		}
	}
	fresh := keyState{key: key, first: minute, last: minute, total: 1, days: 1}
	if len(s.keys) < maxKeys {
		s.keys = append(s.keys, fresh)
		return &s.keys[len(s.keys)-1]
	}
	if s.keys[oldest].last > minute {
		return nil
	}
	s.keys[oldest] = fresh
	return &s.keys[oldest]
}

func (k *keyState) use(minute uint32) {
	const day = fortnightPaneMS / keyMomentMS
	if minute/day > k.last/day && k.days < maxDays {
		k.days++
	}
	k.first, k.last = min(k.first, minute), max(k.last, minute)
	increment(&k.total)
}

func increment(n *uint32) {
	if *n < regimeCountLimit {
		*n++
	}
}

// observe moves the account's habits or the key's regime on by an exchange.
func (h *habits) observe(k *keyState, e *event.Request, x Exchange) {
	h.expire(k, e.TS)
	novel, known := h.look(e, x)
	r := k.regime
	switch {
	case h.seen < learnAccount:
		h.learn(e, x, novel)
	case novel.Count() <= 1:
		if r == nil {
			h.learn(e, x, novel)
			return
		}
		if e.Template == 0 && r.place(x, novel) {
			return // from the regime's own place, and without a prompt that could be the owner's
		}
		h.count(0)
		if r.old(e, x, novel); r.bits == 0 {
			k.regime = nil
		}
	default:
		step := min(h.surprise(novel, known), stepBits)
		if step <= 0 {
			return
		}
		if r == nil {
			r = k.begin(e)
		}
		r.add(e, x, novel, step)
	}
}

// expire ends a regime that did not go on, or that went on for so long that it is the owner's.
func (h *habits) expire(k *keyState, now int64) {
	r := k.regime
	if r == nil {
		return
	}
	life := int64(driftMS)
	if r.network.value == 0 || r.novel()&DimNetwork != 0 {
		life = lifeMS
	}
	switch {
	case r.bits < declareBits && now-r.last > idleMS:
	case r.bits >= declareBits && now-r.first > life:
		h.adopt(r)
	default:
		return
	}
	k.regime = nil
}

// forgetRegimes drops those that were not declared and did not go on, of keys that may
// never be used again.
func (s *RequestState) forgetRegimes() {
	for i := range s.keys {
		if r := s.keys[i].regime; r != nil && r.bits < declareBits && s.last-r.last > idleMS {
			s.keys[i].regime = nil
		}
	}
}

// adopt takes a regime's values as the account's own.
func (h *habits) adopt(r *regime) {
	if r.client.value != 0 {
		v := short(r.client.value)
		h.clients.front(v, h.clients.index(v), maxClients)
	}
	if r.network.value != 0 {
		v := short(r.network.value)
		h.networks.front(v, h.networks.index(v), maxNetworks)
	}
	for _, t := range r.templates {
		if t != 0 {
			h.learnTemplate(t)
		}
	}
}

func (k *keyState) begin(e *event.Request) *regime {
	k.regime = &regime{first: e.TS, last: e.TS, before: k.total - 1, beforeDays: k.days}
	return k.regime
}

// add counts an exchange of the new regime.
func (r *regime) add(e *event.Request, x Exchange, novel Dimensions, step int) {
	if r.news > 0 && !r.inNew {
		increment(&r.switches)
	}
	r.inNew = true
	r.bits = uint8(min(int(r.bits)+step, maxBits))
	if r.bits >= suspectBits && r.id == "" {
		r.id, r.token = e.APIKeyID, e.APIKey
	}
	r.first, r.last = min(r.first, e.TS), max(r.last, e.TS)
	increment(&r.news)
	for d := range r.dims {
		if novel&(1<<d) != 0 {
			increment(&r.dims[d])
		}
	}
	r.client.see(x.Client)
	r.network.see(x.Network)
	r.keepTemplate(e.Template)
	if e.CoT >= 0 && e.CoT <= 1 {
		r.cotSum += fixedCoT(e.CoT)
		increment(&r.cotCount)
	}
	switch e.Task {
	case event.TaskAgenticReasoning, event.TaskSoftwareEngineering, event.TaskLongHorizon:
		increment(&r.sought)
	}
	switch e.IPType {
	case event.IPVPN, event.IPProxy, event.IPTor:
		increment(&r.rented)
	case event.IPHosting:
		increment(&r.hosted)
	}
}

// keepTemplate keeps the first few different ones.
func (r *regime) keepTemplate(t uint64) {
	if t == 0 {
		return
	}
	for i, have := range r.templates {
		if have == t {
			return
		}
		if have == 0 {
			r.templates[i] = t
			return
		}
	}
}

// old counts an exchange of the owner beside the regime; one that mixes the two says that they are one.
func (r *regime) old(e *event.Request, x Exchange, novel Dimensions) {
	if r.inNew {
		increment(&r.switches)
	}
	r.inNew = false
	increment(&r.olds)
	bridge := 0
	switch {
	case r.place(x, novel):
		bridge = bridgePlace
	case novel&DimTemplate != 0 && e.Template != 0 && r.holds(e.Template):
		bridge = bridgePrompt
	}
	r.bits = uint8(max(int(r.bits)-bridge, 0))
}

// place reports whether an exchange is from the client, or the network, that the regime brought.
func (r *regime) place(x Exchange, novel Dimensions) bool {
	return novel&DimClient != 0 && x.Client == r.client.value || novel&DimNetwork != 0 && x.Network == r.network.value
}

func (r *regime) holds(t uint64) bool {
	for _, have := range r.templates {
		if have == t {
			return true
		}
	}
	return false
}

// novel is the dimensions in which at least half of the regime's exchanges are unlike the account.
func (r *regime) novel() (d Dimensions) {
	for i, n := range r.dims {
		if n > 0 && 2*uint64(n) >= uint64(r.news) {
			d |= 1 << i
		}
	}
	return d
}
