package clickhouse

import (
	"time"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// ActivityRows are rows of iolaus.account_activity.
type ActivityRows struct {
	runID, account, stream, org                         []string
	ts, amount                                          []int64
	events, requests, errors                            []uint64
	input, output, cached, toolCalls, declines, charges []uint64
}

// Append adds a minute's rollup.
func (r *ActivityRows) Append(runID string, a *wire.Activity) {
	r.runID = append(r.runID, runID)
	r.account = append(r.account, a.AccountID)
	r.stream = append(r.stream, a.Stream.String())
	r.org = append(r.org, a.OrgID)
	r.ts = append(r.ts, a.MinuteMS)
	r.amount = append(r.amount, a.AmountMinor)
	r.events = append(r.events, a.Events)
	r.requests = append(r.requests, a.Requests)
	r.errors = append(r.errors, a.Errors)
	r.input = append(r.input, a.InputTokens)
	r.output = append(r.output, a.OutputTokens)
	r.cached = append(r.cached, a.CachedTokens)
	r.toolCalls = append(r.toolCalls, a.ToolCalls)
	r.declines = append(r.declines, a.Declines)
	r.charges = append(r.charges, a.Charges)
}

// Table names the table.
func (r *ActivityRows) Table() string { return "iolaus.account_activity_log" }

// Len counts the rows.
func (r *ActivityRows) Len() int { return len(r.account) }

// Reset empties the batch and keeps its room, since this is the table with the most rows.
func (r *ActivityRows) Reset() {
	clear(r.account) // let go of the strings
	clear(r.org)
	r.runID, r.account, r.stream, r.org = r.runID[:0], r.account[:0], r.stream[:0], r.org[:0]
	r.ts, r.amount = r.ts[:0], r.amount[:0]
	r.events, r.requests, r.errors = r.events[:0], r.requests[:0], r.errors[:0]
	r.input, r.output, r.cached = r.input[:0], r.output[:0], r.cached[:0]
	r.toolCalls, r.declines, r.charges = r.toolCalls[:0], r.declines[:0], r.charges[:0]
}

func (r *ActivityRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"account_id", typeText, r.account}, {"stream", typeText, r.stream},
		{"events", typeUint64, r.events}, {"requests", typeUint64, r.requests}, {"errors", typeUint64, r.errors},
		{"input_tokens", typeUint64, r.input}, {"output_tokens", typeUint64, r.output}, {"cached_tokens", typeUint64, r.cached},
		{"tool_calls", typeUint64, r.toolCalls}, {"declines", typeUint64, r.declines}, {"charges", typeUint64, r.charges},
		{"amount_minor", typeInt64, r.amount}, {"org_id", typeText, r.org},
	}
}

// LinkRows are rows of iolaus.links.
type LinkRows struct {
	runID, account, kind, token []string
	pane                        []time.Time
	first, last                 []int64
	count                       []uint64
}

// Append adds a fact.
func (r *LinkRows) Append(runID string, f *link.Fact) {
	r.runID = append(r.runID, runID)
	r.account = append(r.account, f.Account)
	r.kind = append(r.kind, f.Kind.String())
	r.token = append(r.token, link.FormatToken(f.Kind, f.Token))
	r.pane = append(r.pane, time.UnixMilli(int64(f.Pane)*link.PaneMS).UTC())
	r.first = append(r.first, f.First)
	r.last = append(r.last, f.Last)
	r.count = append(r.count, f.Count)
}

// Table names the table.
func (r *LinkRows) Table() string { return "iolaus.links_log" }

// Len counts the rows.
func (r *LinkRows) Len() int { return len(r.account) }

// Reset empties the batch.
func (r *LinkRows) Reset() { *r = LinkRows{} }

func (r *LinkRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"account_id", typeText, r.account}, {"kind", typeText, r.kind}, {"token", typeText, r.token},
		{"pane", "Date", r.pane}, {"first_seen", typeTime, r.first}, {"last_seen", typeTime, r.last}, {"count", typeUint64, r.count},
	}
}

// LabelRows are rows of iolaus.labels.
type LabelRows struct {
	runID, id, account, org, label, source, campaign, note []string
	ts, offset                                             []int64
}

// Append adds a label, which stands at offset in its topic.
func (r *LabelRows) Append(runID string, l *event.Label, offset int64) {
	r.runID = append(r.runID, runID)
	r.id = append(r.id, l.EventID)
	r.account = append(r.account, l.AccountID)
	r.org = append(r.org, l.OrgID)
	r.label = append(r.label, l.Label.String())
	r.source = append(r.source, l.Source)
	r.campaign = append(r.campaign, l.Campaign)
	r.note = append(r.note, l.Note)
	r.ts = append(r.ts, l.TS)
	r.offset = append(r.offset, offset)
}

// Table names the table.
func (r *LabelRows) Table() string { return "iolaus.labels_log" }

// Len counts the rows.
func (r *LabelRows) Len() int { return len(r.id) }

// Reset empties the batch.
func (r *LabelRows) Reset() { *r = LabelRows{} }

func (r *LabelRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"event_id", typeText, r.id}, {"account_id", typeText, r.account},
		{"org_id", typeText, r.org}, {"label", typeText, r.label}, {"source", typeText, r.source},
		{"campaign", typeText, r.campaign}, {"note", typeText, r.note}, {"kafka_offset", typeInt64, r.offset},
	}
}

// Rejected says where a record stands that was dead-lettered or late, and why: never
// what is in it. TS is the broker's time of the original record, Unix ms.
type Rejected struct {
	Topic                 string
	Partition             int32
	Offset                int64
	TS                    int64
	Reason, Field, Detail string
	Late                  bool
}

// RejectedRows are rows of iolaus.rejected_events.
type RejectedRows struct {
	runID, topic, reason, field, detail []string
	ts, at, offset                      []int64
	partition                           []int32
	late                                []bool
}

// Append adds a rejection, whose record stands at offset in the dead-letter topic.
func (r *RejectedRows) Append(runID string, e *Rejected, offset int64) {
	r.runID = append(r.runID, runID)
	r.topic = append(r.topic, e.Topic)
	r.reason = append(r.reason, e.Reason)
	r.field = append(r.field, e.Field)
	r.detail = append(r.detail, e.Detail)
	r.ts = append(r.ts, e.TS)
	r.at = append(r.at, e.Offset)
	r.offset = append(r.offset, offset)
	r.partition = append(r.partition, e.Partition)
	r.late = append(r.late, e.Late)
}

// Table names the table.
func (r *RejectedRows) Table() string { return "iolaus.rejected_events_log" }

// Len counts the rows.
func (r *RejectedRows) Len() int { return len(r.topic) }

// Reset empties the batch.
func (r *RejectedRows) Reset() { *r = RejectedRows{} }

func (r *RejectedRows) columns() []column {
	return []column{
		{"run_id", typeText, r.runID}, {"ts", typeTime, r.ts}, {"topic", typeText, r.topic}, {"partition", typeInt32, r.partition},
		{"offset", typeInt64, r.at}, {"reason", typeText, r.reason}, {"field", typeText, r.field}, {"detail", typeText, r.detail},
		{"late", "Bool", r.late}, {"kafka_offset", typeInt64, r.offset},
	}
}

// ReplayRun is a row of iolaus.replay_runs. FinishedMS is 0 while it runs; Metrics is the
// JSON of metrics.json.
type ReplayRun struct {
	RunID                                       string
	StartedMS, FinishedMS                       int64
	Input, PolicyVersion                        string
	Events, Rejected, Late, Decisions, Clusters uint64
	Metrics                                     string
}

// ReplayRunRows are rows of iolaus.replay_runs.
type ReplayRunRows struct{ rows []ReplayRun }

// Append adds a run.
func (r *ReplayRunRows) Append(run ReplayRun) { r.rows = append(r.rows, run) }

// Table names the table.
func (r *ReplayRunRows) Table() string { return "iolaus.replay_runs_log" }

// Len counts the rows.
func (r *ReplayRunRows) Len() int { return len(r.rows) }

// Reset empties the batch.
func (r *ReplayRunRows) Reset() { r.rows = nil }

func (r *ReplayRunRows) columns() []column {
	return []column{
		{"run_id", typeText, each(r.rows, func(x ReplayRun) string { return x.RunID })},
		{"started_at", typeTime, each(r.rows, func(x ReplayRun) int64 { return x.StartedMS })},
		{"finished_at", typeTime, each(r.rows, func(x ReplayRun) int64 { return x.FinishedMS })},
		{"input", typeText, each(r.rows, func(x ReplayRun) string { return x.Input })},
		{"policy_version", typeText, each(r.rows, func(x ReplayRun) string { return x.PolicyVersion })},
		{"events", typeUint64, each(r.rows, func(x ReplayRun) uint64 { return x.Events })},
		{"rejected", typeUint64, each(r.rows, func(x ReplayRun) uint64 { return x.Rejected })},
		{"late", typeUint64, each(r.rows, func(x ReplayRun) uint64 { return x.Late })},
		{"decisions", typeUint64, each(r.rows, func(x ReplayRun) uint64 { return x.Decisions })},
		{"clusters", typeUint64, each(r.rows, func(x ReplayRun) uint64 { return x.Clusters })},
		{"metrics", typeText, each(r.rows, func(x ReplayRun) string { return x.Metrics })},
	}
}

func each[T, V any](rows []T, f func(T) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = f(r)
	}
	return out
}
