package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// rows turns a topic's records into rows of one table.
type rows interface {
	clickhouse.Batch
	// add makes a row of a record, or none where it holds nothing to store. An error
	// means that the record cannot be read, or that ctx has ended.
	add(ctx context.Context, r *kgo.Record) error
}

// route is a topic and the rows its partitions fill. The stage keeps no state; the only
// topic that it writes to is the dead-letter topic of labels.
type route struct {
	topic string
	rows  func() rows

	// patience multiplies the times that a row may wait for others. An insert costs
	// ClickHouse milliseconds of CPU however small it is, and what comes in small parts is
	// merged over and over, so what is not urgent comes in larger ones.
	patience time.Duration
}

// The patience of topics by what people wait for.
const (
	urgent = 1  // decisions
	calm   = 3  // what explains them
	bulk   = 10 // what has a row for nearly everything that happens
)

// routes declares the stage.
func routes(runID string, labels *decode.Decoder) []route {
	all := []route{
		{wire.TopicDecisions, func() rows { return &decisions{runID: runID} }, urgent},
		{wire.TopicClusterScores, func() rows { return &clusterScores{runID: runID} }, calm},
		{wire.TopicMembers, func() rows { return &members{runID: runID} }, calm},
		{wire.TopicAccountScores, func() rows { return &accountScores{runID: runID} }, calm},
		{wire.TopicActivity, func() rows { return &activity{runID: runID} }, bulk},
		{wire.TopicLinks, func() rows { return &links{runID: runID} }, bulk},
		{wire.TopicLabels, func() rows { return &labelled{runID: runID, decoder: labels.Clone()} }, calm},
	}
	for _, topic := range []string{wire.TopicSignups, wire.TopicRequests, wire.TopicPayments, wire.TopicLabels} {
		all = append(all, route{topic + wire.SuffixDLQ, func() rows { return &rejected{runID: runID, source: topic} }, calm})
	}
	for _, topic := range []string{wire.TopicSignups, wire.TopicRequests, wire.TopicPayments} {
		all = append(all, route{topic + wire.SuffixLate, func() rows { return &rejected{runID: runID, source: topic, late: true} }, calm})
	}
	return all
}

// Inputs lists what the sink reads.
func Inputs() []string {
	var topics []string
	for _, r := range routes("", nil) {
		topics = append(topics, r.topic)
	}
	return topics
}

// lettersKept is how long the dead-letter topic of labels keeps its records.
const lettersKept = 30 * 24 * time.Hour

// Topics are those that are the sink's to make: nobody else reads labels for what is
// wrong with them.
func Topics() []kafka.Topic {
	return []kafka.Topic{
		{Name: wire.TopicLabels, Forever: true},
		{Name: wire.TopicLabels + wire.SuffixDLQ, Retention: lettersKept, MaxBytes: kafka.WholeBytes},
	}
}

// lastTime is the first Unix ms that DateTime64(3) does not hold: the year 2300.
const lastTime = 10_413_792_000_000

// checkTimes refuses what a column would store as another time.
func checkTimes(ms ...int64) error {
	for _, t := range ms {
		if t < 0 || t >= lastTime {
			return fmt.Errorf("time %d ms is outside 1970 to 2299", t)
		}
	}
	return nil
}

type decisions struct {
	clickhouse.DecisionRows
	runID string
}

func (d *decisions) add(_ context.Context, r *kgo.Record) error {
	var v wire.Decision
	if err := unmarshal(r, &v); err != nil || len(r.Value) == 0 {
		return err
	}
	if v.DecisionID == "" || v.AccountID == "" {
		return errors.New("a decision without decision_id or account_id")
	}
	if err := checkTimes(v.EventTS, v.DecidedAt); err != nil {
		return err
	}
	d.Append(d.runID, &v, r.Offset)
	return nil
}

type clusterScores struct {
	clickhouse.ClusterScoreRows
	runID string
}

func (c *clusterScores) add(_ context.Context, r *kgo.Record) error {
	var v wire.ClusterScore
	if err := unmarshal(r, &v); err != nil || len(r.Value) == 0 {
		return err
	}
	if v.ClusterID == "" {
		return errors.New("a cluster score without cluster_id")
	}
	if err := checkTimes(v.TS, v.FirstSeen, v.LastSeen); err != nil {
		return err
	}
	c.Append(c.runID, &v, r.Offset)
	return nil
}

type members struct {
	clickhouse.MemberRows
	runID string
}

func (m *members) add(_ context.Context, r *kgo.Record) error {
	var v wire.Member
	if err := unmarshal(r, &v); err != nil || len(r.Value) == 0 {
		return err
	}
	if v.ClusterID == "" || v.AccountID == "" {
		return errors.New("a membership without cluster_id or account_id")
	}
	if err := checkTimes(v.JoinedAt, v.LeftAt); err != nil {
		return err
	}
	m.Append(m.runID, &v, r.Offset)
	return nil
}

type accountScores struct {
	clickhouse.AccountScoreRows
	runID string
}

func (a *accountScores) add(_ context.Context, r *kgo.Record) error {
	var v wire.AccountScore
	if err := unmarshal(r, &v); err != nil || len(r.Value) == 0 {
		return err
	}
	if v.AccountID == "" {
		return errors.New("an account score without account_id")
	}
	if err := checkTimes(v.TS); err != nil {
		return err
	}
	a.Append(a.runID, &v, r.Offset)
	return nil
}

// unmarshal reads a JSON record. A tombstone of a compacted topic reads as nothing.
func unmarshal(r *kgo.Record, v any) error {
	if len(r.Value) == 0 {
		return nil
	}
	return json.Unmarshal(r.Value, v)
}

type activity struct {
	clickhouse.ActivityRows
	runID string
	value wire.Activity // reused
}

func (a *activity) add(_ context.Context, r *kgo.Record) error {
	if len(r.Value) == 0 {
		return nil
	}
	if err := wire.DecodeActivity(r.Value, &a.value); err != nil {
		return err
	}
	if err := checkTimes(a.value.MinuteMS); err != nil {
		return err
	}
	a.Append(a.runID, &a.value)
	return nil
}

type links struct {
	clickhouse.LinkRows
	runID string
	fact  link.Fact // reused
}

// add leaves out what is no link: progress, and an account's own volume.
func (l *links) add(_ context.Context, r *kgo.Record) error {
	if len(r.Value) == 0 || wire.IsProgress(r.Key) {
		return nil
	}
	if err := wire.DecodeFact(r.Value, &l.fact); err != nil {
		return err
	}
	if l.fact.Kind == link.KindVolume {
		return nil
	}
	if err := checkTimes(l.fact.First, l.fact.Last); err != nil {
		return err
	}
	if l.fact.Pane > 1<<16-1 {
		return fmt.Errorf("pane %d is after 2149", l.fact.Pane)
	}
	l.Append(l.runID, &l.fact)
	return nil
}

type labelled struct {
	clickhouse.LabelRows
	runID   string
	decoder *decode.Decoder
	value   event.Label // reused
}

// registryWait lies between two questions to a schema registry that does not answer.
const registryWait = time.Second

func (l *labelled) add(ctx context.Context, r *kgo.Record) error {
	rec := decode.Record{Key: r.Key, Value: r.Value, ContentType: header(r, "content-type"), BrokerMS: r.Timestamp.UnixMilli()}
	for {
		err := l.decoder.Label(rec, &l.value)
		if err == nil {
			l.Append(l.runID, &l.value, r.Offset)
			return nil
		}
		if !errors.Is(err, decode.ErrBusy) {
			return err
		}
		for l.decoder.Resolve(ctx, err) != nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(registryWait):
			}
		}
	}
}

type rejected struct {
	clickhouse.RejectedRows
	runID  string
	source string // the topic that the dead-letter topic belongs to
	late   bool
}

// maxDetail bounds what is kept of a reason, in bytes.
const maxDetail = 1024

// add reads the headers only. A record that somebody else put there, without them, is
// listed by where it lies.
func (j *rejected) add(_ context.Context, r *kgo.Record) error {
	if err := checkTimes(r.Timestamp.UnixMilli()); err != nil {
		return err
	}
	e := j.read(r)
	j.Append(j.runID, &e, r.Offset)
	return nil
}

func (j *rejected) read(r *kgo.Record) clickhouse.Rejected {
	e := clickhouse.Rejected{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, TS: r.Timestamp.UnixMilli(), Reason: "unknown", Late: j.late}
	if j.late {
		e.Reason = "late"
	}
	ours := ourHeaders(r)
	partition, errP := strconv.ParseInt(ours[wire.HeaderPartition], 10, 32)
	offset, errO := strconv.ParseInt(ours[wire.HeaderOffset], 10, 64)
	if errP != nil || errO != nil || ours[wire.HeaderTopic] != j.source {
		return e
	}
	e.Topic, e.Partition, e.Offset = j.source, int32(partition), offset
	if j.late {
		return e
	}
	e.Reason, e.Field = ours[wire.HeaderReason], ours[wire.HeaderField]
	detail := ours[wire.HeaderDetail]
	e.Detail = strings.ToValidUTF8(detail[:min(len(detail), maxDetail)], "")
	return e
}

// header returns the first header of a name, or "".
func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
