// Package policy decides an account's action from its scores: a versioned YAML document
// of steps with CEL conditions, hysteresis, and guard rails that no document can lift.
// Pure once loaded.
package policy

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"github.com/goccy/go-yaml"

	"github.com/iolaus-io/iolaus/pkg/score"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

//go:embed default.yaml
var defaultYAML []byte

// Document is a policy as it is written.
type Document struct {
	Version       string       `yaml:"version"`
	Mode          string       `yaml:"mode"`
	Priors        score.Config `yaml:"priors"`
	MinPopulation int          `yaml:"min_population"`
	RevokeKey     float64      `yaml:"revoke_key"` // score from which a stolen key is revoked, 0 = never
	Steps         []Step       `yaml:"steps"`
}

// Step is one rung of the ladder. Conditions are CEL.
type Step struct {
	Action  string `yaml:"action"`
	When    string `yaml:"when"`
	Release string `yaml:"release"`
}

// Input is what a condition may ask about.
type Input struct {
	AccountScore, ClusterScore float64
	Size                       int
	Part                       int     // of those, the ones that have the account's contents
	Own                        int     // the same of contents that hardly anybody but members has
	ClusterFamilies            int     // that the cluster's members share on average, each cause once, without network
	Families                   int     // worth at least one in log-odds
	HardFamilies               int     // the same without network
	Evidence                   int     // shared things a person can read
	Rare                       float64 // what the cluster's own system prompt, or what is hard to share by chance, says of the account, log-odds
	Pace                       float64 // what the rates of members with the account's contents say: high and alike, log-odds
	Above                      float64 // by so many e-folds the members' rates are above the population's, less a standard error
	Hardware                   float64 // what devices and keys that members share say on average, log-odds
	Population                 int
	AgeDays                    float64
}

// Policy is a compiled document. Safe for concurrent use.
type Policy struct {
	doc   Document
	steps []compiled // most severe first
}

type compiled struct {
	action        string
	when, release cel.Program // release nil: only a human
}

// costLimit bounds one condition's evaluation, in CEL cost units.
const costLimit = 1000

// Default returns the built-in policy.
func Default() (*Policy, error) { return Parse(defaultYAML) }

// DefaultYAML returns the built-in document, to copy and edit.
func DefaultYAML() []byte { return defaultYAML }

// Load reads a policy file; an empty path gives the built-in policy.
func Load(path string) (*Policy, error) {
	if path == "" {
		return Default()
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("policy.file: %w", err)
	}
	p, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("policy.file %s: %w", path, err)
	}
	return p, nil
}

// Parse compiles a document. Unknown keys, unknown actions and conditions that do not
// type-check are errors that name the step.
func Parse(b []byte) (*Policy, error) {
	doc := Document{Mode: wire.ModeEnforce, Priors: score.DefaultConfig()}
	if err := yaml.UnmarshalWithOptions(b, &doc, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the policy: %s", firstLine(err))
	}
	if doc.Version == "" {
		return nil, fmt.Errorf("version: must not be empty")
	}
	if doc.Mode != wire.ModeEnforce && doc.Mode != wire.ModeShadow {
		return nil, fmt.Errorf("mode: %q is neither enforce nor shadow", doc.Mode)
	}
	if doc.RevokeKey < 0 || doc.RevokeKey > 1 {
		return nil, fmt.Errorf("revoke_key: %v is not a score between 0 and 1", doc.RevokeKey)
	}
	if len(doc.Steps) == 0 {
		return nil, fmt.Errorf("steps: must not be empty")
	}
	env, err := cel.NewEnv(
		cel.Variable("account_score", cel.DoubleType), cel.Variable("cluster_score", cel.DoubleType),
		cel.Variable("score", cel.DoubleType), cel.Variable("size", cel.IntType),
		cel.Variable("cluster_families", cel.IntType),
		cel.Variable("pace", cel.DoubleType), cel.Variable("above", cel.DoubleType),
		cel.Variable("part", cel.IntType), cel.Variable("own", cel.IntType),
		cel.Variable("hardware", cel.DoubleType),
		cel.Variable("families", cel.IntType), cel.Variable("hard_families", cel.IntType),
		cel.Variable("evidence", cel.IntType), cel.Variable("rare", cel.DoubleType), cel.Variable("population", cel.IntType),
		cel.Variable("age_days", cel.DoubleType))
	if err != nil {
		return nil, fmt.Errorf("making the condition environment: %w", err)
	}
	p := &Policy{doc: doc}
	for i, s := range doc.Steps {
		c, err := compileStep(env, s)
		if err != nil {
			return nil, fmt.Errorf("steps[%d] (%s): %w", i, s.Action, err)
		}
		if n := len(p.steps); n > 0 && Severity(p.steps[n-1].action) <= Severity(c.action) {
			return nil, fmt.Errorf("steps[%d] (%s): must be less severe than the step before it", i, s.Action)
		}
		p.steps = append(p.steps, c)
	}
	return p, nil
}

func compileStep(env *cel.Env, s Step) (compiled, error) {
	c := compiled{action: s.Action}
	if Severity(s.Action) <= 0 {
		return c, fmt.Errorf("action: %q is not one of observe, verify, throttle, suspend", s.Action)
	}
	var err error
	if c.when, err = compile(env, s.When); err != nil {
		return c, fmt.Errorf("when: %w", err)
	}
	if s.Release != "" {
		if c.release, err = compile(env, s.Release); err != nil {
			return c, fmt.Errorf("release: %w", err)
		}
	}
	return c, nil
}

func compile(env *cel.Env, expr string) (cel.Program, error) {
	if expr == "" {
		return nil, fmt.Errorf("must not be empty")
	}
	ast, iss := env.Compile(expr)
	if iss.Err() != nil {
		return nil, errors.New(firstLine(iss.Err()))
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("%q is no condition: it gives %s", expr, ast.OutputType())
	}
	if most, err := env.EstimateCost(ast, unknown{}); err == nil && most.Max <= costLimit {
		return env.Program(ast) // it cannot cost more, and to count it would cost half of the evaluation
	}
	return env.Program(ast, cel.CostLimit(costLimit))
}

// unknown is an estimator that knows nothing beyond the types: no variable is a string or a list.
type unknown struct{}

func (unknown) EstimateSize(cost.AstNode) *cost.SizeEstimate { return nil }

func (unknown) EstimateCallCost(_, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	return nil
}

// firstLine drops the source excerpt that libraries put below their message.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Version names the document; decisions carry it.
func (p *Policy) Version() string { return p.doc.Version }

// Mode is enforce or shadow.
func (p *Policy) Mode() string { return p.doc.Mode }

// Priors returns the scoring priors that the document sets.
func (p *Policy) Priors() score.Config { return p.doc.Priors }

// Severity orders the ladder: allow 0 … suspend 4; -1 for anything else.
func Severity(action string) int {
	switch action {
	case wire.ActionAllow, wire.ActionReinstate, "":
		return 0
	case wire.ActionObserve:
		return 1
	case wire.ActionVerify:
		return 2
	case wire.ActionThrottle:
		return 3
	case wire.ActionSuspend:
		return 4
	}
	return -1
}

// Revokes reports whether a key whose theft has the score is to be revoked, in a population of
// such a size.
func (p *Policy) Revokes(score float64, population int) bool {
	return p.doc.RevokeKey > 0 && score >= p.doc.RevokeKey && population >= p.doc.MinPopulation
}

// Decide returns the action for an account that stands on current ("" = allow).
func (p *Policy) Decide(current string, in Input) string {
	if current == "" || current == wire.ActionReinstate {
		current = wire.ActionAllow
	}
	want := wire.ActionAllow
	for _, s := range p.steps {
		if holds(s.when, &in) {
			want = s.action
			break
		}
	}
	want = p.guard(want, in)
	if Severity(want) >= Severity(current) {
		return want
	}
	if p.released(current, &in) {
		return want
	}
	return current
}

// guard holds whatever the document says: no step above observe in a population too
// young to compare with; no suspension without two families outside the network and
// something a person can read; nor on the network family alone anything but observe.
func (p *Policy) guard(want string, in Input) string {
	if Severity(want) > Severity(wire.ActionObserve) && (in.Population < p.doc.MinPopulation || in.HardFamilies == 0) {
		return wire.ActionObserve
	}
	if want == wire.ActionSuspend && (in.HardFamilies < 2 || in.Evidence == 0) {
		return wire.ActionVerify
	}
	return want
}

func (p *Policy) released(current string, in *Input) bool {
	for _, s := range p.steps {
		if s.action == current {
			return s.release != nil && holds(s.release, in)
		}
	}
	return current != wire.ActionSuspend // a step that this policy no longer has
}

// holds evaluates a condition. One that fails, as a division by zero does, does not
// hold: an account's values must never stop everybody's decisions.
func holds(prg cel.Program, in *Input) bool {
	out, _, err := prg.Eval(in)
	return err == nil && out.Value() == true
}

// ResolveName gives a condition the value that it asks for: most fail on their first, so the others are not made.
func (in *Input) ResolveName(name string) (any, bool) {
	switch name {
	case "account_score":
		return types.Double(in.AccountScore), true
	case "cluster_score":
		return types.Double(in.ClusterScore), true
	case "score":
		return types.Double(min(in.AccountScore, in.ClusterScore)), true
	case "size":
		return types.Int(in.Size), true
	case "part":
		return types.Int(in.Part), true
	case "own":
		return types.Int(in.Own), true
	case "cluster_families":
		return types.Int(in.ClusterFamilies), true
	case "families":
		return types.Int(in.Families), true
	case "hard_families":
		return types.Int(in.HardFamilies), true
	case "evidence":
		return types.Int(in.Evidence), true
	case "rare":
		return types.Double(in.Rare), true
	case "pace":
		return types.Double(in.Pace), true
	case "above":
		return types.Double(in.Above), true
	case "hardware":
		return types.Double(in.Hardware), true
	case "population":
		return types.Int(in.Population), true
	case "age_days":
		return types.Double(in.AgeDays), true
	}
	return nil, false
}

// Parent returns nil: there are no other values.
func (in *Input) Parent() cel.Activation { return nil }
