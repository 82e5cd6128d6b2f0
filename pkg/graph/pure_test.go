package graph

import (
	"fmt"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

// mixture is a campaign of camp accounts, with prompts of its own and the program's, and some users of the
// program, all of them members.
func mixture(t *testing.T, camp, users int, campaign func(i int) []string) (*world, Cluster) {
	w := newWorld(t)
	w.crowd(2500)
	cl := w.put("c-x", "camp", camp, func(i int) []string { return append(campaign(i), "template:program") })
	if users > 0 {
		w.put("c-x", "user", users, func(i int) []string {
			return []string{"template:program", fmt.Sprint("device:u", i), fmt.Sprint("card:u", i), fmt.Sprint("ip:u", i)}
		})
	}
	return w, w.settled(cl)
}

func ofRing(i int) []string { return ringThings("x", i) }

// isMixed says whether a template or suffix is, by its name.
func (w *world) isMixed(c Cluster, kind link.Kind, name string) bool {
	w.t.Helper()
	v, ok := w.byKey[entityKey{w.names[name], kind}]
	if !ok || v < 0 {
		w.t.Fatalf("nobody shares %s", name)
	}
	return w.entities[v].mixed(c)
}

// A program's prompt, of whose users in the cluster only some have anything beside it, is mixed; the campaign's own is not.
// Where the honest users are few, the campaign is small or nothing is said of anybody, no prompt is.
func TestMixedPrompts(t *testing.T) {
	for _, c := range []struct {
		name        string
		camp, users int
		campaign    func(i int) []string
		want        bool // the program's prompt is mixed
	}{
		{"as many users as of the campaign", 20, 20, ofRing, true},
		{"more users", 12, 30, ofRing, true},
		{"a few users", 30, 3, ofRing, false},
		{"no users: the program is the campaign's", 20, 0, ofRing, false},
		{"too small a cluster", sortOutAt / 2, sortOutAt/2 - 1, ofRing, false},
		// Nobody has anything beside: honest, all of them, as far as is known.
		{"prompts alone", 20, 20, func(int) []string { return []string{"template:t-x", "suffix:s-x"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, cl := mixture(t, c.camp, c.users, c.campaign)
			w.sortOut(cl)
			for _, own := range []struct {
				kind link.Kind
				name string
			}{{link.KindTemplate, "t-x"}, {link.KindSuffix, "s-x"}} {
				if w.isMixed(cl, own.kind, own.name) {
					t.Errorf("the campaign's own %s is mixed", own.kind)
				}
			}
			if got := w.isMixed(cl, link.KindTemplate, "program"); got != c.want {
				t.Errorf("the program's prompt is mixed: %v", got)
			}
			check(t, w.Graph)
		})
	}
}

// What a few members have in common sets no standard, however much is said of them: the busiest of a campaign use most programs.
func TestFewSetNoStandard(t *testing.T) {
	for _, c := range []struct {
		name string
		few  int // of sixty
		want bool
	}{
		{"nine of sixty", 9, false},
		{"fifteen of sixty", 15, true},
	} {
		w, cl := mixture(t, 60, 0, func(i int) []string {
			things := ofRing(i)
			if i < c.few {
				things = append(things, "template:few")
			}
			return things
		})
		for i := range c.few {
			w.own(fmt.Sprintf("camp%02d", i), map[link.Family]float64{link.FamilyPayment: 3, link.FamilyIdentity: 3, link.FamilyTiming: 3})
		}
		w.sortOut(w.settled(cl))
		if got := w.isMixed(cl, link.KindTemplate, "t-x"); got != c.want {
			t.Errorf("%s: the campaign's own prompt is mixed: %v", c.name, got)
		}
	}
}

// Who has nothing but a mixed prompt is not of the cluster: a newcomer does not join and a member leaves. Who has the
// campaign's own stays.
func TestMixedPromptTiesNobody(t *testing.T) {
	for _, sorted := range []bool{false, true} {
		w, cl := mixture(t, 20, 20, ofRing)
		if !w.confirmed(cl) {
			t.Fatalf("not confirmed: %.1f", w.Families(cl))
		}
		if sorted {
			w.sortOut(cl)
		} else {
			w.clusters[cl].sorted = len(w.Members(cl)) + 100 // not compared yet
		}
		fit := w.fitOf(cl, "template:program")
		if s := fit.Kinds[link.KindTemplate]; fit.isRare(link.KindTemplate) == sorted || sorted && s.LogOdds > commonContent || fit.Badge() > 0 == sorted {
			t.Errorf("sorted %v: rare %v, badge %.2f, %+v", sorted, fit.isRare(link.KindTemplate), fit.Badge(), s)
		}
		for _, id := range []string{"newcomer", "user03", "camp03"} {
			w.place(id)
		}
		check(t, w.Graph)
		for id, want := range map[string]bool{"newcomer": !sorted, "user03": !sorted, "camp03": true} {
			if got := w.ClusterOf(w.account(id)) == cl; got != want {
				t.Errorf("sorted %v: %s is in the cluster: %v", sorted, id, got)
			}
		}
	}
}

// The prompts are compared each day, and when the cluster has grown by an eighth: users that come are noticed, and a
// prompt whose users have left is the campaign's again.
func TestMixedFollowsTheMembers(t *testing.T) {
	w, cl := mixture(t, 20, 20, ofRing)
	w.Expire(w.now)
	if !w.isMixed(cl, link.KindTemplate, "program") {
		t.Fatal("the program's prompt is not mixed after a day")
	}
	for i := range 20 {
		w.Apart(w.account(fmt.Sprintf("user%02d", i)), w.now)
	}
	w.Expire(w.now)
	if w.isMixed(cl, link.KindTemplate, "program") {
		t.Error("its users have left, and it is mixed")
	}
	w, cl = mixture(t, 40, 0, ofRing)
	w.sortOut(cl)
	w.put("c-x", "user", 40, func(i int) []string { return []string{"template:program", fmt.Sprint("card:u", i)} })
	w.settled(cl)
	w.place("camp03") // who is where it was changes nothing
	if w.isMixed(cl, link.KindTemplate, "program") {
		t.Error("compared although nobody has joined")
	}
	w.tell("next", append(ringThings("x", 3), "template:program")...)
	w.place("next")
	if w.ClusterOf(w.account("next")) != cl || !w.isMixed(cl, link.KindTemplate, "program") {
		t.Errorf("in %q; mixed %v after the cluster has doubled", w.clusterOf("next"), w.isMixed(cl, link.KindTemplate, "program"))
	}
	check(t, w.Graph)
}
