package detect

import (
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// restored begins a second life from what the first one said and was told, in the order in which the topics may be read.
func restored(t *testing.T, p *play, decisionsFirst bool) *play {
	t.Helper()
	q := newPlay(t)
	q.now, q.names, q.windows, q.facts = p.now, p.names, p.windows, p.facts
	if decisionsFirst {
		q.restoreDecisions(p)
	}
	for i := range p.facts {
		q.d.Observe(&p.facts[i])
	}
	if !decisionsFirst {
		q.restoreDecisions(p)
	}
	latest := map[string]wire.Member{}
	for _, m := range p.out.Members {
		latest[m.AccountID] = m
	}
	names := make([]string, 0, len(latest))
	for a := range latest {
		names = append(names, a)
	}
	slices.Sort(names)
	for _, a := range names {
		m := latest[a]
		q.d.RestoreMember(&m)
		if m.LeftAt == 0 {
			q.cluster[a] = m.ClusterID
		}
	}
	q.d.Restored()
	q.evaluate()
	return q
}

func (p *play) restoreDecisions(from *play) {
	for i := range from.out.Decisions {
		d := &from.out.Decisions[i]
		p.d.RestoreDecision(d)
		if d.APIKeyID == "" {
			p.standing[d.AccountID] = d.Action
		}
	}
}

// A new owner of the graph stands where the old one stood, and says nothing of it again, whichever topic is read first.
func TestRestore(t *testing.T) {
	for _, c := range []struct {
		name           string
		decisionsFirst bool
	}{{"decisions before facts", true}, {"facts before decisions", false}} {
		t.Run(c.name, func(t *testing.T) {
			p := run(t, campaign)
			q := restored(t, p, c.decisionsFirst)
			if n := len(q.out.Decisions); n != 0 {
				t.Fatalf("%d decisions again, first %s", n, text(t, q.out.Decisions[0]))
			}
			if n := len(q.out.Members); n != 0 {
				t.Fatalf("%d memberships again: %s", n, text(t, q.out.Members))
			}
			if p.d.Population() != q.d.Population() {
				t.Fatalf("population %d, was %d", q.d.Population(), p.d.Population())
			}
			more := `
				windows late tor fast cot
				touch late device:farm card:3 template:lure ip:{}
				expect-cluster a[1-12]
				expect late suspend`
			q.run(more)
			p.run(more)
			if x, y := p.decision("late"), q.decision("late"); x.ClusterID != y.ClusterID || x.Action != y.Action {
				t.Fatalf("%+v\n%+v", x, y)
			}
		})
	}
}

// The cluster's score is after a take-over what it was before: its suspended members count in it.
func TestRestoreKeepsTheClustersScore(t *testing.T) {
	for _, decisionsFirst := range []bool{true, false} {
		p := run(t, campaign)
		q := restored(t, p, decisionsFirst)
		a, _ := p.d.graph.Find("a1")
		b, _ := q.d.graph.Find("a1")
		x, y := p.d.clusterScore(p.d.graph.ClusterOf(a)), q.d.clusterScore(q.d.graph.ClusterOf(b))
		if abs(x-y) > 0.03 {
			t.Errorf("decisions first %v: score %.3f, was %.3f", decisionsFirst, y, x)
		}
	}
}

// What a human said is the account's standing, the revocation of one of its keys is not.
func TestRestoreDecision(t *testing.T) {
	p := newPlay(t)
	p.d.RestoreDecision(&wire.Decision{AccountID: "a", Action: wire.ActionThrottle, DecisionID: "d-1"})
	p.d.RestoreDecision(&wire.Decision{AccountID: "a", APIKeyID: "k1", Action: wire.ActionRevokeKey, DecisionID: "d-2"})
	p.d.RestoreDecision(&wire.Decision{AccountID: "a", APIKeyID: "k1", Action: wire.ActionReinstate, DecisionID: "d-3"})
	a, _ := p.d.graph.Find("a")
	if st := p.d.state(a); st.action != wire.ActionThrottle || st.decision != "d-1" {
		t.Fatalf("stands on %s by %s", st.action, st.decision)
	}
}
