package baseline

import "math"

// Midas is the filtering core of MIDAS-F: it scores each edge of a stream by how far the
// current tick departs from the mean of the ticks before, in a chi-squared statistic of
// the edge, its source and its destination, and takes the largest.
//
// Source: Bhatia, Liu, Hooi, Yoon, Shin, Faloutsos, "Real-Time Anomaly Detection in Edge
// Streams" (MIDAS-F), arXiv 2009.08452; where a choice is left (what becomes of a filtered
// bucket, at which tick the mean is taken) as the authors' C++ has it.
//
// Three count-min sketches (edge, source, destination) hold for each bucket the decayed
// count of the tick, the total of earlier ticks, and the last score. At a new tick each
// count is added to its total, unless its last score was at or over the threshold: then
// the total only grows by its own mean, so that an attack does not become its own normal
// ("conditional merge").
//
// Cost: 3·rows buckets an edge, and a pass over all buckets each tick; memory
// 36·rows·columns bytes, whatever the graph.
type Midas struct {
	threshold float32
	factor    float32
	tick      int64
	mean      float32 // 1 ÷ (ticks before the current one)

	edge, source, destination sketch
}

// MidasConfig holds the parameters of the paper.
type MidasConfig struct {
	Rows, Columns int     // of each sketch; 1 to 4 rows
	Threshold     float32 // scores at or over it are kept out of the totals
	Factor        float32 // what is left of a tick's counts in the next, 0..1
	Seed          uint64

	// Linear takes the authors' hashes, (a·x+b mod 2³²) mod columns with x = source +
	// 104729·destination, to compare with their figures. With columns a power of two they
	// see only the low bits of x, so two nodes that collide in one row mostly do so in
	// all. Else the hash mixes all 64 bits, and the rows are independent.
	Linear bool
}

// NewMidas returns an empty core.
func NewMidas(c MidasConfig) *Midas {
	m := &Midas{threshold: c.Threshold, factor: c.Factor, tick: 1}
	for i, s := range []*sketch{&m.edge, &m.source, &m.destination} {
		*s = newSketch(c, mix(c.Seed, uint64(i)))
	}
	return m
}

// Score adds an edge and returns how anomalous it is, 0 or more. Ticks count from 1 and
// do not go back; one that does counts as the current.
func (m *Midas) Score(source, destination uint64, tick int64) float32 {
	if tick > m.tick {
		m.advance(tick)
	}
	t := float32(m.tick)
	return max(
		m.edge.add(source, destination, t),
		m.source.add(source, 0, t),
		m.destination.add(destination, 0, t),
	)
}

// advance closes a tick: the conditional merge, with the mean as of the tick that ends,
// then the decay.
func (m *Midas) advance(tick int64) {
	threshold, mean, factor := m.threshold, m.mean, m.factor
	for _, buckets := range [][]bucket{m.edge.buckets, m.source.buckets, m.destination.buckets} {
		for i := range buckets {
			b := &buckets[i]
			if b.score < threshold {
				b.total += b.current
			} else {
				b.total += b.total * mean
			}
			b.current *= factor
		}
	}
	m.tick, m.mean = tick, 1/float32(tick-1)
}

// sketch is a count-min sketch (Cormode and Muthukrishnan 2005), row after row. The three
// counters of the method have one layout, so one look-up finds all three.
type sketch struct {
	buckets []bucket
	rows    int
	columns uint64
	seed    uint64
	linear  []line
}

type bucket struct{ current, total, score float32 }

// line is a linear hash of one row.
type line struct{ a, b int32 }

// maxRows bounds a look-up, so that it needs no memory of its own.
const maxRows = 4

func newSketch(c MidasConfig, seed uint64) sketch {
	s := sketch{rows: min(max(c.Rows, 1), maxRows), columns: uint64(max(c.Columns, 1)), seed: seed}
	s.buckets = make([]bucket, s.rows*int(s.columns))
	for r := range uint64(s.rows) {
		if c.Linear {
			s.linear = append(s.linear, line{int32(mix(seed, 2*r)&math.MaxInt32) + 1, int32(mix(seed, 2*r+1) & math.MaxInt32)})
		}
	}
	return s
}

// add counts one occurrence and returns its score, which it also leaves in the buckets.
func (s *sketch) add(x, y uint64, tick float32) float32 {
	var at [maxRows]*bucket
	current, total := float32(math.Inf(1)), float32(math.Inf(1))
	for r, column := range s.place(x, y) {
		if r == s.rows {
			break
		}
		b := &s.buckets[uint64(r)*s.columns+column]
		b.current++
		current, total = min(current, b.current), min(total, b.total)
		at[r] = b
	}
	score := chiSquared(current, total, tick)
	for _, b := range at[:s.rows] {
		b.score = score
	}
	return score
}

// place returns the column in each row. Of the mixed hash one half picks the first and
// the other the steps (Kirsch and Mitzenmacher 2006).
func (s *sketch) place(x, y uint64) (columns [maxRows]uint64) {
	if s.linear != nil {
		n, width := int32(x)+104729*int32(y), int32(s.columns)
		for r, l := range s.linear {
			column := (n*l.a + l.b) % width
			if column < 0 {
				column += width
			}
			columns[r] = uint64(column)
		}
		return columns
	}
	h := mix(mix(x, y), s.seed)
	first, step := h>>32, h&math.MaxUint32|1
	for r := range uint64(s.rows) {
		columns[r] = (first + r*step) & math.MaxUint32 * s.columns >> 32
	}
	return columns
}

// chiSquared compares the tick's count with the mean total÷tick. Nothing before means no
// expectation, and 0.
func chiSquared(current, total, tick float32) float32 {
	if total == 0 {
		return 0
	}
	d := current + total - current*tick
	return d * d / (total * (tick - 1))
}
