package window

// The panes of the four sliding windows. The window of a span at event time t is
// the panes t/PaneMS-Panes+1 … t/PaneMS: aligned to the pane, exact on that definition.
const (
	minutePaneMS    = 10 * 1000
	hourPaneMS      = 60 * 1000
	dayPaneMS       = 2 * 3600 * 1000
	fortnightPaneMS = 24 * 3600 * 1000
	// profilePaneMS is the pane of the measures that only need to be coarse (task mix,
	// hours, chain-of-thought score): two panes of a week.
	profilePaneMS = 7 * fortnightPaneMS
	profilePanes  = 2
)

// MinuteMS is the length of an activity minute, which is the pane of the hour.
const MinuteMS = hourPaneMS

// DefaultLatenessMS is how far behind its account's highest event time an event is
// still counted, where nothing else is configured: an hour.
const DefaultLatenessMS = 3600 * 1000

// MaxLatenessMS is the highest lateness that may be configured. Every minute of
// it is kept for each account, so it is bounded.
const MaxLatenessMS = 6 * 3600 * 1000

// PaneMS returns the length of the span's panes in milliseconds.
func (s Span) PaneMS() int64 {
	switch s {
	case Minute:
		return minutePaneMS
	case Hour:
		return hourPaneMS
	case Day:
		return dayPaneMS
	default:
		return fortnightPaneMS
	}
}

// Panes returns how many panes make up the span's window.
func (s Span) Panes() int64 {
	switch s {
	case Minute:
		return 6
	case Hour:
		return 60
	case Day:
		return 12
	default:
		return 14
	}
}

// keep is how many panes of the span a state holds: the window, and for the
// hour's minutes also all that a late event may still touch.
func (s Span) keep(latenessMS int64) uint32 {
	n := s.Panes()
	if s == Hour {
		n = max(n, latenessMS/MinuteMS+2)
	}
	return uint32(n)
}

// pane is one pane's sums. dirty is used for the hour's minutes only: changed
// since the minute's activity row was last emitted.
type pane[S any] struct {
	idx   uint32
	dirty bool
	sum   S
}

// ring is a sparse list of panes in ascending order; the newest is always the
// pane of the account's highest event time.
type ring[S any] struct {
	panes []pane[S]
}

// at finds or makes the pane, and forgets panes that the newest one moved out. It
// returns nil for a pane that is older than what the ring holds.
func (r *ring[S]) at(idx, keep uint32) *pane[S] {
	n := len(r.panes)
	if n == 0 {
		return r.push(idx)
	}
	newest := r.panes[n-1].idx
	if newest == idx {
		return &r.panes[n-1]
	}
	if idx > newest {
		r.forget(idx, keep)
		return r.push(idx)
	}
	if newest-idx >= keep {
		return nil
	}
	return r.insert(idx)
}

func (r *ring[S]) push(idx uint32) *pane[S] {
	r.panes = append(r.panes, pane[S]{idx: idx})
	return &r.panes[len(r.panes)-1]
}

// forget drops the panes that are keep or more behind the new newest one.
func (r *ring[S]) forget(newest, keep uint32) {
	drop := 0
	for drop < len(r.panes) && newest-r.panes[drop].idx >= keep {
		drop++
	}
	if drop > 0 {
		r.panes = append(r.panes[:0], r.panes[drop:]...)
	}
}

func (r *ring[S]) insert(idx uint32) *pane[S] {
	i := len(r.panes)
	for i > 0 && r.panes[i-1].idx > idx {
		i--
	}
	if i > 0 && r.panes[i-1].idx == idx {
		return &r.panes[i-1]
	}
	r.panes = append(r.panes, pane[S]{})
	copy(r.panes[i+1:], r.panes[i:])
	r.panes[i] = pane[S]{idx: idx}
	return &r.panes[i]
}

// inWindow returns the panes of the window of n panes that ends in pane cur. The
// caller has made sure that no pane is newer than cur.
func (r *ring[S]) inWindow(cur uint32, n int64) []pane[S] {
	i := 0
	for i < len(r.panes) && int64(cur)-int64(r.panes[i].idx) >= n {
		i++
	}
	return r.panes[i:]
}

// find returns the pane, or nil.
func (r *ring[S]) find(idx uint32) *pane[S] {
	for i := len(r.panes) - 1; i >= 0 && r.panes[i].idx >= idx; i-- {
		if r.panes[i].idx == idx {
			return &r.panes[i]
		}
	}
	return nil
}

// take hands out the dirty minutes before the one of ts and marks them clean.
func (r *ring[S]) take(ts int64, emit func(minuteMS int64, sums *S)) {
	before := paneIndex(ts, MinuteMS)
	for i := range r.panes {
		if p := &r.panes[i]; p.dirty && p.idx < before {
			p.dirty = false
			emit(int64(p.idx)*MinuteMS, &p.sum)
		}
	}
}

// size makes the ring n panes long, for a reader to fill.
func (r *ring[S]) size(n int) {
	if cap(r.panes) < n {
		r.panes = make([]pane[S], n, n+n/2)
	}
	r.panes = r.panes[:n]
}

func (r *ring[S]) reset() { r.panes = r.panes[:0] }

func paneIndex(ts, paneMS int64) uint32 { return uint32(ts / paneMS) }
