package graph

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// population makes the facts of n accounts as honest traffic and campaigns have them: own things, a few
// popular ones, and one account in five in a ring of twenty with a card, a template and devices. About 16 facts each.
func population(n int) []link.Fact {
	r := rand.New(rand.NewPCG(1, 2))
	var facts []link.Fact
	for i := range n {
		id := fmt.Sprintf("acct-%08d", i)
		at := testStart + int64(i)*7*link.PaneMS/int64(n)
		add := func(k link.Kind, token uint64) {
			facts = append(facts, link.Fact{Account: id, Kind: k, Token: token, First: at, Last: at, Count: 1, Pane: link.Pane(at)})
		}
		own := uint64(i+1) << 20
		for ip := range 4 {
			add(link.KindIP, own+uint64(ip))
			add(link.KindPrefix, r.Uint64N(uint64(n))+1)
		}
		add(link.KindASN, r.Uint64N(300)+1)
		add(link.KindClient, r.Uint64N(200)+1)
		add(link.KindDevice, own)
		add(link.KindEmail, own)
		add(link.KindCardShape, r.Uint64N(500)+1)
		add(link.KindTemplate, r.Uint64()|1)
		if i%5 == 0 {
			ring := uint64(i/100+1) | 1<<60
			add(link.KindInstrument, ring)
			add(link.KindDevice, ring)
			add(link.KindSuffix, ring*0x9E3779B97F4A7C15)
		} else {
			add(link.KindInstrument, own)
		}
	}
	return facts
}

// A fact is observed, and its account placed where it is newly tied, as the detector does.
func BenchmarkFacts(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		facts := population(n)
		b.Run(fmt.Sprintf("%d_accounts", n), func(b *testing.B) {
			var held, linked float64
			for b.Loop() {
				var before, after runtime.MemStats
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				g := New(DefaultConfig())
				for i := range facts {
					a, tied := g.Observe(&facts[i])
					if tied && (i+1 == len(facts) || facts[i+1].Account != facts[i].Account) {
						g.Place(a, facts[i].Last, true)
						g.Changes()
					}
				}
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				held = float64(after.HeapAlloc) - float64(before.HeapAlloc)
				linked = 0
				for i := range g.accounts {
					linked += float64(len(g.accounts[i].edges))
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(facts)), "ns/fact")
			b.ReportMetric(held/float64(n), "B/account")
			b.ReportMetric(held/linked, "B/link")
		})
	}
}

// A member of a ring is placed again, as each new tie makes it.
func BenchmarkPlace(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		g := New(DefaultConfig())
		facts := population(n)
		for i := range facts {
			g.Observe(&facts[i])
		}
		for a := range g.accounts {
			g.Place(Account(a), testStart+7*link.PaneMS, true)
		}
		b.Run(fmt.Sprintf("%d_accounts", n), func(b *testing.B) {
			b.ReportAllocs()
			a := 0
			for b.Loop() {
				g.Place(Account(a), testStart+7*link.PaneMS, false)
				a = (a + 37) % n
			}
		})
	}
}

// An account whose every link was told before is told again.
func BenchmarkObserveAgain(b *testing.B) {
	g := New(DefaultConfig())
	facts := population(10_000)
	for i := range facts {
		g.Observe(&facts[i])
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		g.Observe(&facts[i])
		i = (i + 1) % len(facts)
	}
}
