package oracle

import (
	"math"
	"math/bits"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// keyLog is one API key's requests with, for each, whether it was of the new regime.
type keyLog struct {
	token       event.Token
	first, last int64
	total, days int
	regime      *regimeLog
}

// regimeLog keeps the exchanges themselves, and is added up when it is asked for.
type regimeLog struct {
	id     string
	before int
	days   int
	bits   int
	news   []*event.Request
	novel  []window.Dimensions
	order  []bool // true = new, false = old, from the first new one on
}

// habitLog is what an account is known by, as plain lists, the latest first.
type habitLog struct {
	clients, networks, countries []uint64
	templates                    []uint64
	classes                      map[bool]map[event.Task]bool
	bare                         bool
	seen                         int
	novel                        [5]int
}

// keyFeatures recomputes the keys of an account from its requests in the order of arrival.
func keyFeatures(events []event.Request) []window.KeyFeatures {
	var keys []*keyLog
	h := &habitLog{classes: map[bool]map[event.Task]bool{}}
	last := int64(0)
	for i := range events {
		e := &events[i]
		if e.TS/7200000 > last/7200000 {
			for _, k := range keys {
				if r := k.regime; r != nil && r.bits < 24 && e.TS-r.newest() > 3*dayMS {
					k.regime = nil
				}
			}
		}
		last = max(last, e.TS)
		if e.APIKey == 0 {
			continue
		}
		if k := useKey(&keys, e); k != nil {
			h.exchange(k, e)
		}
	}
	var fs []window.KeyFeatures
	for _, k := range keys {
		f := window.KeyFeatures{First: k.first * 60000, Last: k.last * 60000, Total: uint64(k.total), Days: k.days}
		if r := k.regime; r != nil && r.bits >= 10 {
			f.Token, f.ID, f.Change = k.token, r.id, r.change(f.First)
		}
		fs = append(fs, f)
	}
	return fs
}

func useKey(keys *[]*keyLog, e *event.Request) *keyLog {
	minute := e.TS / 60000
	for _, k := range *keys {
		if k.token == e.APIKey {
			if minute/1440 > k.last/1440 {
				k.days++
			}
			k.first, k.last, k.total = min(k.first, minute), max(k.last, minute), k.total+1
			return k
		}
	}
	k := &keyLog{token: e.APIKey, first: minute, last: minute, total: 1, days: 1}
	if len(*keys) < 6 {
		*keys = append(*keys, k)
		return k
	}
	oldest := slices.MinFunc(*keys, func(a, b *keyLog) int { return int(a.last - b.last) })
	if oldest.last > minute {
		return nil
	}
	(*keys)[slices.Index(*keys, oldest)] = k
	return k
}

func (h *habitLog) exchange(k *keyLog, e *event.Request) {
	if r := k.regime; r != nil {
		lasts, firsts := r.times()
		life := int64(2 * dayMS)
		if majority(r.news, network) == 0 || r.novelMost()&window.DimNetwork != 0 {
			life = 28 * dayMS
		}
		if r.bits < 24 && e.TS-lasts > 3*dayMS {
			k.regime = nil
		} else if r.bits >= 24 && e.TS-firsts > life {
			h.adopt(r)
			k.regime = nil
		}
	}
	novel, known := h.compare(e)
	switch {
	case h.seen < 12 || novel.Count() <= 1 && k.regime == nil:
		h.learn(e, novel)
	case novel.Count() <= 1 && e.Template == 0 && k.regime.place(e, novel):
	case novel.Count() <= 1:
		h.tally(0)
		k.regime.bridge(e, novel)
		if k.regime.bits == 0 {
			k.regime = nil
		}
	default:
		step := min(h.surprise(novel, known), 6)
		if step <= 0 {
			return
		}
		if k.regime == nil {
			k.regime = &regimeLog{before: k.total - 1, days: k.days}
		}
		r := k.regime
		r.bits = min(r.bits+step, 60)
		if r.bits >= 10 && r.id == "" {
			r.id = e.APIKeyID
		}
		r.news, r.novel, r.order = append(r.news, e), append(r.novel, novel), append(r.order, true)
	}
}

func network(e *event.Request) uint64 { return requestToken(link.KindASN)(e) }
func client(e *event.Request) uint64  { return requestToken(link.KindClient)(e) }

func (h *habitLog) family(template uint64) int {
	return slices.IndexFunc(h.templates, func(t uint64) bool { return bits.OnesCount32(uint32(t)^uint32(template)) <= 6 })
}

func class(e *event.Request) bool { return e.CoT >= 0.5 }

func (h *habitLog) compare(e *event.Request) (novel, known window.Dimensions) {
	put := func(d window.Dimensions, found bool) {
		if found {
			known |= d
		} else {
			novel |= d
		}
	}
	if v := client(e); v != 0 {
		put(window.DimClient, slices.Contains(h.clients, v))
	}
	if v := network(e); v != 0 {
		put(window.DimNetwork, slices.Contains(h.networks, v))
	}
	if e.Country != 0 {
		put(window.DimCountry, slices.Contains(h.countries, uint64(e.Country)))
	}
	put(window.DimTemplate, e.Template == 0 && h.bare || e.Template != 0 && h.family(e.Template) >= 0)
	if e.Task != event.TaskUnknown || e.CoT >= 0 {
		put(window.DimTask, h.classes[class(e)][e.Task])
	}
	return novel, known
}

// renew moves a value to the front, and drops the last one over the limit.
func renew(list []uint64, v uint64, limit int) []uint64 {
	if v == 0 {
		return list
	}
	if i := slices.Index(list, v); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	list = slices.Insert(list, 0, v)
	return list[:min(len(list), limit)]
}

func (h *habitLog) prompt(t uint64) {
	if t == 0 {
		h.bare = true
		return
	}
	if i := h.family(t); i >= 0 {
		h.templates = slices.Delete(h.templates, i, i+1)
	}
	h.templates = renew(h.templates, t, 6)
}

func (h *habitLog) learn(e *event.Request, novel window.Dimensions) {
	h.tally(novel)
	h.clients = renew(h.clients, client(e), 6)
	h.networks = renew(h.networks, network(e), 8)
	h.countries = renew(h.countries, uint64(e.Country), 4)
	h.prompt(e.Template)
	if e.Task != event.TaskUnknown || e.CoT >= 0 {
		if h.classes[class(e)] == nil {
			h.classes[class(e)] = map[event.Task]bool{}
		}
		h.classes[class(e)][e.Task] = true
	}
}

func (h *habitLog) tally(novel window.Dimensions) {
	if h.seen == 200 {
		h.seen = 100
		for d := range h.novel {
			h.novel[d] /= 2
		}
	}
	for d := range h.novel {
		if h.seen > 0 && novel>>d&1 == 1 {
			h.novel[d]++
		}
	}
	h.seen++
}

func (h *habitLog) surprise(novel, known window.Dimensions) (total int) {
	against := []int{2, 6, 1, 5, 1}
	for d := range h.novel {
		if novel>>d&1 == 1 {
			total += min(int(math.Log2(float64((h.seen+4)/(h.novel[d]+1)))), 5)
		}
		if known>>d&1 == 1 {
			total -= against[d]
		}
	}
	return total
}

func (h *habitLog) adopt(r *regimeLog) {
	h.clients = renew(h.clients, majority(r.news, client), 6)
	h.networks = renew(h.networks, majority(r.news, network), 8)
	for _, t := range r.templates() {
		if t != 0 {
			h.prompt(t)
		}
	}
}

func (r *regimeLog) place(e *event.Request, novel window.Dimensions) bool {
	return novel&window.DimClient != 0 && client(e) == majority(r.news, client) || novel&window.DimNetwork != 0 && network(e) == majority(r.news, network)
}

func (r *regimeLog) bridge(e *event.Request, novel window.Dimensions) {
	r.order = append(r.order, false)
	of := r.templates()
	switch {
	case r.place(e, novel):
		r.bits = max(r.bits-3, 0)
	case novel == window.DimTemplate && e.Template != 0 && slices.Contains(of[:], e.Template):
		r.bits = max(r.bits-12, 0)
	}
}

// majority is the vote of Boyer and Moore over the regime's exchanges; 0 = no leader.
func majority(events []*event.Request, of func(*event.Request) uint64) (leader uint64) {
	votes := 0
	for _, e := range events {
		switch v := of(e); {
		case v == 0:
		case votes == 0:
			leader, votes = v, 1
		case v == leader:
			votes++
		default:
			votes--
		}
		if votes == 0 {
			leader = 0
		}
	}
	return leader
}

func (r *regimeLog) templates() (ts [4]uint64) {
	n := 0
	for _, e := range r.news {
		if e.Template != 0 && n < len(ts) && !slices.Contains(ts[:], e.Template) {
			ts[n] = e.Template
			n++
		}
	}
	return ts
}

func (r *regimeLog) times() (last, first int64) {
	first = r.news[0].TS
	for _, e := range r.news {
		last, first = max(last, e.TS), min(first, e.TS)
	}
	return last, first
}

func (r *regimeLog) newest() int64 {
	last, _ := r.times()
	return last
}

func (r *regimeLog) novelMost() (d window.Dimensions) {
	for dim := range 5 {
		n := 0
		for _, v := range r.novel {
			n += int(v >> dim & 1)
		}
		if 2*n >= len(r.news) {
			d |= 1 << dim
		}
	}
	return d
}

func (r *regimeLog) change(keyFirst int64) window.KeyChange {
	c := window.KeyChange{
		New: uint64(len(r.news)), Old: uint64(len(r.order) - len(r.news)), Novel: r.novelMost(), Bits: r.bits, Before: uint64(r.before),
		Established: r.before >= 20 && r.days >= 3, Templates: r.templates(), Client: majority(r.news, client), Network: majority(r.news, network),
	}
	c.Last, c.At = r.times()
	for i := range r.order[1:] {
		if r.order[i] != r.order[i+1] {
			c.Switches++
		}
	}
	for _, e := range r.news {
		if e.CoT >= 0 {
			c.CoTSum += math.Round(float64(e.CoT) * 10000)
			c.CoTCount++
		}
		if slices.Contains([]event.Task{event.TaskAgenticReasoning, event.TaskSoftwareEngineering, event.TaskLongHorizon}, e.Task) {
			c.Sought++
		}
		if e.IPType == event.IPHosting {
			c.Hosted++
		}
		if slices.Contains([]event.IPType{event.IPVPN, event.IPProxy, event.IPTor}, e.IPType) {
			c.Rented++
		}
	}
	c.CoTSum /= 10000
	now := float64(c.New) / float64(max(c.Last-c.At, dayMS/24))
	c.RateRatio = now / (float64(max(r.before, 1)) / float64(max(c.At-keyFirst, dayMS)))
	return c
}
