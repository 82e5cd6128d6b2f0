package sink

import (
	"errors"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// letter is a label that was rejected, whole, for its dead-letter topic. It depends on
// nothing but the record and its place, so that a redelivery gives the same.
func letter(r *kgo.Record, why *decode.Rejection, s *seal.Sealer) *kgo.Record {
	headers := []kgo.RecordHeader{
		{Key: wire.HeaderReason, Value: []byte(why.Reason)},
		{Key: wire.HeaderField, Value: []byte(why.Field)},
		{Key: wire.HeaderDetail, Value: []byte(why.Detail)},
		{Key: wire.HeaderTopic, Value: []byte(r.Topic)},
		{Key: wire.HeaderPartition, Value: strconv.AppendInt(nil, int64(r.Partition), 10)},
		{Key: wire.HeaderOffset, Value: strconv.AppendInt(nil, r.Offset, 10)},
	}
	value := r.Value
	if s != nil && value != nil {
		value = s.Seal(r.Topic, r.Partition, r.Offset, value)
		headers = append(headers, kgo.RecordHeader{Key: wire.HeaderSealed, Value: []byte("1")})
	}
	return &kgo.Record{Topic: r.Topic + wire.SuffixDLQ, Key: r.Key, Value: value, Headers: append(headers, r.Headers...), Timestamp: r.Timestamp}
}

// sendLetters produces the batch's rejected labels and waits for the acknowledgements.
func (s *sink) sendLetters(l *lane) error {
	for len(l.letters) > 0 {
		var failed []*kgo.Record
		for _, res := range s.client.ProduceSync(l.ctx, l.letters...) {
			switch {
			case res.Err == nil:
			case errors.Is(res.Err, kerr.MessageTooLarge) && len(res.Record.Value) > keptBytes:
				failed = append(failed, cut(res.Record))
			default:
				failed = append(failed, res.Record)
			}
		}
		l.letters = failed
		if len(failed) == 0 {
			break
		}
		s.kafka.waits(l, true)
		if s.kafka.log.allow(time.Now()) {
			s.log.Warn("producing dead letters", zap.String("topic", failed[0].Topic), zap.Int("records", len(failed)))
		}
		select {
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-time.After(retryWait):
		}
	}
	return nil
}

// keptBytes is what is kept of a value that its topic does not take, with its length in
// the header.
const (
	keptBytes = 64 << 10
	headerCut = "iolaus-cut"
)

func cut(r *kgo.Record) *kgo.Record {
	r.Headers = append(r.Headers, kgo.RecordHeader{Key: headerCut, Value: strconv.AppendInt(nil, int64(len(r.Value)), 10)})
	r.Value = r.Value[:keptBytes]
	return r
}

// ourHeaders reads the headers that Iolaus put before the record's own: the offset is the
// last that is always there, so what a producer calls by these names is never believed.
func ourHeaders(r *kgo.Record) map[string]string {
	ours := map[string]string{}
	for _, h := range r.Headers {
		ours[h.Key] = string(h.Value)
		if h.Key == wire.HeaderOffset {
			return ours
		}
	}
	return nil
}
