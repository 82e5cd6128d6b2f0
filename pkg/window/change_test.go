package window

import (
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// used is a use of one of an account's keys: everything of the owner's, or of somebody else's.
type used struct {
	state RequestState
	now   int64
	n     int
}

// exchange adds one and says whether the key is worth a look. who is 1 for the owner.
func (u *used) exchange(key event.Token, who int) bool {
	return u.exchangeOf(key, who, func(*event.Request, *Exchange) {})
}

// exchangeOf is exchange with something else about it.
func (u *used) exchangeOf(key event.Token, who int, but func(*event.Request, *Exchange)) bool {
	u.now, u.n = u.now+hourMS, u.n+1
	e := event.Request{
		Meta:    event.Meta{AccountID: "a", TS: u.now},
		Network: event.Network{ASN: uint32(who), IPType: event.IPResidential, Country: event.Country(who)},
		APIKey:  key, APIKeyID: "key", Turn: 1,
		Template: uint64(who) * 0x0123_4567_89AB_CDEF, Task: event.Task(who), CoT: 0.1, Status: 200,
	}
	x := Exchange{Client: uint64(who), Network: uint64(who)}
	but(&e, &x)
	u.state.Add(&e, DefaultLatenessMS, int64(u.n))
	return u.state.Observe(&e, x)
}

// change is that of a key, in the order in which the account took them up.
func (u *used) change(i int) KeyChange { return u.state.Features(u.now).Keys[i].Change }

// A key is worth a look when its change is suspected, when it is declared, and at each doubling of the exchanges from then on; what the
// owner does beside makes none.
func TestLooks(t *testing.T) {
	u := &used{now: 20_000 * fortnightPaneMS}
	for i := range 40 {
		if u.exchange(7, 1) {
			t.Fatalf("exchange %d of the owner is worth a look", i+1)
		}
	}
	var looks []int
	suspected, declared := 0, 0
	for n := 1; n <= 40; n++ {
		if u.exchange(7, 2) {
			looks = append(looks, n)
		}
		c := u.change(0)
		if c.At != 0 && suspected == 0 {
			suspected = n
		}
		if c.Declared() && declared == 0 {
			declared = n
		}
		if c.At != 0 && (c.Bits < suspectBits || c.Declared() != (c.Bits >= declareBits) || c.New != uint64(n)) {
			t.Fatalf("after %d exchanges %+v", n, c)
		}
		if u.exchange(7, 1) {
			t.Fatalf("the owner's use after %d of the thief is worth a look", n)
		}
	}
	if suspected != 2 || declared != 4 || !slices.Equal(looks, []int{2, 4, 8, 16, 32}) {
		t.Fatalf("suspected after %d, declared after %d, looked at after %v", suspected, declared, looks)
	}
}

// Only an account's first exchanges are learned whatever they are. A key that an account takes up later is suspected from its own
// first use on.
func TestWhatIsLearned(t *testing.T) {
	for _, c := range []struct {
		name  string
		owner int // exchanges before somebody else uses a new key, twice
		want  bool
	}{
		{"a new account", 0, false},
		{"one that is hardly known", learnAccount - 1, false},
		{"an account that is known", 40, true},
	} {
		u := &used{now: 20_000 * fortnightPaneMS}
		for range c.owner {
			u.exchange(7, 1)
		}
		u.exchange(8, 2)
		look := u.exchange(8, 2)
		keys := u.state.Features(u.now).Keys
		k := keys[len(keys)-1]
		if got := k.Change.At != 0; got != c.want || look != c.want || got != (k.ID != "") {
			t.Errorf("%s: suspected %v, looked at %v, %+v", c.name, got, look, k)
		}
		if c.want && (k.Change.Before != 0 || k.Change.Established || k.Total != 2) {
			t.Errorf("%s: %+v", c.name, k)
		}
	}
}

// A suspicion that does not go on is forgotten, a declared change is not.
func TestSuspicionsPass(t *testing.T) {
	for _, c := range []struct {
		name  string
		uses  int
		later int64
		want  bool
	}{
		{"a suspicion of yesterday", 2, idleMS / 2, true},
		{"that did not go on", 2, idleMS + 2*hourMS, false},
		{"a declared change that did not go on", 6, idleMS + 2*hourMS, true},
	} {
		u := &used{now: 20_000 * fortnightPaneMS}
		for range 40 {
			u.exchange(7, 1)
		}
		for range c.uses {
			u.exchange(7, 2)
		}
		if u.change(0).At == 0 {
			t.Fatalf("%s: not suspected", c.name)
		}
		u.now += c.later
		u.exchange(7, 1)
		if got := u.change(0).At != 0; got != c.want {
			t.Errorf("%s: %+v", c.name, u.change(0))
		}
	}
}

// Where an account is used without system prompts as well, a thief's use without one says nothing for the owner; the owner's own prompt
// from the thief's client does.
func TestUseWithoutPrompt(t *testing.T) {
	bare := func(e *event.Request, _ *Exchange) { e.Template = 0 }
	for _, c := range []struct {
		name string
		but  func(e *event.Request, x *Exchange) // of uses by the owner's key, place and task
		want bool                                // the change stands
	}{
		{"the thief's client, without a prompt", func(e *event.Request, x *Exchange) { e.Template, x.Client = 0, 2 }, true},
		{"the thief's client, with the owner's prompt", func(_ *event.Request, x *Exchange) { x.Client = 2 }, false},
		{"the owner's, without a prompt", bare, true},
	} {
		u := &used{now: 20_000 * fortnightPaneMS}
		for range 40 {
			u.exchange(7, 1)
			u.exchangeOf(7, 1, bare)
		}
		for range 6 {
			u.exchange(7, 2)
		}
		before := u.change(0)
		for range 30 {
			u.exchangeOf(7, 1, c.but)
		}
		after := u.change(0)
		if !before.Declared() || after.Declared() != c.want {
			t.Errorf("%s: before %+v, after %+v", c.name, before, after)
		}
	}
}

// A declared change on networks that nobody tells is no move to a new computer at home: it is not the owner's after two days.
func TestChangeWithoutNetwork(t *testing.T) {
	for _, c := range []struct {
		name    string
		network uint64 // of the thief
		days    int64
		want    bool
	}{
		{"at home, after three days", 1, 3, false},
		{"nobody knows where, after three days", 0, 3, true},
		{"nobody knows where, after four weeks", 0, 29, false},
		{"elsewhere, after three weeks", 2, 21, true},
	} {
		u := &used{now: 20_000 * fortnightPaneMS}
		for range 40 {
			u.exchange(7, 1)
		}
		thief := func(e *event.Request, x *Exchange) {
			x.Network = c.network
			e.ASN, e.Country = uint32(c.network), 1
		}
		for range 12 {
			u.exchangeOf(7, 2, thief)
		}
		if c0 := u.change(0); !c0.Declared() {
			t.Fatalf("%s: not declared: %+v", c.name, u.change(0))
		}
		u.now += c.days * fortnightPaneMS
		u.exchange(7, 1)
		if got := u.change(0).At != 0; got != c.want {
			t.Errorf("%s: a change is %v, want %v", c.name, got, c.want)
		}
	}
}
