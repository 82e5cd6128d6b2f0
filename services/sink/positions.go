package sink

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"go.uber.org/zap"
)

// position is where a lane starts.
type position struct {
	offset int64 // committed, or unknown
	plan   int64 // announced end of the batch from there, or 0
}

// starts are the positions of the partitions that were assigned, and the ids of their topics.
type starts struct {
	ids     map[string][16]byte
	offsets kadm.OffsetResponses
}

func (s starts) of(topic string, partition int32) position {
	at, ok := s.offsets.Lookup(topic, partition)
	if !ok || at.At < 0 {
		return position{offset: unknown}
	}
	return position{offset: at.At, plan: plannedEnd(at.Metadata, at.At)}
}

// positions asks Kafka until it answers; false means that ctx has ended.
func (s *sink) positions(ctx context.Context, parts map[string][]int32) (starts, bool) {
	for {
		at, err := s.askPositions(ctx, slices.Collect(maps.Keys(parts)))
		if err == nil {
			return at, true
		}
		if s.kafka.log.allow(time.Now()) {
			s.log.Warn("asking where the group stands", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return starts{}, false
		case <-time.After(retryWait):
		}
	}
}

func (s *sink) askPositions(ctx context.Context, topics []string) (starts, error) {
	at := starts{ids: map[string][16]byte{}}
	details, err := s.admin.ListTopics(ctx, topics...)
	if err != nil {
		return at, fmt.Errorf("listing topics: %w", err)
	}
	for _, d := range details {
		if d.Err != nil {
			return at, fmt.Errorf("listing topic %s: %w", d.Topic, d.Err)
		}
		at.ids[d.Topic] = d.ID
	}
	at.offsets, err = s.admin.FetchOffsetsForTopics(ctx, Group, topics...)
	if err != nil {
		return at, fmt.Errorf("fetching offsets: %w", err)
	}
	return at, at.offsets.Error()
}
