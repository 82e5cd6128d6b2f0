package decision

import "time"

// AsOf says how fresh an answer is.
type AsOf struct {
	EventTS    int64 `json:"event_ts" doc:"Event time of the newest record applied, Unix ms; 0 before the first."`
	AppliedAt  int64 `json:"applied_at" doc:"Wall time at which the newest record was applied, Unix ms; 0 before the first."`
	LagRecords int64 `json:"lag_records" doc:"Records not yet applied, when Kafka was last asked (each second)."`
	Loading    bool  `json:"loading" doc:"The state is not complete yet."`
}

type topicPartition struct {
	topic     string
	partition int32
}

// progress is how far the view has come. Offsets are "next to read".
type progress struct {
	applied map[topicPartition]int64
	ends    map[topicPartition]int64 // as last asked
	goals   map[topicPartition]int64 // the ends when first asked: reaching them ends the loading
	loaded  map[string]bool          // by topic; stays true
	asOf    AsOf
}

func newProgress() progress {
	return progress{
		applied: map[topicPartition]int64{}, ends: map[topicPartition]int64{}, loaded: map[string]bool{},
		asOf: AsOf{Loading: true},
	}
}

func (p *progress) sawEvent(ts int64) { p.asOf.EventTS = max(p.asOf.EventTS, ts) }

// advance records that a partition was applied up to next.
func (p *progress) advance(tp topicPartition, next int64) {
	p.applied[tp] = max(p.applied[tp], next)
}

// extent is what a partition holds: offsets from first up to, not including, end.
type extent struct{ first, end int64 }

// measure takes what the topics hold now. Offsets before the first are gone and count as applied.
func (p *progress) measure(now map[topicPartition]extent) {
	for tp, e := range now {
		p.advance(tp, e.first)
		p.ends[tp] = e.end
	}
	if p.goals == nil {
		p.goals = map[topicPartition]int64{}
		for tp, e := range now {
			p.goals[tp] = e.end
		}
	}
}

// settle works out lag and loading after a batch or a measurement.
func (p *progress) settle() {
	p.asOf.LagRecords = 0
	for tp, end := range p.ends {
		p.asOf.LagRecords += max(0, end-p.applied[tp])
	}
	if p.goals == nil || !p.asOf.Loading {
		return
	}
	behind := map[string]bool{}
	for tp, goal := range p.goals {
		behind[tp.topic] = behind[tp.topic] || p.applied[tp] < goal
	}
	p.asOf.Loading = false
	for topic, b := range behind {
		p.loaded[topic] = p.loaded[topic] || !b
		p.asOf.Loading = p.asOf.Loading || !p.loaded[topic]
	}
}

// appliedBatch closes a batch of records: positions first, then lag and loading.
func (v *View) appliedBatch(next map[topicPartition]int64, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for tp, offset := range next {
		v.progress.advance(tp, offset)
	}
	v.progress.asOf.AppliedAt = now.UnixMilli()
	v.progress.settle()
}

func (v *View) measured(now map[topicPartition]extent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.progress.measure(now)
	v.progress.settle()
}

// Freshness says how fresh the view is.
func (v *View) Freshness() AsOf {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.progress.asOf
}
