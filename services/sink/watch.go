package sink

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// watchEvery is how often both dependencies are asked and the lag is read.
const watchEvery = 2 * time.Second

// watch keeps readiness true to what Kafka and ClickHouse answer, also while nothing is to
// be written, and reads the group's lag.
func (s *sink) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.ask(ctx)
	}
}

func (s *sink) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	s.stored.answered(s.store.Ping(ctx) == nil)
	lags, err := s.admin.Lag(ctx, Group)
	s.kafka.answered(err == nil)
	if err != nil {
		if s.kafka.log.allow(time.Now()) {
			s.log.Warn("reading the group's lag", zap.Error(err))
		}
		return
	}
	for _, group := range lags {
		for _, topic := range group.Lag {
			for _, p := range topic {
				s.metrics.lagging(p)
			}
		}
	}
}
