package score_test

import (
	"math"
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/score"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

const (
	keyStart = 1_775_000_000_000 // 31 March 2026
	hour     = 3_600_000
	sure     = 2.0 // what the score of a plain theft must reach
)

// use is one way to use a key.
type use struct {
	client  event.Token
	asn     uint32
	network event.IPType
	country event.Country
	prompt  uint64
	task    event.Task
	cot     float32
}

var (
	owner = use{client: 1, asn: 10, network: event.IPResidential, country: 1, prompt: 0x00FF_00FF_00FF_00FF, task: event.TaskChat, cot: 0.1}
	thief = use{client: 2, asn: 20, network: event.IPResidential, country: 2, prompt: 0xF0F0_F0F0_F0F0_F0F0, task: event.TaskAgenticReasoning, cot: 0.6}
)

// with changes a way of use.
func (u use) with(change func(*use)) use {
	change(&u)
	return u
}

// course is an account's use of its key, an exchange at a time.
type course struct {
	t     *testing.T
	state window.RequestState
	out   fold.Out
	now   int64
	n     int64
}

func (c *course) exchange(u use, after int64) {
	c.t.Helper()
	c.now, c.n = c.now+after, c.n+1
	e := event.Request{
		Meta:    event.Meta{AccountID: "a", TS: c.now},
		Network: event.Network{ASN: u.asn, IPType: u.network, Country: u.country},
		JA4:     u.client, UserAgent: u.client, APIKey: 7, APIKeyID: "key_7", Turn: 1,
		Template: u.prompt, Task: u.task, CoT: u.cot, Status: 200,
	}
	if fold.Request(&c.state, &e, fold.Pos{Offset: c.n}, window.DefaultLatenessMS, &c.out) {
		c.t.Fatalf("exchange %d is late", c.n)
	}
}

func (c *course) times(n int, u use, every int64) {
	for range n {
		c.exchange(u, every)
	}
}

// established is five weeks of ordinary use, twice a day.
func established(t *testing.T) *course {
	c := &course{t: t, now: keyStart}
	c.times(70, owner, 12*hour)
	return c
}

// theft is the key's score now.
func (c *course) theft() (float64, window.KeyFeatures) {
	c.t.Helper()
	f := c.state.Features(c.now)
	if len(f.Keys) != 1 {
		c.t.Fatalf("%d keys, want one", len(f.Keys))
	}
	v, reasons := score.KeyTheft(&f.Keys[0], &window.Features{Requests: &f})
	sum := 0.0
	for _, r := range reasons {
		sum += r.Contribution
	}
	if want := min(sum, 2.5); math.Abs(v-want) > 1e-9 {
		c.t.Errorf("score %.4f, its reasons come to %.4f", v, want)
	}
	return v, f.Keys[0]
}

// A thief works beside the owner with a client, a network and prompts of his own. After two exchanges the change is suspected,
// which is worth less and says so, after four it is declared.
func TestStolenKeyIsSeen(t *testing.T) {
	c := established(t)
	suspected := 0.0
	for n := 1; n <= 5; n++ {
		c.exchange(thief, hour/12)
		v, k := c.theft()
		if n >= 2 != (k.Change.At != 0) || n >= 4 != k.Change.Declared() || (k.ID != "") != (k.Change.At != 0) {
			t.Fatalf("after %d exchanges of the thief the change of key %q is %+v", n, k.ID, k.Change)
		}
		switch n {
		case 1:
			if v != 0 {
				t.Errorf("one exchange scores %.2f", v)
			}
		case 2:
			suspected = v
		case 4:
			if v-suspected < 0.69 || v-suspected > 0.71 {
				t.Errorf("declared %.2f, suspected %.2f", v, suspected)
			}
		}
	}
	since := c.now - 4*hour/12
	for range 10 {
		c.times(9, thief, hour/12)
		c.exchange(owner, hour)
	}
	v, k := c.theft()
	if v < sure || v > 2.5 {
		t.Errorf("score %.2f, want %.1f to 2.5", v, sure)
	}
	ch := k.Change
	if k.ID != "key_7" || k.Token != 7 || ch.At != since || ch.New != 95 || ch.Old != 10 || ch.Switches != 19 || !ch.Established {
		t.Errorf("key %q, token %v, change %+v", k.ID, k.Token, ch)
	}
	if ch.Templates[0] != thief.prompt || ch.Network != 20<<8|uint64(event.IPResidential) || ch.Client == 0 {
		t.Errorf("the new regime is %x, %x, %x", ch.Templates, ch.Network, ch.Client)
	}
	if mean := ch.CoTSum / float64(ch.CoTCount); math.Abs(mean-0.6) > 1e-4 || ch.Sought != ch.New {
		t.Errorf("chain of thought %.3f, %d of %d sought", mean, ch.Sought, ch.New)
	}
}

// A thief whose client is the one that the owner uses too is seen, and more slowly.
func TestStolenKeyWithPopularClient(t *testing.T) {
	c := established(t)
	c.times(12, thief.with(func(u *use) { u.client = owner.client }), hour/12)
	v, k := c.theft()
	if k.Change.At == 0 || v < 1 {
		t.Errorf("score %.2f, change %+v", v, k.Change)
	}
}

// What honest customers do to their keys, and what it may score at most.
func TestHonestKeyChanges(t *testing.T) {
	for _, h := range []struct {
		name string
		do   func(*course)
		most float64 // highest score
	}{
		{"new laptop", func(c *course) { // one thing changes, and is learned
			c.times(40, owner.with(func(u *use) { u.client = 5 }), 3*hour)
		}, 0},
		{"journey", func(c *course) { // network and country are one thing
			for i := range 10 {
				c.times(5, owner.with(func(u *use) { u.asn, u.country = uint32(50+i), event.Country(3+i) }), 4*hour)
			}
		}, 0},
		{"edited prompt", func(c *course) {
			for i := range 20 {
				c.times(3, owner.with(func(u *use) { u.prompt ^= 1 << i }), 4*hour)
			}
		}, 0},
		{"new project at home", func(c *course) { // content only
			c.times(40, owner.with(func(u *use) { u.prompt, u.task = 0x1234_5678_9ABC_DEF0, event.TaskSoftwareEngineering }), hour)
		}, 0},
		{"new harness at home", func(c *course) { // client and content on the known network
			c.times(40, owner.with(func(u *use) {
				u.client, u.prompt, u.task = 6, 0x1234_5678_9ABC_DEF0, event.TaskSoftwareEngineering
			}), hour)
		}, 1},
		{"laptop, then journey, then project", func(c *course) { // one after the other all is new
			c.times(10, owner.with(func(u *use) { u.client = 5 }), 3*hour)
			c.times(10, owner.with(func(u *use) { u.client, u.asn, u.country = 5, 60, 4 }), 3*hour)
			c.times(10, thief.with(func(u *use) { u.client, u.asn, u.country, u.cot = 5, 60, 4, 0.1 }), 3*hour)
		}, 0},
		{"moved to a server", func(c *course) { // all at once, and the old place falls silent
			c.times(200, owner.with(func(u *use) {
				u.client, u.asn, u.network, u.country, u.prompt = 6, 70, event.IPHosting, 5, 0x1234_5678_9ABC_DEF0
			}), 2*hour)
		}, 1.2},
		{"load test", func(c *course) { // a hundred times the rate, from servers, with one prompt, for two hours
			c.times(600, owner.with(func(u *use) {
				u.client, u.asn, u.network, u.prompt = 8, 70, event.IPHosting, 0x1234_5678_9ABC_DEF0
			}), hour/300)
			c.times(4, owner, 12*hour)
		}, 1.9},
		{"colleague who begins with the project's prompt", func(c *course) { // a new place with known content
			for range 20 {
				c.times(2, owner.with(func(u *use) { u.client, u.asn = 9, 80 }), 3*hour)
				c.exchange(owner, 3*hour)
			}
		}, 0.5},
		{"colleague with prompts of their own", func(c *course) { // all that a thief is: why no change decides alone
			for range 20 {
				c.times(2, owner.with(func(u *use) { u.client, u.asn, u.prompt = 9, 80, 0x1234_5678_9ABC_DEF0 }), 3*hour)
				c.exchange(owner, 3*hour)
			}
		}, 2.5},
		{"colleagues who take up each other's prompts", func(c *course) { // what ties the two regimes together
			for range 10 {
				c.times(2, owner.with(func(u *use) { u.client, u.asn, u.prompt = 9, 80, 0x1234_5678_9ABC_DEF0 }), 3*hour)
				c.exchange(owner.with(func(u *use) { u.prompt = 0x1234_5678_9ABC_DEF0 }), 3*hour)
			}
		}, 0},
	} {
		t.Run(h.name, func(t *testing.T) {
			c := established(t)
			h.do(c)
			if v, k := c.theft(); v > h.most {
				t.Errorf("score %.2f, want at most %.2f: %+v", v, h.most, k.Change)
			}
		})
	}
}

// A regime that has gone on for four weeks is the owner's: the key has no change, and what it uses is known.
func TestRegimeBecomesTheOwners(t *testing.T) {
	c := established(t)
	other := thief.with(func(u *use) { u.cot = 0.1 })
	c.times(100, other, 6*hour)
	if _, k := c.theft(); k.Change.At == 0 {
		t.Fatal("no change after 25 days")
	}
	c.times(20, other, 6*hour)
	if _, k := c.theft(); k.Change.At != 0 {
		t.Errorf("still a change after thirty days: %+v", k.Change)
	}
}

// Until a change is declared it has a reason that takes from it, with how many exchanges there are and how many declare it.
func TestSuspectedChange(t *testing.T) {
	for _, bits := range []int{10, 12, 23, 24, 60} {
		k := &window.KeyFeatures{Change: window.KeyChange{At: keyStart, Novel: 31, New: 3, RateRatio: 20, Bits: bits}}
		_, reasons := score.KeyTheft(k, nil)
		i := slices.IndexFunc(reasons, func(r wire.Reason) bool { return r.Code == "key_change_suspected" })
		if (i >= 0) != (bits < 24) {
			t.Fatalf("%d bits: reasons %+v", bits, reasons)
		}
		if i >= 0 && reasons[i] != (wire.Reason{Code: "key_change_suspected", Family: "history", Value: 3, Baseline: 4, Contribution: -0.7}) {
			t.Errorf("%d bits: %+v", bits, reasons[i])
		}
	}
}

// A key without a change, or with one of its place or of its content only, scores nothing.
func TestKeyTheftNeedsBothPlaceAndContent(t *testing.T) {
	for _, d := range []window.Dimensions{0, window.DimNetwork | window.DimCountry | window.DimClient, window.DimTemplate | window.DimTask, window.DimCountry} {
		k := &window.KeyFeatures{Change: window.KeyChange{At: keyStart, Novel: d, New: 50, RateRatio: 20, Established: true}}
		if v, reasons := score.KeyTheft(k, nil); v != 0 || reasons != nil {
			t.Errorf("dimensions %05b: %.2f, %v", d, v, reasons)
		}
	}
	if v, _ := score.KeyTheft(&window.KeyFeatures{}, nil); v != 0 {
		t.Errorf("no change: %.2f", v)
	}
}
