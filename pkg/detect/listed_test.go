package detect

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Colleagues vouch: accounts older than the stream, of an org_id most of which comes by single sign-on, are in no cluster.
func TestColleaguesVouch(t *testing.T) {
	org := func(more string) *play {
		return run(t, `
			crowd 2000
			`+more+`
			touch o[1-12] org:firm template:tool suffix:task device:{} ip:{} card:{}
			touch o[1-12] suffix:second client:cli`)
	}
	p := org("windows o[1-6] sso")
	for i := range 12 {
		id := fmt.Sprint("o", i+1)
		if got := p.clusterOf(id); got != "" {
			t.Errorf("%s is in %s, and its colleagues are vouched for", id, got)
		}
	}
	if q := org(""); q.clusterOf("o7") == "" {
		t.Error("nobody is vouched for, and there is no cluster")
	}
	a, _ := p.d.graph.Find("o9")
	if v, all := p.d.graph.Colleagues(a); v < 6 || all != 11 {
		t.Errorf("%d of %d are vouched for", v, all)
	}
	if !slices.ContainsFunc(p.d.state(a).own.Reasons, func(r wire.Reason) bool { return r.Code == "verified_colleagues" && r.Contribution < 0 }) {
		t.Errorf("reasons %v", p.d.state(a).own.Reasons)
	}
}

// What content alone brings together is a cluster that nobody is told of; when other families speak for it, its members
// are said to be, and when they leave that is said as well.
func TestHypothesisIsNotListed(t *testing.T) {
	p := run(t, `
		crowd 2000
		touch a[1-12] template:lure suffix:task ip:{} device:{} card:{}
		expect-cluster none a[1-12]
		expect a[1-12] allow`)
	c := p.clusterOf("a1")
	for i := range 12 {
		if got := p.clusterOf(fmt.Sprint("a", i+1)); c == "" || got != c {
			t.Fatalf("a%d is in %q, a1 in %q", i+1, got, c)
		}
	}
	if len(p.out.Clusters) != 0 || len(p.out.Members) != 0 || len(p.out.Decisions) != 0 {
		t.Fatalf("said: %s %s", text(t, p.out.Clusters), text(t, p.out.Members))
	}
	p.run(`
		at 3h
		windows a[1-12] tor fast cot
		use a[1-12] 64
		touch a[1-12] card:{/2} phone:burner
		expect-cluster a[1-12]
		expect a[1-12] suspend`)
	if p.cluster["a1"] != c {
		t.Errorf("told of %s, it was %s", p.cluster["a1"], c)
	}
	if n := len(p.out.Clusters); n == 0 || p.out.Clusters[n-1].ClusterID != c || p.out.Clusters[n-1].Size < 8 {
		t.Errorf("the cluster's scores: %s", text(t, p.out.Clusters))
	}
}

// An account is said to be a member from listFrom on, its own score and its cluster's, and until both are below unlistAt:
// in between, what was said stands.
func TestListing(t *testing.T) {
	p := run(t, `
		crowd 2000
		touch a[1-12] template:lure suffix:task ip:{} device:{} card:{}`)
	a, _ := p.d.graph.Find("a3")
	c := p.d.graph.ClusterOf(a)
	listed := false
	for i, step := range []struct {
		account, cluster float64
		want             bool
	}{
		{0.4, 0.9, false}, {0.9, 0.4, false}, {0.5, 0.5, true}, {0.1, 0.9, true}, {0.9, 0.1, true}, {0.25, 0.25, true},
		{0.19, 0.19, false}, {0.4, 0.4, false}, {0.6, 0.6, true},
	} {
		p.d.out.reset()
		p.d.list(a, c, &policy.Input{AccountScore: step.account, ClusterScore: step.cluster}, p.now+int64(i))
		said := len(p.d.out.Members)
		if got := p.d.accounts[a].listed == c; got != step.want || (said == 1) != (got != listed) {
			t.Fatalf("step %d, %.2f and %.2f: listed %v, %d records", i, step.account, step.cluster, got, said)
		}
		if listed = step.want; said == 1 && (p.d.out.Members[0].LeftAt != 0) == listed {
			t.Fatalf("step %d: %+v", i, p.d.out.Members[0])
		}
	}
}

// Memberships that were said add up: an account joins where it is in none and leaves what it had joined, a cluster's
// size is the number of those listed, and none is listed that the graph has elsewhere.
func TestListedMembersAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := run(t, "crowd 400")
		words := []string{"", "tor fast cot", "tor fast cot old", "sso", "campus"}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			p.now += rapid.Int64Range(0, 30*hour).Draw(rt, "later")
			ring := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "ring")
			lo := rapid.IntRange(1, 6).Draw(rt, "from")
			who := fmt.Sprintf("%s[%d-%d]", ring, lo, lo+rapid.IntRange(0, 6).Draw(rt, "more"))
			if rapid.Bool().Draw(rt, "windows") {
				p.run("windows " + who + " " + rapid.SampledFrom(words).Draw(rt, "words"))
			}
			p.run("touch " + who + " " + rapid.SampledFrom([]string{"template:", "suffix:", "device:", "phone:"}).Draw(rt, "kind") + ring + " card:" + ring + "{/2}")
		}
		in := map[string]string{}
		for _, m := range p.out.Members {
			switch {
			case m.LeftAt == 0 && in[m.AccountID] != "":
				rt.Fatalf("%s joins %s, and is in %s", m.AccountID, m.ClusterID, in[m.AccountID])
			case m.LeftAt == 0:
				in[m.AccountID] = m.ClusterID
			case in[m.AccountID] != m.ClusterID || m.LeftAt < m.JoinedAt:
				rt.Fatalf("%+v, and it is in %q", m, in[m.AccountID])
			default:
				delete(in, m.AccountID)
			}
		}
		listed := map[graph.Cluster]int{}
		for i := range p.d.accounts {
			st := &p.d.accounts[i]
			a := graph.Account(i)
			if got := in[p.d.graph.ID(a)]; got != p.d.graph.ClusterID(st.listed) {
				rt.Fatalf("%s is listed in %q, was said to be in %q", p.d.graph.ID(a), p.d.graph.ClusterID(st.listed), got)
			}
			if st.listed != graph.NoCluster {
				listed[st.listed]++
				if got := p.d.graph.ClusterOf(a); got != st.listed {
					rt.Fatalf("%s is listed in %d, and in %d", p.d.graph.ID(a), st.listed, got)
				}
			}
		}
		for c := range p.d.clusters {
			if p.d.clusters[c].listed != listed[graph.Cluster(c)] {
				rt.Fatalf("cluster %d: %d listed, counted %d", c, listed[graph.Cluster(c)], p.d.clusters[c].listed)
			}
		}
		checkChain(t, p)
		checkVictims(rt, p)
	})
}

// An account that is held back, for it may be a thief's victim, and has left the cluster that it was said to be a
// member of, is said to have left it.
func TestHeldBackAndGone(t *testing.T) {
	p := run(t, suspended+"\ntouch b[1-3] template:other suffix:other")
	p.used("old", start, 200)
	p.windows["old"].Signup.IPType = event.IPTor
	p.windows["old"].Requests.CoTCount, p.windows["old"].Requests.CoTSum = 200, 170
	a := p.d.graph.Intern("old", 2)
	b, _ := p.d.graph.Find("b1")
	was := p.d.graph.ClusterOf(b)
	p.d.state(a).listed, p.d.state(a).listedAt = was, p.now
	p.d.clusterState(was).listed++
	p.run("touch old template:lure suffix:lure client:cli ip:{}\ntouch old template:second")
	if c := p.d.graph.ClusterOf(a); was == graph.NoCluster || c == was || p.d.state(a).victimOf != c {
		t.Fatalf("in %d, was in %d, held back as a victim of %d: the case says nothing", c, was, p.d.state(a).victimOf)
	}
	if p.d.state(a).listed == was || p.d.clusterState(was).listed != 0 {
		t.Fatal("it is still said to be a member of the cluster that it has left")
	}
}
