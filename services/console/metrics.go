package console

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the service.
type Metrics struct {
	took   *prometheus.HistogramVec
	failed *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "iolaus_console_query_seconds", Help: "Time of a query to ClickHouse.", Buckets: prometheus.ExponentialBuckets(0.002, 3, 9),
		}, []string{"query"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_console_query_failures_total", Help: "Queries that ClickHouse did not answer.",
		}, []string{"query"}),
	}
	reg.MustRegister(m.took, m.failed)
	return m
}

func (m *Metrics) query(name string, took time.Duration, err error) {
	m.took.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failed.WithLabelValues(name).Inc()
	}
}
