package window_test

import (
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/window"
)

const (
	day0   = 1_775_001_600_000 // 1 April 2026, 00:00 UTC
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
)

// conversations begins one at each time, in ms of the first day, and goes on with a second turn.
func conversations(at ...int64) window.RequestFeatures {
	var s window.RequestState
	for i, t := range at {
		e := event.Request{Meta: event.Meta{AccountID: "a", TS: day0 + t}, Conversation: event.Token(i + 1), Turn: 1}
		s.Add(&e, 0, 1)
		e.TS, e.Turn = e.TS+20*second, 2
		s.Add(&e, 0, 2)
	}
	return s.Features(0)
}

// Accounts that begin conversations together have equal signatures at the granularity at which
// they do.
func TestSyncSignature(t *testing.T) {
	a := conversations(1*hour, 3*hour, 5*hour, 9*hour)
	for _, c := range []struct {
		name  string
		b     window.RequestFeatures
		equal [3]bool // at 1, 10 and 60 minutes
	}{
		{"the same seconds", conversations(1*hour, 3*hour, 5*hour, 9*hour), [3]bool{true, true, true}},
		{"within the minute", conversations(1*hour+9*second, 3*hour+30*second, 5*hour+2*second, 9*hour+50*second), [3]bool{true, true, true}},
		{"minutes of jitter", conversations(1*hour+3*minute, 3*hour+5*minute, 5*hour+2*minute, 9*hour+8*minute), [3]bool{false, true, true}},
		{"half hours of jitter", conversations(1*hour+30*minute, 3*hour+25*minute, 5*hour+42*minute, 9*hour+18*minute), [3]bool{false, false, true}},
		{"another day's rhythm", conversations(2*hour, 4*hour, 6*hour, 10*hour), [3]bool{}},
		{"another number of conversations in the same minutes", conversations(1*hour, 1*hour+30*second, 3*hour, 5*hour, 9*hour), [3]bool{true, true, true}},
	} {
		for g := range a.Sync {
			if got := a.Sync[g] == c.b.Sync[g]; got != c.equal[g] || a.Sync[g][0] == 0 {
				t.Errorf("%s, granularity %d: %v and %v, equal should be %v", c.name, g, a.Sync[g], c.b.Sync[g], c.equal[g])
			}
		}
	}
	if few := conversations(1*hour, 3*hour); few.Sync != [3][2]uint32{} || few.StartsToday != 2 {
		t.Errorf("two conversations have the signature %v", few.Sync)
	}
	if want := [4]int64{(day0 + 9*hour) / second, (day0 + 5*hour) / second, (day0 + 3*hour) / second, (day0 + hour) / second}; a.Starts != want || a.Conversations != 4 {
		t.Errorf("starts %v, want %v; %d conversations", a.Starts, want, a.Conversations)
	}
}

// Traffic that moves from a throttled account to its sibling, which had been silent, leaves both with one mark.
func TestHandover(t *testing.T) {
	var throttled, sibling, stranger window.RequestState
	add := func(s *window.RequestState, at int64, status int32) {
		e := event.Request{Meta: event.Meta{AccountID: "a", TS: day0 + at}, Status: status, Turn: 2}
		s.Add(&e, 0, 1)
	}
	for _, s := range []*window.RequestState{&throttled, &sibling, &stranger} {
		add(s, -5*hour, 200) // the day before
	}
	for at := int64(-4*hour - 40*minute); at < 6*hour; at += 20 * minute {
		add(&throttled, at, 200)
		add(&stranger, at, 200)
	}
	add(&throttled, 6*hour+2*minute, 429)
	add(&sibling, 6*hour+4*minute, 200)
	a, b, c := throttled.Features(0), sibling.Features(0), stranger.Features(0)
	if a.Handover == 0 || a.Handover != b.Handover {
		t.Errorf("throttled %x, sibling %x", a.Handover, b.Handover)
	}
	if c.Handover != 0 {
		t.Errorf("an account that never stopped has %x", c.Handover)
	}
	if later := throttled.Features(day0 + 30*hour); later.Handover != 0 || later.StartsToday != 0 {
		t.Errorf("the day after: %x, %d starts", later.Handover, later.StartsToday)
	}
}

// What is not said is not invented: without turns a new conversation is one that was not
// there just before, and without conversations a silence ends one.
func TestConversationStarts(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []int32
		ids   []event.Token
		every int64
		want  uint64
	}{
		{"turns and ids", []int32{1, 2, 3, 1, 2}, []event.Token{1, 1, 1, 2, 2}, minute, 2},
		{"turns only", []int32{1, 2, 1, 2}, make([]event.Token, 4), minute, 2},
		{"ids only", make([]int32, 5), []event.Token{1, 1, 2, 2, 2}, minute, 2},
		{"two conversations at a time, ids only", make([]int32, 6), []event.Token{1, 2, 1, 2, 1, 2}, minute, 2},
		{"turns from 0", []int32{0, 1, 2, 0, 1}, []event.Token{1, 1, 1, 2, 2}, minute, 2},
		{"nothing, without a pause", make([]int32, 5), make([]event.Token, 5), minute, 1},
		{"nothing, with pauses", make([]int32, 5), make([]event.Token, 5), hour, 5},
		{"in the middle of one", []int32{7, 8}, []event.Token{1, 1}, minute, 0},
	} {
		var s window.RequestState
		for i := range c.turns {
			e := event.Request{Meta: event.Meta{AccountID: "a", TS: day0 + int64(i)*c.every}, Turn: c.turns[i], Conversation: c.ids[i]}
			s.Add(&e, 0, 1)
		}
		if got := s.Features(0).Conversations; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// The leading model is that of most requests, the newest the one taken up last, though the older is in use still.
func TestModels(t *testing.T) {
	var s window.RequestState
	for i, m := range []event.Token{11, 11, 11, 11, 12, 11, 12} {
		s.Add(&event.Request{Meta: event.Meta{AccountID: "a", TS: day0 + int64(i)*hour}, Model: m}, 0, 1)
	}
	f := s.Features(0)
	if m, share := f.LeadingModel(); m != window.FoldModel(11) || share != 5.0/7 {
		t.Errorf("leading %d with %.2f", m, share)
	}
	if m, first := f.NewestModel(); m != window.FoldModel(12) || first != day0+4*hour {
		t.Errorf("newest %d since %d", m, first)
	}
}
