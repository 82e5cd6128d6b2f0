package score

import (
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// maxKeyTheft bounds what a change says by itself: a colleague who joins, at home, with a computer and a
// prompt of their own, is all that a thief is. Only ties to a known campaign tell the two apart.
const maxKeyTheft = 2.5

// What a change of a key is worth, in log-odds. Tuned on the simulator's world stolen, 6,000 honest
// accounts and 50 stolen keys, seed 3; checked on seeds 7 and 11. There 48 of 50 thieves came with a client that the account never
// used, and 2 of 36 honest changes.
const (
	theftClient   = 0.8
	theftNetwork  = 0.4
	theftCountry  = 0.2
	theftTemplate = 0.4
	theftTask     = 0.2
	theftAtHome   = -1.5 // nothing but the client is new: a new harness
	theftHistory  = 0.4  // the key had been used steadily
	theftYoung    = -0.4 // or hardly
	theftParallel = 0.4  // both regimes, time and again
	theftMoved    = -0.8 // the old regime would have shown by now
	theftVolume   = 0.3
	theftSlow     = -0.3 // less than the owner
	theftFocus    = 0.15
	theftRented   = 0.4
	theftHosted   = -0.4 // production runs on servers
	theftSettling = -0.5 // the account itself is new
	theftSuspect  = -0.7 // the change is not declared yet
)

const (
	minRegime      = 8 // exchanges before shares and rates of a regime are read
	youngKey       = 10
	manySwitches   = 3
	expectedOld    = 6 // exchanges of the old regime whose absence says that it is over
	volumeJump     = 10
	settlingDays   = 3
	theftShare     = 0.85
	theftLureShare = 0.35
)

// KeyTheft is the log-odds, at most 2.5, that the change of an API key is a theft and not its owner's
// doing, with reasons, and 0 where the key has none. It knows nothing of clusters: who adds what the new
// regime shares with a suspended one decides.
//
// What: the new regime's dimensions, whether it runs beside the old one or replaces it, the key's history,
// volume, task and network. Why: stolen keys of honest companies served campaigns (Anthropic, September
// 2026); the key goes, the owner stays. A change with the account's own prompts, or with
// its own client on its own networks, is no theft worth a thought: 0. Half-life: window.KeyChange ends after four weeks. Cost: 30 ns for a
// key with a change.
func KeyTheft(k *window.KeyFeatures, f *window.Features) (logOdds float64, reasons []wire.Reason) {
	c := &k.Change
	if c.At == 0 || c.Novel&(window.DimNetwork|window.DimCountry|window.DimClient) == 0 || c.Novel&(window.DimTemplate|window.DimTask) == 0 {
		return 0, nil
	}
	var t theft
	t.dimensions(c)
	t.history(c, f)
	t.course(c)
	t.traffic(c)
	if !c.Declared() {
		t.add("key_change_suspected", link.FamilyHistory, float64(c.New), 4, theftSuspect)
	}
	return min(t.logOdds, maxKeyTheft), t.reasons
}

// theft adds up.
type theft struct {
	logOdds float64
	reasons []wire.Reason
}

func (t *theft) add(code string, family link.Family, value, baseline, contribution float64) {
	t.logOdds += contribution
	t.reasons = append(t.reasons, wire.Reason{Code: code, Family: familyName(family),
		Value: round(value), Baseline: round(baseline), Contribution: round(contribution)})
}

// dimensions: what the account was never seen with. Baselines are the shares among honest changes.
func (t *theft) dimensions(c *window.KeyChange) {
	for _, d := range []struct {
		dim      window.Dimensions
		code     string
		family   link.Family
		baseline float64
		worth    float64
	}{
		{window.DimClient, "key_new_client", link.FamilyDevice, 0.1, theftClient},
		{window.DimNetwork, "key_new_network", link.FamilyNetwork, 0.9, theftNetwork},
		{window.DimCountry, "key_new_country", link.FamilyNetwork, 0.4, theftCountry},
		{window.DimTemplate, "key_new_template", link.FamilyContent, 0.7, theftTemplate},
		{window.DimTask, "key_new_task", link.FamilyContent, 0.7, theftTask},
	} {
		if c.Novel&d.dim != 0 {
			t.add(d.code, d.family, 1, d.baseline, d.worth)
		}
	}
	if c.Novel&(window.DimNetwork|window.DimCountry) == 0 && c.Network != 0 {
		t.add("key_known_network", link.FamilyNetwork, 1, 0.1, theftAtHome)
	}
}

// history: a key that was used steadily changes seldom; a new one, or one of a new account, does.
// value = exchanges, or days.
func (t *theft) history(c *window.KeyChange, f *window.Features) {
	switch {
	case c.Established:
		t.add("key_established", link.FamilyHistory, float64(c.Before), 0, theftHistory)
	case c.Before < youngKey:
		t.add("key_young", link.FamilyHistory, float64(c.Before), youngKey, theftYoung)
	}
	if f == nil || f.Signup == nil || f.Signup.First == 0 {
		return
	}
	if days := float64(c.At-f.Signup.First) / link.PaneMS; days < settlingDays {
		t.add("account_settling", link.FamilyHistory, days, settlingDays, theftSettling)
	}
}

// course: a thief works beside the owner; who moves leaves the old place. value = switches, or the
// exchanges of the old regime that were to be expected since.
func (t *theft) course(c *window.KeyChange) {
	expected := 0.0
	if c.RateRatio > 0 {
		expected = float64(c.New) / c.RateRatio
	}
	switch {
	case c.Switches >= manySwitches:
		t.add("key_used_in_parallel", link.FamilyTiming, float64(c.Switches), 1, theftParallel)
	case c.Old == 0 && expected >= expectedOld:
		t.add("key_moved", link.FamilyTiming, expected, 0, theftMoved)
	}
	switch {
	case c.New < minRegime:
	case c.RateRatio >= volumeJump:
		t.add("key_volume_jump", link.FamilyTiming, c.RateRatio, 1, theftVolume)
	case c.RateRatio < 1:
		t.add("key_slower", link.FamilyTiming, c.RateRatio, 1, theftSlow)
	}
}

// traffic: what the new regime asks for, and from what sort of network.
func (t *theft) traffic(c *window.KeyChange) {
	if c.New < minRegime {
		return
	}
	all := float64(c.New)
	if sought := float64(c.Sought) / all; sought >= theftShare {
		t.add("key_task_focus", link.FamilyContent, sought, 0.4, theftFocus)
	}
	if c.CoTCount >= minRegime {
		if mean := c.CoTSum / float64(c.CoTCount); mean >= theftLureShare {
			t.add("key_chain_of_thought", link.FamilyContent, mean, 0.15, min((mean-theftLureShare)*2, 0.6))
		}
	}
	if rented := float64(c.Rented) / all; rented >= 0.5 {
		t.add("key_rented_network", link.FamilyNetwork, rented, 0.1, theftRented)
	}
	if hosted := float64(c.Hosted) / all; hosted >= theftShare {
		t.add("key_on_servers", link.FamilyNetwork, hosted, 0.2, theftHosted)
	}
}
