package simulate

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

const (
	hourMS = int64(3600 * 1000)
	dayMS  = 24 * hourMS
)

// Scenario describes a world: how long, which models, which honest population and
// which campaigns. docs/scenarios.md explains each field.
type Scenario struct {
	Name        string     `yaml:"name"`
	Description string     `yaml:"description"`
	Start       string     `yaml:"start"` // first day, YYYY-MM-DD, UTC
	Days        int        `yaml:"days"`
	Models      []Model    `yaml:"models"`
	Honest      Honest     `yaml:"honest"`
	Campaigns   []Campaign `yaml:"campaigns"`
}

// Model is a model that can be asked for.
type Model struct {
	Name      string  `yaml:"name"`
	Share     float64 `yaml:"share"`      // of those who can choose it, the share that does
	LaunchDay float64 `yaml:"launch_day"` // days from the start; 0 = there before
}

// Honest is the population around the campaigns.
type Honest struct {
	Accounts  int                `yaml:"accounts"`
	Exchanges int64              `yaml:"exchanges"`
	Older     float64            `yaml:"older"`   // share of accounts that signed up before the stream
	Classes   map[string]float64 `yaml:"classes"` // relative shares; those not named keep their own, 0 leaves a class out
}

// Campaign is one actor's work.
type Campaign struct {
	Name      string             `yaml:"name"`
	Like      string             `yaml:"like"`  // the reported campaign that it is like: what is not given is taken from it
	Level     string             `yaml:"level"` // of all its efforts that name none
	Rate      float64            `yaml:"rate"`  // exchanges a day and account, where exchanges are not given
	Accounts  int                `yaml:"accounts"`
	Exchanges int64              `yaml:"exchanges"`
	StartDay  float64            `yaml:"start_day"` // days from the scenario's start
	Days      float64            `yaml:"days"`
	Countries map[string]float64 `yaml:"countries"` // where its addresses seem to be
	Zone      int                `yaml:"zone"`      // hours from UTC that its operators keep
	Tasks     map[string]float64 `yaml:"tasks"`
	Kinds     map[string]float64 `yaml:"kinds"` // chat, code, agent, batch: sizes and rhythm of its exchanges
	Lures     float64            `yaml:"lures"` // share of sessions that ask for reasoning at length
	Pivot     Pivot              `yaml:"pivot"`
	Actors    int                `yaml:"actors"` // how many it works for: each with prompts of its own
	Inject    Inject             `yaml:"inject"`
	Patrons   int                `yaml:"patrons"` // honest accounts whose owners use its relay too
	Stolen    Stolen             `yaml:"stolen"`
	Framing   Framing            `yaml:"framing"`
	Pools     []Pool             `yaml:"pools"`
}

// Pivot moves a share of a campaign's traffic to a model from its launch on.
type Pivot struct {
	Model string  `yaml:"model"`
	Share float64 `yaml:"share"`
	Hours float64 `yaml:"hours"` // until the whole share has moved
}

// Pool is a part of a campaign's accounts with its own effort and time.
type Pool struct {
	Name      string  `yaml:"name"`
	Share     float64 `yaml:"share"`     // of the campaign's accounts
	Traffic   float64 `yaml:"traffic"`   // of its exchanges; default as share
	StartDay  float64 `yaml:"start_day"` // days from the campaign's start
	Days      float64 `yaml:"days"`      // default: to the campaign's end
	Follows   string  `yaml:"follows"`   // comes up when most of this pool is banned, at start_day at the latest
	Attack    string  `yaml:"attack"`    // name of what it tries, for the labels
	Effort    Effort  `yaml:"effort"`
	Bans      Bans    `yaml:"bans"`
	Exchanges int64   `yaml:"-"`
	Accounts  int     `yaml:"-"`
}

// Names lists the scenarios that are built in.
func Names() []string {
	entries, _ := fs.ReadDir(scenarioFiles, "scenarios")
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Load reads a built-in scenario by name or a scenario from a file.
func Load(nameOrFile string) (*Scenario, error) {
	var data []byte
	var err error
	if slices.Contains(Names(), nameOrFile) {
		data, err = scenarioFiles.ReadFile(path.Join("scenarios", nameOrFile+".yaml"))
	} else {
		data, err = os.ReadFile(nameOrFile)
		if os.IsNotExist(err) {
			return nil, fmt.Errorf("scenario %q: neither a file nor one of %s", nameOrFile, strings.Join(Names(), ", "))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading scenario: %w", err)
	}
	return Parse(data)
}

// Parse reads a scenario document; unknown keys are errors.
func Parse(data []byte) (*Scenario, error) {
	sc := &Scenario{Honest: Honest{Older: 0.6}}
	if err := unmarshal(data, sc); err != nil {
		return nil, fmt.Errorf("parsing scenario: %w", err)
	}
	if err := sc.fill(); err != nil {
		return nil, fmt.Errorf("parsing scenario: %w", err)
	}
	if err := sc.Validate(); err != nil {
		return nil, err
	}
	return sc, nil
}

// unmarshal reads a document strictly. The decoder panics on some malformed tags
// (goccy/go-yaml 1.19); to the reader of a scenario that is one more mistake in it.
func unmarshal(data []byte, sc *Scenario) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not readable as YAML: %v", r)
		}
	}()
	return yaml.UnmarshalWithOptions(data, sc, yaml.Strict())
}

// fill puts in defaults that depend on other fields.
func (s *Scenario) fill() error {
	if len(s.Models) == 0 {
		s.Models = []Model{{Name: "atlas-4-large", Share: 0.5}, {Name: "atlas-4-mini", Share: 0.5}}
	}
	for i := range s.Campaigns {
		c := &s.Campaigns[i]
		if c.Days == 0 {
			c.Days = float64(s.Days) - c.StartDay
		}
		if len(c.Pools) == 0 {
			c.Pools = []Pool{{Name: "main", Share: 1}}
		}
		for j := range c.Pools {
			p := &c.Pools[j]
			if p.Effort.Level == "" {
				p.Effort, _ = Preset("L1")
			}
			if p.Traffic == 0 {
				p.Traffic = p.Share
			}
			if p.Days == 0 {
				p.Days = c.Days - p.StartDay
			}
		}
		if err := c.fillRow(); err != nil {
			return err
		}
		c.fillAttacks()
		c.split()
	}
	return nil
}

// split gives each pool its accounts and exchanges, which add up exactly.
func (c *Campaign) split() {
	shares, traffic := make([]float64, len(c.Pools)), make([]float64, len(c.Pools))
	for i, p := range c.Pools {
		shares[i], traffic[i] = p.Share, p.Traffic
	}
	r := rng(1)
	accounts := apportion(int64(c.Accounts), shares, 1, &r)
	c.Stolen.Exchanges = 0
	if c.Stolen.Keys > 0 {
		c.Stolen.Exchanges = max(int64(c.Stolen.Keys), int64(math.Round(float64(c.Exchanges)*c.Stolen.Share)))
		c.Stolen.Exchanges = max(0, min(c.Stolen.Exchanges, c.Exchanges-int64(c.Accounts)))
	}
	exchanges := apportion(c.Exchanges-c.Stolen.Exchanges, traffic, 1, &r)
	for i := range c.Pools {
		c.Pools[i].Accounts, c.Pools[i].Exchanges = int(accounts[i]), exchanges[i]
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Validate names the first field that cannot be meant.
func (s *Scenario) Validate() error {
	switch {
	case !plainName.MatchString(s.Name):
		return fmt.Errorf("name: %q is not a plain name", s.Name)
	case s.Days < 1 || s.Days > 400:
		return fmt.Errorf("days: %d is outside 1 to 400", s.Days)
	case s.Honest.Accounts < 0 || s.Honest.Exchanges < 0:
		return fmt.Errorf("honest: accounts and exchanges must not be negative")
	case s.Honest.Older < 0 || s.Honest.Older > 1:
		return fmt.Errorf("honest.older: %v is outside 0 to 1", s.Honest.Older)
	}
	if _, err := time.Parse(time.DateOnly, s.Start); err != nil {
		return fmt.Errorf("start: %q is not a date", s.Start)
	}
	if len(s.Models) > maxModels {
		return fmt.Errorf("models: %d, at most %d", len(s.Models), maxModels)
	}
	for i, m := range s.Models {
		if !plainName.MatchString(m.Name) || m.Share <= 0 || m.LaunchDay < 0 {
			return fmt.Errorf("models[%d]: needs a plain name, a share above 0 and a launch_day of 0 or more", i)
		}
	}
	if !slices.ContainsFunc(s.Models, func(m Model) bool { return m.LaunchDay == 0 }) {
		return fmt.Errorf("models: one must be there from the start")
	}
	known := classNames()
	for k, v := range s.Honest.Classes {
		if !slices.Contains(known, k) || v < 0 {
			return fmt.Errorf("honest.classes.%s: not a class with a share of 0 or more; classes: %s", k, strings.Join(known, " "))
		}
	}
	if slices.Max(s.Honest.shares(honestClasses())) == 0 {
		return fmt.Errorf("honest.classes: every class is left out")
	}
	for i := range s.Campaigns {
		if err := s.Campaigns[i].validate(s); err != nil {
			return fmt.Errorf("campaigns[%d].%w", i, err)
		}
	}
	return nil
}

func (c *Campaign) validate(s *Scenario) error {
	switch {
	case !plainName.MatchString(c.Name):
		return fmt.Errorf("name: %q is not a plain name", c.Name)
	case c.Accounts < len(c.Pools) || c.Exchanges < int64(c.Accounts):
		return fmt.Errorf("exchanges: %d exchanges over %d accounts in %d pools", c.Exchanges, c.Accounts, len(c.Pools))
	case c.StartDay < 0 || c.Days <= 0 || c.StartDay+c.Days > float64(s.Days):
		return fmt.Errorf("days: from day %v for %v days is not within the scenario's %d", c.StartDay, c.Days, s.Days)
	case c.Pivot.Model != "" && !slices.ContainsFunc(s.Models, func(m Model) bool { return m.Name == c.Pivot.Model }):
		return fmt.Errorf("pivot.model: %q is not one of the models", c.Pivot.Model)
	}
	atlas := newAtlas()
	for k := range c.Countries {
		if atlas.byCode[k] == nil {
			return fmt.Errorf("countries: %q is not known", k)
		}
	}
	for k := range c.Kinds {
		if _, ok := kindByName(k); !ok {
			return fmt.Errorf("kinds: %q is not chat, code, agent or batch", k)
		}
	}
	for k := range c.Tasks {
		if !slices.Contains(taskNames(), k) {
			return fmt.Errorf("tasks: %q is not a task of the contract", k)
		}
	}
	for j, p := range c.Pools {
		if p.Share <= 0 || p.Traffic <= 0 || p.StartDay < 0 || p.Days <= 0 || p.StartDay+p.Days > c.Days+1e-9 {
			return fmt.Errorf("pools[%d]: needs a share above 0 and days within the campaign", j)
		}
		if err := p.Effort.Validate(); err != nil {
			return fmt.Errorf("pools[%d].effort.%w", j, err)
		}
	}
	return c.validateAttacks()
}

// Scaled returns the scenario with so many times the accounts and the exchanges,
// campaigns and honest alike; a campaign keeps at least two accounts a pool and an
// exchange an account, and one stolen key and one victim. What one account does changes with exchanges ÷ accounts.
func (s *Scenario) Scaled(accounts, exchanges float64) *Scenario {
	out := *s
	out.Honest.Accounts = int(math.Round(float64(s.Honest.Accounts) * accounts))
	out.Honest.Exchanges = int64(math.Round(float64(s.Honest.Exchanges) * exchanges))
	out.Campaigns = slices.Clone(s.Campaigns)
	for i := range out.Campaigns {
		c := &out.Campaigns[i]
		c.Pools = slices.Clone(c.Pools)
		c.Accounts = max(2*len(c.Pools), int(math.Round(float64(c.Accounts)*accounts)))
		c.Stolen.Keys = atLeastOne(c.Stolen.Keys, accounts)
		c.Framing.Victims = atLeastOne(c.Framing.Victims, accounts)
		c.Patrons = atLeastOne(c.Patrons, accounts)
		c.Exchanges = max(int64(c.Accounts), int64(math.Round(float64(c.Exchanges)*exchanges)))
		c.split()
	}
	return &out
}

// atLeastOne scales a number; of something there stays one.
func atLeastOne(n int, scale float64) int {
	return min(n, 1) * max(1, int(math.Round(float64(n)*scale)))
}

// startMS is the scenario's first millisecond.
func (s *Scenario) startMS() int64 {
	t, _ := time.Parse(time.DateOnly, s.Start) // checked by Validate
	return t.UnixMilli()
}
