package simulate

import (
	"embed"
	"fmt"
	"path"
	"slices"

	"github.com/goccy/go-yaml"
)

//go:embed efforts/*.yaml
var effortFiles embed.FS

// Effort is what an attacker does to look like many. Levels L0 to L3 are parameter
// sets (efforts/*.yaml); a scenario names one and changes what it likes. Shares are 0..1.
type Effort struct {
	Level string `yaml:"level"`
	given []byte // what lies over the level, as it was written

	// structure
	Subcluster float64 `yaml:"subcluster"`  // accounts that share anything at all, mean; 0 = the whole pool
	RampDays   float64 `yaml:"ramp_days"`   // over which accounts are brought up
	ActiveDays float64 `yaml:"active_days"` // share of days that an account is used (rotation)
	Spread     float64 `yaml:"spread"`      // sigma of the accounts' volumes (lognormal)

	// network
	AccountsPerIP float64            `yaml:"accounts_per_ip"` // at one time
	RotationHours float64            `yaml:"rotation_hours"`  // an address is kept so long; 0 = for ever
	IPTypes       map[string]float64 `yaml:"ip_types"`        // residential mobile proxy hosting vpn
	HonestIPs     float64            `yaml:"honest_ips"`      // share of accounts that leave through an honest household
	Mobile        float64            `yaml:"mobile"`          // share of accounts that use a phone's line now and then too

	// device and client
	AccountsPerDevice float64 `yaml:"accounts_per_device"`
	Client            string  `yaml:"client"`  // private: own relay program; popular: drawn as honest users'; one: a single popular one
	Clients           int     `yaml:"clients"` // private programs in the pool

	// payment
	AccountsPerCard float64            `yaml:"accounts_per_card"`
	Unpaid          float64            `yaml:"unpaid"` // share of accounts that live on credit
	BINs            int                `yaml:"bins"`
	Funding         map[string]float64 `yaml:"funding"`
	Decline         float64            `yaml:"decline"`    // of charges
	Chargeback      float64            `yaml:"chargeback"` // of charges
	Amounts         int                `yaml:"amounts"`    // different top-up amounts in the pool
	Risk            float64            `yaml:"risk"`       // mean of the processor's risk
	Issuer          float64            `yaml:"issuer"`     // share of cards issued in the account's own country

	// signup
	Aged       float64            `yaml:"aged"`        // share of accounts older than the stream
	Sleepers   float64            `yaml:"sleepers"`    // share that signs up long before it is used
	SleepDays  float64            `yaml:"sleep_days"`  // median days that they sleep
	Warm       float64            `yaml:"warm"`        // share of the aged and the sleepers that others' light traffic keeps alive
	Batch      float64            `yaml:"batch"`       // accounts signed up together
	Domains    int                `yaml:"domains"`     // own mail domains of the pool
	Disposable float64            `yaml:"disposable"`  // share on disposable mail
	FreeMail   float64            `yaml:"free_mail"`   // share on public mailboxes; the rest on own domains
	Shapes     int                `yaml:"shapes"`      // generated forms of mailbox; 0 = as people choose them
	VoIP       float64            `yaml:"voip"`        // share of phones that are VoIP
	Abroad     float64            `yaml:"abroad"`      // share of phones from another country
	Programs   map[string]float64 `yaml:"programs"`    // share through education, research, startup
	Referral   float64            `yaml:"referral"`    // share that gives one of the pool's referral codes
	FormMS     float64            `yaml:"form_ms"`     // median time to fill in the form
	FirstUse   float64            `yaml:"first_use_h"` // median hours from signup to first exchange

	// content
	Templates    int     `yaml:"templates"`     // system prompts of the campaign
	Prompts      int     `yaml:"prompts"`       // of them that an account is given; 0 = all
	TemplateBits int     `yaml:"template_bits"` // at most so many bits apart from their base
	Variants     int     `yaml:"variants"`      // of each template
	Cover        float64 `yaml:"cover"`         // share of sessions that are unrelated customers'; the rest is its own work
	Harness      float64 `yaml:"harness"`       // of its own work, the share through a popular framework
	Paraphrase   float64 `yaml:"paraphrase"`    // of what is left, the share rewritten beyond recognition
	Versions     int     `yaml:"versions"`      // of each prompt that an account keeps to; 0 = a new choice for every session
	Frames       int     `yaml:"frames"`        // frames of user blocks
	FrameBits    int     `yaml:"frame_bits"`
	Framed       float64 `yaml:"framed"` // share of exchanges that use them

	// timing
	Sync      float64 `yaml:"sync"`       // share of sessions that a common scheduler starts
	Waves     int     `yaml:"waves"`      // of the scheduler in a day
	JitterMS  float64 `yaml:"jitter_ms"`  // added to a scheduled start, mean
	Flat      float64 `yaml:"flat"`       // share of accounts that work around the clock; the rest keep office hours
	Limited   float64 `yaml:"limited"`    // share of exchanges answered 429
	Failover  float64 `yaml:"failover"`   // share of account days on which a limit sends its work to a sibling at once
	TokenBand float64 `yaml:"token_band"` // width of the band of sizes, 0..1; 0 = as the traces
}

// Preset returns a level's parameters.
func Preset(level string) (Effort, error) {
	data, err := effortFiles.ReadFile(path.Join("efforts", level+".yaml"))
	if err != nil {
		return Effort{}, fmt.Errorf("level: %q is not one of L0 L1 L2 L3", level)
	}
	type plain Effort // without UnmarshalYAML
	e := plain{Level: level}
	if err := yaml.UnmarshalWithOptions(data, &e, yaml.Strict()); err != nil {
		return Effort{}, fmt.Errorf("level %s: %w", level, err)
	}
	return Effort(e), nil
}

// UnmarshalYAML starts from the level named (L1 if none) and lays the given fields over it.
func (e *Effort) UnmarshalYAML(data []byte) error {
	var head struct {
		Level string `yaml:"level"`
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return err
	}
	if head.Level == "" {
		head.Level = "L1"
	}
	base, err := Preset(head.Level)
	if err != nil {
		return err
	}
	type plain Effort
	over := plain(base)
	if err := yaml.UnmarshalWithOptions(data, &over, yaml.Strict()); err != nil {
		return err
	}
	*e = Effort(over)
	e.given = slices.Clone(data)
	return nil
}

// Validate names the first parameter out of range.
func (e *Effort) Validate() error {
	for _, p := range []struct {
		name   string
		v      float64
		lo, hi float64
	}{
		{"subcluster", e.Subcluster, 0, 1e9}, {"ramp_days", e.RampDays, 0, 400}, {"active_days", e.ActiveDays, 0.01, 1}, {"spread", e.Spread, 0, 3},
		{"accounts_per_ip", e.AccountsPerIP, 1, 1e9}, {"rotation_hours", e.RotationHours, 0, 1e5}, {"honest_ips", e.HonestIPs, 0, 1}, {"mobile", e.Mobile, 0, 1},
		{"accounts_per_device", e.AccountsPerDevice, 1, 1e9}, {"clients", float64(e.Clients), 0, 1e6},
		{"accounts_per_card", e.AccountsPerCard, 1, 1e9}, {"unpaid", e.Unpaid, 0, 1}, {"bins", float64(e.BINs), 1, 1e6},
		{"decline", e.Decline, 0, 0.95}, {"chargeback", e.Chargeback, 0, 1}, {"amounts", float64(e.Amounts), 1, 1e6}, {"risk", e.Risk, 0, 100}, {"issuer", e.Issuer, 0, 1},
		{"aged", e.Aged, 0, 1}, {"sleepers", e.Sleepers, 0, 1}, {"aged+sleepers", e.Aged + e.Sleepers, 0, 1}, {"sleep_days", e.SleepDays, 0, 400}, {"warm", e.Warm, 0, 1}, {"batch", e.Batch, 1, 1e9}, {"domains", float64(e.Domains), 0, 1e6}, {"disposable", e.Disposable, 0, 1},
		{"free_mail", e.FreeMail, 0, 1}, {"shapes", float64(e.Shapes), 0, 1e6}, {"voip", e.VoIP, 0, 1}, {"abroad", e.Abroad, 0, 1}, {"referral", e.Referral, 0, 1},
		{"form_ms", e.FormMS, 1, 1e9}, {"first_use_h", e.FirstUse, 0, 1e5},
		{"templates", float64(e.Templates), 1, 1e6}, {"template_bits", float64(e.TemplateBits), 0, 32}, {"variants", float64(e.Variants), 1, 1e9},
		{"paraphrase", e.Paraphrase, 0, 1}, {"versions", float64(e.Versions), 0, 1e6}, {"prompts", float64(e.Prompts), 0, 1e6}, {"cover", e.Cover, 0, 1}, {"harness", e.Harness, 0, 1}, {"failover", e.Failover, 0, 1},
		{"frames", float64(e.Frames), 0, 1e6}, {"frame_bits", float64(e.FrameBits), 0, 32}, {"framed", e.Framed, 0, 1},
		{"sync", e.Sync, 0, 1}, {"waves", float64(e.Waves), 1, 86400}, {"jitter_ms", e.JitterMS, 0, 1e9}, {"flat", e.Flat, 0, 1}, {"limited", e.Limited, 0, 1}, {"token_band", e.TokenBand, 0, 1},
	} {
		if !(p.v >= p.lo && p.v <= p.hi) {
			return fmt.Errorf("%s: %v is outside %v to %v", p.name, p.v, p.lo, p.hi)
		}
	}
	if e.Client != "private" && e.Client != "popular" && e.Client != "one" {
		return fmt.Errorf("client: %q is not private, popular or one", e.Client)
	}
	for k := range e.IPTypes {
		switch k {
		case "residential", "mobile", "proxy", "hosting", "vpn":
		default:
			return fmt.Errorf("ip_types: %q is not residential, mobile, proxy, hosting or vpn", k)
		}
	}
	return nil
}
