package simulate

// account is one agent: what it is, how it behaves, and where it stands in its plan.
// It draws from its own rng only, and touches nothing that other accounts change,
// so accounts can be generated in any order and on any number of cores.
type account struct {
	rng   rng
	key   uint64 // identity: ids and ties in time are decided by it, not by position
	index uint32
	id    string
	org   string
	class *class
	fleet *fleet // nil = honest
	post  *post  // its place in the fleet

	words    rng      // for what exchanges hold; rng is for when and what they are
	person   uint64   // who decides addresses and keys: its own key, or its host's
	host     *account // whose name it sends under; nil = its own
	fixedKey uint64   // the only API key that it has, stolen from its host
	thief    *account // who uses one of its keys
	framed   bool     // a campaign tries to make it look bad
	patron   bool     // its owner uses a campaign's relay too
	cut      int64    // nothing of its plan happens from then on; 0 = all does
	first    int64    // exchange that was written: its time, 0 = none as yet
	sent     int64    // exchanges written

	created int64
	older   bool  // no signup in the stream
	from    int64 // first and last possible exchange
	to      int64

	home    *country
	use     *usage
	habit   habit
	trips   []trip
	access  []access
	reach   []float64 // cumulative weights of access
	clients []*client
	keys    int   // API keys in use
	keyLife int64 // ms until a key is replaced, 0 = never
	adopted [maxModels]int64
	content content
	missing missing
	limited float64

	weight float64 // relative volume
	active float64 // share of days with any exchange
	jumpy  float64 // sigma of daily volume
	days   []uint32

	signup  *signup
	billing billing
	paid    []payment
	label   label

	slot     int // rank among the fleet's accounts
	cell     uint64
	events   uint64
	plan     []planned
	next     int
	sessions []session
}

// nextEvent makes the account's next event id: a bijection of (account, count), so unique.
func (a *account) nextEvent(seed uint64) uint64 {
	a.events++
	return mix((uint64(a.index)<<36 | a.events) ^ seed)
}

// kind is what sort of work a session does; it decides sizes, length and pace.
type kind uint8

const (
	kindChat  kind = iota // a person writing: Azure's chat sizes, Mooncake's conversations and pauses
	kindCode              // a person with an editor: Azure's code sizes
	kindAgent             // a loop with tools: Mooncake's long contexts, machine pace
	kindBatch             // a program's single calls: Azure's chat sizes, one turn
	numKinds
)

func kindByName(s string) (kind, bool) {
	for i, n := range []string{"chat", "code", "agent", "batch"} {
		if n == s {
			return kind(i), true
		}
	}
	return 0, false
}

func taskNames() []string {
	return []string{"agentic_reasoning", "software_engineering", "long_horizon", "data_analysis", "writing", "chat", "other", "unknown"}
}

// usage is a way of working that many accounts share.
type usage struct {
	kinds   choice[kind]
	tasks   [numKinds]choice[string]
	hours   []float64 // cumulative weights of local hours
	weekend float64   // volume on Saturday and Sunday against a weekday's
}

// usageKey names a way of working; accounts with the same one share it.
type usageKey struct {
	mix, rhythm string
	weekend     float64
}

// mixOf is a share of each kind of work.
func mixOf(name string) map[string]float64 {
	switch name {
	case "chat":
		return map[string]float64{"chat": 0.93, "code": 0.05, "agent": 0.02}
	case "dev":
		return map[string]float64{"chat": 0.2, "code": 0.4, "agent": 0.15, "batch": 0.25}
	case "agent":
		return map[string]float64{"chat": 0.08, "code": 0.32, "agent": 0.6}
	case "student":
		return map[string]float64{"chat": 0.6, "code": 0.3, "agent": 0.05, "batch": 0.05}
	case "gateway":
		return map[string]float64{"chat": 0.5, "code": 0.2, "agent": 0.15, "batch": 0.15}
	case "evaluation":
		return map[string]float64{"batch": 0.6, "agent": 0.4}
	default: // batch
		return map[string]float64{"batch": 1}
	}
}

// usage returns the shared way of working of a mix (mixOf) and rhythm (hoursOf).
func (w *World) usage(mix, rhythm string, weekend float64) *usage {
	key := usageKey{mix, rhythm, weekend}
	if w.usages[key] == nil {
		w.usages[key] = newUsage(mixOf(mix), rhythm, weekend)
	}
	return w.usages[key]
}

func newUsage(kinds map[string]float64, rhythm string, weekend float64) *usage {
	u := &usage{hours: hoursOf(rhythm), weekend: weekend}
	for _, n := range []string{"chat", "code", "agent", "batch"} {
		k, _ := kindByName(n)
		u.kinds.add(k, kinds[n])
	}
	u.tasks[kindChat] = choose(map[string]float64{"chat": 50, "writing": 25, "other": 12, "data_analysis": 6, "software_engineering": 6, "unknown": 1})
	u.tasks[kindCode] = choose(map[string]float64{"software_engineering": 85, "data_analysis": 10, "other": 4, "unknown": 1})
	u.tasks[kindAgent] = choose(map[string]float64{"software_engineering": 55, "agentic_reasoning": 20, "long_horizon": 10, "data_analysis": 10, "other": 4, "unknown": 1})
	u.tasks[kindBatch] = choose(map[string]float64{"other": 35, "data_analysis": 30, "writing": 20, "chat": 14, "unknown": 1})
	return u
}

// hoursOf gives the weight of each local hour as a running sum.
func hoursOf(rhythm string) []float64 {
	var h []float64
	switch rhythm {
	case "office":
		h = []float64{.1, .1, .1, .1, .1, .1, .3, 1, 3, 7, 9, 9, 6, 7, 9, 9, 8, 6, 3, 2, 1.5, 1, .5, .2}
	case "evening":
		h = []float64{2, 1, .5, .3, .2, .2, .5, 1.5, 2, 2.5, 3, 3, 4, 4, 4, 4, 5, 6, 7, 8, 9, 9, 7, 4}
	case "night":
		h = []float64{7, 6, 5, 4, 2, 1, .5, .5, 1, 1, 2, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7, 8, 9, 8}
	case "flat":
		h = []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	default: // day
		h = []float64{1, .6, .4, .3, .2, .3, .6, 1.5, 3, 5, 7, 7, 6, 6, 7, 7, 7, 6, 5, 5, 5, 5, 4, 2}
	}
	sum := 0.0
	for i := range h {
		sum += h[i]
		h[i] = sum
	}
	return h
}
