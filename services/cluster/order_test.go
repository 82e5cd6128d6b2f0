package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// However the records of different pairs of account and cluster are mixed, each account ends where its
// history ends, also where it moved more than once in a millisecond.
func TestMembershipsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		byKey := map[string][]wire.Member{} // as the topic keeps them: in order only by key
		want := map[string]string{}
		for a := range rapid.IntRange(1, 4).Draw(t, "accounts") {
			account, at, in := fmt.Sprint("a", a), int64(100), wire.Member{}
			say := func(m wire.Member) { byKey[m.ClusterID+"|"+account] = append(byKey[m.ClusterID+"|"+account], m) }
			for range rapid.IntRange(0, 6).Draw(t, "moves") {
				at += rapid.Int64Range(0, 1).Draw(t, "ms")
				if in.ClusterID != "" {
					in.LeftAt = at
					say(in)
				}
				in = wire.Member{}
				if rapid.IntRange(0, 3).Draw(t, "joins") > 0 {
					in = wire.Member{AccountID: account, ClusterID: fmt.Sprint("c", rapid.IntRange(0, 2).Draw(t, "cluster")), JoinedAt: at}
					say(in)
				}
			}
			if in.ClusterID != "" {
				want[account] = in.ClusterID
			}
		}
		ms := memberships{}
		for len(byKey) > 0 {
			keys := make([]string, 0, len(byKey))
			for k := range byKey {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			k := rapid.SampledFrom(keys).Draw(t, "key")
			ms.note(byKey[k][0])
			if byKey[k] = byKey[k][1:]; len(byKey[k]) == 0 {
				delete(byKey, k)
			}
		}
		current := ms.current()
		if len(current) != len(want) {
			t.Fatalf("got %v, want %v", current, want)
		}
		for i, m := range current {
			if want[m.AccountID] != m.ClusterID || m.LeftAt != 0 || i > 0 && current[i-1].AccountID >= m.AccountID {
				t.Fatalf("got %v, want %v", current, want)
			}
		}
	})
}

func listed(topic string, ends ...int64) kadm.ListedOffsets {
	l := kadm.ListedOffsets{}
	addEnds(l, topic, ends...)
	return l
}

func addEnds(l kadm.ListedOffsets, topic string, ends ...int64) {
	l[topic] = map[int32]kadm.ListedOffset{}
	for id, end := range ends {
		l[topic][int32(id)] = kadm.ListedOffset{Topic: topic, Partition: int32(id), Offset: end}
	}
}

// A partition that retention has emptied is read to its end before its first record comes.
func TestPositions(t *testing.T) {
	p := positions{}
	ends := listed("links", 5, 0, 9)
	if p.reached(ends, "links") {
		t.Error("nothing is read")
	}
	if !p.reached(ends, "other") {
		t.Error("a topic without partitions has an end to be reached")
	}
	p.set("links", 0, 5)
	p.begin(listed("links", 2, 0, 9))
	if !p.reached(ends, "links") || p["links"][0] != 5 {
		t.Errorf("positions %v", p)
	}
	p.begin(listed("links", 7, 0, 3))
	if p["links"][0] != 7 || p["links"][2] != 9 {
		t.Errorf("positions %v: a beginning takes nothing back", p)
	}
}

// inputs are the ends of the three input topics, one partition each, and the links read to their end.
func inputs(signups, requests, payments int64) kadm.ListedOffsets {
	l := listed(wire.TopicLinks, 0)
	addEnds(l, wire.TopicSignups, signups)
	addEnds(l, wire.TopicRequests, requests)
	addEnds(l, wire.TopicPayments, payments)
	return l
}

func TestAligner(t *testing.T) {
	now := time.UnixMilli(1_000_000_000)
	type told struct {
		stream  event.Stream
		offset  int64
		eventMS int64
	}
	for _, c := range []struct {
		name  string
		told  []told
		ends  kadm.ListedOffsets
		wait  time.Duration // after a first barrier at which the same was known
		facts []int64
		want  []int64
	}{
		// All have folded what there is: nobody is held back, and facts go in order of time.
		{"all caught up", []told{{event.StreamSignup, 5, 900}, {event.StreamRequest, 9, 1000}}, inputs(5, 9, 0), 0,
			[]int64{700, 300, 1000}, []int64{300, 700, 1000}},
		{"nothing known, nothing there", nil, inputs(0, 0, 0), 0, []int64{5, 3}, []int64{3, 5}},
		// Signups have more to fold and stand at 500: what is later than that by more than the slack waits.
		{"one behind", []told{{event.StreamSignup, 5, 500}, {event.StreamRequest, 9, 1000}}, inputs(8, 9, 0), 0,
			[]int64{700, 300, 600, 601}, []int64{300, 600}},
		// A source that has told of nothing but has records holds everybody.
		{"one that has not begun", []told{{event.StreamRequest, 9, 1000}}, inputs(8, 9, 0), 0, []int64{700, 300}, nil},
		// One that does not move holds nobody back for ever.
		{"one that is stuck", []told{{event.StreamSignup, 5, 500}, {event.StreamRequest, 9, 1000}}, inputs(8, 9, 0), time.Minute,
			[]int64{700, 300}, []int64{300, 700}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAligner(100*time.Millisecond, 2*time.Second)
			for _, p := range c.told {
				a.progress(&wire.Progress{Stream: p.stream, Offset: p.offset, EventMS: p.eventMS})
			}
			if c.wait > 0 {
				a.raise(c.ends, now)
				a.release(nil)
			}
			for _, ts := range c.facts {
				a.hold(link.Fact{Last: ts})
			}
			a.raise(c.ends, now.Add(c.wait))
			if a.waiting(positions{}) {
				t.Fatal("waiting for links that end at 0")
			}
			var got []int64
			for _, f := range a.release(nil) {
				got = append(got, f.Last)
			}
			if !slices.Equal(got, c.want) || a.len() != len(c.facts)-len(c.want) {
				t.Fatalf("released %v, %d held, want %v", got, a.len(), c.want)
			}
		})
	}
}

// While the links are not read to the barrier nothing goes; progress that comes late takes nothing back.
func TestAlignerWaitsForTheLinks(t *testing.T) {
	a := newAligner(0, time.Second)
	if !a.idle() {
		t.Fatal("there is something to do at the beginning")
	}
	a.progress(&wire.Progress{Stream: event.StreamRequest, Offset: 9, EventMS: 1000})
	a.progress(&wire.Progress{Stream: event.StreamRequest, Offset: 3, EventMS: 400})
	if s := a.source(event.StreamRequest, 0); s.offset != 9 || s.eventMS != 1000 {
		t.Errorf("source %+v", s)
	}
	ends := inputs(0, 9, 0)
	addEnds(ends, wire.TopicLinks, 4)
	a.raise(ends, time.UnixMilli(0))
	at := positions{}
	at.set(wire.TopicLinks, 0, 3)
	if a.idle() || !a.waiting(at) {
		t.Error("the barrier is passed before the links are read up to it")
	}
	at.set(wire.TopicLinks, 0, 4)
	if a.waiting(at) {
		t.Error("still waiting with the links read")
	}
	if a.release(nil); !a.idle() {
		t.Error("a barrier that is down keeps things busy")
	}
}

// Whatever order facts come in, they go in one order.
func TestReleaseOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var facts []link.Fact
		for i := range rapid.IntRange(0, 30).Draw(t, "facts") {
			facts = append(facts, link.Fact{Last: rapid.Int64Range(0, 3).Draw(t, "ts"), Stream: event.Stream(rapid.IntRange(0, 2).Draw(t, "stream")),
				Partition: rapid.Int32Range(0, 2).Draw(t, "partition"), Offset: int64(i / 3), Kind: link.Kind(1 + i%3)})
		}
		run := func(order []link.Fact) []link.Fact {
			a := newAligner(0, time.Second)
			for _, f := range order {
				a.hold(f)
			}
			a.raise(inputs(0, 0, 0), time.UnixMilli(0))
			return a.release(nil)
		}
		got := run(facts)
		again := run(rapid.Permutation(facts).Draw(t, "order"))
		if len(got) != len(facts) || !slices.Equal(got, again) {
			t.Fatalf("%v\n%v", got, again)
		}
		if !slices.IsSortedFunc(got, func(a, b link.Fact) int { return int(a.Last - b.Last) }) {
			t.Fatalf("out of order: %v", got)
		}
	})
}
