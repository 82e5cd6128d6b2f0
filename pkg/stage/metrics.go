package stage

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
)

type metrics struct {
	records   prometheus.Counter
	batches   prometheus.Histogram
	eventLag  *prometheus.GaugeVec
	groupLag  *prometheus.GaugeVec
	redisTime *prometheus.HistogramVec
	reject    *prometheus.CounterVec
	lateCount prometheus.Counter
	facts     prometheus.Counter
	rows      prometheus.Counter
	owners    prometheus.Gauge
	dropped   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	partition := []string{"partition"}
	m := &metrics{
		records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "iolaus_stage_records_total", Help: "Input records whose effect has been stored."}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "iolaus_stage_batch_records", Help: "Input records of a batch.", Buckets: prometheus.ExponentialBuckets(1, 4, 9)}),
		eventLag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "iolaus_stage_event_lag_seconds", Help: "Wall clock minus the highest event time stored, by input partition."}, partition),
		groupLag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "iolaus_stage_group_lag_records", Help: "Input records that are not stored yet, by input partition."}, partition),
		redisTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "iolaus_stage_redis_seconds", Help: "Time of a call to the store.", Buckets: prometheus.ExponentialBuckets(0.0001, 3, 10)}, []string{"call"}),
		reject: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_stage_rejected_total", Help: "Records sent to the dead-letter topic, by reason."}, []string{"reason"}),
		lateCount: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "iolaus_stage_late_total", Help: "Events sent to the late topic."}),
		facts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "iolaus_stage_facts_total", Help: "Facts told to the graph."}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "iolaus_stage_activity_total", Help: "Activity rows told."}),
		owners: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "iolaus_stage_partitions", Help: "Input partitions that this instance owns."}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_stage_ownership_dropped_total", Help: "Times that a partition's owner began anew, by cause."}, []string{"cause"}),
	}
	reg.MustRegister(m.records, m.batches, m.eventLag, m.groupLag, m.redisTime, m.reject, m.lateCount, m.facts, m.rows, m.owners, m.dropped)
	return m
}

// counts is what a batch adds to the metrics once it is stored, so that what is done again
// after a failure is not counted twice.
type counts struct {
	records, late, facts, rows int
	rejected                   map[string]int
}

func (c *counts) folded(out *fold.Out) {
	c.facts += len(out.Facts)
	c.rows += len(out.Activity)
}

func (c *counts) reject(reason string) {
	if c.rejected == nil {
		c.rejected = map[string]int{}
	}
	c.rejected[reason]++
}

// stored adds a batch's counts and empties them.
func (m *metrics) stored(partition int32, c *counts, pos redisstore.Position) {
	m.facts.Add(float64(c.facts))
	m.rows.Add(float64(c.rows))
	m.lateCount.Add(float64(c.late))
	for reason, n := range c.rejected {
		m.reject.WithLabelValues(reason).Add(float64(n))
	}
	if c.records > 0 {
		m.records.Add(float64(c.records))
		m.batches.Observe(float64(c.records))
	}
	if c.records > 0 && pos.EventMS > 0 {
		lag := time.Since(time.UnixMilli(pos.EventMS)).Seconds()
		m.eventLag.WithLabelValues(strconv.Itoa(int(partition))).Set(lag)
	}
	*c = counts{}
}

func (m *metrics) redis(call string, start time.Time) {
	m.redisTime.WithLabelValues(call).Observe(time.Since(start).Seconds())
}

func (m *metrics) lag(partition int32, n int64) {
	m.groupLag.WithLabelValues(strconv.Itoa(int(partition))).Set(float64(n))
}

func (m *metrics) forget(partition int32) {
	m.groupLag.DeleteLabelValues(strconv.Itoa(int(partition)))
	m.eventLag.DeleteLabelValues(strconv.Itoa(int(partition)))
}

// warnings logs bad records without letting them fill the log: one line for a reason
// in warnEvery, with how many there were. Safe for concurrent use.
type warnings struct {
	log  *zap.Logger
	mu   sync.Mutex
	seen map[string]*warning
}

type warning struct {
	last  time.Time
	count int
}

const warnEvery = 10 * time.Second

func newWarnings(log *zap.Logger) *warnings {
	return &warnings{log: log, seen: map[string]*warning{}}
}

func (w *warnings) rejected(r *kgo.Record, why *decode.Rejection) {
	n := w.note(why.Reason)
	if n == 0 {
		return
	}
	w.log.Warn("records rejected", zap.String("reason", why.Reason), zap.String("field", why.Field), zap.Int("count", n),
		zap.String("topic", r.Topic), zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset))
}

// note counts a case and returns how many there were since the last line, or 0 while
// it is too early for another.
func (w *warnings) note(reason string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.seen[reason]
	if s == nil {
		s = &warning{}
		w.seen[reason] = s
	}
	s.count++
	if time.Since(s.last) < warnEvery {
		return 0
	}
	n := s.count
	s.last, s.count = time.Now(), 0
	return n
}
