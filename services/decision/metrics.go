package decision

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the service.
type Metrics struct {
	answers *prometheus.CounterVec
	applied *prometheus.CounterVec
	invalid *prometheus.CounterVec
	lag     prometheus.Gauge
	eventTS prometheus.Gauge
	batch   prometheus.Histogram
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_decision_answers_total", Help: "What gateways were told, by protocol and action; unavailable while loading.",
		}, []string{"protocol", "action"}),
		applied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_decision_records_applied_total", Help: "Records taken into memory.",
		}, []string{"topic"}),
		invalid: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "iolaus_decision_records_invalid_total", Help: "Records that were not understood and left out.",
		}, []string{"topic"}),
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "iolaus_decision_lag_records", Help: "Records not yet applied.",
		}),
		eventTS: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "iolaus_decision_event_time_seconds", Help: "Event time of the newest record applied.",
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "iolaus_decision_batch_records", Help: "Records applied at a time.", Buckets: prometheus.ExponentialBuckets(1, 4, 8),
		}),
	}
	reg.MustRegister(m.answers, m.applied, m.invalid, m.lag, m.eventTS, m.batch)
	return m
}

func (m *Metrics) answered(protocol string, a Answer, err error) {
	if err != nil {
		m.answers.WithLabelValues(protocol, "unavailable").Inc()
		return
	}
	m.answers.WithLabelValues(protocol, a.Action).Inc()
}

func (m *Metrics) freshness(a AsOf) {
	m.lag.Set(float64(a.LagRecords))
	m.eventTS.Set(float64(a.EventTS) / 1000)
}
