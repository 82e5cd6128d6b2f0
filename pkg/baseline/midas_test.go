package baseline

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// exactMidas is MIDAS-F with a counter for each node and edge in place of sketches.
type exactMidas struct {
	threshold, factor, mean float32
	tick                    int64
	of                      map[string]*bucket
}

func (m *exactMidas) score(source, destination uint64, tick int64) float32 {
	if tick > m.tick {
		for _, b := range m.of {
			if b.score < m.threshold {
				b.total += b.current
			} else {
				b.total += b.total * m.mean
			}
			b.current *= m.factor
		}
		m.tick, m.mean = tick, 1/float32(tick-1)
	}
	top := float32(0)
	for _, key := range []string{fmt.Sprint("edge", source, " ", destination), fmt.Sprint("from", source), fmt.Sprint("to", destination)} {
		b := m.of[key]
		if b == nil {
			b = &bucket{}
			m.of[key] = b
		}
		b.current++
		b.score = 0
		if t := float32(m.tick); b.total > 0 {
			off := b.current + b.total - b.current*t
			b.score = off * off / (b.total * (t - 1))
		}
		top = max(top, b.score)
	}
	return top
}

// On streams so small that nothing collides the sketches are exact, with a threshold low
// enough that the filter is at work.
func TestMidasAgainstExactCounts(t *testing.T) {
	filtered := 0
	rapid.Check(t, func(t *rapid.T) {
		m := NewMidas(MidasConfig{Rows: 2, Columns: 1 << 16, Threshold: 3, Factor: 0.5, Seed: 1})
		exact := &exactMidas{threshold: 3, factor: 0.5, tick: 1, of: map[string]*bucket{}}
		tick := int64(1)
		for i := range rapid.IntRange(1, 80).Draw(t, "edges") {
			tick += rapid.SampledFrom([]int64{0, 0, 0, 1, 1, 3}).Draw(t, "step")
			from, to := rapid.Uint64Range(0, 4).Draw(t, "from"), rapid.Uint64Range(0, 4).Draw(t, "to")
			got, want := m.Score(from, to, tick), exact.score(from, to, tick)
			if got != want {
				t.Fatalf("edge %d: %v, want %v", i, got, want)
			}
			if want >= 3 {
				filtered++
			}
		}
	})
	if filtered == 0 {
		t.Error("no score reached the threshold")
	}
}

// What the score means: nothing at the first tick, little for what goes on as before, much
// for an onset, and much still while the onset lasts, which without the filter it is not.
func TestMidasOnset(t *testing.T) {
	last := func(threshold float32) (first, before, onset, after float32) {
		m := NewMidas(MidasConfig{Rows: 2, Columns: 1024, Threshold: threshold, Factor: 0.5, Seed: 1})
		edges := func(tick int64, n int) (score float32) {
			for range n {
				score = m.Score(1, 2, tick)
			}
			return score
		}
		first = edges(1, 1)
		for tick := int64(2); tick <= 100; tick++ {
			before = edges(tick, 1)
		}
		onset = edges(101, 500)
		for tick := int64(102); tick <= 140; tick++ {
			after = edges(tick, 500)
		}
		return first, before, onset, after
	}
	first, before, onset, after := last(1000)
	_, _, _, unfiltered := last(1e30)
	if first != 0 || before > 1 || onset < 1000 || after < 1000 || after < 10*unfiltered {
		t.Errorf("first %v, before %v, onset %v, after %v, after without the filter %v", first, before, onset, after, unfiltered)
	}
}

// The mixed hash spreads: of 1,000 nodes in 1,024 columns few share both rows, while the
// linear one with a power of two lets those that collide once mostly collide twice.
func TestMidasHashes(t *testing.T) {
	both := func(linear bool) int {
		s := newSketch(MidasConfig{Rows: 2, Columns: 1024, Linear: linear}, 7)
		seen := map[[maxRows]uint64]int{}
		n := 0
		for x := range uint64(4096) {
			c := s.place(x, 0)
			n += seen[c]
			seen[c]++
		}
		return n
	}
	mixed, linear := both(false), both(true)
	if mixed > 40 || linear < 4096 {
		t.Errorf("pairs that share both columns: %d mixed, %d linear", mixed, linear)
	}
}

// A template that thirty accounts take up at once, after days on which nobody had it more
// than once an hour, flags those accounts and not the ones that went on as before.
func TestMidasFFlagsAnOnset(t *testing.T) {
	var s stream
	for hour := range int64(72) {
		for a := range 10 {
			s = append(s, request(fmt.Sprint("calm", a), hour*hourMS+int64(a), 0, 5+uint64(a)))
			s = append(s, request(fmt.Sprint("new", a), hour*hourMS+int64(a), 0, 50))
		}
	}
	for i := range 20_000 {
		s = append(s, request(fmt.Sprint("new", i%10), 72*hourMS+int64(i), 0, 50))
	}
	vs := s.into(NewMidasF())
	for _, v := range vs {
		if onset := v.Account[0] == 'n'; v.Flagged != onset || onset && v.At < start+72*hourMS {
			t.Errorf("%+v", v)
		}
	}
	if len(vs) != 20 || !slices.ContainsFunc(vs, func(v Verdict) bool { return v.Flagged }) {
		t.Errorf("%d accounts", len(vs))
	}
}
