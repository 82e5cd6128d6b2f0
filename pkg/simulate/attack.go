package simulate

import (
	"fmt"
	"slices"
)

// What a campaign does besides running its pools. docs/scenarios.md explains each field.

// Inject is a fixed prompt that the relay puts into every request, its customers' too.
type Inject struct {
	Where string `yaml:"where"` // system: masked system prompt; user: frame of the last user block
	Bits  int    `yaml:"bits"`  // at most so many bits by which what it is put into shifts the hash
}

// Stolen are API keys of honest customers that the campaign works with.
type Stolen struct {
	Keys       int                `yaml:"keys"`
	Share      float64            `yaml:"share"`        // of the campaign's exchanges
	StartDay   float64            `yaml:"start_day"`    // from the campaign's start: the first key is used
	SpreadDays float64            `yaml:"spread_days"`  // until the last one is
	Days       float64            `yaml:"days"`         // each is used so long, mean; 0 = to the campaign's end
	History    float64            `yaml:"history_days"` // the owner has used its account for so long before
	Classes    map[string]float64 `yaml:"classes"`      // of owners, weights
	Effort     Effort             `yaml:"effort"`
	Exchanges  int64              `yaml:"-"`
}

// Framing wraps accounts of the campaign around honest victims to have them suspended.
type Framing struct {
	Victims  int                `yaml:"victims"`
	Accounts float64            `yaml:"accounts"` // of the campaign around each victim, mean
	Share    float64            `yaml:"share"`    // of those accounts' sessions that copy the victim's prompts
	Ways     map[string]float64 `yaml:"ways"`     // chance of each: template, ip, referral, domain
}

// Bans take a pool's accounts down as a provider would, by a script.
type Bans struct {
	Exchanges  float64 `yaml:"exchanges"`   // median of an account's exchanges until its ban; 0 = not by volume
	Hours      float64 `yaml:"hours"`       // median from first use until the ban; 0 = not by time
	Share      float64 `yaml:"share"`       // of accounts that are ever banned
	Replace    float64 `yaml:"replace"`     // share of the pool's accounts that sign up only when others are banned
	DelayHours float64 `yaml:"delay_hours"` // from a ban to its replacement's signup, median
}

// on says whether anything bans.
func (b *Bans) on() bool { return b.Exchanges > 0 || b.Hours > 0 }

// mostly is the banned share of a pool at which the pool that follows it comes up.
const mostly = 0.7

// fillAttacks puts in defaults that depend on other fields.
func (c *Campaign) fillAttacks() {
	c.Actors = max(1, c.Actors)
	s := &c.Stolen
	if s.Keys > 0 {
		if s.Effort.Level == "" {
			s.Effort, _ = Preset("L2")
		}
		if s.History == 0 {
			s.History = 5
		}
		if len(s.Classes) == 0 {
			s.Classes = ownersOfKeys()
		}
	}
	f := &c.Framing
	if f.Victims > 0 {
		if f.Accounts == 0 {
			f.Accounts = 4
		}
		if f.Share == 0 {
			f.Share = 0.4
		}
		if len(f.Ways) == 0 {
			f.Ways = map[string]float64{"template": 1, "ip": 1, "referral": 1, "domain": 1}
		}
	}
	for i := range c.Pools {
		b := &c.Pools[i].Bans
		if b.Share == 0 {
			b.Share = 1
		}
		if b.DelayHours == 0 {
			b.DelayHours = 8
		}
	}
}

// ownersOfKeys are the classes whose keys lie about in programs, with rough weights.
func ownersOfKeys() map[string]float64 {
	return map[string]float64{"org_sso": 3, "org_plain": 2, "startup": 2, "individual_dev": 2, "framework_user": 1, "agency": 1,
		"heavy_agent": 0.7, "eval_lab": 0.5, "reseller": 0.3, "virtual_card": 0.5, "ci": 1, "contractor_team": 0.7, "white_label": 0.7, "plugin_user": 0.5}
}

func (c *Campaign) validateAttacks() error {
	if c.Actors < 1 || c.Actors > 16 {
		return fmt.Errorf("actors: %d is outside 1 to 16", c.Actors)
	}
	if c.Patrons < 0 || c.Patrons > 100_000 {
		return fmt.Errorf("patrons: %d is outside 0 to 100,000", c.Patrons)
	}
	if i := c.Inject; i.Where != "" && i.Where != "system" && i.Where != "user" || i.Bits < 0 || i.Bits > 32 {
		return fmt.Errorf("inject: where is system or user, bits 0 to 32")
	}
	if err := c.Stolen.validate(c); err != nil {
		return fmt.Errorf("stolen.%w", err)
	}
	if err := c.Framing.validate(); err != nil {
		return fmt.Errorf("framing.%w", err)
	}
	for j := range c.Pools {
		p := &c.Pools[j]
		b := p.Bans
		if b.Exchanges < 0 || b.Exchanges > 1e9 || b.Hours < 0 || b.Hours > 1e5 || b.Share < 0 || b.Share > 1 || b.Replace < 0 || b.Replace > 0.9 || b.DelayHours < 0 || b.DelayHours > 1e5 {
			return fmt.Errorf("pools[%d].bans: medians of 0 or more, share 0 to 1, replace 0 to 0.9", j)
		}
		if p.Follows != "" && !slices.ContainsFunc(c.Pools[:j], func(q Pool) bool { return q.Name == p.Follows }) {
			return fmt.Errorf("pools[%d].follows: %q is not a pool before it", j, p.Follows)
		}
		if !plainName.MatchString(p.Name) {
			return fmt.Errorf("pools[%d].name: %q is not a plain name", j, p.Name)
		}
		if p.Attack != "" && !plainName.MatchString(p.Attack) {
			return fmt.Errorf("pools[%d].attack: %q is not a plain name", j, p.Attack)
		}
	}
	return nil
}

func (s *Stolen) validate(c *Campaign) error {
	if s.Keys == 0 {
		return nil
	}
	switch {
	case s.Keys < 0 || s.Keys > 100_000:
		return fmt.Errorf("keys: %d is outside 0 to 100,000", s.Keys)
	case !(s.Share > 0 && s.Share <= 0.9):
		return fmt.Errorf("share: %v is outside 0 to 0.9", s.Share)
	case s.StartDay < 0 || s.SpreadDays < 0 || s.Days < 0 || s.History < 0 || s.StartDay+s.SpreadDays >= c.Days:
		return fmt.Errorf("start_day: %v and spread_days %v are not within the campaign's %v days", s.StartDay, s.SpreadDays, c.Days)
	}
	known := classNames()
	for k := range s.Classes {
		if !slices.Contains(known, k) {
			return fmt.Errorf("classes: %q is not a class", k)
		}
	}
	if err := s.Effort.Validate(); err != nil {
		return fmt.Errorf("effort.%w", err)
	}
	return nil
}

func (f *Framing) validate() error {
	if f.Victims < 0 || f.Victims > 100_000 || f.Accounts < 0 || f.Accounts > 1000 || f.Share < 0 || f.Share > 1 {
		return fmt.Errorf("victims: 0 to 100,000 victims, 0 to 1,000 accounts around each, share 0 to 1")
	}
	for k := range f.Ways {
		if !slices.Contains([]string{"template", "ip", "referral", "domain"}, k) {
			return fmt.Errorf("ways: %q is not template, ip, referral or domain", k)
		}
	}
	return nil
}
