package graph

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// links is what accounts touch, as facts say it: account -> thing -> first, last, count.
type links map[string]map[entityKey][3]uint32

func (l links) observe(f *link.Fact) {
	if !f.Kind.Tracked() {
		return
	}
	if l[f.Account] == nil {
		l[f.Account] = map[entityKey][3]uint32{}
	}
	key := entityKey{f.Token, f.Kind}
	first, last := uint32(f.First/1000), uint32(f.Last/1000)
	old, ok := l[f.Account][key]
	if !ok {
		old = [3]uint32{first, last, uint32(f.Count)}
	}
	l[f.Account][key] = [3]uint32{min(old[0], first), max(old[1], last), max(old[2], uint32(f.Count))}
}

// of reads the same off a graph, without traits.
func linksOf(g *Graph) links {
	l := links{}
	for i := range g.accounts {
		for _, e := range g.accounts[i].edges {
			if e.key.kind.Trait() {
				continue
			}
			id := g.accounts[i].id
			if l[id] == nil {
				l[id] = map[entityKey][3]uint32{}
			}
			l[id][e.key] = [3]uint32{e.first, e.last, e.count}
		}
	}
	return l
}

func equalLinks(a, b links) bool {
	return maps.EqualFunc(a, b, func(x, y map[entityKey][3]uint32) bool { return maps.Equal(x, y) })
}

const testStart = 20_000 * link.PaneMS

// farTemplates are SimHashes so far apart that none is near another.
var farTemplates = []uint64{0x0000_0000_0000_0001, 0xFFFF_0000_FFFF_0000, 0x0F0F_0F0F_0F0F_0F0F, 0x3333_CCCC_3333_CCCC}

var drawnKinds = []link.Kind{link.KindIP, link.KindASN, link.KindDevice, link.KindClient, link.KindInstrument, link.KindDomain,
	link.KindOrg, link.KindEmail, link.KindPhone, link.KindReferral, link.KindTemplate, link.KindSuffix, link.KindVolume}

func drawFact(t *rapid.T, accounts int, from, to int64) link.Fact {
	f := link.Fact{
		Account: fmt.Sprintf("a%02d", rapid.IntRange(0, accounts-1).Draw(t, "account")),
		Kind:    rapid.SampledFrom(drawnKinds).Draw(t, "kind"),
		Count:   rapid.Uint64Range(1, 64).Draw(t, "count"),
	}
	switch f.Kind {
	case link.KindTemplate, link.KindSuffix:
		f.Token = rapid.SampledFrom(farTemplates).Draw(t, "template")
	case link.KindVolume:
		f.Stream = event.StreamRequest
	default:
		f.Token = rapid.Uint64Range(1, 5).Draw(t, "token")
	}
	f.First = rapid.Int64Range(from, to).Draw(t, "first")
	f.Last = rapid.Int64Range(f.First, to).Draw(t, "last")
	f.Pane = link.Pane(f.Last)
	return f
}

// Whatever is done to a graph in whatever order, its counts are those that the accounts'
// links give when they are counted anew.
func TestCountsAreThoseOfTheLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(DefaultConfig())
		now := int64(testStart)
		pick := func(t *rapid.T) (Account, bool) {
			if len(g.accounts) == 0 {
				return 0, false
			}
			return Account(rapid.IntRange(0, len(g.accounts)-1).Draw(t, "which")), true
		}
		t.Repeat(map[string]func(*rapid.T){
			"observe": func(t *rapid.T) {
				for range rapid.IntRange(1, 8).Draw(t, "facts") {
					f := drawFact(t, 14, now-2*link.PaneMS, now)
					g.Observe(&f)
				}
			},
			"ring": func(t *rapid.T) { // accounts of one actor, so that clusters come about
				token := rapid.Uint64Range(1, 3).Draw(t, "ring")
				for i := range rapid.IntRange(2, 5).Draw(t, "size") {
					id := fmt.Sprintf("a%02d", (int(token)*4+i)%14)
					for _, k := range []link.Kind{link.KindDevice, link.KindInstrument, link.KindEmail} {
						g.Observe(&link.Fact{Account: id, Kind: k, Token: 100 + token, First: now, Last: now, Count: 1})
					}
					g.Observe(&link.Fact{Account: id, Kind: link.KindTemplate, Token: farTemplates[token], First: now, Last: now, Count: 1})
					if a, _ := g.Find(id); rapid.Bool().Draw(t, "placed") {
						g.Place(a, now, true)
					}
				}
			},
			"place": func(t *rapid.T) {
				if a, ok := pick(t); ok {
					g.Place(a, now, true)
				}
			},
			"traits": func(t *rapid.T) {
				if a, ok := pick(t); ok {
					g.SetTraits(a, []Trait{{link.TraitSignupHour, rapid.Uint64Range(0, 3).Draw(t, "hour")},
						{link.TraitTask, rapid.Uint64Range(0, 2).Draw(t, "task")}})
				}
			},
			"payer": func(t *rapid.T) {
				if a, ok := pick(t); ok {
					g.SetStanding(a, Standing{rapid.Bool().Draw(t, "payer"), rapid.Bool().Draw(t, "light"), rapid.Bool().Draw(t, "old")})
				}
			},
			"own": func(t *rapid.T) {
				if a, ok := pick(t); ok {
					var own [link.NumFamilies]float64
					own[rapid.IntRange(0, int(link.NumFamilies)-1).Draw(t, "family")] = rapid.Float64Range(-6, 3).Draw(t, "own")
					g.SetOwn(a, own, own[link.FamilyNone] < -4)
				}
			},
			"apart": func(t *rapid.T) {
				if a, ok := pick(t); ok && rapid.IntRange(0, 3).Draw(t, "apart") == 0 {
					g.Apart(a, now)
					g.Place(a, now, true)
					if g.ClusterOf(a) != NoCluster {
						t.Fatalf("%s is apart and in %d", g.ID(a), g.ClusterOf(a))
					}
				}
			},
			"keep": func(t *rapid.T) {
				if a, ok := pick(t); ok {
					g.Keep(a, rapid.Bool().Draw(t, "keep"))
				}
			},
			"time": func(t *rapid.T) {
				now += rapid.Int64Range(0, 6*link.PaneMS).Draw(t, "ms")
			},
			"expire": func(*rapid.T) { g.Expire(now) },
			"": func(t *rapid.T) {
				check(t, g)
			},
		})
	})
}

// Links are what the facts say, merged: in any order, and however often each is told.
func TestOrderAndRepeatsOfFactsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := make([]link.Fact, rapid.IntRange(1, 60).Draw(t, "facts"))
		want := links{}
		for i := range facts {
			facts[i] = drawFact(t, 6, testStart, testStart+3*link.PaneMS)
			want.observe(&facts[i])
		}
		told := append(slices.Clone(facts), facts[:rapid.IntRange(0, len(facts)).Draw(t, "again")]...)
		g := New(DefaultConfig())
		for _, i := range rapid.Permutation(indexes(len(told))).Draw(t, "order") {
			g.Observe(&told[i])
		}
		check(t, g)
		if got := linksOf(g); !equalLinks(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range facts {
			if _, tied := g.Observe(&facts[i]); tied {
				t.Fatalf("fact %+v ties again", facts[i])
			}
		}
	})
}

func indexes(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}

// Expire drops every link that nothing refreshed within the window, when facts come in order of
// time, and no other. A day is the grain: within it either is right.
func TestExpireDropsWhatIsStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := DefaultConfig()
		g, want := New(cfg), links{}
		now := int64(testStart)
		for range rapid.IntRange(1, 40).Draw(t, "facts") {
			now += rapid.Int64Range(0, 4*link.PaneMS).Draw(t, "step")
			f := drawFact(t, 4, now, now)
			g.Observe(&f)
			want.observe(&f)
			if !rapid.Bool().Draw(t, "expire") {
				continue
			}
			g.Expire(now)
			check(t, g)
			got := linksOf(g)
			sure := int64(link.Pane(now-cfg.WindowMS)) * link.PaneMS / 1000
			for id, things := range want {
				for key, l := range things {
					_, has := got[id][key]
					switch {
					case int64(l[1]) < sure && has:
						t.Fatalf("%s still has %v, last touched %d, window begins %d", id, key, l[1], sure)
					case int64(l[1]) >= (now-cfg.WindowMS)/1000 && !has:
						t.Fatalf("%s lost %v, last touched %d, window begins %d", id, key, l[1], sure)
					case !has:
						delete(things, key)
					}
				}
			}
		}
	})
}

// The same calls give the same clusters, names and changes, down to their order.
func TestSameCallsSameClusters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := make([]link.Fact, rapid.IntRange(20, 80).Draw(t, "facts"))
		for i := range facts {
			facts[i] = drawFact(t, 8, testStart, testStart+link.PaneMS)
		}
		run := func() []string {
			g := New(DefaultConfig())
			var log []string
			for i := range facts {
				a, tied := g.Observe(&facts[i])
				fit := g.Place(a, facts[i].Last, tied)
				log = append(log, fmt.Sprintf("%.9f %v", fit.Total, g.Shared(a)))
				for _, c := range g.Changes() {
					log = append(log, fmt.Sprintf("%s %s %v %d %d", g.ClusterID(c.Cluster), g.ID(c.Account), c.Joined, c.At, c.Since))
				}
			}
			return log
		}
		if a, b := run(), run(); !slices.Equal(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
	})
}

// Changes told apart and put together again are the memberships.
func TestChangesAddUpToTheMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(DefaultConfig())
		in := map[Account]Cluster{}
		now := int64(testStart)
		for range rapid.IntRange(1, 80).Draw(t, "facts") {
			now += rapid.Int64Range(0, link.PaneMS).Draw(t, "step")
			f := drawFact(t, 8, now, now)
			a, _ := g.Observe(&f)
			g.Place(a, now, true)
			if rapid.IntRange(0, 9).Draw(t, "expire") == 0 {
				g.Expire(now)
			}
			for _, c := range g.Changes() {
				had, was := in[c.Account]
				if c.Joined == was || (!c.Joined && had != c.Cluster) || (!c.Joined && c.Since > c.At) {
					t.Fatalf("change %+v of an account that was in %d (%v)", c, had, was)
				}
				if c.Joined {
					in[c.Account] = c.Cluster
				} else {
					delete(in, c.Account)
				}
			}
			for i := range g.accounts {
				c, ok := in[Account(i)]
				if ok != (g.accounts[i].cluster != NoCluster) || ok && c != g.accounts[i].cluster {
					t.Fatalf("%s is in %d, changes say %d (%v)", g.accounts[i].id, g.accounts[i].cluster, c, ok)
				}
			}
		}
	})
}
