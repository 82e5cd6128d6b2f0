package detect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// suspended is a campaign that has been found, eight days after its future victim began to work.
const suspended = `
	crowd 1500
	touch owner template:own suffix:own device:{} card:{} ip:{} client:mine
	at 192h
	windows a[1-12] tor fast cot
	touch a[1-12] device:farm card:{/2} template:lure suffix:lure client:cli ip:{}
	touch a[1-12] phone:burner template:second
	expect a[1-12] suspend
	at 193h`

const hour = 3_600_000

// used says what an account's requests look like: n exchanges since the start, and the changes of its keys.
func (p *play) used(account string, since int64, n uint64, keys ...window.KeyFeatures) {
	f := features(start, nil)
	f.Requests = &window.RequestFeatures{At: p.now, First: since, Last: p.now, Total: n, ActiveDay: 5, Keys: keys}
	p.windows[account] = f
}

// stolen is a key that was used steadily, and that somebody else uses since at as the campaign does.
func (p *play) stolen(id string, at int64, templates ...string) window.KeyFeatures {
	k := window.KeyFeatures{ID: id, First: start, Last: p.now, Total: 140, Days: 8, Change: window.KeyChange{
		At: at, Last: p.now, New: 20, Old: 6, Switches: 4, Bits: 40, Established: true, Before: 120, RateRatio: 12,
		Novel:  window.DimClient | window.DimNetwork | window.DimCountry | window.DimTemplate | window.DimTask,
		Client: p.names["cli"]}}
	for i, name := range templates {
		if p.names[name] == 0 {
			p.names[name] = token(len(p.names) + 1)
		}
		k.Change.Templates[i] = p.names[name]
	}
	return k
}

func (p *play) clusterOf(account string) string {
	a, ok := p.d.graph.Find(account)
	if !ok {
		return ""
	}
	return p.d.graph.ClusterID(p.d.graph.ClusterOf(a))
}

// robbed is the suspended campaign with an owner one of whose keys it uses.
func robbed(t *testing.T) *play {
	p := run(t, suspended)
	p.used("owner", start, 200, p.stolen("k1", p.now-2*hour, "lure", "second"))
	p.run("touch owner template:lure client:cli ip:thief")
	return p
}

// A campaign uses an honest account's key: the key goes, the owner stays, and is of no cluster from then on.
func TestStolenKey(t *testing.T) {
	p := robbed(t)
	if !slices.Equal(p.revoked["owner"], []string{"k1"}) {
		t.Fatalf("revoked %v", p.revoked["owner"])
	}
	d := p.decision("owner")
	if d.Action != wire.ActionRevokeKey || d.APIKeyID != "k1" || d.PreviousAction != wire.ActionAllow || d.ClusterID != p.clusterOf("a1") || d.ClusterID == "" || len(d.Reasons) == 0 || d.Score < 0.9 {
		t.Fatalf("%+v", d)
	}
	// The thief goes on for as long as it takes: no second decision on the same key, and nothing on the owner.
	for i := range 5 {
		p.now += hour
		p.used("owner", start, 300+100*uint64(i), p.stolen("k1", p.now-8*hour, "lure", "second"))
		p.run(fmt.Sprintf("touch owner suffix:lure template:second ip:thief%d card:extra%d", i, i))
	}
	p.run(`
		expect owner allow
		expect-cluster none owner`)
	if len(p.revoked["owner"]) != 1 || p.clusterOf("owner") != "" {
		t.Fatalf("revoked %v, in cluster %q", p.revoked["owner"], p.clusterOf("owner"))
	}
	// Another of its keys is another decision.
	p.used("owner", start, 900, p.stolen("k1", p.now-10*hour, "lure", "second"), p.stolen("k2", p.now-hour, "lure", "second"))
	p.run("touch owner template:other")
	if !slices.Equal(p.revoked["owner"], []string{"k1", "k2"}) {
		t.Fatalf("revoked %v", p.revoked["owner"])
	}
	p.run("expect owner allow")
}

// A key is revoked for what its new use shares with a campaign that was found, and for nothing less.
func TestKeysThatAreNotRevoked(t *testing.T) {
	for _, c := range []struct {
		name     string
		scenario string
		key      func(p *play) window.KeyFeatures
		touch    string
	}{
		// A colleague who joins, at home, with a prompt of their own: all that a thief is.
		{"a change without a campaign", suspended, func(p *play) window.KeyFeatures {
			k := p.stolen("k1", p.now-2*hour, "new", "newer")
			k.Change.Client = p.names["mine"]
			return k
		}, "touch owner template:new client:mine"},
		// A campaign that is not found yet.
		{"nobody was suspended", `
			crowd 1500
			at 192h
			touch a[1-12] template:lure suffix:lure client:cli ip:{} card:{} device:{}`, func(p *play) window.KeyFeatures {
			return p.stolen("k1", p.now-2*hour, "lure", "second")
		}, "touch owner template:lure client:cli"},
		// The owner takes up a prompt that the campaign uses too, with its own client in its own networks.
		{"only the prompt is new", suspended, func(p *play) window.KeyFeatures {
			k := p.stolen("k1", p.now-2*hour, "lure", "second")
			k.Change.Novel = window.DimTemplate | window.DimTask
			return k
		}, "touch owner template:lure"},
		// A popular harness that the campaign uses too: most of its users are not of the campaign.
		{"what others use as well", strings.Replace(suspended, "at 192h", `
			touch honest[1-60] template:lure client:cli
			touch honest[1-60] template:second
			at 192h`, 1), func(p *play) window.KeyFeatures {
			return p.stolen("k1", p.now-2*hour, "lure", "second")
		}, "touch owner template:lure client:cli"},
		// A popular program through which the campaign works: one in three of its users is of no campaign.
		{"what some others use as well", strings.Replace(suspended, "at 192h", `
			windows s[1-7] sso
			touch s[1-7] template:lure
			touch s[1-7] template:second
			at 192h`, 1), func(p *play) window.KeyFeatures {
			return p.stolen("k1", p.now-2*hour, "lure", "second")
		}, "touch owner template:lure client:cli"},
		// A population in which nothing is known to be rare.
		{"too young a population", `
			at 192h
			windows a[1-12] tor fast cot
			touch a[1-12] device:farm card:{/2} template:lure suffix:lure client:cli ip:{}`, func(p *play) window.KeyFeatures {
			return p.stolen("k1", p.now-2*hour, "lure", "second")
		}, "touch owner template:lure client:cli"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := run(t, c.scenario)
			p.used("owner", start, 200, c.key(p))
			p.run(c.touch)
			p.run(c.touch + " ip:other suffix:another")
			p.run("expect owner harmed-not")
			if len(p.revoked) != 0 {
				t.Fatalf("revoked %v", p.revoked)
			}
		})
	}
}

// A campaign covers what it does, so that the first prompts of a key's new use are nobody's: what the account has taken up since then
// tells. Where two keys have changed it is not known which it was.
func TestKeyOfACampaignThatCovers(t *testing.T) {
	for _, c := range []struct {
		name string
		keys func(p *play) []window.KeyFeatures
		want []string
	}{
		{"one key", func(p *play) []window.KeyFeatures {
			return []window.KeyFeatures{p.stolen("k1", p.now-2*hour, "cover", "story")}
		}, []string{"k1"}},
		{"a change after it took that up", func(p *play) []window.KeyFeatures {
			return []window.KeyFeatures{p.stolen("k1", p.now+2*hour, "cover", "story")}
		}, nil},
		{"two keys", func(p *play) []window.KeyFeatures {
			return []window.KeyFeatures{p.stolen("k1", p.now-2*hour, "cover", "story"), p.stolen("k2", p.now-2*hour, "cover", "story")}
		}, nil},
	} {
		p := run(t, suspended)
		p.used("owner", start, 200, c.keys(p)...)
		p.run("touch owner template:lure template:second client:cli ip:thief")
		p.run("expect owner harmed-not")
		if got := p.revoked["owner"]; !slices.Equal(got, c.want) {
			t.Errorf("%s: revoked %v, want %v", c.name, got, c.want)
		}
	}
}

// Agents that work around the clock have a campaign's pace: it is no family by itself, but for a prompt whose users all keep it.
func TestPaceAsAWitness(t *testing.T) {
	for _, c := range []struct {
		pace   float64
		driven bool
		want   float64
	}{{1.5, false, paceWitness}, {1.5, true, 1.5}, {0.4, false, 0.4}, {-1, false, -1}, {-1, true, -1}} {
		if got := witness(c.pace, c.driven); got != c.want {
			t.Errorf("pace %g, driven %v: %g, want %g", c.pace, c.driven, got, c.want)
		}
	}
}

// Who is suspended has no keys to lose, and whose key is revoked may still be found to be of the campaign by what no thief
// brings: neither breaks the chain of the account's own actions.
func TestRevocationsLeaveTheChainWhole(t *testing.T) {
	p := run(t, suspended)
	p.used("a3", start, 200, p.stolen("k9", p.now-2*hour, "lure", "second"))
	p.d.Again("a3", p.now)
	p.evaluate()
	if len(p.revoked["a3"]) != 0 {
		t.Fatalf("a suspended account's keys %v are revoked", p.revoked["a3"])
	}
	q := robbed(t)
	q.used("owner", start, 900, q.stolen("k1", q.now-2*hour, "lure", "second"), q.stolen("k2", q.now-hour, "lure", "second"))
	q.run("touch owner template:other")
	checkChain(t, q)
}

// checkChain fails where a decision does not follow the account's standing, repeats it, or has another's id.
func checkChain(t *testing.T, p *play) {
	t.Helper()
	last, ids, revoked := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, d := range p.out.Decisions {
		previous := last[d.AccountID]
		if previous == "" {
			previous = wire.ActionAllow
		}
		if d.PreviousAction != previous || ids[d.DecisionID] {
			t.Fatalf("%+v follows %s", d, previous)
		}
		ids[d.DecisionID] = true
		if d.APIKeyID != "" {
			if d.Action != wire.ActionRevokeKey || revoked[d.AccountID+" "+d.APIKeyID] {
				t.Fatalf("again: %+v", d)
			}
			revoked[d.AccountID+" "+d.APIKeyID] = true
			continue
		}
		if d.Action == previous {
			t.Fatalf("no change: %+v", d)
		}
		last[d.AccountID] = d.Action
	}
}

// A new owner of the graph knows which keys are gone and who is apart, whichever topic it reads first.
func TestRestoreOfRevokedKeys(t *testing.T) {
	for _, decisionsFirst := range []bool{true, false} {
		p := robbed(t)
		q := restored(t, p, decisionsFirst)
		if len(q.out.Decisions) != 0 {
			t.Fatalf("decisions first %v: said again: %s", decisionsFirst, text(t, q.out.Decisions[0]))
		}
		q.run(`
			touch owner suffix:lure ip:thief2
			expect owner allow
			expect-cluster none owner`)
		if len(q.revoked["owner"]) != 0 || q.clusterOf("owner") != "" {
			t.Fatalf("decisions first %v: revoked again %v, in cluster %q", decisionsFirst, q.revoked["owner"], q.clusterOf("owner"))
		}
		// What the first life knew of the campaign is known: another owner's key goes as the first one's did.
		for _, x := range []*play{p, q} {
			x.used("other", start, 200, x.stolen("k7", x.now-2*hour, "lure", "second"))
			x.run("touch other template:lure client:cli ip:thief")
			if !slices.Equal(x.revoked["other"], []string{"k7"}) {
				t.Fatalf("decisions first %v: revoked %v", decisionsFirst, x.revoked["other"])
			}
		}
		if a, b := p.decision("other"), q.decision("other"); a.ClusterID != b.ClusterID {
			t.Errorf("cluster %s, was %s", b.ClusterID, a.ClusterID)
		}
	}
}

// A key that a human has given back may be revoked again.
func TestReinstatedKey(t *testing.T) {
	p := robbed(t)
	p.d.RestoreDecision(&wire.Decision{AccountID: "owner", APIKeyID: "k1", Action: wire.ActionReinstate, DecisionID: "d-human", EventTS: p.now})
	p.now += hour
	p.used("owner", start, 900, p.stolen("k1", p.now-hour, "lure", "second"))
	p.run("touch owner template:other card:another")
	if !slices.Equal(p.revoked["owner"], []string{"k1", "k1"}) {
		t.Fatalf("revoked %v", p.revoked["owner"])
	}
}

// campaigns with n accounts each, after eight days.
func (p *play) campaign(sort string, n int) {
	p.t.Helper()
	words, things := "tor fast cot", "device:{} card:{/2} shape:prepaid"
	switch sort {
	case "cards": // on devices of their own
	case "devices":
		things = "device:farm card:{/2} phone:burner"
	case "ring": // of stolen keys: all that its accounts share comes with their use
		words, things = "cot old", "device:{} card:{}"
	default:
		p.t.Fatalf("no campaign %q", sort)
	}
	p.run(fmt.Sprintf(`
		crowd 1500
		at 192h
		windows a[1-%[1]d] %[2]s
		use a[1-%[1]d] 64
		touch a[1-%[1]d] %[3]s template:lure suffix:lure client:cli ip:{}
		touch a[1-%[1]d] template:second`, n, words, things))
	if sort == "ring" { // but for a few that the thief registered
		p.run(fmt.Sprintf("touch a[1-%d] mailshape:thief", n/4))
	}
}

// An account that would be suspended, and may be a thief's victim, is held back: what comes with the use of a key says little of
// its owner, who had a life of its own before. It is held until its key has had time to show a change, and for good where the change
// is there, or where the campaign's own accounts are set up in a way in which it is not.
func TestOwnersTurn(t *testing.T) {
	const ( // what becomes of it, at once and many exchanges later
		acted = iota
		later
		held
	)
	for _, c := range []struct {
		name     string
		campaign string
		n        int
		words    string
		hours    int64 // of use before the campaign's content
		things   string
		change   bool // one of its keys is used in another way
		want     int
	}{
		// A campaign on cards, whose accounts have devices of their own.
		{"new", "cards", 24, "tor fast cot", 0, "", false, acted},
		{"a day and a half", "cards", 24, "tor fast cot", 36, "", false, acted},
		{"three days, and hardly tied: a change would not have been seen yet", "cards", 24, "tor fast cot", 70, "", false, held},
		{"three days, tied by much", "cards", 24, "tor fast cot", 70, "template:lure*4", false, later},
		{"the same, with a key whose use has changed", "cards", 24, "tor fast cot", 70, "template:lure*4", true, held},
		{"pays with a card of the campaign", "cards", 24, "tor fast cot", 192, "shape:prepaid card:3", false, acted},
		{"pays as the campaign does", "cards", 24, "tor fast cot", 192, "shape:prepaid", false, later},
		// One whose accounts are set up together.
		{"a life before, and none of the devices", "devices", 24, "tor fast cot", 192, "template:lure*4", false, held},
		{"a life before, and the device", "devices", 24, "tor fast cot", 192, "template:lure*4 device:farm", false, acted},
		{"new, and none of the devices", "devices", 24, "tor fast cot", 0, "template:lure*4", false, acted},
		// Older than the stream, as hardly any of the campaign's accounts are.
		{"older stranger, with a life before", "cards", 24, "cot before", 30, "template:lure*4", false, held},
		{"older stranger among few", "cards", 24, "cot before", 0, "template:lure*4", false, acted}, // the campaign may have bought it
		{"older stranger among many", "cards", 60, "cot before", 0, "template:lure*4", false, held},
		{"older, and pays as the campaign does", "cards", 60, "cot before", 0, "template:lure*4 shape:prepaid", false, acted},
		// A ring of stolen keys has no accounts of its own, but for new ones that are registered as a thief's are.
		{"an owner in a ring", "ring", 36, "cot", 30, "template:lure*4", false, held},
		{"an older owner in a ring", "ring", 36, "cot before", 0, "template:lure*4", false, held},
		{"a new account in a ring", "ring", 36, "cot", 0, "template:lure*4", false, held},
		{"a new account in a ring, with a thief's registration", "ring", 36, "tor fast cot", 0, "template:lure*4 mailshape:thief", false, acted},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			p.campaign(c.campaign, c.n)
			since := p.now - c.hours*hour
			use := func(n uint64) {
				f := features(start, strings.Fields(c.words))
				f.Requests.First, f.Requests.Total = since, n
				if c.change {
					k := p.stolen("k1", p.now, "lure")
					k.Change.Novel = window.DimTemplate // too little to be revoked for
					f.Requests.Keys = []window.KeyFeatures{k}
				}
				p.windows["old"] = f
			}
			use(200)
			p.run("touch old template:lure suffix:lure client:cli ip:{} " + c.things + "\ntouch old template:second")
			a, _ := p.d.graph.Find("old")
			at := p.d.graph.ClusterOf(a)
			if b, _ := p.d.graph.Find("a1"); at == graph.NoCluster || at != p.d.graph.ClusterOf(b) {
				t.Fatal("it is not tied to the campaign, and the case says nothing")
			}
			fit := p.d.graph.Fit(a)
			if in, _ := p.d.input(a, at, &fit, p.now); p.d.policy.Decide("", in) != wire.ActionSuspend {
				t.Fatalf("it would be left alone anyway, and the case says nothing: %+v", in)
			}
			if got := severe(p.standing["old"]); got != (c.want == acted) {
				t.Fatalf("stands on %q", p.standing["old"])
			}
			if got := p.d.clusters[at].victims > 0; got != (c.want != acted || c.campaign == "ring") {
				t.Errorf("%d victims", p.d.clusters[at].victims)
			}
			// Many exchanges later no key of it has changed its use more: it is its owner's, if it ever will be.
			p.now += hour
			use(200 + 3*tellExchange)
			p.d.Again("old", p.now)
			p.evaluate()
			if got := severe(p.standing["old"]); got != (c.want != held) {
				t.Errorf("stands on %q in the end", p.standing["old"])
			}
		})
	}
}

// A firm whose prompt a campaign copies among its own is left alone, with whatever else it shares with the campaign; the accounts
// that use the copy are not.
func TestCopiedPromptIsBorrowed(t *testing.T) {
	for _, first := range []bool{true, false} {
		p := newPlay(t)
		p.windows["firm"] = features(start, []string{"tor", "fast", "cot"})
		touch := "touch firm template:firm suffix:own device:{} card:{} ip:{}"
		if first {
			p.run(touch)
		}
		p.campaign("devices", 40)
		p.run("touch a[1-14] template:firm shape:prepaid\n" + touch + " shape:prepaid phone:burner\ntouch firm suffix:second")
		a, _ := p.d.graph.Find("firm")
		fit := p.d.graph.Fit(a)
		if in, _ := p.d.input(a, p.d.graph.ClusterOf(a), &fit, p.now); p.d.policy.Decide("", in) != wire.ActionSuspend {
			t.Fatalf("first %v: it would be left alone anyway, and the case says nothing: %+v", first, in)
		}
		if got := severe(p.standing["firm"]); got == first {
			t.Errorf("first %v: stands on %q", first, p.standing["firm"])
		}
		p.run("expect a[1-40] suspend")
	}
}

// An account's rate counts in its history as far as it is like its cluster's; where one of its keys has changed the pace may be a
// thief's, and counts only where it speaks for the account.
func TestLikenessCounts(t *testing.T) {
	for _, c := range []struct {
		name      string
		exchanges uint64
		change    bool
		sign      int // of what the rate adds to the account's score
	}{
		{"at the campaign's pace", 64, false, 1},
		{"at everybody's", 1, false, -1},
		{"at the campaign's, and a key has changed", 64, true, 0},
		{"at everybody's, and a key has changed", 1, true, -1},
	} {
		p := newPlay(t)
		p.campaign("cards", 24)
		a, _ := p.d.graph.Find("a3")
		at := p.d.graph.ClusterOf(a)
		p.d.accounts[a].action = "" // it is looked at again
		p.d.graph.Keep(a, false)
		p.now += 48 * hour // spreads what it did over three days
		p.use("a3", c.exchanges)
		if c.exchanges > 1 {
			p.now += hour
			p.use("a3", 4*c.exchanges)
		}
		if c.change {
			p.d.accounts[a].keys = []changedKey{{id: "k"}}
		} else {
			p.d.accounts[a].keys = nil
		}
		fit := p.d.graph.Fit(a)
		_, odds := p.d.input(a, at, &fit, p.now)
		without, _ := p.d.priors.Account(&fit, &p.d.accounts[a].own, p.d.graph.Population())
		like := p.d.graph.Likeness(a)
		want := 0.0
		if c.sign != 0 {
			want = like
		}
		if like == 0 || float64(c.sign)*like < 0 {
			t.Fatalf("%s: likeness %.2f: the case says nothing", c.name, like)
		}
		if got := odds - without; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %.2f is added, want %.2f", c.name, got, want)
		}
	}
}

// A ring of stolen keys suspends none of those whose keys they are, and is a known campaign all the same: the keys of others that
// it uses, and of those themselves, are revoked.
func TestRingOfStolenKeys(t *testing.T) {
	p := newPlay(t)
	p.run("touch owner template:own suffix:own device:{} card:{} ip:{} client:mine")
	p.campaign("ring", 36)
	p.run("expect a[1-36] harmed-not")
	a, _ := p.d.graph.Find("a3")
	ring := p.d.graph.ClusterOf(a)
	if st := p.d.clusters[ring]; st.suspended != 0 || st.victims != 36 {
		t.Fatalf("%d suspended, %d victims", st.suspended, st.victims)
	}
	if len(p.revoked) != 0 {
		t.Fatalf("revoked %v, and no key has changed its use", p.revoked)
	}
	for _, id := range []string{"owner", "a3"} {
		p.used(id, start, 200, p.stolen("k-"+id, p.now-2*hour, "lure", "second"))
		p.run("touch " + id + " template:lure client:cli ip:thief" + id + " template:third" + id)
		if !slices.Equal(p.revoked[id], []string{"k-" + id}) || p.clusterOf(id) != "" {
			t.Errorf("%s: revoked %v, in cluster %q", id, p.revoked[id], p.clusterOf(id))
		}
		p.run("expect " + id + " harmed-not")
	}
	checkVictims(t, p)
	// Three victims are no campaign yet.
	p.d.clusters[ring].victims = tieLeast - 1
	p.used("another", start, 200, p.stolen("k", p.now-2*hour, "lure", "second"))
	p.run("touch another template:lure client:cli ip:thief")
	if p.d.clusters[ring].victims >= tieLeast || len(p.revoked["another"]) != 0 {
		t.Errorf("revoked %v by %d victims", p.revoked["another"], p.d.clusters[ring].victims)
	}
}

// checkVictims fails where a cluster's victims are not those accounts that were counted as its.
func checkVictims(t rapid.TB, p *play) {
	t.Helper()
	victims := map[graph.Cluster]int{}
	for i := range p.d.accounts {
		if c := p.d.accounts[i].victimOf; c != graph.NoCluster {
			victims[c]++
		}
	}
	for c := range p.d.clusters {
		if got := p.d.clusters[c].victims; got != victims[graph.Cluster(c)] {
			t.Fatalf("cluster %d has %d victims, %d accounts are", c, got, victims[graph.Cluster(c)])
		}
	}
}

// Whatever happens to keys, in whatever order, the chain of each account's own actions is whole, no key is
// revoked twice, and an account whose key is revoked is in no cluster.
func TestKeysAndChains(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := run(t, suspended)
		accounts := []string{"owner", "x", "y", "a3"}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			p.now += rapid.Int64Range(1, 20*hour).Draw(rt, "later")
			id := rapid.SampledFrom(accounts).Draw(rt, "account")
			var keys []window.KeyFeatures
			for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"k1", "k2", "k3"}), 0, 3, rapid.ID).Draw(rt, "keys") {
				keys = append(keys, p.stolen(k, p.now-rapid.Int64Range(0, 90*hour).Draw(rt, "since"), rapid.SampledFrom([]string{"lure", "own"}).Draw(rt, "first"), "second"))
			}
			p.used(id, start, rapid.Uint64Range(10, 1000).Draw(rt, "exchanges"), keys...)
			thing := rapid.SampledFrom([]string{"template:lure", "template:second", "suffix:lure", "template:own", "device:farm", "card:3", "client:cli", "org:firm"}).Draw(rt, "thing")
			p.run("touch " + id + " " + thing + fmt.Sprintf(" template:n%d", rapid.IntRange(0, 5).Draw(rt, "another")))
		}
		checkChain(t, p)
		checkVictims(rt, p)
		for id := range p.revoked {
			if c := p.clusterOf(id); c != "" {
				rt.Fatalf("%s has lost keys %v and is in %s", id, p.revoked[id], c)
			}
		}
	})
}

// An account whose request windows are gone has no changed keys, whatever it had.
func TestChangedKeysGoWithTheWindows(t *testing.T) {
	p := robbed(t)
	f := p.windows["owner"]
	st := accountState{}
	if st.noteKeys(f); len(st.keys) == 0 {
		t.Fatal("no key has changed, and the case says nothing")
	}
	if st.noteKeys(&window.Features{}); len(st.keys) != 0 {
		t.Fatalf("%d keys of no windows", len(st.keys))
	}
}

// Who signed up during the stream as the campaign's own did, and pays or is registered as they are, is no victim.
func TestWhoMayBeAVictim(t *testing.T) {
	for _, c := range []struct {
		name   string
		older  bool
		person float64
		want   bool
	}{
		{"older than the stream, nothing against it", true, 0, true},
		{"older, pays like the campaign: a provider of cards may be the owner's too", true, 2, true},
		{"new, nothing against it", false, 0, true},
		{"new, a little", false, clearPerson - 0.01, true},
		{"new, pays like the campaign", false, clearPerson, false},
	} {
		p := run(t, "touch a template:own")
		a, _ := p.d.graph.Find("a")
		st := p.d.state(a)
		st.older, st.person = c.older, c.person
		if got := p.d.mayBeVictim(a); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
