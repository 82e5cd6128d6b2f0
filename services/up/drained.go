package up

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/services/sink"
)

// drained reports whether nothing is left to do, and where all topics end, as one string
// to compare with the next.
func (r *runner) drained(ctx context.Context) (bool, string, error) {
	ends, err := r.adm.ListCommittedOffsets(ctx, append(sink.Inputs(), wire.TopicLinks)...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return false, "", fmt.Errorf("asking where topics end: %w", err)
	}
	lag, err := lagOf(ctx, r.adm)
	if err != nil {
		return false, "", err
	}
	stored, err := r.adm.FetchOffsets(ctx, sink.Group)
	if err != nil {
		return false, "", fmt.Errorf("asking for the sink's offsets: %w", err)
	}
	done := lag == 0 && r.svcs.cluster.Drained(ends) && sinkAt(stored, ends)
	return done, signature(ends), nil
}

// sinkAt reports whether the sink has committed up to the ends.
func sinkAt(stored kadm.OffsetResponses, ends kadm.ListedOffsets) bool {
	for _, topic := range sink.Inputs() {
		for p, end := range ends[topic] {
			if at, ok := stored.Lookup(topic, p); end.Offset > 0 && (!ok || at.At < end.Offset) {
				return false
			}
		}
	}
	return true
}

func signature(ends kadm.ListedOffsets) string {
	var b strings.Builder
	for _, o := range ends.Offsets().Sorted() {
		fmt.Fprintf(&b, "%s/%d:%d ", o.Topic, o.Partition, o.At)
	}
	return b.String()
}
