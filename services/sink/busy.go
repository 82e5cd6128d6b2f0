package sink

import (
	"sync"
	"time"
)

// throttle lets one message through in a while.
type throttle struct {
	mu   sync.Mutex
	last time.Time
}

// logEvery is the least time between two log lines about the same trouble.
const logEvery = 10 * time.Second

func (t *throttle) allow(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last) < logEvery {
		return false
	}
	t.last = now
	return true
}

// dependency is what the sink needs and may have to wait for. It is ready while it
// answers when asked and no lane waits for it. Safe for concurrent use.
type dependency struct {
	tell func(ok bool)
	log  throttle

	mu      sync.Mutex
	answers bool
	waiting map[*lane]bool
}

func newDependency(tell func(ok bool)) *dependency {
	return &dependency{tell: tell, waiting: map[*lane]bool{}}
}

// waits notes whether a lane waits.
func (d *dependency) waits(l *lane, waits bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if waits == d.waiting[l] {
		return
	}
	if waits {
		d.waiting[l] = true
	} else {
		delete(d.waiting, l)
	}
	d.tell(d.answers && len(d.waiting) == 0)
}

// answered notes whether it answered a question.
func (d *dependency) answered(ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers = ok
	d.tell(d.answers && len(d.waiting) == 0)
}
