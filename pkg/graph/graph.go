// Package graph holds which accounts touched which entities, and the clusters that
// follow. It never compares all pairs: an account is compared with the clusters and
// the few latest accounts that share a rare entity with it. Pure.
//
// A cluster is kept as counts: how many of its members touched each entity. How well
// an account fits is then a naive-Bayes question: how much likelier is each of its
// entities among the members than in the population outside (affinity.go).
package graph

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// Account and Cluster are dense indexes, valid for the life of a Graph.
type (
	Account int32
	Cluster int32
)

// NoCluster is the cluster of an account that is in none.
const NoCluster Cluster = -1

// Bounds of what one account or entity may make the graph hold.
const (
	maxLinks  = 96 // links an account; past that its oldest unshared one goes
	maxRecent = 16 // latest accounts of an entity that a newcomer is compared with
)

type entityKey struct {
	token uint64
	kind  link.Kind
}

// edge is an account's link to an entity. ent is noEntity while nobody else shares it.
type edge struct {
	key   entityKey
	ent   int32
	first uint32 // Unix seconds
	last  uint32
	count uint32 // highest count of one pane
}

const noEntity = -1

type entity struct {
	key      entityKey
	df       int32     // accounts with a live link
	vouched  int32     // organisations: of those, the ones that somebody vouches for
	kept     int32     // of those, the ones that are suspended
	past     int32     // times that an account's link has expired, while others' have not: at most what a prompt's public was
	large    int32     // of clusters, the ones with leastAlike members or more
	clusters []tally   // members that touch it, by cluster, ascending
	recent   []Account // the latest maxRecent of them, anchors only
	others   []other   // prompts: what those members have else, beside each tally
	makeup   makeup    // prompts: of those who touch it and are not suspended
	crowd    habits    // prompts: of all who touch it
}

type account struct {
	id        string
	partition int32
	cluster   Cluster
	pos       int32 // in the cluster's members
	edges     []edge
	joinedAt  int64
	firstSeen int64
	lastSeen  int64
	fam       [link.NumFamilies]float32 // what it added to its cluster's sums
	own       [link.NumFamilies]float32 // what its own windows say
	rest      float32                   // what it added to the tallies of its content
	hardware  float32                   // what it added to its cluster's sum of shared devices and keys
	habit     habit
	vouched   bool   // by single sign-on, or an invoice
	apart     bool   // is in no cluster, whatever it touches
	keep      bool   // links outlive the window (suspended: history)
	lastDay   uint32 // latest day in the expiry buckets
	keptAt    int64  // when a former life suspended it (ms)
}

// Config bounds the graph.
type Config struct {
	// WindowMS is how long a link lives after its last touch, in event time.
	WindowMS int64
	// HistoryMS is the same for accounts that Keep was called for.
	HistoryMS int64
	// PairBar, JoinBar, LeaveBar and MergeBar are log-odds: what two accounts need to
	// found a cluster, an account to join, a member to stay, two clusters to become one.
	PairBar, JoinBar, LeaveBar, MergeBar float64
	// FamilyBar is what a family must be worth to count among the two that are needed.
	FamilyBar float64
	// Off leaves families out of every sum, to measure what they are worth.
	Off [link.NumFamilies]bool
}

// DefaultConfig returns the bars tuned on the press scenario, seeds 1 and 2.
func DefaultConfig() Config {
	return Config{
		WindowMS: 14 * link.PaneMS, HistoryMS: 60 * link.PaneMS,
		PairBar: 5, JoinBar: 4.2, LeaveBar: 2, MergeBar: 5, FamilyBar: 1,
	}
}

// Graph is not safe for concurrent use.
type Graph struct {
	cfg        Config
	accounts   []account
	byID       map[string]Account
	latest     Account // that was looked up: an event's facts come one after the other
	entities   []entity
	free       []int32
	byKey      map[entityKey]int32 // >= 0: entity; < 0: ^account of the only one that touches it
	templates  *families
	suffixes   *families
	clusters   []cluster
	byCluster  map[string]Cluster
	population habits                  // of accounts that are not suspended
	live       int                     // accounts with a live link
	kept       int                     // accounts that Keep was called for
	holders    [link.NumAllKinds]int32 // accounts with a link of the kind
	expiry     map[uint32][]Account    // day -> accounts that were active on it
	recheck    map[uint32][]Account    // day -> kept accounts to look at again
	today      uint32                  // what Today returned last
	moved      bool                    // what it depends on has changed since
	changes    []Change
	pairing    pairing
}

// New returns an empty graph.
func New(cfg Config) *Graph {
	return &Graph{
		cfg: cfg, byID: map[string]Account{}, byKey: map[entityKey]int32{},
		templates: newFamilies(), suffixes: newFamilies(),
		byCluster: map[string]Cluster{}, expiry: map[uint32][]Account{}, recheck: map[uint32][]Account{},
	}
}

// Population returns how many accounts have a live link.
func (g *Graph) Population() int { return g.live }

// Links returns how many live links all accounts have. It counts them.
func (g *Graph) Links() int {
	n := 0
	for i := range g.accounts {
		n += len(g.accounts[i].edges)
	}
	return n
}

// Find returns the account's index, if it is known.
func (g *Graph) Find(id string) (Account, bool) {
	if int(g.latest) < len(g.accounts) && g.accounts[g.latest].id == id {
		return g.latest, true
	}
	a, ok := g.byID[id]
	if ok {
		g.latest = a
	}
	return a, ok
}

// Intern returns the account's index, making it known.
func (g *Graph) Intern(id string, partition int32) Account {
	if a, ok := g.Find(id); ok {
		return a
	}
	a := Account(len(g.accounts))
	g.accounts = append(g.accounts, account{id: id, partition: partition, cluster: NoCluster})
	g.byID[id] = a
	return a
}

// ID returns the account's name; Partition the input partition it lives on.
func (g *Graph) ID(a Account) string       { return g.accounts[a].id }
func (g *Graph) Partition(a Account) int32 { return g.accounts[a].partition }

// FirstSeen returns the event time (ms) of the account's earliest known link.
func (g *Graph) FirstSeen(a Account) int64 { return g.accounts[a].firstSeen }

// LastSeen returns the event time (ms) of the account's latest fact, 0 once all has expired.
func (g *Graph) LastSeen(a Account) int64 { return g.accounts[a].lastSeen }

// ClusterOf returns the account's cluster or NoCluster.
func (g *Graph) ClusterOf(a Account) Cluster { return g.accounts[a].cluster }

// Tied reports whether the account shares something that ties with anybody.
func (g *Graph) Tied(a Account) bool {
	for i := range g.accounts[a].edges {
		if e := &g.accounts[a].edges[i]; e.ent != noEntity && e.key.kind.Ties() && g.entities[e.ent].df > 1 {
			return true
		}
	}
	return false
}

// Live reports whether the account is in the population: it has been seen within the window.
func (g *Graph) Live(a Account) bool { return g.accounts[a].lastSeen != 0 }

// Keep makes an account's links outlive the window: what a suspended account touched
// is remembered for HistoryMS, so that a second pool meets it.
func (g *Graph) Keep(a Account, keep bool) {
	acc := &g.accounts[a]
	if acc.keep == keep {
		return
	}
	g.countHabit(acc, -1)
	g.countKept(acc, -1)
	acc.keep = keep
	g.countHabit(acc, 1)
	g.countKept(acc, 1)
	if keep {
		g.kept++
	} else {
		g.kept--
	}
}

// KeepSince keeps an account that a former life suspended at event time at (ms). Its facts are observed afterwards.
func (g *Graph) KeepSince(a Account, at int64) {
	g.Keep(a, true)
	g.accounts[a].keptAt = at
}

// countKept counts an account, as a suspended one or not, wherever it touches something that others do, or with -1 takes it out.
func (g *Graph) countKept(acc *account, n int32) {
	for i := range acc.edges {
		if ent := acc.edges[i].ent; ent != noEntity {
			g.entities[ent].countKept(acc, n)
		}
	}
}

func (e *entity) countKept(acc *account, n int32) {
	switch {
	case acc.keep:
		e.kept += n
	case e.key.kind.Prompt():
		e.makeup.add(&acc.habit, n)
	}
}

// Observe merges a fact. It returns its account, and whether the account has a link that
// it had not: a repeated or refreshed fact ties nobody anew. Cost: one map read and a scan
// of the account's links.
func (g *Graph) Observe(f *link.Fact) (Account, bool) {
	a := g.Intern(f.Account, f.Partition)
	g.accounts[a].partition = f.Partition
	g.touch(a, f.First, f.Last)
	if f.Kind == link.KindVolume && f.Stream == event.StreamRequest {
		g.observeVolume(a, f)
	}
	if !f.Kind.Tracked() {
		return a, false
	}
	return a, g.connect(a, g.keyOf(a, f.Kind, f.Token), f.First, f.Last, f.Count)
}

// keyOf returns what a link is kept under: prompts under their family's first hash. An account that
// touches that hash refreshes its link, as most facts do, and no family need be looked up.
func (g *Graph) keyOf(a Account, k link.Kind, token uint64) entityKey {
	if key := (entityKey{token, k}); !k.Prompt() || g.accounts[a].has(key) {
		return key
	}
	switch k {
	case link.KindTemplate:
		token = g.templates.find(token)
	case link.KindSuffix:
		token = g.suffixes.find(token)
	}
	return entityKey{token, k}
}

func (acc *account) has(key entityKey) bool {
	for i := range acc.edges {
		if acc.edges[i].key == key {
			return true
		}
	}
	return false
}

// touch moves the account's first and last event time and its place in the expiry
// buckets. An account without live links comes back into the population.
func (g *Graph) touch(a Account, first, last int64) {
	acc := &g.accounts[a]
	if acc.lastSeen == 0 {
		g.live++
		g.moved = true
	}
	if acc.firstSeen == 0 || first < acc.firstSeen {
		acc.firstSeen = first
	}
	acc.lastSeen = max(acc.lastSeen, last)
	if day := link.Pane(last); day > acc.lastDay {
		acc.lastDay = day
		g.expiry[day] = append(g.expiry[day], a)
		g.moved = g.moved || day > g.today
	}
}

// connect adds or refreshes a link, and reports whether it is new.
func (g *Graph) connect(a Account, key entityKey, first, last int64, count uint64) bool {
	acc := &g.accounts[a]
	for i := range acc.edges {
		if e := &acc.edges[i]; e.key == key {
			e.first = min(e.first, uint32(first/1000))
			e.last = max(e.last, uint32(last/1000))
			e.count = max(e.count, uint32(count))
			return false
		}
	}
	if len(acc.edges) >= maxLinks {
		g.evict(a)
	}
	g.hold(acc, key.kind, 1)
	acc.edges = append(acc.edges, edge{key: key, ent: noEntity,
		first: uint32(first / 1000), last: uint32(last / 1000), count: uint32(count)})
	g.share(a, key)
	return true
}

// hold counts an account's first link of a kind, or uncounts its last. Call it while the
// account has no other link of the kind that is in question.
func (g *Graph) hold(acc *account, k link.Kind, d int32) {
	for i := range acc.edges {
		if acc.edges[i].key.kind == k {
			return
		}
	}
	g.holders[k] += d
	if acc.cluster != NoCluster {
		g.clusters[acc.cluster].holders[k] += d
	}
}

// share registers a as a toucher of key; the second one makes it an entity.
func (g *Graph) share(a Account, key entityKey) {
	v, known := g.byKey[key]
	switch {
	case !known:
		g.byKey[key] = ^int32(a)
	case v < 0:
		ent := g.newEntity(key)
		g.byKey[key] = ent
		g.attach(Account(^v), ent)
		g.attach(a, ent)
	default:
		g.attach(a, v)
	}
}

func (g *Graph) newEntity(key entityKey) int32 {
	if n := len(g.free); n > 0 {
		ent := g.free[n-1]
		g.free = g.free[:n-1]
		g.entities[ent] = entity{key: key}
		return ent
	}
	g.entities = append(g.entities, entity{key: key})
	return int32(len(g.entities) - 1)
}

func (g *Graph) attach(a Account, ent int32) {
	e, acc := &g.entities[ent], &g.accounts[a]
	for i := range acc.edges {
		if acc.edges[i].key == e.key {
			acc.edges[i].ent = ent
		}
	}
	e.df++
	e.countKept(acc, 1)
	e.countCrowd(&acc.habit, 1)
	if e.key.kind == link.KindOrg && acc.vouched {
		e.vouched++
	}
	if e.key.kind.Ties() {
		e.recent = appendRecent(e.recent, a)
	}
	if acc.cluster != NoCluster {
		g.count(ent, acc.cluster, 1)
		e.addRest(acc.cluster, acc.rest)
		e.addHabit(acc, 1)
	}
}

// appendRecent keeps the latest maxRecent accounts, oldest first.
func appendRecent(list []Account, a Account) []Account {
	if len(list) < maxRecent {
		return append(list, a)
	}
	copy(list, list[1:])
	list[len(list)-1] = a
	return list
}

// disconnect removes the account's i-th link.
func (g *Graph) disconnect(a Account, i int) {
	acc := &g.accounts[a]
	e := acc.edges[i]
	last := len(acc.edges) - 1
	acc.edges[i] = acc.edges[last]
	acc.edges = acc.edges[:last]
	g.hold(acc, e.key.kind, -1)
	if e.ent == noEntity {
		g.forget(e.key)
		return
	}
	ent := &g.entities[e.ent]
	ent.df--
	ent.countKept(acc, -1)
	ent.countCrowd(&acc.habit, -1)
	if ent.key.kind == link.KindOrg && acc.vouched {
		ent.vouched--
	}
	if acc.cluster != NoCluster {
		ent.addRest(acc.cluster, -acc.rest)
		ent.addHabit(acc, -1)
		g.count(e.ent, acc.cluster, -1)
	}
	for j, r := range ent.recent {
		if r == a {
			ent.recent = append(ent.recent[:j], ent.recent[j+1:]...)
			break
		}
	}
	if ent.df == 0 {
		g.forget(e.key)
		g.entities[e.ent] = entity{}
		g.free = append(g.free, e.ent)
	}
}

// forget drops what nobody touches any more.
func (g *Graph) forget(key entityKey) {
	delete(g.byKey, key)
	switch key.kind {
	case link.KindTemplate:
		g.templates.forget(key.token)
	case link.KindSuffix:
		g.suffixes.forget(key.token)
	}
}

// evict makes room: the oldest link that nobody shares goes, else the oldest.
func (g *Graph) evict(a Account) {
	acc := &g.accounts[a]
	victim := 0
	for i := range acc.edges {
		v, e := &acc.edges[victim], &acc.edges[i]
		lone, vlone := e.ent == noEntity, v.ent == noEntity
		if lone != vlone {
			if lone {
				victim = i
			}
			continue
		}
		if e.last < v.last {
			victim = i
		}
	}
	g.disconnect(a, victim)
}

// SetTraits replaces the account's trait links by the given ones (kind -> token;
// token 0 = none). Traits take part in affinity but bring nobody together.
func (g *Graph) SetTraits(a Account, traits []Trait) {
	if !g.Live(a) {
		return // its links have expired, and nothing would take these away again
	}
	for _, t := range traits {
		g.setTrait(a, t)
	}
}

// Trait is one categorical attribute of an account.
type Trait struct {
	Kind  link.Kind
	Token uint64
}

func (g *Graph) setTrait(a Account, t Trait) {
	acc := &g.accounts[a]
	for i := range acc.edges {
		e := &acc.edges[i]
		if e.key.kind != t.Kind {
			continue
		}
		if e.key.token == t.Token {
			e.last = uint32(acc.lastSeen / 1000)
			return
		}
		g.disconnect(a, i)
		break
	}
	if t.Token != 0 {
		g.connect(a, entityKey{t.Token, t.Kind}, acc.firstSeen, acc.lastSeen, 1)
	}
}

// Today returns the day of event time (days since 1970) that a hundredth of the population
// has reached, but at least three accounts, or all where there are fewer: no few accounts'
// clocks move it.
func (g *Graph) Today() uint32 {
	if !g.moved {
		return g.today // it is asked for at every evaluation
	}
	need := min(g.live, max(3, g.live/100))
	var today uint32
	for day := range g.expiry {
		if day > today && len(g.expiry[day]) >= need {
			today = day
		}
	}
	g.today, g.moved = today, false
	return today
}
