package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// notesGroup is the consumer group whose committed metadata says which letters have
// been fed back. Nobody ever joins it. The broker forgets it some time after the last
// replay (offsets.retention.minutes, by default a week); then the count in the
// record's header still bounds what goes round.
const notesGroup = "iolaus-dlq-replay"

// maxNotes is what brokers take as metadata by default (offset.metadata.max.bytes).
const maxNotes = 4096

// ErrTooScattered says that the letters fed back so far are too scattered over a
// partition to be noted.
var ErrTooScattered = errors.New("what was fed back is too scattered to be noted: choose more letters at once, or fewer, by --reason, --from and --to")

type notes struct {
	adm *kadm.Client
	at  map[place]spans
}

func loadNotes(ctx context.Context, adm *kadm.Client, topics []string) (*notes, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	n := &notes{adm: adm, at: map[place]spans{}}
	stored, err := adm.FetchOffsets(ctx, notesGroup)
	if errors.Is(err, kerr.GroupIDNotFound) { // newer brokers say so where nothing was ever noted
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking what was fed back before: %w", err)
	}
	for _, o := range stored.Sorted() {
		if o.Err != nil {
			return nil, fmt.Errorf("asking what was fed back before: %w", o.Err)
		}
		if !slices.Contains(topics, o.Topic) || o.Metadata == "" {
			continue
		}
		s, err := parseSpans(o.Metadata)
		if err != nil {
			return nil, fmt.Errorf("what was fed back of %s/%d: %w", o.Topic, o.Partition, err)
		}
		n.at[place{o.Topic, o.Partition}] = s
	}
	return n, nil
}

func noted(l *Letter) place { return place{l.Topic + wire.SuffixDLQ, l.DLQPartition} }

func (n *notes) has(l *Letter) bool { return n.at[noted(l)].has(l.DLQOffset) }

func (n *notes) add(l *Letter) { n.at[noted(l)] = n.at[noted(l)].add(l.DLQOffset) }

func (n *notes) check() error {
	for p, s := range n.at {
		if len(s.String()) > maxNotes {
			return fmt.Errorf("%s/%d: %w", p.topic, p.partition, ErrTooScattered)
		}
	}
	return nil
}

func (n *notes) store(ctx context.Context) error {
	var commit kadm.Offsets
	for p, s := range n.at {
		if len(s) > 0 {
			commit.Add(kadm.Offset{Topic: p.topic, Partition: p.partition, At: s[len(s)-1].last + 1, LeaderEpoch: -1, Metadata: s.String()})
		}
	}
	if err := n.adm.CommitAllOffsets(ctx, notesGroup, commit); err != nil {
		return fmt.Errorf("noting what was fed back: %w", err)
	}
	return nil
}

// span is a run of offsets, both ends included.
type span struct{ first, last int64 }

// spans are in order and do not touch each other.
type spans []span

func (s spans) has(offset int64) bool {
	i, found := s.find(offset)
	return found && s[i].first <= offset
}

// find returns the first span that ends at offset or later.
func (s spans) find(offset int64) (int, bool) {
	i, _ := slices.BinarySearchFunc(s, offset, func(v span, o int64) int {
		if v.last < o {
			return -1
		}
		return 1
	})
	return i, i < len(s)
}

func (s spans) add(offset int64) spans {
	if s.has(offset) {
		return s
	}
	i, _ := s.find(offset)
	s = slices.Insert(s, i, span{offset, offset})
	if i+1 < len(s) && s[i+1].first == offset+1 {
		s[i].last = s[i+1].last
		s = slices.Delete(s, i+1, i+2)
	}
	if i > 0 && s[i-1].last == offset-1 {
		s[i-1].last = s[i].last
		s = slices.Delete(s, i, i+1)
	}
	return s
}

// String writes "3-7,9".
func (s spans) String() string {
	var b strings.Builder
	for i, v := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(v.first, 10))
		if v.last != v.first {
			b.WriteString("-" + strconv.FormatInt(v.last, 10))
		}
	}
	return b.String()
}

func parseSpans(text string) (spans, error) {
	var s spans
	for part := range strings.SplitSeq(text, ",") {
		first, last, many := strings.Cut(part, "-")
		if !many {
			last = first
		}
		a, errA := strconv.ParseInt(first, 10, 64)
		b, errB := strconv.ParseInt(last, 10, 64)
		if err := errors.Join(errA, errB); err != nil {
			return nil, fmt.Errorf("reading offsets: %w", err)
		}
		if b < a || (len(s) > 0 && a <= s[len(s)-1].last) {
			return nil, fmt.Errorf("reading offsets: %q is out of order", part)
		}
		s = append(s, span{a, b})
	}
	return s, nil
}
