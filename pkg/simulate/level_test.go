package simulate

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// crowd is what a pool's accounts were seen to use: for each kind of thing, which accounts.
type crowd struct {
	by       map[string]map[string]map[string]bool // kind -> thing -> accounts
	requests map[string]int                        // by account
	first    map[string]int64
	template []uint64 // of every request, 0 where it has none
	fields   map[string]map[string]int
}

func crowdOf(w *World) crowd {
	c := crowd{by: map[string]map[string]map[string]bool{}, requests: map[string]int{}, first: map[string]int64{}, fields: map[string]map[string]int{}}
	note := func(kind, thing, account string) {
		if thing == "" {
			return
		}
		if c.by[kind] == nil {
			c.by[kind], c.fields[kind] = map[string]map[string]bool{}, map[string]int{}
		}
		if c.by[kind][thing] == nil {
			c.by[kind][thing] = map[string]bool{}
		}
		c.by[kind][thing][account] = true
		c.fields[kind][thing]++
	}
	truth := w.Truth()
	for e := range w.Events {
		if truth[e.AccountID].Honest {
			continue
		}
		kinds := map[event.Stream][]string{event.StreamSignup: {"device_id", "email", "email_domain", "referral_code"},
			event.StreamPayment: {"instrument_id", "funding"}, event.StreamRequest: {"ip", "ip_type", "ja4"}}[e.Stream]
		for _, k := range kinds {
			thing := field(e.Value, k)
			if ip, err := netip.ParseAddr(thing); err == nil && ip.Is6() { // the line, not the host on it
				prefix, _ := ip.Prefix(64)
				thing = prefix.String()
			}
			note(k, thing, e.AccountID)
		}
		if e.Stream == event.StreamRequest {
			c.requests[e.AccountID]++
			if c.first[e.AccountID] == 0 {
				c.first[e.AccountID] = e.TS
			}
			t, _ := strconv.ParseUint(field(e.Value, "template_hash"), 16, 64)
			c.template = append(c.template, t)
		}
	}
	return c
}

// together is the share of accounts with a thing of a kind that has it in common with
// another one, and the most accounts on one.
func (c *crowd) together(kind string) (share float64, most int) {
	all, common := map[string]bool{}, map[string]bool{}
	for _, accounts := range c.by[kind] {
		most = max(most, len(accounts))
		for a := range accounts {
			all[a] = true
			if len(accounts) > 1 {
				common[a] = true
			}
		}
	}
	return float64(len(common)) / float64(max(1, len(all))), most
}

// apart counts requests by the bits between their template and the nearest of the
// campaign's bases; 64 = no template.
func (c *crowd) apart(w *World, templates int) (at [65]int) {
	for _, t := range c.template {
		nearest := 64
		for _, base := range w.gangs[0].actors[0].templates[:templates] {
			if t != 0 {
				nearest = min(nearest, bits.OnesCount64(t^base))
			}
		}
		at[nearest]++
	}
	return at
}

func levelWorld(t *testing.T, level, over string) *World {
	t.Helper()
	sc, err := Parse(fmt.Appendf(nil, `
name: level
start: "2026-03-02"
days: 28
honest: {accounts: 400, exchanges: 4000}
campaigns: [{name: c, level: %s, accounts: 240, exchanges: 36000, pools: [{name: main, share: 1, effort: {%s}}]}]`, level, over))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, 11)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// L0 shares servers, cards, devices and disposable mail.
func TestLevel0(t *testing.T) {
	c := crowdOf(levelWorld(t, "L0", ""))
	for kind, least := range map[string]float64{"ip": 0.85, "device_id": 0.9, "instrument_id": 0.9} {
		if share, most := c.together(kind); share < least || most < 8 {
			t.Errorf("%s: %.2f of the accounts share, at most %d on one", kind, share, most)
		}
	}
	if share := shareOf(c.fields["ip_type"], "hosting"); share < 0.5 {
		t.Errorf("%.2f of the requests from servers", share)
	}
	disposable := 0
	for domain, accounts := range domains(c) {
		if slices.Contains(newNames().disposable, domain) {
			disposable += accounts
		}
	}
	if share := float64(disposable) / 240; share < 0.4 || share > 0.8 {
		t.Errorf("%.2f of the accounts on disposable mail", share)
	}
}

// L1: residential proxies with a few accounts each, virtual cards on two or three
// accounts, templates at most a bit from their base.
func TestLevel1(t *testing.T) {
	w := levelWorld(t, "L1", "")
	c := crowdOf(w)
	if share := shareOf(c.fields["ip_type"], "residential"); share < 0.5 {
		t.Errorf("%.2f of the requests from residential lines", share)
	}
	if _, most := c.together("ip"); most < 2 || most > 6 {
		t.Errorf("%d accounts on one address", most)
	}
	if share, most := c.together("instrument_id"); share < 0.8 || most > 3 {
		t.Errorf("cards: %.2f of the accounts share, at most %d on one", share, most)
	}
	if share := shareOf(c.fields["funding"], "virtual"); share < 0.6 {
		t.Errorf("%.2f of the payments with virtual cards", share)
	}
	near := c.apart(w, 3)
	if own := near[0] + near[1]; float64(own) < 0.8*float64(len(c.template)) || sum(near[2:10]) > 0 {
		t.Errorf("templates by distance: %v", near[:20])
	}
}

// L2: an address, a device and a card for every account, templates at most seven bits
// from their base, part of the traffic through a popular harness.
func TestLevel2(t *testing.T) {
	w := levelWorld(t, "L2", "")
	c := crowdOf(w)
	for _, kind := range []string{"device_id", "instrument_id"} {
		if share, _ := c.together(kind); share > 0 {
			t.Errorf("%s: %.3f of the accounts share", kind, share)
		}
	}
	if share, most := c.together("ip"); share > 0.04 || most > 2 { // the same address of a provider by chance, on another day
		t.Errorf("addresses: %.3f of the accounts share, at most %d on one", share, most)
	}
	near := c.apart(w, 4)
	if own := sum(near[:8]); float64(own) < 0.5*float64(len(c.template)) || sum(near[8:10]) > 0 || sum(near[4:8]) == 0 {
		t.Errorf("templates by distance: %v", near[:20])
	}
	if share := harnessShare(w); share < 0.15 || share > 0.35 {
		t.Errorf("%.2f of the own work through a popular harness", share)
	}
}

// L3: as L2 with 30 to 70% cover traffic, 30 to 85% of the own work paraphrased far
// beyond three bits, one normalised client, cells of 3 to 10 that share nothing with one
// another, and a ramp over weeks.
func TestLevel3(t *testing.T) {
	w := levelWorld(t, "L3", "")
	f := w.gangs[0].fleets[0]
	for _, over := range []struct{ cover, paraphrase float64 }{{0.3, 0.85}, {f.effort.Cover, f.effort.Paraphrase}, {0.7, 0.3}} {
		e := *f.effort
		g := *f
		e.Cover, e.Paraphrase = over.cover, over.paraphrase
		g.effort = &e
		cover, plain, far, all := 0, 0, 0, 20_000
		for i := range all {
			a := g.members[i%len(g.members)]
			var s session
			switch g.choose(a, &s, w.end); {
			case s.customer != nil:
				cover++
			case s.harness == nil && nearest(s.template, g.actors[0].templates) > 11:
				far++
			case s.harness == nil:
				plain++
			}
		}
		if share := float64(cover) / float64(all); share < over.cover-0.02 || share > over.cover+0.02 || share < 0.28 || share > 0.72 {
			t.Errorf("cover %.2f, asked for %.2f", share, over.cover)
		}
		if share := float64(far) / float64(far+plain); share < over.paraphrase-0.03 || share > over.paraphrase+0.03 || share < 0.27 || share > 0.88 {
			t.Errorf("paraphrased %.2f, asked for %.2f", share, over.paraphrase)
		}
	}
	cells := map[uint64][]*account{}
	for _, a := range f.members {
		cells[a.cell] = append(cells[a.cell], a)
	}
	domainOf, codeOf := map[string]uint64{}, map[string]uint64{}
	for cell, accounts := range cells {
		if len(accounts) < 3 || len(accounts) > 13 { // the last cell takes what is left
			t.Errorf("a cell of %d", len(accounts))
		}
		for _, a := range accounts {
			for owner, thing := range map[*map[string]uint64]string{&domainOf: a.signup.domain, &codeOf: a.signup.referral} {
				if thing == "" || w.names.isFree(thing) || slices.Contains(w.names.relays, thing) {
					continue
				}
				if other, ok := (*owner)[thing]; ok && other != cell {
					t.Errorf("%s in two cells", thing)
				}
				(*owner)[thing] = cell
			}
		}
	}
	c := crowdOf(w)
	for _, kind := range []string{"device_id", "instrument_id"} {
		if share, _ := c.together(kind); share > 0 {
			t.Errorf("%s: %.3f of the accounts share", kind, share)
		}
	}
	if n := len(c.by["ja4"]); n != 1 {
		t.Errorf("%d clients", n)
	}
	var first []int64
	for _, ts := range c.first {
		first = append(first, ts)
	}
	slices.Sort(first)
	if days := float64(first[len(first)*9/10]-first[len(first)/10]) / float64(dayMS); days < 10 {
		t.Errorf("accounts come in over %.1f days", days)
	}
}

// The campaigns of the table keep their rate per account at every level.
func TestRowsAtEveryLevel(t *testing.T) {
	rates := map[string]float64{"alibaba": 26, "alibaba-pools": 600, "deepseek": 6.4, "deepseek-relay": 96, "minimax": 20, "moonshot": 203,
		"moonshot-relay": 5.6, "xiaomi": 13.4, "zhipu": 733}
	if len(Rows()) != len(rates) {
		t.Fatalf("campaigns %v", Rows())
	}
	for row, rate := range rates {
		for _, level := range []string{"L0", "L1", "L2", "L3"} {
			sc, err := Parse(fmt.Appendf(nil, `
name: x
start: "2026-03-02"
days: 20
models: [{name: atlas-4-mini, share: 1}, {name: atlas-5-large, share: 1, launch_day: 9}]
campaigns: [{name: c, like: %s, level: %s, accounts: 40, start_day: 2, days: 16}]`, row, level))
			if err != nil {
				t.Fatalf("%s at %s: %v", row, level, err)
			}
			c := &sc.Campaigns[0]
			if got := float64(c.Exchanges) / 40 / 16; got < rate*0.99 || got > rate*1.01 {
				t.Errorf("%s at %s: %.1f exchanges a day and account, want %.1f", row, level, got, rate)
			}
			preset, _ := Preset(level)
			for _, p := range c.Pools {
				if p.Effort.Level != level || p.Effort.AccountsPerCard != preset.AccountsPerCard || p.Effort.Paraphrase != preset.Paraphrase {
					t.Errorf("%s at %s: pool %s has effort %+v", row, level, p.Name, p.Effort)
				}
			}
			if _, err := New(sc.Scaled(0.3, 0.02), 1); err != nil {
				t.Errorf("%s at %s: %v", row, level, err)
			}
		}
	}
}

func nearest(t uint64, bases []uint64) int {
	n := 64
	for _, b := range bases {
		n = min(n, bits.OnesCount64(t^b))
	}
	return n
}

func harnessShare(w *World) float64 {
	f, own, through := w.gangs[0].fleets[0], 0.0, 0.0
	for i := range 10_000 {
		var s session
		f.work(f.members[i%len(f.members)], &s)
		own++
		if s.harness != nil {
			through++
		}
	}
	return through / own
}

func domains(c crowd) map[string]int {
	out := map[string]int{}
	for address := range c.by["email"] {
		for i := range address {
			if address[i] == '@' {
				out[address[i+1:]]++
			}
		}
	}
	for domain, accounts := range c.by["email_domain"] {
		out[domain] += len(accounts)
	}
	return out
}

func shareOf(counts map[string]int, of string) float64 {
	all := 0
	for _, n := range counts {
		all += n
	}
	return float64(counts[of]) / float64(max(1, all))
}

func sum(ns []int) (n int) {
	for _, v := range ns {
		n += v
	}
	return n
}
