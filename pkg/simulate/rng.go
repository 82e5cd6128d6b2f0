package simulate

import (
	"math"
	"slices"
)

// rng is SplitMix64: eight bytes of state, so that every account carries its own
// and the order in which accounts are generated changes nothing.
type rng uint64

const golden = 0x9e3779b97f4a7c15

// mix is SplitMix64's finaliser: a bijection on 64-bit words.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash folds words into one.
func hash(words ...uint64) uint64 {
	h := uint64(golden)
	for _, w := range words {
		h = mix(h ^ w*golden)
	}
	return h
}

// hashString is FNV-1a, finished with mix.
func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

func (r *rng) u64() uint64 {
	*r += golden
	return mix(uint64(*r))
}

// float is uniform in [0, 1).
func (r *rng) float() float64 { return float64(r.u64()>>11) / (1 << 53) }

// intn is uniform in [0, n); 0 for n <= 0.
func (r *rng) intn(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.float() * float64(n))
}

func (r *rng) chance(p float64) bool { return r.float() < p }

func (r *rng) exp() float64 { return -math.Log(1 - r.float()) }

func (r *rng) norm() float64 {
	return math.Sqrt(2*r.exp()) * math.Cos(2*math.Pi*r.float())
}

// lognormal has the given median.
func (r *rng) lognormal(median, sigma float64) float64 { return median * math.Exp(sigma*r.norm()) }

// between is uniform in [lo, hi].
func (r *rng) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + int64(r.float()*float64(hi-lo+1))
}

// pick chooses an index by cumulative weights, whose last is the total.
func (r *rng) pick(cum []float64) int {
	u := r.float() * cum[len(cum)-1]
	for i, c := range cum {
		if u < c {
			return i
		}
	}
	return len(cum) - 1
}

// choice is a weighted set of values in a fixed order.
type choice[T any] struct {
	values []T
	cum    []float64
}

func (c *choice[T]) add(v T, weight float64) {
	if weight <= 0 {
		return
	}
	total := weight
	if n := len(c.cum); n > 0 {
		total += c.cum[n-1]
	}
	c.values, c.cum = append(c.values, v), append(c.cum, total)
}

func (c *choice[T]) pick(r *rng) T { return c.values[r.pick(c.cum)] }

func (c *choice[T]) empty() bool { return len(c.values) == 0 }

// choose makes a choice over a map's keys in sorted order.
func choose(weights map[string]float64) choice[string] {
	keys := make([]string, 0, len(weights))
	for k := range weights {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var c choice[string]
	for _, k := range keys {
		c.add(k, weights[k])
	}
	return c
}

// apportion splits total into whole parts in proportion to weights, each at least
// atLeast where total allows it; the parts sum to total exactly.
func apportion(total int64, weights []float64, atLeast int64, r *rng) []int64 {
	out := make([]int64, len(weights))
	if len(weights) == 0 {
		return out
	}
	if atLeast*int64(len(weights)) > total {
		atLeast = 0
	}
	rest, sum := total-atLeast*int64(len(weights)), 0.0
	for _, w := range weights {
		sum += w
	}
	phase, cum, given := r.float(), 0.0, int64(0)
	for i, w := range weights {
		cum += w
		upTo := int64(math.Floor(float64(rest)*cum/sum + phase))
		if i == len(weights)-1 || upTo > rest {
			upTo = rest
		}
		out[i] = atLeast + upTo - given
		given = upTo
	}
	return out
}
