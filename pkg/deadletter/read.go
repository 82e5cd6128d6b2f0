package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// answerWithin is how long a broker has for the first answer: somebody waits.
const answerWithin = 20 * time.Second

// Read calls each for every letter that the filter chooses, partition by partition in
// order, up to what is there when it is called. A record that is no letter goes to
// strange. It joins no group.
func Read(ctx context.Context, opts []kgo.Opt, f Filter, each func(*Letter) error, strange func(error)) error {
	from, to, err := extent(ctx, opts, f.dlqTopics())
	if err != nil || len(from) == 0 {
		return err
	}
	client, err := kgo.NewClient(slices.Concat(opts, []kgo.Opt{
		kgo.ConsumePartitions(from), kgo.KeepControlRecords(), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	})...)
	if err != nil {
		return fmt.Errorf("reading dead letters: %w", err)
	}
	defer client.Close()
	for len(to) > 0 {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fetchError(fetches); err != nil {
			return err
		}
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			if failed == nil {
				failed = visit(r, f, to, each, strange)
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// place is a partition of a dead-letter topic.
type place struct {
	topic     string
	partition int32
}

// visit hands a record on, unless it came after Read was called. It strikes off to the
// partitions that are read.
func visit(r *kgo.Record, f Filter, to map[place]int64, each func(*Letter) error, strange func(error)) error {
	p := place{r.Topic, r.Partition}
	end, open := to[p]
	if !open {
		return nil
	}
	if r.Offset+1 >= end {
		delete(to, p)
	}
	if r.Offset >= end || r.Attrs.IsControl() {
		return nil
	}
	l, err := Parse(r)
	if err != nil {
		strange(err)
		return nil
	}
	if !f.Match(&l) {
		return nil
	}
	return each(&l)
}

// extent asks for the start and the end of every partition that holds something. Topics
// that do not exist are left out.
func extent(ctx context.Context, opts []kgo.Opt, topics []string) (map[string]map[int32]kgo.Offset, map[place]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	known, err := adm.ListTopics(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("listing dead-letter topics: %w", err)
	}
	topics = slices.DeleteFunc(topics, func(t string) bool { return !known.Has(t) })
	if len(topics) == 0 {
		return nil, nil, nil
	}
	starts, err := adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("listing offsets of dead letters: %w", err)
	}
	ends, err := adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("listing offsets of dead letters: %w", err)
	}
	from, to := map[string]map[int32]kgo.Offset{}, map[place]int64{}
	var failed error
	ends.Each(func(end kadm.ListedOffset) {
		start, ok := starts.Lookup(end.Topic, end.Partition)
		failed = errors.Join(failed, end.Err, start.Err)
		if !ok || failed != nil || start.Offset >= end.Offset {
			return
		}
		if from[end.Topic] == nil {
			from[end.Topic] = map[int32]kgo.Offset{}
		}
		from[end.Topic][end.Partition] = kgo.NewOffset().At(start.Offset)
		to[place{end.Topic, end.Partition}] = end.Offset
	})
	if failed != nil {
		return nil, nil, fmt.Errorf("listing offsets of dead letters: %w", failed)
	}
	return from, to, nil
}

func fetchError(fetches kgo.Fetches) error {
	for _, e := range fetches.Errors() {
		return fmt.Errorf("reading %s/%d: %w", e.Topic, e.Partition, e.Err)
	}
	return nil
}
