package clickhouse_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/migrations"
)

// migrated starts the real engine with the schema in it.
func migrated(t testing.TB) (*clickhouse.Client, clickhouse.Config) {
	t.Helper()
	cfg := clickhouse.Default()
	cfg.DSN = testbackend.ClickHouse(t)
	return connected(t, cfg), cfg
}

func connected(t testing.TB, cfg clickhouse.Config) *clickhouse.Client {
	t.Helper()
	if _, err := clickhouse.Migrate(context.Background(), cfg, migrations.FS()); err != nil {
		t.Fatal(err)
	}
	c, err := clickhouse.Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// table runs a SELECT and returns its rows as ClickHouse writes them in text.
func table(t testing.TB, c *clickhouse.Client, sql string, p clickhouse.Params) [][]string {
	t.Helper()
	rows, err := c.Query(context.Background(), sql, p)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		out = append(out, textRow(t, rows))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func insert(t testing.TB, c *clickhouse.Client, b clickhouse.Batch, token string) {
	t.Helper()
	if err := c.Insert(context.Background(), b, token); err != nil {
		t.Fatal(err)
	}
}

// check compares the answer to a SELECT.
func check(t testing.TB, c *clickhouse.Client, sql string, want ...[]string) {
	t.Helper()
	if diff := cmp.Diff(want, table(t, c, sql, clickhouse.Params{})); diff != "" {
		t.Errorf("%s\n(-want +got)\n%s", sql, diff)
	}
}

func TestMigrateTwice(t *testing.T) {
	cfg := clickhouse.Default()
	cfg.DSN = testbackend.ClickHouse(t)
	first, err := clickhouse.Migrate(context.Background(), cfg, migrations.FS())
	if err != nil {
		t.Fatal(err)
	}
	second, err := clickhouse.Migrate(context.Background(), cfg, migrations.FS())
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 9 || len(second) != 0 {
		t.Errorf("applied %v, then %v", first, second)
	}
	c := connected(t, cfg)
	check(t, c, "SELECT name FROM system.tables WHERE database = 'iolaus' AND engine = 'View' ORDER BY name",
		[]string{"account_activity"}, []string{"account_scores"}, []string{"cluster_members"}, []string{"cluster_scores"}, []string{"current_clusters"},
		[]string{"decisions"}, []string{"labels"}, []string{"links"}, []string{"rejected_events"}, []string{"replay_runs"})
	check(t, c, "SELECT count() FROM system.columns WHERE database = 'iolaus' AND name = 'run_id' AND type != 'LowCardinality(String)'", []string{"0"})
	check(t, c, "SELECT DISTINCT type FROM system.columns WHERE database = 'iolaus' AND table != 'schema_versions' AND type LIKE '%DateTime%' AND type NOT LIKE 'Simple%'", []string{"DateTime64(3, 'UTC')"})
}

// A batch goes in three times: as it is, again with its token (a retry), and again with
// another (a redelivery that was cut otherwise). Every name of the contract answers as if once.
func TestRepeatedInsertShowsOnce(t *testing.T) {
	c, _ := migrated(t)
	for _, b := range everyTable() {
		for _, token := range []string{"a", "a", "b"} {
			insert(t, c, b, token)
		}
		if n := table(t, c, "SELECT count() FROM "+b.Table(), clickhouse.Params{}); n[0][0] == "1" && b.Len() > 1 {
			t.Errorf("%s: %v rows stored of %d", b.Table(), n, b.Len())
		}
	}
	check(t, c, "SELECT count() FROM iolaus.decisions_log", []string{"2"}) // "a" went in once: the token was known
	check(t, c, "SELECT count() FROM iolaus.decisions", []string{"1"})
	check(t, c, "SELECT count(), sum(requests), sum(input_tokens) FROM iolaus.account_activity", []string{"2", "11", "110"})
	check(t, c, `SELECT run_id, ts, decision_id, account_id, api_key_id, cluster_id, action, previous_action, mode, score, account_score,
		cluster_score, reasons, evidence, policy_version, event_ts, decided_at FROM iolaus.decisions`,
		[]string{"live", "2026-04-22 10:00:00.123", "d1", "acc-1", "", "c1", "suspend", "throttle", "enforce", "0.97", "0.9", "0.99",
			"[('shared_device','device',3,0.1,2.5)]", "[('device','k1-00000000000abc',17)]", "v1", "2026-04-22 10:00:00.123", "2026-04-22 10:00:01.000"})
	check(t, c, "SELECT cluster_id, size, score, reason_codes, contributions, exchanges, input_tokens, output_tokens, first_seen, last_seen FROM iolaus.cluster_scores",
		[]string{"c1", "17", "0.99", "['shared_device','signup_burst']", "[2.5,1.5]", "100", "1000", "2000", "2026-04-22 09:00:00.000", "2026-04-22 10:00:00.000"})
	check(t, c, "SELECT account_id, cluster_id, score, reason_codes, contributions FROM iolaus.account_scores", []string{"acc-1", "c1", "0.9", "[]", "[]"})
	check(t, c, "SELECT account_id, kind, token, pane, first_seen, last_seen, count FROM iolaus.links",
		[]string{"acc-1", "template", "00000000000000ff", "2026-04-22", "2026-04-22 10:00:00.000", "2026-04-22 10:05:00.000", "16"})
	check(t, c, "SELECT ts, event_id, account_id, org_id, label, source, campaign, note FROM iolaus.labels",
		[]string{"2026-04-22 10:00:00.000", "e1", "acc-1", "org", "fraud", "analyst", "x", "note"})
	check(t, c, "SELECT topic, partition, offset, reason, field, detail, late FROM iolaus.rejected_events",
		[]string{"requests", "3", "42", "missing_field", "model", "the field is absent", "false"})
	check(t, c, "SELECT cluster_id, account_id, joined_at, toUnixTimestamp64Milli(left_at) FROM iolaus.cluster_members",
		[]string{"c1", "acc-1", "2026-04-22 10:00:00.000", "0"})
	check(t, c, "SELECT run_id, cluster_id, account_id, joined_at FROM iolaus.current_clusters", []string{"live", "c1", "acc-1", "2026-04-22 10:00:00.000"})
	check(t, c, "SELECT run_id, input, events, metrics FROM iolaus.replay_runs", []string{"r1", "dir", "7", "{}"})
}

// The newest record about a thing is the one that shows, whatever order the inserts came in.
func TestLaterRecordWins(t *testing.T) {
	c, _ := migrated(t)
	at := ms(t, "2026-04-22T10:00:00Z")
	joined := wire.Member{ClusterID: "c1", AccountID: "a", JoinedAt: at}
	left := wire.Member{ClusterID: "c1", AccountID: "a", JoinedAt: at, LeftAt: at + 1000}
	again := wire.Member{ClusterID: "c1", AccountID: "a", JoinedAt: at + 2000}
	other := wire.Member{ClusterID: "c1", AccountID: "b", JoinedAt: at}
	for i, step := range []struct {
		m      wire.Member
		offset int64
	}{{left, 2}, {joined, 1}, {other, 3}, {again, 4}, {again, 4}, {joined, 1}} {
		var b clickhouse.MemberRows
		b.Append("live", &step.m, step.offset)
		insert(t, c, &b, "m"+string(rune('0'+i)))
	}
	check(t, c, "SELECT account_id, joined_at, toUnixTimestamp64Milli(left_at) > 0 FROM iolaus.cluster_members ORDER BY account_id, joined_at",
		[]string{"a", "2026-04-22 10:00:00.000", "1"}, []string{"a", "2026-04-22 10:00:02.000", "0"}, []string{"b", "2026-04-22 10:00:00.000", "0"})
	check(t, c, "SELECT account_id, joined_at FROM iolaus.current_clusters ORDER BY account_id",
		[]string{"a", "2026-04-22 10:00:02.000"}, []string{"b", "2026-04-22 10:00:00.000"})

	// A minute's rollup grows; an old one redelivered late does not shrink it.
	for i, events := range []uint64{3, 9, 5, 3} {
		var b clickhouse.ActivityRows
		b.Append("live", &wire.Activity{AccountID: "a", Stream: event.StreamRequest, MinuteMS: at, Events: events, Requests: events, InputTokens: 10 * events})
		insert(t, c, &b, "a"+string(rune('0'+i)))
	}
	check(t, c, "SELECT count(), sum(requests), sum(input_tokens) FROM iolaus.account_activity", []string{"1", "9", "90"})

	// Facts of one entity from two streams merge column by column.
	for i, f := range []link.Fact{{First: at + 5, Last: at + 9, Count: 4}, {First: at, Last: at + 1, Count: 1}, {First: at + 5, Last: at + 7, Count: 1}} {
		f.Account, f.Kind, f.Token, f.Pane = "a", link.KindIP, 1<<56|7, link.Pane(at)
		var b clickhouse.LinkRows
		b.Append("live", &f)
		insert(t, c, &b, "l"+string(rune('0'+i)))
	}
	check(t, c, "SELECT token, toUnixTimestamp64Milli(first_seen) - "+text(at)+", toUnixTimestamp64Milli(last_seen) - "+text(at)+", count FROM iolaus.links",
		[]string{"k1-00000000000007", "0", "9", "4"})
	check(t, c, "SELECT count() FROM iolaus.links WHERE count = 1", []string{"0"}) // a filter sees what is merged
	check(t, c, "SELECT count() FROM iolaus.account_activity WHERE events = 3", []string{"0"})
}

// A batch whose clock runs over more months than ClickHouse takes in one insert goes in.
func TestManyMonthsInOneBatch(t *testing.T) {
	c, _ := migrated(t)
	var b clickhouse.ActivityRows
	const months = 240
	for i := range months {
		b.Append("live", &wire.Activity{AccountID: "a", MinuteMS: time.Date(1990, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC).UnixMilli() + 1<<40, Events: 1})
	}
	insert(t, c, &b, "x")
	insert(t, c, &b, "x")
	check(t, c, "SELECT count(), sum(events) FROM iolaus.account_activity", []string{text(months), text(months)})
}

// Filters on the view reach the primary key and the partitions.
func TestFiltersArePushedDown(t *testing.T) {
	c, _ := migrated(t)
	day := ms(t, "2026-01-01T00:00:00Z")
	for m := range int64(6) {
		var b clickhouse.ActivityRows
		for i := range int64(20_000) {
			b.Append("live", &wire.Activity{AccountID: "acc-" + text(i%1000), Stream: event.StreamRequest, MinuteMS: day + (m*31*24*60+i)*60_000, Events: 1})
		}
		insert(t, c, &b, text(m))
	}
	for sql, want := range map[string]int{ // granules read at most, of 6 x 3
		"SELECT sum(events) FROM iolaus.account_activity WHERE run_id = 'live' AND ts >= '2026-03-05 00:00:00' AND ts < '2026-03-05 01:00:00'": 2,
		"SELECT sum(events) FROM iolaus.account_activity WHERE run_id = 'other'":                                                               0,
	} {
		plan := table(t, c, "EXPLAIN indexes = 1, json = 0 "+sql, clickhouse.Params{})
		if got := granules(t, plan); got > want {
			t.Errorf("%s reads %d granules\n%v", sql, got, plan)
		}
	}
}

func everyTable() []clickhouse.Batch {
	at := time.Date(2026, 4, 22, 10, 0, 0, 0, time.UTC).UnixMilli()
	var (
		d  clickhouse.DecisionRows
		cs clickhouse.ClusterScoreRows
		m  clickhouse.MemberRows
		as clickhouse.AccountScoreRows
		ac clickhouse.ActivityRows
		l  clickhouse.LinkRows
		lb clickhouse.LabelRows
		re clickhouse.RejectedRows
		rr clickhouse.ReplayRunRows
	)
	evidence := []wire.Evidence{{Kind: "device", Token: "k1-00000000000abc", Accounts: 17}}
	d.Append("live", &wire.Decision{
		DecisionID: "d1", AccountID: "acc-1", ClusterID: "c1", Action: wire.ActionSuspend, PreviousAction: wire.ActionThrottle, Mode: wire.ModeEnforce,
		Score: 0.97, AccountScore: 0.9, ClusterScore: 0.99, PolicyVersion: "v1", EventTS: at + 123, DecidedAt: at + 1000, Evidence: evidence,
		Reasons: []wire.Reason{{Code: "shared_device", Family: "device", Value: 3, Baseline: 0.1, Contribution: 2.5}},
	}, 5)
	cs.Append("live", &wire.ClusterScore{
		TS: at, ClusterID: "c1", Size: 17, Score: 0.99, ReasonCodes: []string{"shared_device", "signup_burst"}, Contributions: []float64{2.5, 1.5},
		Evidence: evidence, Exchanges: 100, InputTokens: 1000, OutputTokens: 2000, FirstSeen: at - 3_600_000, LastSeen: at,
	}, 6)
	m.Append("live", &wire.Member{ClusterID: "c1", AccountID: "acc-1", JoinedAt: at}, 7)
	as.Append("live", &wire.AccountScore{TS: at, AccountID: "acc-1", ClusterID: "c1", Score: 0.9}, 8)
	ac.Append("live", &wire.Activity{AccountID: "acc-1", Stream: event.StreamRequest, MinuteMS: at, Events: 10, Requests: 10, InputTokens: 100})
	ac.Append("live", &wire.Activity{AccountID: "acc-1", Stream: event.StreamRequest, MinuteMS: at + 60_000, Events: 1, Requests: 1, InputTokens: 10})
	l.Append("live", &link.Fact{Account: "acc-1", Kind: link.KindTemplate, Token: 255, Pane: link.Pane(at), First: at, Last: at + 300_000, Count: 16})
	lb.Append("live", &event.Label{Meta: event.Meta{EventID: "e1", AccountID: "acc-1", OrgID: "org", TS: at}, Label: event.LabelFraud, Source: "analyst", Campaign: "x", Note: "note"}, 9)
	re.Append("live", &clickhouse.Rejected{Topic: "requests", Partition: 3, Offset: 42, TS: at, Reason: "missing_field", Field: "model", Detail: "the field is absent"}, 10)
	rr.Append(clickhouse.ReplayRun{RunID: "r1", StartedMS: at, FinishedMS: at, Input: "dir", Events: 7, Metrics: "{}"})
	return []clickhouse.Batch{&d, &cs, &m, &as, &ac, &l, &lb, &re, &rr}
}
