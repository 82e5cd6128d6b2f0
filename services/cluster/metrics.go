package cluster

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/iolaus-io/iolaus/pkg/detect"
)

// Metrics of the service.
type Metrics struct {
	Facts      prometheus.Counter
	Unreadable prometheus.Counter
	Rebuilds   prometheus.Counter
	Held       prometheus.Gauge
	Redis      prometheus.Histogram
	Evaluation prometheus.Histogram
	Decisions  *prometheus.CounterVec
	Lag        prometheus.Gauge
	Owner      prometheus.Gauge
	LinksLag   prometheus.Gauge
}

// NewMetrics registers the service's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		Facts:      prometheus.NewCounter(prometheus.CounterOpts{Name: "iolaus_facts_total", Help: "Link facts read."}),
		Unreadable: prometheus.NewCounter(prometheus.CounterOpts{Name: "iolaus_links_unreadable_total", Help: "Records of the links topic passed over."}),
		Rebuilds:   prometheus.NewCounter(prometheus.CounterOpts{Name: "iolaus_state_rebuilds_total", Help: "How often the graph was built again from the topics."}),
		Held:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "iolaus_facts_held", Help: "Facts held back for inputs that are behind in event time."}),
		Redis: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "iolaus_redis_seconds", Help: "Reading the windows of a batch of accounts.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)}),
		Evaluation: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "iolaus_evaluation_seconds", Help: "Reading windows and scoring a batch of accounts.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)}),
		Decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "iolaus_decisions_total", Help: "Changes of action."}, []string{"action"}),
		Lag:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "iolaus_event_time_lag_seconds", Help: "Wall clock minus the event time of the latest decision."}),
		LinksLag:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "iolaus_links_lag_records", Help: "Records of the links topic that have not been read yet, or are held back."}),
	}
	m.Owner = prometheus.NewGauge(prometheus.GaugeOpts{Name: "iolaus_graph_owner", Help: "1 where this instance owns the graph, 0 where it follows."})
	reg.MustRegister(m.Owner, m.Facts, m.Unreadable, m.Rebuilds, m.Held, m.Redis, m.Evaluation, m.Decisions, m.Lag, m.LinksLag)
	return m
}

func (m *Metrics) observe(out *detect.Output) {
	for i := range out.Decisions {
		m.Decisions.WithLabelValues(out.Decisions[i].Action).Inc()
		m.Lag.Set(float64(time.Now().UnixMilli()-out.Decisions[i].EventTS) / 1000)
	}
}
