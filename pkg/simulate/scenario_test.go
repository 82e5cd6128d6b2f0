package simulate

import (
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every built-in scenario loads, and its file says its own name and a description.
func TestBuiltIn(t *testing.T) {
	if len(Names()) < 5 {
		t.Fatalf("scenarios: %v", Names())
	}
	for _, name := range Names() {
		sc, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if sc.Name != name || sc.Description == "" {
			t.Errorf("%s: name %q, description %q", name, sc.Name, sc.Description)
		}
	}
}

// A mistake in a scenario is one error that names its field.
func TestRefused(t *testing.T) {
	const head = "name: x\nstart: \"2026-01-01\"\ndays: 10\n"
	campaign := func(fields string) string {
		return head + "campaigns: [{name: c, accounts: 10, exchanges: 100, " + fields + "}]"
	}
	for _, c := range []struct{ name, doc, want string }{
		{"unknown key", head + "colour: red", "colour"},
		{"unknown key of an effort", campaign("pools: [{name: a, share: 1, effort: {cards: 1}}]"), "cards"},
		{"a tag that the decoder chokes on", "Z: 99\nmodels:\n  - {name }\n  - {name:}\n  - {name,}\n  - {name:}\nhonest:\n\n  older: \ncampaigns:\n !0\n0000000000\n      -" + strings.Repeat("0", 99), "not readable"},
		{"no name", "start: \"2026-01-01\"\ndays: 10", "name"},
		{"a name that would break JSON", "name: 'a\"b'\nstart: \"2026-01-01\"\ndays: 10", "name"},
		{"no date", "name: x\nstart: soon\ndays: 10", "start"},
		{"no days", "name: x\nstart: \"2026-01-01\"", "days"},
		{"no model at the start", head + "models: [{name: m, share: 1, launch_day: 3}]", "models"},
		{"unknown class", head + "honest: {accounts: 1, classes: {martian: 1}}", "martian"},
		{"more accounts than exchanges", head + "campaigns: [{name: c, accounts: 10, exchanges: 9}]", "exchanges"},
		{"campaign longer than the world", campaign("days: 11"), "days"},
		{"unknown country", campaign("countries: {XX: 1}"), "XX"},
		{"unknown kind", campaign("kinds: {poem: 1}"), "poem"},
		{"unknown task", campaign("tasks: {poem: 1}"), "poem"},
		{"unknown model to move to", campaign("pivot: {model: m}"), "pivot"},
		{"unknown level", campaign("pools: [{name: a, share: 1, effort: {level: L9}}]"), "L9"},
		{"share out of range", campaign("pools: [{name: a, share: 1, effort: {cover: 1.5}}]"), "cover"},
		{"shares that add up to more than all", campaign("pools: [{name: a, share: 1, effort: {aged: 0.6, sleepers: 0.6}}]"), "sleepers"},
		{"like no campaign of the table", head + "campaigns: [{name: c, like: martians, accounts: 10}]", "martians"},
		{"a pool that follows none before it", campaign("pools: [{name: a, share: 1, follows: b}]"), "follows"},
		{"keys stolen after the campaign", campaign("stolen: {keys: 2, share: 0.1, start_day: 12}"), "stolen"},
		{"a way to frame that there is not", campaign("framing: {victims: 1, ways: {hat: 1}}"), "hat"},
		{"bans of more than all", campaign("pools: [{name: a, share: 1, bans: {hours: 2, share: 2}}]"), "bans"},
		{"a prompt injected nowhere", campaign("inject: {where: up}"), "inject"},
		{"pool outside its campaign", campaign("pools: [{name: a, share: 1, start_day: 8, days: 5}]"), "pools"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that names %s", err, c.want)
			}
		})
	}
}

// An effort starts from its level, and what the scenario gives lies over it.
func TestEffortOverLevel(t *testing.T) {
	sc, err := Parse([]byte("name: x\nstart: \"2026-01-01\"\ndays: 10\ncampaigns: [{name: c, accounts: 10, exchanges: 100, pools: [{name: a, share: 1, effort: {level: L3, cover: 0.3, ip_types: {vpn: 1}}}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Preset("L3")
	if err != nil {
		t.Fatal(err)
	}
	got := sc.Campaigns[0].Pools[0].Effort
	if got.Cover != 0.3 || len(got.IPTypes) != 1 || got.IPTypes["vpn"] != 1 || got.Paraphrase != want.Paraphrase || got.Level != "L3" {
		t.Errorf("%+v", got)
	}
}

// Parts are whole, sum to the total exactly, and keep their least size where it fits.
func TestApportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0.001, 1000), 1, 300).Draw(t, "weights")
		total := rapid.Int64Range(0, 1e7).Draw(t, "total")
		r := rng(rapid.Uint64().Draw(t, "seed"))
		sum, all := int64(0), 0.0
		for _, w := range weights {
			all += w
		}
		for i, n := range apportion(total, weights, 1, &r) {
			sum += n
			if total >= int64(len(weights)) {
				fair := 1 + float64(total-int64(len(weights)))*weights[i]/all
				if n < 1 || math.Abs(float64(n)-fair) > 2 {
					t.Fatalf("part %d is %d, fair %.1f", i, n, fair)
				}
			}
		}
		if sum != total {
			t.Fatalf("sum %d, want %d", sum, total)
		}
	})
}

// Groups hold everyone once, and their mean size is the one asked for.
func TestGroups(t *testing.T) {
	r := rng(1)
	for _, size := range []float64{1, 2.6, 12, 5000} {
		got := groups(1000, size, &r)
		top := 0
		for _, g := range got {
			top = max(top, g+1)
		}
		if want := max(1, 1000/size); math.Abs(float64(top)-want) > 1+want/20 {
			t.Errorf("size %v: %d groups, want %.0f", size, top, want)
		}
	}
}

// Whatever a file holds, Parse answers with a scenario that can be built or an error.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, _ := scenarioFiles.ReadFile("scenarios/" + name + ".yaml")
		f.Add(data)
	}
	f.Add([]byte("name: x\nstart: \"2026-01-01\"\ndays: 1\nhonest: {accounts: 3, exchanges: 5}"))
	tr, err := loadTraces()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := Parse(data)
		if err != nil || sc.Honest.Accounts > 1e6 {
			return
		}
		for _, c := range sc.Campaigns {
			if c.Accounts > 1e6 {
				return
			}
		}
		w := build(sc.Scaled(1e-4, 1e-5), 1, tr)
		n := 0
		for range w.Events {
			if n++; n > 50 {
				break
			}
		}
	})
}

// docs/scenarios.md names every field of a scenario file, and its example can be built.
func TestDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	for _, v := range []any{Scenario{}, Model{}, Honest{}, Campaign{}, Pivot{}, Inject{}, Stolen{}, Framing{}, Bans{}, Pool{}, Effort{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if key := typ.Field(i).Tag.Get("yaml"); key != "-" && !strings.Contains(doc, "`"+key+"`") {
				t.Errorf("%s.%s is not in docs/scenarios.md", typ.Name(), key)
			}
		}
	}
	for _, name := range slices.Concat(Names(), Rows(), classNames()) {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("%s is not in docs/scenarios.md", name)
		}
	}
	_, example, _ := strings.Cut(doc, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	sc, err := Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(sc, 1); err != nil {
		t.Fatal(err)
	}
}
