package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// world tells facts of named things, so that a case reads as a list.
type world struct {
	*Graph
	t     *testing.T
	now   int64
	names map[string]uint64
}

func newWorld(t *testing.T) *world {
	w := &world{Graph: New(DefaultConfig()), t: t, now: testStart, names: map[string]uint64{}}
	return w
}

var kindsByName = map[string]link.Kind{"ip": link.KindIP, "prefix": link.KindPrefix, "asn": link.KindASN, "device": link.KindDevice,
	"card": link.KindInstrument, "email": link.KindEmail, "phone": link.KindPhone, "domain": link.KindDomain,
	"org": link.KindOrg, "sso": link.KindSSOOrg, "key": link.KindAPIKey, "referral": link.KindReferral, "client": link.KindClient,
	"shape": link.KindCardShape, "billing": link.KindBilling, "mailshape": link.KindDomainShape,
	"template": link.KindTemplate, "suffix": link.KindSuffix}

// token makes tokens that lie far apart as SimHashes too.
func token(n int) uint64 {
	x := uint64(n) * 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// tell says that the account touched things, each "kind:name".
func (w *world) tell(account string, things ...string) {
	w.t.Helper()
	for _, thing := range things {
		kind, name, _ := strings.Cut(thing, ":")
		if kindsByName[kind] == 0 {
			w.t.Fatalf("no kind %q", kind)
		}
		if w.names[name] == 0 {
			w.names[name] = token(len(w.names) + 1)
		}
		w.Observe(&link.Fact{Account: account, Kind: kindsByName[kind], Token: w.names[name], First: w.now, Last: w.now, Count: 1})
	}
}

func (w *world) place(account string) Affinity {
	w.t.Helper()
	a, ok := w.Find(account)
	if !ok {
		w.t.Fatalf("no account %s", account)
	}
	return w.Place(a, w.now, true)
}

func (w *world) clusterOf(account string) string {
	a, ok := w.Find(account)
	if !ok {
		return ""
	}
	return w.ClusterID(w.ClusterOf(a))
}

// ring makes n accounts of one campaign and places them: one prompt, one device, a card for
// every two of them, each its own address.
func (w *world) ring(name string, n int) {
	for i := range n {
		w.tell(fmt.Sprintf("%s%02d", name, i), ringThings(name, i)...)
		w.place(fmt.Sprintf("%s%02d", name, i))
	}
	check(w.t, w.Graph)
}

func ringThings(name string, i int) []string {
	return []string{"template:t-" + name, "suffix:s-" + name, "device:d-" + name,
		fmt.Sprintf("card:c-%s-%d", name, i/2), fmt.Sprintf("ip:own-%s%02d", name, i)}
}

// group makes n accounts that touch what things says, all of them before the first is placed,
// and places each twice.
func (w *world) group(name string, n int, things func(i int) []string) {
	w.t.Helper()
	for i := range n {
		w.tell(fmt.Sprintf("%s%02d", name, i), things(i)...)
	}
	for range 2 {
		for i := range n {
			w.place(fmt.Sprintf("%s%02d", name, i))
		}
	}
	check(w.t, w.Graph)
}

// crowd makes n honest accounts that share nothing, each with prompts of its own.
func (w *world) crowd(n int) {
	for i := range n {
		id := fmt.Sprintf("honest%04d", i)
		w.tell(id, "ip:ip-"+id, "device:dev-"+id, "card:card-"+id, "template:own-"+id, "suffix:own-"+id)
	}
}

func (w *world) account(id string) Account {
	w.t.Helper()
	a, ok := w.Find(id)
	if !ok {
		w.t.Fatalf("no account %s", id)
	}
	return a
}

// together fails unless name00 to name(n-1) are in one cluster, and returns it.
func (w *world) together(name string, n int) Cluster {
	w.t.Helper()
	c := w.ClusterOf(w.account(name + "00"))
	for i := range n {
		if id := fmt.Sprintf("%s%02d", name, i); c == NoCluster || w.ClusterOf(w.account(id)) != c {
			w.t.Fatalf("%s is in %q, %s00 in %q", id, w.clusterOf(id), name, w.ClusterID(c))
		}
	}
	return c
}

func TestWhoFormsACluster(t *testing.T) {
	for _, c := range []struct {
		name     string
		accounts int
		things   func(i int) []string
		want     bool
	}{
		{"nothing shared", 20, func(i int) []string { return []string{fmt.Sprint("ip:", i), fmt.Sprint("device:d", i)} }, false},
		// A carrier's NAT: hundreds on one address, prefix and network.
		{"CGNAT", 500, func(i int) []string {
			return []string{"ip:cgnat", "prefix:net", "asn:carrier", fmt.Sprint("device:d", i), fmt.Sprint("card:c", i)}
		}, false},
		// Even few on one address are no cluster: the network is one family.
		{"few on one address", 4, func(i int) []string { return []string{"ip:one", "prefix:net", "asn:isp", fmt.Sprint("device:d", i)} }, false},
		// A prompt, a device and several cards, and own addresses: what the campaigns look like.
		{"prompt, device and cards", 8, func(i int) []string {
			return []string{"template:one", "device:one", fmt.Sprint("card:", i/2), fmt.Sprint("ip:", i)}
		}, true},
		// Devices and cards without a prompt: two hard things.
		{"devices and cards", 8, func(i int) []string {
			return []string{"device:one", fmt.Sprint("card:", i/2), "phone:one", fmt.Sprint("ip:", i)}
		}, true},
		// A prompt that hardly anybody else has is a hypothesis: a cluster, if nobody is told.
		{"prompt alone", 8, func(i int) []string { return []string{"template:one", fmt.Sprint("ip:", i), fmt.Sprint("card:", i)} }, true},
		// A framework's prompt that one in twenty has is none.
		{"popular prompt", 300, func(i int) []string { return []string{"template:one", fmt.Sprint("ip:", i), fmt.Sprint("card:", i)} }, false},
		// Everything that a town, an event or a programme has in common, and no prompt and nothing hard to share.
		{"soft things", 12, func(i int) []string {
			return []string{"ip:one", "prefix:net", "asn:isp", "domain:school", "shape:debit", "client:app", "referral:event", "mailshape:abc", "billing:town", fmt.Sprint("device:d", i)}
		}, false},
		// One family however often: three things of identity.
		{"identity alone", 8, func(i int) []string { return []string{"email:one", "phone:one", "domain:one", fmt.Sprint("ip:", i)} }, false},
		// An agency's one card on many accounts: one family.
		{"card alone", 8, func(i int) []string { return []string{"card:one", fmt.Sprint("ip:", i), fmt.Sprint("device:d", i)} }, false},
		// A popular device that a fiftieth of everybody has, and a referral code.
		{"popular things", 300, func(int) []string { return []string{"device:popular", "ip:popular"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(3000)
			for i := range c.accounts {
				w.tell(fmt.Sprint("x", i), c.things(i)...)
			}
			for i := range c.accounts {
				w.place(fmt.Sprint("x", i))
			}
			check(t, w.Graph)
			in := map[string]int{}
			for i := range c.accounts {
				in[w.clusterOf(fmt.Sprint("x", i))]++
			}
			alone := in[""]
			if c.want && (alone != 0 || len(in) != 1) || !c.want && alone < c.accounts-c.accounts/10 {
				t.Fatalf("accounts by cluster %v, want one: %v", in, c.want)
			}
		})
	}
}

// The founders and the founding time name a cluster; who joins, who leaves and another's merge into
// it change nothing.
func TestStableName(t *testing.T) {
	build := func() *world {
		w := newWorld(t)
		w.crowd(1500)
		w.ring("a", 9)
		w.ring("b", 4)
		return w
	}
	w := build()
	large, small := w.clusterOf("a00"), w.clusterOf("b00")
	if large == "" || small == "" || large == small {
		t.Fatalf("clusters %q and %q", large, small)
	}
	if again := build(); again.clusterOf("a00") != large || again.clusterOf("b00") != small {
		t.Fatal("the same history gives other names")
	}
	// Members of the small one come to share what the large one has, until they merge.
	for _, id := range []string{"b00", "b01", "b02", "b03"} {
		w.tell(id, "template:t-a", "suffix:s-a", "device:d-a", "card:c-a-0")
		w.place(id)
	}
	check(t, w.Graph)
	for _, id := range []string{"a00", "a08", "b00", "b03"} {
		if got := w.clusterOf(id); got != large {
			t.Errorf("after the merge %s is in %q, want the larger's %q", id, got, large)
		}
	}
}

// An account whose ties have expired leaves; a cluster of which one is left is none.
func TestTiesThatExpire(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 5)
	id := w.clusterOf("a00")
	if id == "" {
		t.Fatal("no cluster")
	}
	w.now += 10 * link.PaneMS
	for i, stays := range []string{"a00", "a01", "a02"} {
		w.tell(stays, ringThings("a", i)...)
	}
	w.tell("a03", "ip:own-a03") // seen, but not with what it shared
	w.now += 6 * link.PaneMS
	w.Expire(w.now)
	check(t, w.Graph)
	for _, stays := range []string{"a00", "a01", "a02"} {
		if w.place(stays); w.clusterOf(stays) != id {
			t.Errorf("%s is in %q, want %q", stays, w.clusterOf(stays), id)
		}
	}
	w.place("a03")
	for _, gone := range []string{"a03", "a04"} {
		if got := w.clusterOf(gone); got != "" {
			t.Errorf("%s is still in %q", gone, got)
		}
	}
	w.now += 30 * link.PaneMS
	w.Expire(w.now)
	check(t, w.Graph)
	if w.Population() != 0 {
		t.Fatalf("population %d, want none", w.Population())
	}
	for _, gone := range []string{"a00", "a01", "a02"} {
		if w.clusterOf(gone) != "" {
			t.Errorf("%s is still in %q", gone, w.clusterOf(gone))
		}
	}
}

// What a suspended account touched is remembered longer: a second pool on the same things meets it.
func TestKeptLinksOutliveTheWindow(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 8)
	for i := range 8 {
		a, _ := w.Find(fmt.Sprintf("a%02d", i))
		w.Keep(a, true)
	}
	w.now += 20 * link.PaneMS
	w.crowd(1000)
	w.Expire(w.now)
	check(t, w.Graph)
	if w.clusterOf("a00") == "" {
		t.Fatal("the cluster of kept accounts is gone")
	}
	w.tell("second", "device:d-a", "template:t-a")
	w.place("second")
	if w.clusterOf("second") != w.clusterOf("a00") {
		t.Fatal("the second pool does not meet the first")
	}
	w.now += DefaultConfig().HistoryMS + 20*link.PaneMS
	for range 40 { // kept accounts come up once in a while
		w.now += link.PaneMS
		w.Expire(w.now)
	}
	if check(t, w.Graph); w.Population() != 0 {
		t.Fatalf("population %d after the history's end", w.Population())
	}
}

// One firm: one mail domain, one card, one office address, one tool's prompt, each its own device. Its
// prompt makes it a cluster, and then what a firm shares says nothing against it.
func TestOrganisationIsExplained(t *testing.T) {
	w := newWorld(t)
	w.crowd(4000)
	w.group("org", 30, func(i int) []string {
		return []string{"domain:firm", "card:firm", "ip:office", "prefix:office", "template:tool", fmt.Sprint("device:laptop", i)}
	})
	c := w.together("org", 30)
	if got := w.affiliationOf(c); got != 1 {
		t.Fatalf("affiliation %.2f of a cluster of one firm", got)
	}
	for i := range 30 {
		fit := w.Fit(w.account(fmt.Sprintf("org%02d", i)))
		for _, f := range []link.Family{link.FamilyPayment, link.FamilyIdentity, link.FamilyNetwork} {
			if fit.Families[f] > 0.5 {
				t.Errorf("org%02d: %s says %.1f", i, f, fit.Families[f])
			}
		}
	}
	if w.confirmed(c) {
		t.Errorf("a firm is confirmed as a campaign: %v", w.Families(c))
	}
}

// Restored members are where they were, without a word; facts that come after find them there.
func TestRestore(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.Restore("c-old", fmt.Sprintf("a%02d", i), 0, testStart-int64(i))
	}
	w.Restore("c-other", "a00", 0, testStart) // already in one: stays
	if got := w.Changes(); len(got) != 0 {
		t.Fatalf("changes %v", got)
	}
	w.crowd(1000)
	for i := range 4 {
		w.tell(fmt.Sprintf("a%02d", i), ringThings("a", i)...)
	}
	check(t, w.Graph)
	for i := range 4 {
		if w.place(fmt.Sprintf("a%02d", i)); w.clusterOf(fmt.Sprintf("a%02d", i)) != "c-old" {
			t.Fatalf("a%02d is in %q", i, w.clusterOf(fmt.Sprintf("a%02d", i)))
		}
	}
	a, _ := w.Find("a03")
	if first, _ := w.Span(w.ClusterOf(a)); first != testStart-3 {
		t.Fatalf("founded %d, want its earliest member's %d", first, testStart-3)
	}
}

// What a cluster's accounts are, on average: how they pay, how they registered and what devices they share. What comes with the
// use of a key is not in it, nor does what speaks for the accounts take anything away.
func TestBorne(t *testing.T) {
	type families = map[link.Family]float64
	for _, c := range []struct {
		name string
		own  families
		more []string
		want float64
	}{
		{"prompts alone", nil, nil, 0},
		{"prompts, client, network and hours", families{link.FamilyNetwork: 1, link.FamilyTiming: 1, link.FamilyHistory: 1}, []string{"client:c", "ip:one"}, 0},
		{"payment", families{link.FamilyPayment: 1.2}, nil, 1.2},
		{"payment and identity", families{link.FamilyPayment: 1.2, link.FamilyIdentity: 0.5}, nil, 1.7},
		{"good payers do not hide how they registered", families{link.FamilyPayment: -2, link.FamilyIdentity: 0.5}, nil, 0.5},
		{"a device that all share", nil, []string{"device:d"}, link.KindDevice.Spec().Cap},
		{"all of it", families{link.FamilyPayment: 1, link.FamilyIdentity: 1}, []string{"device:d"}, 2 + link.KindDevice.Spec().Cap},
	} {
		w := newWorld(t)
		w.crowd(1500)
		cl := w.put("c-x", "m", 10, same(append([]string{"template:t"}, c.more...)...))
		for i := range 10 {
			w.own(fmt.Sprintf("m%02d", i), c.own)
		}
		w.settled(cl)
		if got := w.Borne(cl); abs(got-c.want) > 0.1 {
			t.Errorf("%s: %.2f, want %.2f: %.2f", c.name, got, c.want, w.Families(cl))
		}
	}
	// Half of the members pay by light instruments, as hardly anybody else does: that is how they pay, too.
	w := newWorld(t)
	w.crowd(500)
	w.pays("honest%04d", 500, asEverybody)
	cl := w.settled(w.put("c-x", "m", 20, same("template:t")))
	before := w.Borne(cl)
	w.pays("m%02d", 20, asTheCampaign)
	if after := w.Borne(cl); after < before+0.8 {
		t.Errorf("%.2f, %.2f on light instruments", before, after)
	}
}

// Evidence names what is shared and rare, the weightiest first, and no traits.
func TestSharedThings(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 8)
	a, _ := w.Find("a01")
	w.SetTraits(a, []Trait{{link.TraitSignupHour, 7}})
	things := w.Shared(a)
	if len(things) != 4 {
		t.Fatalf("shared %v, want template, suffix, device and card", things)
	}
	inside := map[link.Kind]int{link.KindTemplate: 8, link.KindSuffix: 8, link.KindDevice: 8, link.KindInstrument: 2}
	for i, s := range things {
		if s.Inside != inside[s.Kind] || s.Kind.Trait() || s.LogOdds <= 0 || i > 0 && s.LogOdds > things[i-1].LogOdds {
			t.Errorf("thing %d is %+v", i, s)
		}
	}
	loner, _ := w.Find("honest0001")
	if got := w.Shared(loner); got != nil {
		t.Errorf("a loner shares %v", got)
	}
}

// An account makes the graph hold a bounded number of links, and what it shares goes last.
func TestLinksAreBounded(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 8)
	for i := range 10 * maxLinks {
		w.now++
		w.tell("a00", fmt.Sprint("ip:rotated", i))
	}
	check(t, w.Graph)
	a, _ := w.Find("a00")
	if n := len(w.accounts[a].edges); n != maxLinks {
		t.Fatalf("%d links, want %d", n, maxLinks)
	}
	if fit := w.Fit(a); fit.Families[link.FamilyDevice] <= 0 || fit.Families[link.FamilyContent] <= 0 || fit.Families[link.FamilyPayment] <= 0 {
		t.Fatal("rotating addresses has washed out what it shares")
	}
}

// Today is what three accounts have reached: one account's clock moves nothing.
func TestToday(t *testing.T) {
	w := newWorld(t)
	w.crowd(10)
	if got, want := w.Today(), link.Pane(testStart); got != want {
		t.Fatalf("today is %d, want %d", got, want)
	}
	w.Observe(&link.Fact{Account: "ahead", Kind: link.KindIP, Token: 99, First: testStart + 300*link.PaneMS, Last: testStart + 300*link.PaneMS})
	if got, want := w.Today(), link.Pane(testStart); got != want {
		t.Fatalf("one account moved today to %d", got)
	}
}
