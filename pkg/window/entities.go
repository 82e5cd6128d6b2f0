package window

import "slices"

// Table names one bounded table of distinct values of a state.
type Table uint8

// The tables of the request state, then those of the payment state. Values are
// stored: never renumber.
const (
	TableIP Table = iota
	TablePrefix
	TableASN
	TableClient
	TableKey
	TableTemplate
	TableSuffix
	TableOrg
	TableInstrument
	TableCardShape
	TableBilling
	numTables
)

// tableCaps bounds each table. A table holds the values that were seen last, so a
// distinct count is exact up to the bound and "at least the bound" beyond it.
var tableCaps = [numTables]int{
	TableIP: 12, TablePrefix: 6, TableASN: 6, TableClient: 6, TableKey: 6, TableTemplate: 6, TableSuffix: 4, TableOrg: 2,
	TableInstrument: 8, TableCardShape: 4, TableBilling: 4,
}

// Cap returns how many values the table holds.
func (t Table) Cap() int { return tableCaps[t] }

const (
	slotsPerDay = fortnightPaneMS / dayPaneMS
	// momentMS is how exactly the first event of a day is remembered: 240 to the day, so
	// that it fits a byte.
	momentMS      = 6 * 60 * 1000
	momentsPerDay = fortnightPaneMS / momentMS
)

// entry is one value: when it was last seen, and its count in the day of that.
type entry struct {
	key   uint32 // folded token, 24 bits
	last  uint32 // slot (pane of the day's window) of the latest event
	count uint32 // events in the UTC day of last; 0 = no longer known
	first uint8  // moment of that day of the first event folded
	table Table
}

// Touch is what a table knows of a value after an event: its count in the event's
// UTC day and the first and last event time in it (Unix ms; rounded down to the moment
// and the slot where they are not the event's own). Count 0: nothing to tell, because the
// value was seen on a later day, or the account has gone through the whole
// table today, so that this value is one of very many.
type Touch struct {
	Count       uint64
	First, Last int64
}

// entities is the tables of a state in one list, in the order of the tables. The order
// within a table is kept by the codec, since it breaks ties of eviction.
type entities struct {
	list []entry
}

// fold makes 24 bits of a token. Two of one account's values fall together once in 2^24 pairs.
func fold(token uint64) uint32 {
	token *= 0x9E3779B97F4A7C15
	return uint32(token >> 40)
}

// settle drops what was last seen before the fortnight that ends on the day of ts: no window holds it
// any more, and a value that comes back counts as one never seen. Of a day that no event may
// still touch it drops the counts, and of one that is not in the day's window all but the day.
func (e *entities) settle(ts int64) {
	day, open := paneIndex(ts, fortnightPaneMS), paneIndex(max(ts-MaxLatenessMS, 0), fortnightPaneMS)
	kept := e.list[:0]
	for _, v := range e.list {
		age := int64(day) - int64(v.last/slotsPerDay)
		if age >= Fortnight.Panes() {
			continue
		}
		if v.last/slotsPerDay < open {
			v.count, v.first = 0, 0
		}
		if age > 1 {
			v.last = v.last / slotsPerDay * slotsPerDay
		}
		kept = append(kept, v)
	}
	e.list = kept
}

func (e *entities) touch(t Table, token uint64, ts int64) Touch {
	key, slot := fold(token), paneIndex(ts, dayPaneMS)
	for i := range e.list {
		if e.list[i].key == key && e.list[i].table == t {
			return e.list[i].see(slot, ts)
		}
	}
	return e.insert(t, entry{key: key, last: slot, count: 1, first: momentOfDay(ts), table: t}, ts)
}

// see counts an event of a value that the table holds.
func (v *entry) see(slot uint32, ts int64) Touch {
	day, lastDay := slot/slotsPerDay, v.last/slotsPerDay
	switch {
	case day > lastDay:
		v.last, v.count, v.first = slot, 1, momentOfDay(ts)
		return Touch{Count: 1, First: ts, Last: ts}
	case day < lastDay || v.count == 0:
		return Touch{}
	}
	v.count++
	last := max(ts, int64(v.last)*dayPaneMS)
	v.last = max(v.last, slot)
	v.first = min(v.first, momentOfDay(ts))
	first := int64(day)*fortnightPaneMS + int64(v.first)*momentMS
	return Touch{Count: uint64(v.count), First: first, Last: last}
}

// insert adds a value that the table does not hold; when full it takes the place of
// the value that was not seen for longest.
func (e *entities) insert(t Table, v entry, ts int64) Touch {
	i := 0
	for i < len(e.list) && e.list[i].table < t {
		i++
	}
	oldest, n := i, 0
	for ; i < len(e.list) && e.list[i].table == t; i++ {
		n++
		if e.list[i].last < e.list[oldest].last {
			oldest = i
		}
	}
	if n < tableCaps[t] {
		e.list = slices.Insert(e.list, i, v)
		return Touch{Count: 1, First: ts, Last: ts}
	}
	evicted := e.list[oldest].last
	if evicted > v.last {
		return Touch{}
	}
	e.list[oldest] = v
	if evicted/slotsPerDay == v.last/slotsPerDay {
		return Touch{}
	}
	return Touch{Count: 1, First: ts, Last: ts}
}

// distinct counts a table's values over day and fortnight at event time at.
func (e *entities) distinct(t Table, at int64) (d [NumSpans]Distinct) {
	slot, day := paneIndex(at, dayPaneMS), paneIndex(at, fortnightPaneMS)
	for i := range e.list {
		v := &e.list[i]
		if v.table != t {
			continue
		}
		if int64(slot)-int64(v.last) < Day.Panes() {
			d[Day].N++
		}
		if int64(day)-int64(v.last/slotsPerDay) < Fortnight.Panes() {
			d[Fortnight].N++
		}
	}
	d[Day].Full = d[Day].N == tableCaps[t]
	d[Fortnight].Full = d[Fortnight].N == tableCaps[t]
	return d
}

func momentOfDay(ts int64) uint8 { return uint8(ts / momentMS % momentsPerDay) }
