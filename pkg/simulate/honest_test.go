package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// honestWorld is a population without campaigns, with a model launched in the middle.
func honestWorld(t testing.TB, accounts, exchanges int, seed uint64) *World {
	t.Helper()
	sc, err := Parse(fmt.Appendf(nil, `
name: honest
start: "2026-03-02"
days: 28
models:
  - {name: old, share: 1}
  - {name: new, share: 0.45, launch_day: 12.6}
honest: {accounts: %d, exchanges: %d}
`, accounts, exchanges))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, seed)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// grouped puts a class's accounts together that have the same key.
func grouped[K comparable](w *World, class string, key func(*account) K) [][]*account {
	var order []K
	by := map[K][]*account{}
	for _, a := range w.accounts {
		if a.class.name == class {
			k := key(a)
			if by[k] == nil {
				order = append(order, k)
			}
			by[k] = append(by[k], a)
		}
	}
	out := make([][]*account, 0, len(order))
	for _, k := range order {
		out = append(out, by[k])
	}
	return out
}

// distinct counts the values that a group's accounts have.
func distinct[K comparable](group []*account, of func(*account) K) int {
	all := map[K]bool{}
	for _, a := range group {
		all[of(a)] = true
	}
	return len(all)
}

func deviceOf(a *account) uint64 { return a.signup.device }
func lineOf(a *account) uint64   { return a.access[0].key }
func cardOf(a *account) *instrument {
	if a.billing.with == nil { // a card of its own that nobody has: not shared with anyone
		return &instrument{id: a.key}
	}
	return a.billing.with
}

func binOf(a *account) string {
	if a.billing.with == nil {
		return ""
	}
	return a.billing.with.bin
}

// Every class is what its trap says: what its groups share, and what they do not.
func TestTraps(t *testing.T) {
	w := honestWorld(t, 30_000, 60_000, 3)
	// holds says what must be true of a class's groups; it returns what is not.
	for _, c := range []struct {
		class string
		key   func(*account) uint64 // what makes a group
		least int                   // groups smaller than that are what was left over
		holds func(group []*account) string
	}{
		// customers of an app: its prompt and program; homes, devices and cards of their own
		{"white_label", func(a *account) uint64 { return a.content.framework.base }, 5, func(g []*account) string {
			switch {
			case distinct(g, func(a *account) *client { return a.clients[0] }) != 1:
				return "several programs"
			case distinct(g, lineOf) != len(g) || distinct(g, cardOf) != len(g) || 10*distinct(g, deviceOf) < 8*len(g):
				return "lines, cards or devices shared"
			case len(g) > 40:
				return "too many customers"
			}
			return ""
		}},
		// strangers with one tool
		{"plugin_user", func(a *account) uint64 { return a.content.framework.base }, 12, func(g []*account) string {
			switch {
			case distinct(g, func(a *account) *client { return a.clients[0] }) != 1:
				return "several programs"
			case distinct(g, cardOf) != len(g) || distinct(g, func(a *account) string { return a.home.code }) < 3:
				return "cards shared, or neighbours"
			}
			return ""
		}},
		// strangers on a few computers
		{"internet_cafe", lineOf, 4, func(g []*account) string {
			if distinct(g, deviceOf) > 1+len(g)/15 || distinct(g, cardOf) != len(g) {
				return "own devices, or cards shared"
			}
			return ""
		}},
		// a team abroad: prompts and the cards' issuer shared, cards and lines not, phones VoIP
		{"contractor_team", func(a *account) uint64 { return a.content.own[0] }, 10, func(g []*account) string {
			voip := 0
			for _, a := range g {
				if a.signup.phoneType == "voip" {
					voip++
				}
				if a.signup.sso != "" || a.signup.method == "sso" {
					return "single sign-on"
				}
			}
			switch {
			case len(g) > 30 || distinct(g, binOf) != 1 || distinct(g, cardOf) != len(g):
				return "size or cards"
			case 3*voip < len(g):
				return fmt.Sprintf("%d of %d phones are VoIP", voip, len(g))
			}
			return ""
		}},
		// one card over unrelated old accounts
		{"agency", func(a *account) uint64 { return cardOf(a).id }, 2, func(g []*account) string {
			if slices.ContainsFunc(g, func(a *account) bool { return !a.older }) || distinct(g, func(a *account) uint64 { return a.content.own[0] }) != len(g) {
				return "new accounts, or prompts shared"
			}
			return ""
		}},
		// one mailbox in several spellings
		{"plus_address", func(a *account) uint64 { return hashString(mailbox(a.signup.local, a.signup.domain)) }, 2, func(g []*account) string {
			if distinct(g, func(a *account) string { return a.signup.local }) != len(g) || distinct(g, deviceOf) != 1 {
				return "one spelling, or several devices"
			}
			return ""
		}},
		// the new account begins when the old one ends, and goes on with its prompts
		{"migrated", deviceOf, 2, func(g []*account) string {
			if old, fresh := g[0], g[1]; len(g) == 2 && (!old.older || fresh.older || fresh.created > old.to || !slices.Equal(old.content.own, fresh.content.own) || lineOf(old) != lineOf(fresh)) {
				return "not the same person's"
			}
			return ""
		}},
		// a computer changes hands: other people, other places, one after the other
		{"second_hand", deviceOf, 2, func(g []*account) string {
			if len(g) == 2 && (g[0].older || g[1].older || g[0].created > g[1].created || lineOf(g[0]) == lineOf(g[1])) {
				return "not sold"
			}
			return ""
		}},
		// a firm that evaluates: its domain and card, many chain-of-thought prompts
		{"eval_company", func(a *account) uint64 { return hashString(a.signup.domain) }, 10, func(g []*account) string {
			if len(g) > 20 || distinct(g, cardOf) != 1 || g[0].content.cot < 0.5 || g[0].signup.sso != "" {
				return "not a firm that evaluates"
			}
			return ""
		}},
		// one script, numbered mailboxes, a few images
		{"call_centre", func(a *account) uint64 { return hashString(a.org) }, 12, func(g []*account) string {
			if distinct(g, lineOf) != 1 || distinct(g, deviceOf) > 3 || distinct(g, func(a *account) string { return shapeOf(a.signup.local) }) != 1 {
				return "not one floor"
			}
			return ""
		}},
		// a company with single sign-on: verified domain, one bill
		{"org_sso", func(a *account) uint64 { return hashString(a.org) }, 3, func(g []*account) string {
			if distinct(g, func(a *account) string { return a.signup.sso }) != 1 || g[0].signup.sso == "" || distinct(g, cardOf) != 1 {
				return "no single sign-on, or several bills"
			}
			return ""
		}},
		// a lecture: two hours, one code, one prompt, one campus
		{"course", func(a *account) uint64 { return hashString(a.signup.referral) }, 12, func(g []*account) string {
			first := slices.MinFunc(g, func(a, b *account) int { return int(a.created - b.created) })
			for _, a := range g {
				if a.created-first.created > 2*hourMS || a.older || a.signup.program != "education" {
					return "not one lecture"
				}
			}
			return ""
		}},
		// machines: one prompt for a company, no days off
		{"ci", func(a *account) uint64 { return a.content.own[0] }, 1, func(g []*account) string {
			for _, a := range g {
				if len(a.content.own) != 1 || a.use.hours[11]*2 != a.use.hours[23] {
					return "several prompts, or a rhythm"
				}
			}
			return ""
		}},
		// cards that run empty
		{"prepaid_card", func(a *account) uint64 { return a.key }, 1, func(g []*account) string {
			if b := g[0].billing; b.with.funding != "prepaid" || b.decline < 0.15 {
				return "a card that pays"
			}
			return ""
		}},
		// at least two countries besides home
		{"traveller", func(a *account) uint64 { return a.key }, 1, func(g []*account) string {
			if len(g[0].trips) < 2 {
				return "stays at home"
			}
			return ""
		}},
		// on the new model within two days
		{"early_adopter", func(a *account) uint64 { return a.key }, 1, func(g []*account) string {
			if late := g[0].adopted[1] - w.models[1].launch; late < 0 || late > 2*dayMS {
				return "not at the launch"
			}
			return ""
		}},
	} {
		t.Run(c.class, func(t *testing.T) {
			n := 0
			for _, g := range grouped(w, c.class, c.key) {
				if len(g) < c.least {
					continue
				}
				n++
				if wrong := c.holds(g); wrong != "" {
					t.Errorf("a group of %d: %s", len(g), wrong)
				}
			}
			if n == 0 {
				t.Error("no group")
			}
		})
	}
}

// Every class has its share, and its name and trap stand in the label.
func TestLabelsNameTraps(t *testing.T) {
	w := honestWorld(t, 10_000, 20_000, 4)
	got := map[string]int{}
	for _, a := range w.accounts {
		got[a.class.name]++
		want := "class=" + a.class.name
		if a.class.trap != "" {
			want += " trap=" + a.class.trap
		}
		if a.label.label != "legit" || a.note() != want {
			t.Fatalf("label %+v, note %q, want %q", a.label, a.note(), want)
		}
	}
	for _, c := range honestClasses() {
		if share := float64(got[c.name]) / 10_000; share < 0.5*c.share || share > 1.5*c.share+0.001 {
			t.Errorf("%s: share %.4f, want about %.4f", c.name, share, c.share)
		}
	}
}

// A public prompt is copied by 0.05% to 1.5% of all accounts, and by classes of every sort.
func TestPublicPrompts(t *testing.T) {
	w := honestWorld(t, 30_000, 60_000, 5)
	users, classes := map[*recipe]int{}, map[*recipe]map[string]bool{}
	for _, a := range w.accounts {
		if p := a.content.recipe; p != nil && a.class.name != "referral" {
			if users[p]++; classes[p] == nil {
				classes[p] = map[string]bool{}
			}
			classes[p][a.class.name] = true
		}
	}
	for _, p := range w.commons.recipes.values {
		if share := float64(users[p]) / 30_000; share < 0.0005 || share > 0.015 {
			t.Errorf("a prompt is copied by %.4f of the accounts", share)
		}
		if len(classes[p]) < 5 {
			t.Errorf("a prompt is copied by %d classes", len(classes[p]))
		}
	}
}

// Groups take every account once, within their bounds but for what is left over.
func TestCrowds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, lo := rapid.IntRange(0, 3000).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "lo")
		median := lo + rapid.IntRange(0, 30).Draw(t, "median")
		hi := median + rapid.IntRange(0, 200).Draw(t, "hi")
		r := rng(rapid.Uint64().Draw(t, "seed"))
		var sizes []int
		crowds(n, lo, median, hi, rapid.Float64Range(0, 2).Draw(t, "sigma"), &r, func(size int) { sizes = append(sizes, size) })
		sum := 0
		for i, size := range sizes {
			sum += size
			if size > hi || size < 1 || size < lo && i < len(sizes)-1 {
				t.Fatalf("size %d of %v", size, sizes)
			}
		}
		if sum != n {
			t.Fatalf("%d accounts in groups, want %d", sum, n)
		}
	})
}

// A mailbox is one account's, but for deliberate variants, which differ in spelling.
func TestMailboxes(t *testing.T) {
	w := honestWorld(t, 30_000, 60_000, 6)
	owners, spelt := map[string]int{}, map[string]bool{}
	for _, a := range w.accounts {
		if up := a.signup; up.of == nil {
			owners[mailbox(up.local, up.domain)]++
		}
		address := a.signup.local + "@" + a.signup.domain
		if spelt[address] {
			t.Fatalf("%s is used twice", address)
		}
		spelt[address] = true
	}
	for m, n := range owners {
		if n > 1 {
			t.Fatalf("%s has %d owners", m, n)
		}
	}
	for _, c := range []struct{ local, domain, want string }{
		{"a.b+x", "gmail.com", "ab@gmail.com"},        // dots and tags are nothing there
		{"a.b+x", "outlook.com", "a.b@outlook.com"},   // dots count elsewhere
		{"a.b", "somewhere.io", "a.b@somewhere.io"},   // nothing to drop
		{"+x", "gmail.com", "@gmail.com"},             // nothing but a tag
		{"a+b+c", "proton.me", "a@proton.me"},         // from the first plus sign on
		{"A.b", "gmail.com", "Ab@gmail.com"},          // case is not ours to change
		{"a..b", "gmail.com", "ab@gmail.com"},         // every dot
		{"ab", "googlemail.com", "ab@googlemail.com"}, // not a domain that we use
	} {
		if got := mailbox(c.local, c.domain); got != c.want {
			t.Errorf("%s@%s: %s, want %s", c.local, c.domain, got, c.want)
		}
	}
}

// Weekends are the country's: the holidays are few, and not the same everywhere.
func TestRestDays(t *testing.T) {
	a := newAtlas()
	for _, c := range []struct {
		code string
		rest []int64 // weekdays, Sunday is 0
	}{{"US", []int64{6, 0}}, {"SA", []int64{5, 6}}, {"IL", []int64{5, 6}}, {"JP", []int64{6, 0}}} {
		holidays := 0
		for day := int64(20_000); day < 20_364; day++ {
			weekend := slices.Contains(c.rest, (day+4)%7)
			switch {
			case weekend && !a.byCode[c.code].restful(day):
				t.Errorf("%s works on weekday %d", c.code, (day+4)%7)
			case !weekend && a.byCode[c.code].restful(day):
				holidays++
			}
		}
		if holidays < 2 || holidays > 16 {
			t.Errorf("%s has %d holidays a year", c.code, holidays)
		}
	}
}

// A scenario that leaves out every class is refused.
func TestNoClassLeft(t *testing.T) {
	sc := &Scenario{Name: "none", Start: "2026-03-02", Days: 1, Honest: Honest{Accounts: 1, Classes: map[string]float64{}}}
	if err := sc.fill(); err != nil {
		t.Fatal(err)
	}
	if err := sc.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, name := range classNames() {
		sc.Honest.Classes[name] = 0
	}
	if err := sc.Validate(); err == nil || !strings.Contains(err.Error(), "classes") {
		t.Errorf("error %v, want one that names the classes", err)
	}
}
