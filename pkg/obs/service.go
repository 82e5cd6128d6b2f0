package obs

import (
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Service is what one service of a process shows. Several may live in one process
// (iolaus up): each has its own registry and conditions. Safe for concurrent use.
type Service struct {
	Name string
	Log  *zap.Logger

	registry   *prometheus.Registry
	registerer prometheus.Registerer
	readyGauge *prometheus.GaugeVec

	mu         sync.Mutex
	conditions map[string]condition
}

type condition struct {
	ok     bool
	detail string
}

// NewService makes a service that is not ready until each condition it waits for is
// met; name them all here ("kafka", "redis", "state"). The logger is named for it.
func NewService(name string, log *zap.Logger, waitFor ...string) *Service {
	reg := prometheus.NewRegistry()
	s := &Service{
		Name:       name,
		Log:        log.Named(name),
		registry:   reg,
		registerer: prometheus.WrapRegistererWith(prometheus.Labels{"service": name}, reg),
		readyGauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "iolaus_ready", Help: "1 if what the service waits for is met, by condition.",
		}, []string{"condition"}),
		conditions: map[string]condition{},
	}
	s.registerer.MustRegister(s.readyGauge)
	for _, c := range waitFor {
		s.set(c, condition{detail: "starting"})
	}
	return s
}

// Registerer takes the service's metrics; each gets the label service.
func (s *Service) Registerer() prometheus.Registerer { return s.registerer }

// Gatherer gives the service's metrics, for tests and for merging.
func (s *Service) Gatherer() prometheus.Gatherer { return s.registry }

// Ready says whether a condition is met. A change is logged, a repeat costs nothing.
func (s *Service) Ready(cond string, ok bool) {
	detail := ""
	if !ok {
		detail = "not available"
	}
	s.set(cond, condition{ok, detail})
}

// NotReady says that a condition is not met, and why: a line for /readyz and the log.
// It must hold no secret.
func (s *Service) NotReady(cond, why string) { s.set(cond, condition{false, why}) }

// set logs outside the lock.
func (s *Service) set(name string, c condition) {
	s.mu.Lock()
	old, known := s.conditions[name]
	if !known || old != c {
		s.conditions[name] = c
		s.readyGauge.WithLabelValues(name).Set(gaugeValue(c.ok))
	}
	s.mu.Unlock()
	switch {
	case c.ok && !old.ok:
		s.Log.Info("condition met", zap.String("condition", name))
	case !c.ok && old.ok:
		s.Log.Warn("condition lost", zap.String("condition", name), zap.String("why", c.detail))
	}
}

func gaugeValue(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// Pending lists the conditions that are not met as "name: why", sorted; empty means ready.
func (s *Service) Pending() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for name, c := range s.conditions {
		if !c.ok {
			out = append(out, name+": "+c.detail)
		}
	}
	slices.Sort(out)
	return out
}
