package graph

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// A cluster's conduct is what can be said of its members only together. A campaign has quotas to
// fill, so their rates are high beside the population's; a dispatcher that balances its load gives
// each about as much to do, so their rates are alike, where people differ by orders of magnitude
// whatever program they share; and more of them than of other people pay by instruments that cost
// little to have many of. All three are compared with the population of the same hour, in
// which everybody is young at first.
//
// Source: the shared documents' detection.md, sections 1 (load balancing, exchanges per account,
// virtual cards) and 3. The constants follow a logistic regression over 500 clusters of levels:103,
// honest@0.5:50 and three worlds of another generator, with the network, content and size beside them;
// fitted on one generator it separated the clusters of the other. The last were then tuned by hand on the same worlds.
const (
	busyWorth   = 1.5  // log-odds for each e-fold by which the mean rate is higher
	busyNormal  = 0.3  // so much higher are groups of honest people as well, beside one standard error
	evenWorth   = 3.0  // log-odds for each unit by which the deviation is less
	evenNormal  = 0.15 // so much less is it in groups of honest people
	evenLeast   = -0.3 // that they differ: a few honest users of a relay make any campaign uneven
	evenTelling = 1.2  // so alike no honest group is, at whatever pace
	lightWorth  = 1.0  // log-odds for each e-fold by which light instruments are more frequent
	lightFloor  = 0.02 // share of payers that is added to both sides
	lightLeast  = -0.6 // that few pay so
	conductHalf = 8    // members of whom it is known for it to count by half
	leastKnown  = 100  // accounts of whom it is known before anything is compared
	leastVolume = 4    // exchanges of its first day from which an account's rate is known
)

// habit is what an account adds to the conduct of its cluster.
type habit struct {
	volume volume
	rate   float32 // logarithm of its exchanges a day
	rated  bool    // it is known
	payer  bool
	light  bool // pays by virtual or prepaid instruments
	old    bool // older than the stream
}

// volume is how much an account has had to do, as its volume facts tell it: within a factor of two.
type volume struct {
	before     uint64 // exchanges of all its days but the last
	last       uint64 // of the last
	first, day uint32 // panes
}

// observe merges the count of a pane. A repeated fact changes nothing; one of an earlier pane is
// left out.
func (v *volume) observe(pane uint32, count uint64) {
	switch {
	case v.day == 0:
		v.first, v.day, v.last = pane, pane, count
	case pane == v.day:
		v.last = max(v.last, count)
	case pane > v.day:
		v.before, v.day, v.last = v.before+v.last, pane, count
	}
}

func (v *volume) total() uint64 { return v.before + v.last }

// rate returns the logarithm of the exchanges a day since the first. One exchange, or two, of a first day
// say nothing yet.
func (v *volume) rate() (float32, bool) {
	return float32(math.Log(float64(v.total()) / float64(v.day-v.first+1))), v.day > v.first || v.total() >= leastVolume
}

// habits sums those of some accounts.
type habits struct {
	rated         int32
	payers, light int32
	old           int32
	sum, sq       float64 // of the rates
}

func (h *habits) add(x *habit, n int32) {
	if x.rated {
		h.rated += n
		h.sum += float64(n) * float64(x.rate)
		h.sq += float64(n) * float64(x.rate) * float64(x.rate)
	}
	if x.payer {
		h.payers += n
		if x.light {
			h.light += n
		}
	}
	if x.old {
		h.old += n
	}
}

func (h *habits) without(x *habits) habits {
	return habits{rated: h.rated - x.rated, payers: h.payers - x.payers, light: h.light - x.light, old: h.old - x.old,
		sum: h.sum - x.sum, sq: h.sq - x.sq}
}

func (h *habits) mean() float64 { return h.sum / float64(max(1, h.rated)) }

func (h *habits) deviation() float64 {
	if h.rated < 2 {
		return 0
	}
	return math.Sqrt(max(0, h.sq-h.sum*h.sum/float64(h.rated)) / float64(h.rated-1))
}

func (h *habits) lightShare() float64 { return float64(h.light) / float64(max(1, h.payers)) }

// Conduct is what some accounts do beside the population: what it says, in log-odds, 0 where it is not
// known, and from what it is read.
type Conduct struct {
	Busy  float64 // their rates are higher
	Above float64 // by so many e-folds more than chance gives some of the population; 0 where it is not known
	Even  float64 // and alike
	Light float64 // they pay by virtual and prepaid instruments

	LogRate, LogRateOfAll       float64 // mean logarithm of exchanges a day
	Deviation, DeviationOfAll   float64 // standard deviation of their logarithms
	LightShare, LightShareOfAll float64 // of those who pay
}

// Pace is what the rates say.
func (c Conduct) Pace() float64 { return c.Busy + c.Even }

func (h *habits) conduct(population *habits) Conduct {
	c := Conduct{LogRate: h.mean(), LogRateOfAll: population.mean(), Deviation: h.deviation(),
		DeviationOfAll: population.deviation(), LightShare: h.lightShare(), LightShareOfAll: population.lightShare()}
	if h.rated >= 2 && population.rated >= leastKnown {
		part := float64(h.rated) / float64(h.rated+conductHalf)
		chance := c.DeviationOfAll / math.Sqrt(float64(h.rated))
		c.Above = c.LogRate - c.LogRateOfAll - chance
		c.Busy = part * min(max(busyWorth*(c.Above-busyNormal), -ConductCap), BusyCap)
		even, sure := h.evenness(c.DeviationOfAll)
		most := ConductCap
		if h.rated >= drivenUsers && sure >= evenTelling {
			c.Busy, most = max(c.Busy, 0), EvenCap
		}
		c.Even = part * min(max(even, evenLeast), most)
	}
	c.Light = h.instruments(population)
	return c
}

// evenness is what it says, in log-odds without bounds, that rates differ less than everybody's, which deviate so much; and
// the same less one standard error.
func (h *habits) evenness(everybody float64) (even, sure float64) {
	even = evenWorth * (everybody - h.deviation() - evenNormal)
	return even, even - evenWorth*everybody/math.Sqrt(2*float64(h.rated))
}

// instruments is what it says how many of them pay by light instruments.
func (h *habits) instruments(population *habits) float64 {
	if h.payers < 2 || population.payers < leastKnown {
		return 0
	}
	part := float64(h.payers) / float64(h.payers+conductHalf)
	return part * within(lightWorth*math.Log((h.lightShare()+lightFloor)/(population.lightShare()+lightFloor)), lightLeast)
}

// ConductCap is the most that each part of a conduct says, in log-odds, but for BusyCap: small campaigns work at
// a hundred times the pace of people, and honest groups of agents at seven; and for EvenCap: a dispatcher's accounts
// differ by a third, and those of the most alike of honest firms twice that.
const (
	ConductCap = 1.2
	BusyCap    = 2.4
	EvenCap    = 2.0
)

func within(v, least float64) float64 { return min(max(v, least), ConductCap) }

// Conduct returns what a cluster's members do beside everybody else who is not suspended. O(1).
func (g *Graph) Conduct(c Cluster) Conduct { return g.conductOf(&g.clusters[c].habits, c) }

// light returns the part of a cluster's conduct that is in its means: Conduct(c).Light at a third of the cost,
// since the means are asked for several times in each comparison.
func (g *Graph) light(c Cluster) float64 {
	if g.cfg.Off[link.FamilyPayment] {
		return 0
	}
	others := g.population.without(&g.clusters[c].free)
	return g.clusters[c].habits.instruments(&others)
}

func (g *Graph) conductOf(h *habits, c Cluster) Conduct {
	others := g.population.without(&g.clusters[c].free)
	conduct := h.conduct(&others)
	if g.cfg.Off[link.FamilyHistory] {
		conduct.Busy, conduct.Above = 0, 0
	}
	if g.cfg.Off[link.FamilyTiming] {
		conduct.Even = 0
	}
	if g.cfg.Off[link.FamilyPayment] {
		conduct.Light = 0
	}
	return conduct
}

// Likeness is the log-likelihood ratio of an account's rate among its cluster's members to that among
// everybody else, both taken as log-normal: who works at a campaign's pace, which few people do, is likelier
// one of its own, and who works at everybody's is likelier a customer of its gateway. What is known of the
// cluster leans on the population while few of its rates are known. 0 where it is not known. O(1).
func (g *Graph) Likeness(a Account) float64 {
	acc := &g.accounts[a]
	if acc.cluster == NoCluster || !acc.habit.rated || g.cfg.Off[link.FamilyHistory] {
		return 0
	}
	cl := &g.clusters[acc.cluster]
	var self habits
	self.add(&acc.habit, 1)
	members, others := cl.habits.without(&self), g.population.without(&cl.free)
	if members.rated < likenessLeast || others.rated < leastKnown {
		return 0
	}
	n, mean, variance := float64(members.rated), others.mean(), others.deviation()*others.deviation()
	if variance < leastVariance {
		return 0
	}
	theirs := (n*members.mean() + likenessLean*mean) / (n + likenessLean)
	spread := ((n-1)*members.deviation()*members.deviation() + likenessLean*variance) / (n - 1 + likenessLean)
	x := float64(acc.habit.rate)
	odds := (math.Log(variance/spread) + (x-mean)*(x-mean)/variance - (x-theirs)*(x-theirs)/spread) / 2
	return min(max(odds, -LikenessCap), LikenessCap)
}

// Rate returns the account's exchanges a day, 0 where they are not known.
func (g *Graph) Rate(a Account) float64 {
	if h := &g.accounts[a].habit; h.rated {
		return math.Exp(float64(h.rate))
	}
	return 0
}

const (
	likenessLeast = 4    // other members whose rates are known
	likenessLean  = 4    // imagined members that follow the population
	leastVariance = 1e-6 // of everybody's rates: less is what is left of sums that were added to and taken from
	// LikenessCap is the most that an account's rate says of its belonging to its cluster, in log-odds.
	LikenessCap = 1.5
)

// Standing is what is known of an account before it does anything.
type Standing struct {
	Payer bool // it has paid
	Light bool // by virtual or prepaid instruments
	Old   bool // it is older than the stream
}

// SetStanding stores it.
func (g *Graph) SetStanding(a Account, s Standing) {
	h := g.accounts[a].habit
	h.payer, h.light, h.old = s.Payer, s.Light, s.Old
	g.setHabit(a, h)
}

// OldShare returns the share of a cluster's members that are older than the stream.
func (g *Graph) OldShare(c Cluster) float64 {
	return float64(g.clusters[c].habits.old) / float64(max(1, len(g.clusters[c].members)))
}

// observeVolume merges the count of a pane. What a suspended account still sends is refused, and
// is no conduct; what it had sent before is, and comes after the suspension where a former life suspended it.
func (g *Graph) observeVolume(a Account, f *link.Fact) {
	acc := &g.accounts[a]
	if acc.keep && f.Last > acc.keptAt {
		return
	}
	h := acc.habit
	h.volume.observe(f.Pane, f.Count)
	h.rate, h.rated = h.volume.rate()
	g.setHabit(a, h)
}

func (g *Graph) setHabit(a Account, h habit) {
	acc := &g.accounts[a]
	if h == acc.habit {
		return
	}
	g.countHabit(acc, -1)
	was := acc.habit
	acc.habit = h
	g.countHabit(acc, 1)
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.ent == noEntity || !e.key.kind.Prompt() {
			continue
		}
		ent := &g.entities[e.ent]
		ent.countCrowd(&was, -1)
		ent.countCrowd(&h, 1)
		if !acc.keep {
			ent.makeup.add(&was, -1)
			ent.makeup.add(&h, 1)
		}
	}
}

// countHabit counts an account's habit wherever it belongs, or with -1 takes it out.
func (g *Graph) countHabit(acc *account, n int32) {
	if !acc.keep {
		g.population.add(&acc.habit, n)
	}
	if acc.cluster != NoCluster {
		g.countMember(acc, n)
	}
}

// countMember counts it among its cluster's, and among those that touch the same contents.
func (g *Graph) countMember(acc *account, n int32) {
	cl := &g.clusters[acc.cluster]
	cl.habits.add(&acc.habit, n)
	if acc.keep {
		cl.kept += n
	} else {
		cl.free.add(&acc.habit, n)
	}
	for i := range acc.edges {
		if ent := acc.edges[i].ent; ent != noEntity {
			g.entities[ent].addHabit(acc, n)
		}
	}
}
