package window

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/event"
)

const hourMS = 3600 * 1000

// cotScale is the fixed point of the chain-of-thought score, so that its sum does
// not depend on the order of the events.
const cotScale = 10000

// profile is the measures that are kept by the week.
type profile struct {
	tasks    [event.NumTasks]uint64
	hours    [24]uint32
	cotSum   uint64 // in 1/cotScale
	cotCount uint64
	streams  uint64 // requests that asked for a stream
	starts   uint64 // conversations begun
}

// head is what the states of all streams begin with.
type head struct {
	first  int64 // lowest event time counted, Unix ms
	last   int64 // highest
	total  uint64
	offset int64  // input offset after the latest event counted
	org    string // latest org_id given
}

// admit advances the account's clock; false says that the event is too late, or
// has no possible time, and must not be counted.
func (h *head) admit(m *event.Meta, latenessMS, nextOffset int64) bool {
	switch {
	case m.TS < 0:
		return false
	case h.total == 0:
		h.first, h.last = m.TS, m.TS
	case m.TS < h.last-latenessMS:
		return false
	case m.TS > h.last:
		h.last = m.TS
	case m.TS < h.first:
		h.first = m.TS
	}
	h.total++
	h.offset = nextOffset
	if m.OrgID != "" && m.OrgID != h.org {
		h.org = m.OrgID
	}
	return true
}

// Last returns the account's highest event time on the stream (Unix ms), 0 = none.
func (h *head) Last() int64 { return h.last }

// Total returns how many events were counted.
func (h *head) Total() uint64 { return h.total }

// Offset returns the input offset after the latest event counted.
func (h *head) Offset() int64 { return h.offset }

// Org returns the latest org_id given, or "".
func (h *head) Org() string { return h.org }

// RequestState is the windows of one account's requests. The zero value is an
// account that made none. Not for concurrent use.
type RequestState struct {
	head
	rings    [NumSpans]ring[RequestSums]
	profiles ring[profile]
	sessions sessions
	models   models
	keys     []keyState
	habits   habits
	entities
}

// Add counts a request and advances the account's clock. It returns false, having
// changed nothing, for one older than the account's highest event time by more than latenessMS.
// nextOffset is the input offset after the event's.
func (s *RequestState) Add(e *event.Request, latenessMS, nextOffset int64) bool {
	last := s.last
	if !s.admit(&e.Meta, latenessMS, nextOffset) {
		return false
	}
	if s.last/dayPaneMS != last/dayPaneMS {
		s.settle(s.last)
		s.forgetRegimes()
	}
	start := s.sessions.add(e, last, s.last)
	s.models.add(e)
	sums := requestSums(e)
	for span := Minute; span < NumSpans; span++ {
		if p := s.rings[span].at(paneIndex(e.TS, span.PaneMS()), span.keep(latenessMS)); p != nil {
			p.sum.add(&sums)
			p.dirty = span == Hour
		}
	}
	if p := s.profiles.at(paneIndex(e.TS, profilePaneMS), profilePanes); p != nil {
		p.sum.add(e, start)
	}
	return true
}

// Touch counts one of the request's values in its table. Call it after Add.
func (s *RequestState) Touch(t Table, token uint64, ts int64) Touch { return s.touch(t, token, ts) }

// DayCount returns the requests counted in the UTC day of ts, 0 where the day is
// older than the fortnight.
func (s *RequestState) DayCount(ts int64) uint64 {
	if p := s.rings[Fortnight].find(paneIndex(ts, fortnightPaneMS)); p != nil {
		return p.sum.Requests
	}
	return 0
}

// Take calls emit with each minute before the one of ts that changed since
// it was last taken, oldest first, and marks it as taken.
func (s *RequestState) Take(ts int64, emit func(minuteMS int64, sums *RequestSums)) {
	s.rings[Hour].take(ts, emit)
}

// Features returns the windows at event time at, or at the account's highest event
// time where that is later: panes behind it are gone.
func (s *RequestState) Features(at int64) RequestFeatures {
	at = max(at, s.last)
	f := RequestFeatures{At: at, First: s.first, Last: s.last, Total: s.total, Offset: s.offset}
	for span := Minute; span < NumSpans; span++ {
		panes := s.rings[span].inWindow(paneIndex(at, span.PaneMS()), span.Panes())
		for i := range panes {
			f.Sums[span].add(&panes[i].sum)
		}
		if span == Fortnight {
			f.ActiveDay = len(panes)
		}
	}
	s.profile(at, &f)
	s.sessions.features(at, s.last, &f)
	s.models.features(&f)
	f.Keys = s.keyFeatures()
	f.IPs, f.Prefixes, f.ASNs = s.distinct(TableIP, at), s.distinct(TablePrefix, at), s.distinct(TableASN, at)
	f.Clients, f.APIKeys, f.Templates = s.distinct(TableClient, at), s.distinct(TableKey, at), s.distinct(TableTemplate, at)
	return f
}

func (s *RequestState) profile(at int64, f *RequestFeatures) {
	cot := uint64(0)
	panes := s.profiles.inWindow(paneIndex(at, profilePaneMS), profilePanes)
	for i := range panes {
		p := &panes[i].sum
		for t, n := range p.tasks {
			f.Tasks[t] += n
		}
		for h, n := range p.hours {
			f.Hours[h] += n
		}
		cot += p.cotSum
		f.CoTCount += p.cotCount
		f.Streams += p.streams
		f.Conversations += p.starts
	}
	f.CoTSum = float64(cot) / cotScale
}

// Reset makes the state one of an account that made no request, keeping its memory.
func (s *RequestState) Reset() {
	s.head = head{}
	for i := range s.rings {
		s.rings[i].reset()
	}
	s.profiles.reset()
	s.sessions, s.models, s.habits = sessions{}, models{}, habits{}
	s.keys, s.list = s.keys[:0], s.list[:0]
}

func requestSums(e *event.Request) RequestSums {
	s := RequestSums{
		Requests: 1,
		Input:    natural(e.InputTokens),
		Output:   natural(e.OutputTokens),
		Cached:   natural(e.CachedTokens),
		Tools:    natural(int64(e.ToolCalls)),
	}
	if e.Failed() {
		s.Errors = 1
	}
	if e.Status == statusTooMany {
		s.Throttled = 1
	}
	return s
}

// statusTooMany is the HTTP status of a request over its quota.
const statusTooMany = 429

func (s *RequestSums) add(o *RequestSums) {
	s.Requests += o.Requests
	s.Errors += o.Errors
	s.Throttled += o.Throttled
	s.Input += o.Input
	s.Output += o.Output
	s.Cached += o.Cached
	s.Tools += o.Tools
}

func (p *profile) add(e *event.Request, start bool) {
	if e.Task < event.NumTasks {
		p.tasks[e.Task]++
	}
	p.hours[e.TS/hourMS%24]++
	if e.CoT >= 0 && e.CoT <= 1 {
		p.cotSum += fixedCoT(e.CoT)
		p.cotCount++
	}
	p.streams += bit(e.Stream)
	p.starts += bit(start)
}

func fixedCoT(score float32) uint64 { return uint64(math.Round(float64(score) * cotScale)) }

func natural(v int64) uint64 { return uint64(max(v, 0)) }
