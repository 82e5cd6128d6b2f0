package window

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Dimensions is a set of the ways in which an exchange can be unlike what its account is
// known by.
type Dimensions uint8

// The dimensions. Network and country are one when novelties are counted: who travels
// changes both.
const (
	DimClient   Dimensions = 1 << iota // JA4 × user agent
	DimNetwork                         // ASN × network type
	DimCountry                         // of the address
	DimTemplate                        // SimHash family of the system prompt, "none" being one
	DimTask                            // task × high chain-of-thought score
	numDims     = iota
	allDims     = 1<<numDims - 1
)

// Count returns how many dimensions are in the set, network and country being one.
func (d Dimensions) Count() int {
	if d&DimNetwork != 0 {
		d &^= DimCountry
	}
	return bits.OnesCount8(uint8(d))
}

// Exchange is what a request touched, as link makes it: 0 where absent.
type Exchange struct {
	Client  uint64 // link.KindClient
	Network uint64 // link.KindASN
}

// How many values of each dimension are remembered, those seen last.
const (
	maxClients   = 6
	maxNetworks  = 8
	maxCountries = 4
	maxTemplates = 6
)

// templateNear is the Hamming radius of a template family in the half of the SimHash that
// is kept. Variants 7 bits apart in all are 3.5 apart in a half; unrelated ones
// come this near once in 3,700.
const templateNear = 6

// lureScore is the chain-of-thought score from which an exchange counts as a lure.
const lureScore = 0.5

// habits is what an account is known by: the values of each dimension that it was seen
// with, latest first, and how often it takes up a new one. It is kept by account and not by
// key, so that a key that moves to where the account already is is nothing new.
// Values are told apart by 16 bits, templates by half of their SimHash.
type habits struct {
	clients   recent[uint16]
	networks  recent[uint16]
	countries recent[uint16]
	templates recent[uint32]
	bare      bool   // seen without a system prompt
	tasks     uint16 // set of task classes
	seen      uint8  // exchanges that were the account's own; halved with novel
	novel     [numDims]uint8
}

// recent is a short list of values, latest first.
type recent[T uint16 | uint32] struct {
	n uint8
	v [maxNetworks]T
}

func (r *recent[T]) list() []T { return r.v[:r.n] }

// front puts v first, in place of the value at index i, or of the oldest when the list is full.
func (r *recent[T]) front(v T, i, limit int) {
	if i < 0 {
		if int(r.n) < limit {
			r.n++
		}
		i = int(r.n) - 1
	}
	copy(r.v[1:i+1], r.v[:i])
	r.v[0] = v
}

func (r *recent[T]) index(v T) int {
	for i, have := range r.list() {
		if have == v {
			return i
		}
	}
	return -1
}

// short is what is kept of a token.
func short(token uint64) uint16 { return uint16(fold(token)) }

// near finds the family of a template.
func (h *habits) near(half uint32) int {
	for i, have := range h.templates.list() {
		if bits.OnesCount32(have^half) <= templateNear {
			return i
		}
	}
	return -1
}

// taskClass is a request's bit in habits.tasks, 0 where it says nothing.
func taskClass(e *event.Request) uint16 {
	if e.Task == event.TaskUnknown && e.CoT < 0 {
		return 0
	}
	bit := e.Task & 7
	if e.CoT >= lureScore {
		bit += 8
	}
	return 1 << bit
}

// look says in which dimensions an exchange is unlike the account, and in which it is like it. One
// that it says nothing about is in neither.
func (h *habits) look(e *event.Request, x Exchange) (novel, known Dimensions) {
	see := func(d Dimensions, present, found bool) {
		switch {
		case !present:
		case found:
			known |= d
		default:
			novel |= d
		}
	}
	see(DimClient, x.Client != 0, h.clients.index(short(x.Client)) >= 0)
	see(DimNetwork, x.Network != 0, h.networks.index(short(x.Network)) >= 0)
	see(DimCountry, e.Country != 0, h.countries.index(uint16(e.Country)) >= 0)
	if e.Template == 0 {
		see(DimTemplate, true, h.bare)
	} else {
		see(DimTemplate, true, h.near(uint32(e.Template)) >= 0)
	}
	class := taskClass(e)
	see(DimTask, class != 0, h.tasks&class != 0)
	return novel, known
}

// learn takes an exchange as the account's own.
func (h *habits) learn(e *event.Request, x Exchange, novel Dimensions) {
	h.count(novel)
	if x.Client != 0 {
		v := short(x.Client)
		h.clients.front(v, h.clients.index(v), maxClients)
	}
	if x.Network != 0 {
		v := short(x.Network)
		h.networks.front(v, h.networks.index(v), maxNetworks)
	}
	if e.Country != 0 {
		v := uint16(e.Country)
		h.countries.front(v, h.countries.index(v), maxCountries)
	}
	h.learnTemplate(e.Template)
	h.tasks |= taskClass(e)
}

// learnTemplate keeps the variant that was seen last, so that a prompt may be edited step by step.
func (h *habits) learnTemplate(template uint64) {
	if template == 0 {
		h.bare = true
		return
	}
	half := uint32(template)
	h.templates.front(half, h.near(half), maxTemplates)
}

// halveAt is at how many exchanges the rates begin to forget.
const halveAt = 200

// count counts an exchange of the account, and the dimensions in which it took up something new.
// The first value of a dimension is no novelty.
func (h *habits) count(novel Dimensions) {
	if h.seen == 0 {
		novel = 0
	}
	if h.seen == halveAt {
		h.seen /= 2
		for d := range h.novel {
			h.novel[d] /= 2
		}
	}
	h.seen++
	for d := range h.novel {
		if novel&(1<<d) != 0 {
			h.novel[d]++
		}
	}
}

// maxSurprise bounds what one novel dimension says, in bits: 1 in 32.
const maxSurprise = 5

// familiar is what a known value says against a new regime, in bits by dimension: a thief
// seldom comes from the owner's network and sends the owner's prompt, while a popular client, the
// country and the task are easily the same.
var familiar = [numDims]int{2, 6, 1, 5, 1}

// surprise is log2 of how much likelier an exchange is in a new regime than in the old
// one: for each novel dimension 1/(the rate at which the account takes up new values there), by
// the rule of succession, and for each known one against it. In whole bits, so
// that it is the same on every machine.
func (h *habits) surprise(novel, known Dimensions) int {
	total := 0
	for d := range numDims {
		switch bit := Dimensions(1) << d; {
		case novel&bit != 0:
			odds := (uint(h.seen) + 4) / (uint(h.novel[d]) + 1)
			total += min(bits.Len(odds)-1, maxSurprise)
		case known&bit != 0:
			total -= familiar[d]
		}
	}
	return total
}
