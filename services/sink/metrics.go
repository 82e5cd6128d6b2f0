package sink

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
)

// metrics of the service, beside those of every service.
type metrics struct {
	rows      *prometheus.CounterVec
	batchRows *prometheus.HistogramVec
	poison    *prometheus.CounterVec
	rejected  *prometheus.CounterVec
	delay     *prometheus.GaugeVec
	lag       *prometheus.GaugeVec
	latency   *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_sink_rows_total", Help: "Rows written to ClickHouse.",
		}, []string{"topic"}),
		batchRows: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "iolaus_sink_batch_rows", Help: "Rows of an insert.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 9), // 1 to 65,536
		}, []string{"topic"}),
		poison: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_sink_unreadable_total", Help: "Records passed over because they cannot be read.",
		}, []string{"topic"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_sink_rejected_total", Help: "Input records sent to their dead-letter topic.",
		}, []string{"topic", "reason"}),
		delay: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "iolaus_sink_delay_seconds", Help: "Age of the record read last, by the broker's clock.",
		}, []string{"topic"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "iolaus_sink_lag", Help: "Records behind the end of the partition that are not in ClickHouse yet.",
		}, []string{"topic", "partition"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "iolaus_clickhouse_seconds", Help: "Duration of a call to ClickHouse.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15), // 1 ms to 16 s
		}, []string{"op", "outcome"}),
	}
	reg.MustRegister(m.rows, m.batchRows, m.poison, m.rejected, m.delay, m.lag, m.latency)
	return m
}

// call observes a round trip to ClickHouse.
func (m *metrics) call(c clickhouse.Call) {
	outcome := "ok"
	if c.Err != nil {
		outcome = "error"
	}
	m.latency.WithLabelValues(c.Op, outcome).Observe(c.Took.Seconds())
}

func (m *metrics) flushed(l *lane) {
	n := float64(l.rows.Len())
	m.rows.WithLabelValues(l.place.topic).Add(n)
	if n > 0 {
		m.batchRows.WithLabelValues(l.place.topic).Observe(n)
	}
}

func (m *metrics) delayed(r *kgo.Record, now time.Time) {
	m.delay.WithLabelValues(r.Topic).Set(now.Sub(r.Timestamp).Seconds())
}

// lagging sets the lag from the group's committed offsets; it replaces what was known.
func (m *metrics) lagging(lag kadm.GroupMemberLag) {
	m.lag.WithLabelValues(lag.Topic, strconv.Itoa(int(lag.Partition))).Set(float64(max(lag.Lag, 0)))
}
