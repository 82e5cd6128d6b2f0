package clickhouse_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

// The story that the fixtures tell, on 22 April 2026:
//
//	10:00  a1, a2 and honest h send 10 requests each in a minute, again at 10:01 and 10:02
//	10:01  cluster c1 = {a1, a2}, scored 0.4, then 0.95 at 10:02; c2 = {h, h2} scored 0.2
//	10:01:30  a1 observed → suspended at 10:01:45; a2 suspended in shadow only, throttled for real
//	10:02  h2 has left c2
//
// Another run holds the same once more: nothing of it may show.
func fixtures(t *testing.T, c *clickhouse.Client, runID string) {
	at := ms(t, "2026-04-22T10:00:00Z")
	const minute = 60_000
	var ac clickhouse.ActivityRows
	for m := range int64(3) {
		for _, account := range []string{"a1", "a2", "h"} {
			ac.Append(runID, &wire.Activity{AccountID: account, Stream: event.StreamRequest, MinuteMS: at + m*minute, Events: 10, Requests: 10})
		}
	}
	ac.Append(runID, &wire.Activity{AccountID: "a1", Stream: event.StreamSignup, MinuteMS: at, Events: 1})
	ac.Append(runID, &wire.Activity{AccountID: "a1", Stream: event.StreamPayment, MinuteMS: at, Events: 2, Charges: 1, AmountMinor: 500})

	device := []wire.Evidence{{Kind: "device", Token: "k1-00000000000007", Accounts: 2}, {Kind: "asn", Token: "AS64500/hosting", Accounts: 2}}
	var d clickhouse.DecisionRows
	decide := func(id, account, cluster, action, previous, mode string, ts int64) {
		d.Append(runID, &wire.Decision{
			DecisionID: id, AccountID: account, ClusterID: cluster, Action: action, PreviousAction: previous, Mode: mode, Score: 0.9,
			Reasons:  []wire.Reason{{Code: "weak", Contribution: -0.5}, {Code: "strong", Contribution: 2.25}},
			Evidence: device, PolicyVersion: "p1", EventTS: ts, DecidedAt: ts,
		}, int64(d.Len()))
	}
	decide("d1", "a1", "c1", wire.ActionObserve, wire.ActionAllow, wire.ModeEnforce, at+90_000)
	decide("d2", "a1", "c1", wire.ActionSuspend, wire.ActionObserve, wire.ModeEnforce, at+105_000)
	decide("d3", "a2", "c1", wire.ActionSuspend, wire.ActionAllow, wire.ModeShadow, at+105_000)
	decide("d4", "a2", "c1", wire.ActionThrottle, wire.ActionAllow, wire.ModeEnforce, at+110_000)

	var cs clickhouse.ClusterScoreRows
	score := func(cluster string, ts int64, size int, value float64, exchanges uint64) {
		cs.Append(runID, &wire.ClusterScore{
			TS: ts, ClusterID: cluster, Size: size, Score: value, ReasonCodes: []string{"shared_device"}, Contributions: []float64{2},
			Evidence: device, Exchanges: exchanges, InputTokens: 100, OutputTokens: 50, FirstSeen: at, LastSeen: ts,
		}, int64(cs.Len()))
	}
	score("c1", at+minute, 1, 0.4, 20)
	score("c1", at+2*minute, 2, 0.95, 60)
	score("c2", at+minute, 2, 0.2, 30)

	var as clickhouse.AccountScoreRows
	as.Append(runID, &wire.AccountScore{TS: at + minute, AccountID: "a1", ClusterID: "c1", Score: 0.3}, 1)
	as.Append(runID, &wire.AccountScore{TS: at + 2*minute, AccountID: "a1", ClusterID: "c1", Score: 0.95}, 2)
	as.Append(runID, &wire.AccountScore{TS: at + 2*minute, AccountID: "a2", ClusterID: "c1", Score: 0.96}, 3)
	as.Append(runID, &wire.AccountScore{TS: at + 2*minute, AccountID: "h", ClusterID: "c2", Score: 0}, 4)

	var m clickhouse.MemberRows
	m.Append(runID, &wire.Member{ClusterID: "c1", AccountID: "a1", JoinedAt: at + minute}, 1)
	m.Append(runID, &wire.Member{ClusterID: "c1", AccountID: "a2", JoinedAt: at + 2*minute}, 2)
	m.Append(runID, &wire.Member{ClusterID: "c2", AccountID: "h", JoinedAt: at + minute}, 3)
	m.Append(runID, &wire.Member{ClusterID: "c2", AccountID: "h2", JoinedAt: at + minute}, 4)
	m.Append(runID, &wire.Member{ClusterID: "c2", AccountID: "h2", JoinedAt: at + minute, LeftAt: at + 2*minute}, 5)

	var l clickhouse.LinkRows
	for _, account := range []string{"a1", "a2"} {
		l.Append(runID, &link.Fact{Account: account, Kind: link.KindDevice, Token: 1<<56 | 7, Pane: link.Pane(at), First: at, Last: at, Count: 1})
	}
	l.Append(runID, &link.Fact{Account: "a2", Kind: link.KindASN, Token: link.ASNToken(64500, event.IPHosting), Pane: link.Pane(at), First: at, Last: at, Count: 1})

	var re clickhouse.RejectedRows
	for i, reason := range []string{"bad_json", "bad_json", "missing_field"} {
		field := map[string]string{"missing_field": "ts"}[reason]
		re.Append(runID, &clickhouse.Rejected{Topic: "requests", Offset: int64(i), TS: at + int64(i)*minute, Reason: reason, Field: field}, int64(i))
	}
	re.Append(runID, &clickhouse.Rejected{Topic: "signups", Offset: 9, TS: at, Reason: "late", Late: true}, 3)
	for _, b := range []clickhouse.Batch{&ac, &d, &cs, &as, &m, &l, &re} {
		insert(t, c, b, runID)
		insert(t, c, b, runID+" again")
	}
}

func TestQueries(t *testing.T) {
	c, _ := migrated(t)
	fixtures(t, c, "live")
	fixtures(t, c, "other")
	// Arrival is the server's own clock: put it where the lag is known.
	err := c.Conn().Exec(context.Background(), "ALTER TABLE iolaus.account_activity_log UPDATE inserted_at = ts + INTERVAL 75 SECOND WHERE 1 SETTINGS mutations_sync = 2")
	if err != nil {
		t.Fatal(err)
	}
	const (
		m0, m1, m2 = "2026-04-22 10:00:00.000", "2026-04-22 10:01:00.000", "2026-04-22 10:02:00.000"
		why        = "['strong +2.25','weak -0.5']"
		device     = "device k1-00000000000007 (2)"
		asn        = "asn AS64500/hosting (2)"
	)
	want := map[string][][]string{
		// Minutes of the first suspension of an account in each mode.
		"suspensions": {{m1, "1", "1"}},
		// a1 was suspended within 10:01, which counts as before; a2 only in shadow, so not at all.
		"exchanges_before_suspension": {{m0, "10", "0"}, {m1, "10", "0"}, {m2, "0", "10"}},
		"leakage":                     {{"1", "20", "30", "0.666666666667"}},
		// a1 stands at suspend, a2 at throttle; a1's observe was a decision, too.
		"ladder":       {{"observe", "0", "1"}, {"throttle", "1", "1"}, {"suspend", "1", "1"}},
		"top_clusters": {{"c1", "2", "0.95", "1", "60", "150", "['shared_device']", m0, m2}, {"c2", "2", "0.2", "0", "30", "150", "['shared_device']", m0, m1}},
		// h2 has left. Of the cluster's evidence, a1 touched the device, a2 both, h neither.
		"cluster_members": {
			{"c1", "a2", m2, "throttle", "0.96", "['" + asn + "','" + device + "']", "['" + device + "','" + asn + "']"},
			{"c1", "a1", m1, "suspend", "0.95", "['" + device + "']", "['" + device + "','" + asn + "']"},
			{"c2", "h", m1, "", "0", "[]", "['" + device + "','" + asn + "']"},
		},
		"score_distribution": {{"0", "1", "0"}, {"0.2", "0", "1"}, {"0.95", "2", "1"}},
		"decisions_latest": {
			{"2026-04-22 10:01:50.000", "a2", "", "c1", "allow", "throttle", "enforce", "0.9", why, "['" + device + "','" + asn + "']", "p1"},
			{"2026-04-22 10:01:45.000", "a1", "", "c1", "observe", "suspend", "enforce", "0.9", why, "['" + device + "','" + asn + "']", "p1"},
			{"2026-04-22 10:01:45.000", "a2", "", "c1", "allow", "suspend", "shadow", "0.9", why, "['" + device + "','" + asn + "']", "p1"},
			{"2026-04-22 10:01:30.000", "a1", "", "c1", "allow", "observe", "enforce", "0.9", why, "['" + device + "','" + asn + "']", "p1"},
		},
		"stream_activity": {{m0, "1", "30", "2"}, {m1, "0", "30", "0"}, {m2, "0", "30", "0"}},
		"stream_lag":      {{"payments", "2", "1", m0, "75"}, {"requests", "90", "3", m2, "75"}, {"signups", "1", "1", m0, "75"}},
		"rejected": {
			{"requests", "false", "bad_json", "", "2", m1}, {"requests", "false", "missing_field", "ts", "1", m2}, {"signups", "true", "late", "", "1", m0},
		},
	}
	hour := clickhouse.Params{RunID: "live", From: time.Date(2026, 4, 22, 10, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 22, 11, 0, 0, 0, time.UTC)}
	before := clickhouse.Params{RunID: "live", From: hour.From.Add(-time.Hour), To: hour.From}
	for _, q := range queries.All() {
		t.Run(q.Name, func(t *testing.T) {
			if diff := cmp.Diff(want[q.Name], table(t, c, q.SQL, hour)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			// Outside the range there is nothing; a stat shows its zero.
			if got := table(t, c, q.SQL, before); len(got) > 0 && q.Chart != queries.Stat {
				t.Errorf("outside the range: %v", got)
			}
		})
		delete(want, q.Name)
	}
	for name := range want {
		t.Errorf("no query is named %s", name)
	}
}
