package policy

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Every refusal is one line that names what is wrong and where.
func TestParseRefuses(t *testing.T) {
	step := func(s string) string { return "version: a\nsteps:\n" + s }
	for _, c := range []struct{ name, doc, want string }{
		{"empty document", "", "version: must not be empty"},
		{"no version", "mode: shadow\n", "version: must not be empty"},
		{"cut-short YAML", "version: [", "reading the policy: [1:10] sequence end token ']' not found"},
		{"unknown key", "version: a\nbogus: 1\n", `reading the policy: [2:1] unknown field "bogus"`},
		{"unknown key of a step", step("  - action: observe\n    when: size > 1\n    then: x\n"), `reading the policy: [5:5] unknown field "then"`},
		{"key twice", "version: a\nversion: b\n", `reading the policy: [2:1] mapping key "version" already defined at [1:1]`},
		{"wrong type", "version: a\nsteps: 3\n", "reading the policy: [2:8] int was used where sequence is expected"},
		{"unknown mode", "version: a\nmode: dry\n", `mode: "dry" is neither enforce nor shadow`},
		{"no steps", "version: a\n", "steps: must not be empty"},
		{"empty steps", "version: a\nsteps: []\n", "steps: must not be empty"},
		{"unknown action", step("  - action: ban\n    when: \"true\"\n"),
			`steps[0] (ban): action: "ban" is not one of observe, verify, throttle, suspend`},
		// allow, reinstate and revoke_key are no rungs of the ladder.
		{"action allow", step("  - action: allow\n    when: \"true\"\n"),
			`steps[0] (allow): action: "allow" is not one of observe, verify, throttle, suspend`},
		{"action revoke_key", step("  - action: revoke_key\n    when: \"true\"\n"),
			`steps[0] (revoke_key): action: "revoke_key" is not one of observe, verify, throttle, suspend`},
		{"no condition", step("  - action: suspend\n"), "steps[0] (suspend): when: must not be empty"},
		{"unknown name", step("  - action: suspend\n    when: siez > 3\n"),
			"steps[0] (suspend): when: ERROR: <input>:1:1: undeclared reference to 'siez' (did you mean 'size'?)"},
		{"mixed types", step("  - action: suspend\n    when: score > 1\n"),
			"steps[0] (suspend): when: ERROR: <input>:1:7: found no matching overload for '_>_' applied to '(double, int)'"},
		{"a number for a condition", step("  - action: suspend\n    when: size\n"),
			`steps[0] (suspend): when: "size" is no condition: it gives int`},
		{"bad release", step("  - action: suspend\n    when: size > 1\n    release: size\n"),
			`steps[0] (suspend): release: "size" is no condition: it gives int`},
		{"wrong order", step("  - action: observe\n    when: size > 1\n  - action: suspend\n    when: size > 2\n"),
			"steps[1] (suspend): must be less severe than the step before it"},
		{"step twice", step("  - action: verify\n    when: size > 1\n  - action: verify\n    when: size > 2\n"),
			"steps[1] (verify): must be less severe than the step before it"},
	} {
		_, err := Parse([]byte(c.doc))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestParseNamesASyntaxErrorInOneLine(t *testing.T) {
	_, err := Parse([]byte("version: a\nsteps:\n  - action: suspend\n    when: \"size >\"\n"))
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "steps[0] (suspend): when: ERROR: <input>:1:7: Syntax error") {
		t.Fatalf("got %v", err)
	}
}

func TestLoad(t *testing.T) {
	builtin, err := Load("")
	if err != nil || builtin.Version() == "" || builtin.Mode() != wire.ModeEnforce {
		t.Fatalf("built-in policy: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.HasPrefix(err.Error(), "policy.file: ") {
		t.Errorf("missing file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte("version: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || err.Error() != "policy.file "+path+": steps: must not be empty" {
		t.Errorf("bad file: %v", err)
	}
	// What the built-in policy is shown as is what it is.
	if again, err := Parse(DefaultYAML()); err != nil || again.Version() != builtin.Version() || again.Priors() != builtin.Priors() {
		t.Errorf("built-in document: %v", err)
	}
}

const ladder = `
version: ladder
min_population: 100
steps:
  - action: suspend
    when: score >= 0.9
  - action: throttle
    when: score >= 0.8
    release: score < 0.7
  - action: verify
    when: score >= 0.6
    release: score < 0.5
  - action: observe
    when: score >= 0.4
    release: score < 0.3
`

func parse(t testing.TB, doc string) *Policy {
	t.Helper()
	p, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sure is an input that no guard holds back.
func sure(score float64) Input {
	return Input{AccountScore: score, ClusterScore: score, Size: 20, Families: 4, HardFamilies: 3, Evidence: 3, Rare: 5, Population: 1000,
		Part: 20, ClusterFamilies: 2, Pace: 1, Above: 2}
}

func TestLadder(t *testing.T) {
	p := parse(t, ladder)
	for _, c := range []struct {
		name    string
		current string
		score   float64
		want    string
	}{
		{"nothing", "", 0.1, wire.ActionAllow},
		{"observed", "", 0.4, wire.ActionObserve},
		{"straight to verify", "", 0.6, wire.ActionVerify},
		{"straight to throttle", wire.ActionObserve, 0.8, wire.ActionThrottle},
		{"straight to suspend", wire.ActionAllow, 0.95, wire.ActionSuspend},
		// Between the bar and the release an account stays: no flapping.
		{"verify holds under its bar", wire.ActionVerify, 0.55, wire.ActionVerify},
		{"throttle holds on verify's ground", wire.ActionThrottle, 0.75, wire.ActionThrottle},
		{"observe holds", wire.ActionObserve, 0.35, wire.ActionObserve},
		// Released, it goes to what its score now says, and not always to the bottom.
		{"throttle released to verify", wire.ActionThrottle, 0.65, wire.ActionVerify},
		{"throttle released to observe", wire.ActionThrottle, 0.45, wire.ActionObserve},
		{"throttle released to allow", wire.ActionThrottle, 0.1, wire.ActionAllow},
		{"observe released", wire.ActionObserve, 0.1, wire.ActionAllow},
		// A step without release is left by a human alone.
		{"suspended for good", wire.ActionSuspend, 0, wire.ActionSuspend},
		// Who was reinstated starts anew.
		{"reinstated", wire.ActionReinstate, 0.1, wire.ActionAllow},
		{"reinstated and at it again", wire.ActionReinstate, 0.65, wire.ActionVerify},
	} {
		if got := p.Decide(c.current, sure(c.score)); got != c.want {
			t.Errorf("%s: %s at %.2f gives %s, want %s", c.name, c.current, c.score, got, c.want)
		}
	}
}

// permissive suspends whoever it sees: the guards must hold by themselves.
const permissive = "version: permissive\nmin_population: 100\nsteps:\n  - action: suspend\n    when: \"true\"\n"

func TestGuardsHoldWhateverTheDocumentSays(t *testing.T) {
	p := parse(t, permissive)
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"nothing in the way", func(*Input) {}, wire.ActionSuspend},
		// The network alone never suspends, nor verifies.
		{"network alone", func(in *Input) { in.Families, in.HardFamilies = 1, 0 }, wire.ActionObserve},
		{"no family at all", func(in *Input) { in.Families, in.HardFamilies = 0, 0 }, wire.ActionObserve},
		// One family outside the network is not two.
		{"one hard family", func(in *Input) { in.Families, in.HardFamilies = 2, 1 }, wire.ActionVerify},
		// Nothing that a person could look up.
		{"no evidence", func(in *Input) { in.Evidence = 0 }, wire.ActionVerify},
		// Everything shared looks rare in an empty population.
		{"young population", func(in *Input) { in.Population = 99 }, wire.ActionObserve},
		{"population just enough", func(in *Input) { in.Population = 100 }, wire.ActionSuspend},
	} {
		in := sure(1)
		c.change(&in)
		if got := p.Decide("", in); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func drawInput(t *rapid.T) Input {
	p := func(name string) float64 { return rapid.Float64Range(0, 1).Draw(t, name) }
	n := func(name string) int { return rapid.IntRange(0, 5).Draw(t, name) }
	return Input{AccountScore: p("account"), ClusterScore: p("cluster"), Size: rapid.IntRange(0, 100).Draw(t, "size"),
		Families: n("families"), HardFamilies: n("hard"), Evidence: n("evidence"), Rare: rapid.Float64Range(0, 6).Draw(t, "rare"),
		Population: rapid.IntRange(0, 400).Draw(t, "population"), AgeDays: p("age") * 100,
		Part: n("part") * 20, Own: n("own") * 12, ClusterFamilies: n("cluster families"), Pace: rapid.Float64Range(-2, 2).Draw(t, "pace"),
		Hardware: rapid.Float64Range(0, 3).Draw(t, "hardware"), Above: rapid.Float64Range(-2, 5).Draw(t, "above")}
}

// Whatever is seen, by whichever policy, from wherever an account stands: no one is newly
// suspended without two families outside the network, evidence and a population; the
// suspended stay; and asking again changes nothing.
func TestDecideInvariants(t *testing.T) {
	builtin, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	policies := []*Policy{builtin, parse(t, ladder), parse(t, permissive)}
	actions := []string{"", wire.ActionAllow, wire.ActionObserve, wire.ActionVerify, wire.ActionThrottle, wire.ActionSuspend, wire.ActionReinstate}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(policies).Draw(t, "policy")
		current := rapid.SampledFrom(actions).Draw(t, "current")
		in := drawInput(t)
		got := p.Decide(current, in)
		if Severity(got) < 0 {
			t.Fatalf("got %s", got)
		}
		if got == wire.ActionSuspend && current != wire.ActionSuspend &&
			(in.HardFamilies < 2 || in.Evidence == 0 || in.Population < p.doc.MinPopulation) {
			t.Fatalf("suspended on %+v", in)
		}
		if Severity(got) > Severity(wire.ActionObserve) && Severity(got) > Severity(current) && in.HardFamilies == 0 {
			t.Fatalf("%s on the network alone", got)
		}
		if current == wire.ActionSuspend && got != wire.ActionSuspend {
			t.Fatalf("released from suspension to %s", got)
		}
		if again := p.Decide(got, in); again != got {
			t.Fatalf("%s, asked again %s", got, again)
		}
	})
}

// In the built-in policy more evidence is never a milder action, for an account that stands nowhere yet.
func TestBuiltinIsMonotone(t *testing.T) {
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		more := in
		more.AccountScore = rapid.Float64Range(in.AccountScore, 1).Draw(t, "more account")
		more.ClusterScore = rapid.Float64Range(in.ClusterScore, 1).Draw(t, "more cluster")
		more.HardFamilies += rapid.IntRange(0, 3).Draw(t, "more families")
		more.Families += more.HardFamilies - in.HardFamilies
		more.Rare += rapid.Float64Range(0, 3).Draw(t, "rarer")
		more.Size += rapid.IntRange(0, 60).Draw(t, "larger")
		more.Part += more.Size - in.Size
		more.Own += more.Size - in.Size
		more.Pace += rapid.Float64Range(0, 2).Draw(t, "more alike")
		more.Above += rapid.Float64Range(0, 3).Draw(t, "faster")
		more.Hardware += rapid.Float64Range(0, 2).Draw(t, "more devices")
		a, b := p.Decide("", in), p.Decide("", more)
		if Severity(b) < Severity(a) {
			t.Fatalf("%+v gives %s, %+v gives %s", in, a, more, b)
		}
	})
}

// What the built-in policy asks for above observe: both scores, twelve accounts (five, where their rates are far above
// everybody's), two families outside the network, and something that hardly anybody else has; and to suspend, many with the same
// prompts, or rates that are above everybody's by the more the fewer they are, or shared devices.
func TestBuiltinLadder(t *testing.T) {
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"all there is", func(*Input) {}, wire.ActionSuspend},
		{"eleven accounts, above everybody", func(in *Input) { in.Size, in.Above = 11, 1.8 }, wire.ActionObserve},
		{"twelve accounts, above everybody", func(in *Input) { in.Size, in.Above = 12, 1.8 }, wire.ActionSuspend},
		{"eleven accounts, far above", func(in *Input) { in.Size, in.Above = 11, 2.5 }, wire.ActionSuspend},
		{"five accounts, far above", func(in *Input) { in.Size, in.Above = 5, 2.5 }, wire.ActionSuspend},
		{"four accounts, far above", func(in *Input) { in.Size, in.Above = 4, 2.5 }, wire.ActionObserve},
		{"five accounts", func(in *Input) { in.Size = 5 }, wire.ActionObserve},
		{"two accounts", func(in *Input) { in.Size = 2 }, wire.ActionAllow},
		{"nothing rare", func(in *Input) { in.Rare = 0 }, wire.ActionObserve},
		{"as slow as everybody", func(in *Input) { in.Pace, in.Above = 0, 0 }, wire.ActionObserve},
		{"as slow, and on the same devices", func(in *Input) { in.Pace, in.Above, in.Hardware = 0, 0, 1.2 }, wire.ActionSuspend},
		{"eleven, on the same devices", func(in *Input) { in.Size, in.Above, in.Hardware = 11, 0, 1.2 }, wire.ActionObserve},
		{"as slow, and as many as an honest group may be", func(in *Input) { in.Pace, in.Above, in.Size, in.Part = 0, 0, 60, 60 }, wire.ActionObserve},
		{"a little alike, and as many", func(in *Input) { in.Pace, in.Above, in.Size, in.Part = 0.4, 0, 60, 60 }, wire.ActionSuspend},
		{"as slow, and very many", func(in *Input) { in.Pace, in.Above, in.Size, in.Part = 0, 0, 150, 150 }, wire.ActionSuspend},
		{"slower than everybody, and very many", func(in *Input) { in.Pace, in.Above, in.Size, in.Part = -0.5, 0, 150, 150 }, wire.ActionObserve},
		{"a little faster, and many with the cluster's own prompt", func(in *Input) { in.Pace, in.Above, in.Size, in.Own = 0.4, 0.8, 59, 40 }, wire.ActionSuspend},
		{"no faster, and many with the cluster's own prompt", func(in *Input) { in.Pace, in.Above, in.Size, in.Own = 0.1, 0.8, 59, 40 }, wire.ActionObserve},
		{"a little faster, and few", func(in *Input) { in.Pace, in.Above, in.Size = 0.4, 0.8, 15 }, wire.ActionVerify},
		{"a little faster, and not so few", func(in *Input) { in.Pace, in.Above, in.Size = 0.4, 0.8, 59 }, wire.ActionVerify},
		{"not so few, and alike at nobody's pace", func(in *Input) { in.Pace, in.Above, in.Size = 0, 0.8, 40 }, wire.ActionObserve},
		{"alike, and no faster", func(in *Input) { in.Pace, in.Above = 2, 0 }, wire.ActionVerify},
		{"far above, and unlike one another", func(in *Input) { in.Pace = -1 }, wire.ActionSuspend},
		{"far above, and nothing rare", func(in *Input) { in.Above, in.Rare = 5, 0 }, wire.ActionObserve},
		{"one family of the cluster", func(in *Input) { in.ClusterFamilies = 1 }, wire.ActionVerify},
		{"one family", func(in *Input) { in.HardFamilies = 1 }, wire.ActionObserve},
		{"an honest member of a bad cluster", func(in *Input) { in.AccountScore = 0.5 }, wire.ActionAllow},
		{"a bad account of an honest cluster", func(in *Input) { in.ClusterScore = 0.5 }, wire.ActionAllow},
		{"nothing to look up", func(in *Input) { in.Evidence = 0 }, wire.ActionVerify},
		{"young population", func(in *Input) { in.Population = 199 }, wire.ActionObserve},
	} {
		in := sure(0.99)
		c.change(&in)
		if got := p.Decide("", in); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// A key is revoked from the document's bar on, never without one, and never in too young a population.
func TestRevokes(t *testing.T) {
	const steps = "steps:\n  - action: observe\n    when: size > 1\n"
	for _, c := range []struct {
		name, doc  string
		score      float64
		population int
		want       bool
	}{
		{"at the bar", "revoke_key: 0.8\n", 0.8, 100, true},
		{"below", "revoke_key: 0.8\n", 0.79, 100, false},
		{"no bar", "", 1, 100, false},
		{"bar zero", "revoke_key: 0\n", 1, 100, false},
		{"young population", "revoke_key: 0.8\nmin_population: 101\n", 1, 100, false},
		{"no number", "revoke_key: 0.8\n", math.NaN(), 100, false},
	} {
		if got := parse(t, "version: a\n"+c.doc+steps).Revokes(c.score, c.population); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	for _, bad := range []string{"-0.1", "1.1"} {
		if _, err := Parse([]byte("version: a\nrevoke_key: " + bad + "\n" + steps)); err == nil || !strings.HasPrefix(err.Error(), "revoke_key: ") {
			t.Errorf("revoke_key %s: %v", bad, err)
		}
	}
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if !p.Revokes(1, 1000) || p.Revokes(0.85, 1000) {
		t.Error("the built-in policy's bar")
	}
}

// Scores that are no numbers, which a bug upstream could make, suspend nobody.
func TestNaNSuspendsNobody(t *testing.T) {
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Decide("", sure(math.NaN())); got != wire.ActionAllow {
		t.Fatalf("got %s", got)
	}
}

// A condition that fails, as a division by zero does, does not hold, and stops nobody's decision.
func TestConditionThatFails(t *testing.T) {
	p := parse(t, "version: a\nsteps:\n  - action: verify\n    when: 10 / (size - 20) > 1\n    release: 10 / (size - 20) > 1\n"+
		"  - action: observe\n    when: score > 0.5\n")
	if got := p.Decide("", sure(0.9)); got != wire.ActionObserve {
		t.Errorf("got %s, want what the next step says", got)
	}
	if got := p.Decide(wire.ActionVerify, sure(0.1)); got != wire.ActionVerify {
		t.Errorf("a release that fails releases to %s", got)
	}
}

// A policy without a step that an account stands on lets it go, save from suspension: that is a human's.
func TestStepThatIsGone(t *testing.T) {
	p := parse(t, "version: a\nsteps:\n  - action: observe\n    when: score > 0.5\n")
	if got := p.Decide(wire.ActionThrottle, sure(0.1)); got != wire.ActionAllow {
		t.Errorf("throttled account gets %s", got)
	}
	if got := p.Decide(wire.ActionSuspend, sure(0.1)); got != wire.ActionSuspend {
		t.Errorf("suspended account gets %s", got)
	}
}

// Invariants: no panic; an error is one line; what parses has steps from severe to mild, and decides,
// where its conditions can be evaluated, inside the ladder and its guards.
func FuzzParse(f *testing.F) {
	f.Add(DefaultYAML())
	f.Add([]byte(ladder))
	f.Add([]byte(permissive))
	f.Add([]byte("version: a\nsteps:\n  - action: observe\n    when: 10 / (size - 20) > 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			if strings.Contains(strings.TrimSpace(err.Error()), "\n") {
				t.Fatalf("several lines: %q", err)
			}
			return
		}
		for i := 1; i < len(p.steps); i++ {
			if Severity(p.steps[i-1].action) <= Severity(p.steps[i].action) {
				t.Fatalf("steps out of order: %+v", p.doc.Steps)
			}
		}
		in := sure(1)
		in.HardFamilies = 0
		got := p.Decide("", in)
		if Severity(got) > Severity(wire.ActionObserve) {
			t.Fatalf("%s on the network alone by %q", got, b)
		}
	})
}

// Every name that a condition may use has its own value.
func TestNamesHaveTheirValues(t *testing.T) {
	in := Input{AccountScore: 0.51, ClusterScore: 0.52, Size: 3, Part: 4, ClusterFamilies: 5, Families: 6, HardFamilies: 7,
		Evidence: 8, Rare: 0.9, Pace: 0.11, Above: 0.15, Hardware: 0.12, Population: 13, AgeDays: 1.4}
	for name, value := range map[string]string{"account_score": "0.51", "cluster_score": "0.52", "score": "0.51", "size": "3", "part": "4",
		"cluster_families": "5", "families": "6", "hard_families": "7", "evidence": "8", "rare": "0.9", "pace": "0.11", "above": "0.15", "hardware": "0.12",
		"population": "13", "age_days": "1.4"} {
		p, err := Parse([]byte("version: a\nsteps:\n  - action: observe\n    when: " + name + " == " + value + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Decide("", in); got != wire.ActionObserve {
			t.Errorf("%s is not %s", name, value)
		}
	}
}

// A condition that would cost more than the bound does not hold, whether or not its cost can be told beforehand.
func TestCostIsBounded(t *testing.T) {
	list := "[" + strings.Repeat("1, ", 39) + "1]"
	for condition, want := range map[string]string{
		list + ".all(x, x == 1)":                                        wire.ActionObserve,
		list + ".all(x, " + list + ".all(y, x == y))":                   wire.ActionAllow,
		"size == 3 || " + list + ".all(x, " + list + ".all(y, x == y))": wire.ActionObserve, // is not reached
	} {
		p, err := Parse([]byte("version: a\nsteps:\n  - action: observe\n    when: \"" + condition + "\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Decide("", Input{Size: 3}); got != want {
			t.Errorf("%s: %q, want %q", condition, got, want)
		}
	}
}
