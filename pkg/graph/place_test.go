package graph

import (
	"fmt"
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// What content alone brings together is a hypothesis; other families confirm it, from five members on.
func TestHypothesis(t *testing.T) {
	w := newWorld(t)
	w.crowd(2000)
	w.group("hyp", 10, func(i int) []string {
		return []string{"template:h", "suffix:h", fmt.Sprint("ip:h", i), fmt.Sprint("card:h", i)}
	})
	if c := w.together("hyp", 10); w.confirmed(c) || w.Independent(c) != 1 {
		t.Errorf("content alone: confirmed %v by %d families", w.confirmed(c), w.Independent(c))
	}
	for i := range 8 {
		w.tell(fmt.Sprintf("a%02d", i), ringThings("a", i)...)
		w.place(fmt.Sprintf("a%02d", i))
		if i == 0 {
			continue
		}
		if c := w.together("a", i+1); w.confirmed(c) && i+1 < confirmedSize {
			t.Errorf("confirmed with %d members", i+1)
		}
	}
	if c := w.together("a", 8); !w.confirmed(c) {
		t.Errorf("a ring is not confirmed: %v", w.Families(c))
	}
	if w.confirmed(NoCluster) {
		t.Error("no cluster is confirmed")
	}
}

// A campaign inside the crowd of a small framework's users founds a cluster of its own when its members
// match each other by so much better; the users keep theirs and its name.
func TestCampaignLeavesTheFrameworksCluster(t *testing.T) {
	w := newWorld(t)
	w.crowd(4000)
	w.group("u", 16, func(i int) []string {
		return []string{"template:framework", fmt.Sprint("ip:u", i), fmt.Sprint("card:u", i)}
	})
	users := w.together("u", 16)
	for i := range 8 { // they come in by the framework, and show their own prompts later
		w.tell(fmt.Sprintf("camp%02d", i), "template:framework", fmt.Sprint("suffix:c", i))
		w.place(fmt.Sprintf("camp%02d", i))
	}
	if c := w.together("camp", 8); c != users {
		t.Fatal("the campaign's accounts are not with the framework's users to begin with")
	}
	for i := range 8 {
		w.tell(fmt.Sprintf("camp%02d", i), "suffix:camp", "device:camp", fmt.Sprint("card:camp", i/2))
		w.place(fmt.Sprintf("camp%02d", i))
	}
	w.place("camp00") // it came first, and had nobody to found a cluster with
	check(t, w.Graph)
	c := w.together("camp", 8)
	if c == users {
		t.Fatal("the campaign stays with the framework's users")
	}
	if w.together("u", 16) != users || len(w.Members(users)) != 16 {
		t.Fatalf("the users are %d of their cluster", len(w.Members(users)))
	}
	if len(w.Members(c)) != 8 || !w.confirmed(c) || w.confirmed(users) {
		t.Fatalf("the campaign has %d members, confirmed %v; the users %v", len(w.Members(c)), w.confirmed(c), w.confirmed(users))
	}
}

// A little better than the rest is no reason to part: members that differ by less than splitGain stay together,
// and so do those of a small hypothesis.
func TestLittleGainDoesNotSplit(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		more []string
		want bool // parts
	}{
		{"a shared network", 16, []string{"asn:one", "prefix:one"}, false},
		{"too few to split", 6, []string{"suffix:camp", "device:camp"}, false},
		{"a prompt and a device", 16, []string{"suffix:camp", "device:camp"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(4000)
			w.group("u", c.size, func(i int) []string { return []string{"template:framework", fmt.Sprint("suffix:u", i)} })
			home := w.together("u", c.size)
			for _, id := range []string{"u00", "u01"} {
				w.tell(id, c.more...)
				w.place(id)
			}
			check(t, w.Graph)
			if parted := w.ClusterOf(w.account("u01")) != home; parted != c.want {
				t.Fatalf("parted %v", parted)
			}
		})
	}
}

// Two clusters become one when enough members of either fit both: a tenth of the smaller where both are confirmed, a
// fifth while one is a hypothesis, two at least; one account, however often it is looked at, never does it.
func TestMergeBar(t *testing.T) {
	for _, c := range []struct {
		name         string
		small, large int
		confirmed    bool
		bridges      int // that it takes
	}{
		{"small clusters", 6, 9, true, 2},
		{"small hypotheses", 6, 9, false, 2},
		{"confirmed", 40, 60, true, 4},
		{"a hypothesis", 40, 60, false, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1000)
			things := func(name string, hard bool) func(int) []string {
				return func(i int) []string {
					if !hard {
						return []string{"template:" + name}
					}
					return ringThings(name, i)
				}
			}
			large := w.settled(w.put("c-large", "l", c.large, things("l", true)))
			small := w.settled(w.put("c-small", "s", c.small, things("s", c.confirmed)))
			if !w.confirmed(large) || w.confirmed(small) != c.confirmed {
				t.Fatalf("confirmed %v and %v", w.confirmed(large), w.confirmed(small))
			}
			members := slices.Clone(w.Members(small))
			for range 5 * c.bridges {
				w.bridge(members[0], small, large, w.now)
			}
			for i := 1; i < c.bridges; i++ {
				if len(w.Members(small)) != c.small {
					t.Fatalf("merged by %d", i)
				}
				w.bridge(members[i], small, large, w.now)
			}
			check(t, w.Graph)
			if len(w.Members(large)) != c.small+c.large || len(w.Members(small)) != 0 {
				t.Fatalf("%d and %d members after %d bridges, want one cluster under the larger's name", len(w.Members(large)), len(w.Members(small)), c.bridges)
			}
		})
	}
}

// Bridges count from both sides: members of the larger that fit the smaller too.
func TestBridgesFromBothSides(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	large := w.settled(w.put("c-large", "l", 9, func(i int) []string { return ringThings("l", i) }))
	small := w.settled(w.put("c-small", "s", 6, func(i int) []string { return ringThings("s", i) }))
	w.bridge(w.account("l00"), large, small, w.now)
	w.bridge(w.account("s00"), small, large, w.now)
	if check(t, w.Graph); len(w.Members(large)) != 15 {
		t.Fatalf("%d members", len(w.Members(large)))
	}
}

// An account that an institution answers for is in no cluster, before and after it has touched a campaign's
// things; what it touches is known to be touched all the same.
func TestInstitutionalAccountsAreInNoCluster(t *testing.T) {
	for _, c := range []struct {
		trust float64
		want  bool
	}{{-6, false}, {-4, false}, {-3.5, false}, {-3, true}, {-0.4, true}, {0, true}} {
		w := newWorld(t)
		w.crowd(1000)
		w.ring("a", 10)
		w.tell("victim", ringThings("a", 0)...)
		w.own("victim", map[link.Family]float64{link.FamilyNone: c.trust})
		w.place("victim")
		if got := w.clusterOf("victim") != ""; got != c.want {
			t.Errorf("trust %.1f: in a cluster %v", c.trust, got)
		}
		tie := w.TieOf(w.account("a00"), link.KindDevice, w.names["d-a"], func(Cluster) bool { return true })
		if tie.All != 10 {
			t.Errorf("trust %.1f: %d others have the device, want 10", c.trust, tie.All)
		}
		// A member for whom somebody answers later leaves, and two such do not found one.
		w.own("a05", map[link.Family]float64{link.FamilyNone: c.trust})
		w.place("a05")
		if got := w.clusterOf("a05") != ""; got != c.want {
			t.Errorf("trust %.1f: the member stays %v", c.trust, got)
		}
		for _, id := range []string{"x", "y"} {
			w.tell(id, "template:xy", "suffix:xy", "device:xy")
			w.own(id, map[link.Family]float64{link.FamilyNone: c.trust})
			w.place(id)
		}
		if got := w.clusterOf("y") != ""; got != c.want {
			t.Errorf("trust %.1f: two found one %v", c.trust, got)
		}
		check(t, w.Graph)
	}
	// One for whom nobody answers founds none with one for whom somebody does.
	w := newWorld(t)
	w.crowd(1000)
	w.tell("campus", "template:xy", "suffix:xy", "device:xy")
	w.own("campus", map[link.Family]float64{link.FamilyNone: -3.5})
	w.tell("loner", "template:xy", "suffix:xy", "device:xy")
	w.place("loner")
	if w.clusterOf("loner") != "" || w.clusterOf("campus") != "" {
		t.Error("a cluster with an account that an institution answers for")
	}
}

// Apart is for good, whatever the account touches after.
func TestApart(t *testing.T) {
	w := newWorld(t)
	w.crowd(1000)
	w.ring("a", 10)
	w.Apart(w.account("a03"), w.now)
	for range 3 {
		w.tell("a03", "card:c-a-0", "card:c-a-1", "phone:p")
		w.place("a03")
	}
	if got := w.clusterOf("a03"); got != "" {
		t.Fatalf("in %q", got)
	}
	for i := range 10 {
		w.place(fmt.Sprintf("a%02d", i))
	}
	if c := w.ClusterOf(w.account("a00")); len(w.Members(c)) != 9 {
		t.Fatalf("%d members stay, want 9", len(w.Members(c)))
	}
	check(t, w.Graph)
}

// Groups in a cluster are judged by what they have in common: the users of a framework, whom a campaign's cluster
// holds, are not judged by the campaign's cards.
func TestRestIsOfTheGroup(t *testing.T) {
	w := newWorld(t)
	w.crowd(2000)
	c := w.put("c-x", "camp", 20, func(i int) []string { return append(ringThings("x", i), "suffix:framework") })
	w.put("c-x", "user", 15, func(i int) []string {
		return []string{"template:framework", "suffix:framework", fmt.Sprint("ip:u", i), fmt.Sprint("card:u", i), fmt.Sprint("device:u", i)}
	})
	w.put("c-x", "few", 4, same("template:few"))
	w.settled(c)
	rest := func(id string) float64 {
		r, ok := w.Rest(w.account(id))
		if !ok {
			t.Fatalf("%s shares no content with its cluster", id)
		}
		return r.Worth - r.Pace
	}
	camp, user := rest("camp03"), rest("user03")
	mean := 0.0
	for f, v := range w.Families(c) {
		if link.Family(f) != link.FamilyContent {
			mean += v
		}
	}
	if !(user < mean && mean < camp) {
		t.Errorf("campaign %.2f, users %.2f, all %.2f", camp, user, mean)
	}
	// The users' is the mean of what two groups say: their template, which only they have, and the suffix, which
	// the campaign has as well.
	sum := map[bool]float64{}
	for i := range 20 {
		sum[true] += float64(w.accounts[w.account(fmt.Sprintf("camp%02d", i))].rest)
	}
	for i := range 15 {
		sum[false] += float64(w.accounts[w.account(fmt.Sprintf("user%02d", i))].rest)
	}
	if want := (sum[false]/15 + (sum[true]+sum[false])/35) / 2; abs(user-want) > 1e-3 {
		t.Errorf("users %.4f, want %.4f", user, want)
	}
	if r, ok := w.Rest(w.account("few01")); ok {
		t.Errorf("four share a prompt, and are judged by it: %+v", r)
	}
	// Four are too few also where they are half of their cluster; five are enough.
	for n, want := range map[int]bool{groupSize - 1: false, groupSize: true} {
		w := newWorld(t)
		w.crowd(1000)
		small := w.put("c-s", "half", n, same("template:half"))
		w.put("c-s", "other", n, same("template:other"))
		w.settled(small)
		if _, ok := w.Rest(w.account("half00")); ok != want {
			t.Errorf("%d of %d share a prompt, judged by it: %v", n, 2*n, ok)
		}
	}
}

func abs(v float64) float64 { return max(v, -v) }

// A victim with prompts of its own, around whom a ring wraps itself by what is easy to come by, is not of the ring; nor is the
// one whose prompt the ring copies among its own.
func TestFraming(t *testing.T) {
	for _, c := range []struct {
		name  string
		wraps []string // what the ring comes to touch of the victim's
		wants bool     // the victim may be of the cluster: more than that has to speak against it
	}{
		{"address and network", []string{"ip:home", "prefix:home", "asn:isp"}, false},
		{"code and domain", []string{"referral:victim", "domain:victim", "mailshape:victim"}, false},
		{"billing address", []string{"billing:home", "shape:gold"}, false},
		{"everything soft", []string{"ip:home", "prefix:home", "asn:isp", "referral:victim", "domain:victim", "mailshape:victim", "billing:home", "shape:gold", "client:app"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(1500)
			w.tell("victim", "ip:home", "prefix:home", "asn:isp", "referral:victim", "domain:victim", "mailshape:victim",
				"billing:home", "shape:gold", "client:app", "template:mine", "suffix:mine", "card:gold", "device:mine")
			w.group("a", 12, func(i int) []string { return append(ringThings("a", i), c.wraps...) })
			ring := w.together("a", 12)
			for range 3 {
				w.place("victim")
			}
			if got := w.ClusterOf(w.account("victim")) == ring; got != c.wants {
				t.Fatalf("the victim is of the ring: %v", got)
			}
		})
	}
	// The ring uses the victim's prompt as well. The victim may be in the cluster, and is judged by the group that it
	// shares a prompt with: whatever it is said to be, only its prompt is the ring's.
	w := newWorld(t)
	w.crowd(1500)
	w.tell("victim", "template:mine", "suffix:mine", "card:gold", "device:mine", "ip:home")
	w.group("a", 12, func(i int) []string { return append(ringThings("a", i), "template:mine") })
	w.place("victim")
	if fit := w.Fit(w.account("victim")); w.Witnesses(w.ClusterOf(w.account("victim")), &fit, &fit.Families) > 1 {
		t.Errorf("a copied prompt alone is two witnesses: %v", fit.Families)
	}
}
