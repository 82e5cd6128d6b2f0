package replay

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/iolaus-io/iolaus/pkg/detect"
)

// Watcher is told what a replay reads and says, in its order and from its goroutine:
// what an event leads to is told after the event. What it is handed is valid until it returns.
type Watcher interface {
	Event(e *Event) // an accepted event that is no label, before it is folded
	Output(out *detect.Output)
}

// Cost is what a replay took. Times are CPU where the system tells it by thread (Linux), and time
// elapsed elsewhere. Fold, Detect, Rest and Watch are what the replay's one thread took, split by
// the time that elapsed in each.
type Cost struct {
	Events      uint64        `json:"events"`
	Decode      time.Duration `json:"decode_ns"`       // reading, decoding and tokenising, in threads of their own
	Fold        time.Duration `json:"fold_ns"`         // windows and facts
	Detect      time.Duration `json:"detect_ns"`       // graph, score, policy; joining windows
	Rest        time.Duration `json:"rest_ns"`         // merging the streams, tallies, output files
	Watch       time.Duration `json:"watch_ns"`        // the Watcher: no part of the product
	Process     time.Duration `json:"process_ns"`      // CPU of the whole process over the run, garbage collector included
	GraphBytes  uint64        `json:"graph_bytes"`     // heap that the detector holds at the end
	WindowBytes uint64        `json:"window_bytes"`    // heap that the accounts' windows hold at the end
	Accounts    int           `json:"accounts"`        // ever seen
	Active      int           `json:"active_accounts"` // with a live link at the end
	Links       int           `json:"live_links"`      // at the end
}

type stage int

const (
	stageFold stage = iota
	stageDetect
	stageWatch
	numStages
)

// meter takes the time of the stages; a nil meter takes none.
type meter struct {
	since time.Time
	spent [numStages]time.Duration
}

func (m *meter) begin() {
	if m != nil {
		m.since = time.Now()
	}
}

func (m *meter) end(s stage) {
	if m != nil {
		m.spent[s] += time.Since(m.since)
	}
}

// metered is all, with what it took where that is asked for.
func (r *runner) metered(ctx context.Context, sources []source) error {
	cost := r.cfg.Cost
	if cost == nil {
		return r.all(ctx, sources)
	}
	r.meter = &meter{}
	var decoding atomic.Int64
	timed := make([]source, len(sources))
	for i, s := range sources {
		timed[i] = &timedSource{s, &decoding}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	process, thread, start := processCPU(), threadCPU(), time.Now()
	if err := r.all(ctx, timed); err != nil {
		return err
	}
	*cost = Cost{Events: r.events, Decode: time.Duration(decoding.Load()), Process: processCPU() - process,
		Accounts: len(r.accounts), Active: r.detector.Population(), Links: r.detector.Links()}
	busy := time.Since(start) - r.waited
	cost.split(threadCPU()-thread, busy, &r.meter.spent)
	r.weigh(cost)
	return nil
}

// split shares the thread's CPU out by time elapsed, of busy in all.
func (c *Cost) split(cpu, busy time.Duration, spent *[numStages]time.Duration) {
	part := func(d time.Duration) time.Duration {
		return time.Duration(float64(cpu) * float64(d) / float64(max(1, busy)))
	}
	c.Fold, c.Detect, c.Watch = part(spent[stageFold]), part(spent[stageDetect]), part(spent[stageWatch])
	c.Rest = max(0, cpu-c.Fold-c.Detect-c.Watch)
}

// weigh finds how much heap the detector and the windows hold, by letting go of them.
func (r *runner) weigh(cost *Cost) {
	before := heapBytes()
	r.detector = nil
	between := heapBytes()
	r.accounts = map[string]*states{}
	after := heapBytes()
	cost.GraphBytes, cost.WindowBytes = before-min(before, between), between-min(between, after)
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// timedSource adds up what reading and decoding take, a batch at a time.
type timedSource struct {
	source
	spent *atomic.Int64
}

func (s *timedSource) read(ctx context.Context) ([]Event, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := threadCPU()
	events, err := s.source.read(ctx)
	s.spent.Add(int64(threadCPU() - start))
	return events, err
}

// Per returns µs an event.
func (c *Cost) Per(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1000 / float64(max(1, c.Events))
}
