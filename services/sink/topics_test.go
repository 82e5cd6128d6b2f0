package sink

import (
	"encoding/json"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

const noon = 1_776_859_200_000 // 2026-04-22 12:00 UTC

func jsonRecord(t testing.TB, topic, key string, v any) *kgo.Record {
	t.Helper()
	value, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return &kgo.Record{Topic: topic, Key: []byte(key), Value: value}
}

func activityRecord(a wire.Activity) *kgo.Record {
	key, value := wire.EncodeActivity(nil, &a)
	return &kgo.Record{Topic: wire.TopicActivity, Key: key, Value: value}
}

func factRecord(f link.Fact) *kgo.Record {
	key, value := wire.EncodeFact(nil, &f)
	return &kgo.Record{Topic: wire.TopicLinks, Key: key, Value: value}
}

func headers(kv ...string) (out []kgo.RecordHeader) {
	for i := 0; i < len(kv); i += 2 {
		out = append(out, kgo.RecordHeader{Key: kv[i], Value: []byte(kv[i+1])})
	}
	return out
}

// One record of every topic, twice, with what cannot be read around it: every table
// answers one row, and nothing stops.
func TestEveryTopicAndPoison(t *testing.T) {
	s := embedded(t)
	progress := func() *kgo.Record {
		key, value := wire.EncodeProgress(nil, &wire.Progress{Stream: event.StreamRequest, Offset: 7})
		return &kgo.Record{Topic: wire.TopicLinks, Key: key, Value: value}
	}
	good := func() []*kgo.Record {
		return []*kgo.Record{
			jsonRecord(t, wire.TopicDecisions, "a", wire.Decision{DecisionID: "d", AccountID: "a", Action: "suspend", EventTS: noon, DecidedAt: noon}),
			jsonRecord(t, wire.TopicClusterScores, "c", wire.ClusterScore{TS: noon, ClusterID: "c", Size: 2, FirstSeen: noon, LastSeen: noon}),
			jsonRecord(t, wire.TopicMembers, "c|a", wire.Member{ClusterID: "c", AccountID: "a", JoinedAt: noon}),
			jsonRecord(t, wire.TopicAccountScores, "a", wire.AccountScore{TS: noon, AccountID: "a", Score: 0.5}),
			activityRecord(wire.Activity{AccountID: "a", Stream: event.StreamRequest, MinuteMS: noon, Events: 3, Requests: 3}),
			factRecord(link.Fact{Account: "a", Kind: link.KindDevice, Token: 1<<56 | 9, Pane: link.Pane(noon), First: noon, Last: noon, Count: 1}),
			jsonRecord(t, wire.TopicLabels, "a", map[string]any{"event_id": "l", "account_id": "a", "ts": noon, "label": "fraud", "source": "analyst"}),
			{Topic: "requests.dlq", Key: []byte("a"), Value: []byte("secret"), Headers: headers(wire.HeaderReason, "bad_json", wire.HeaderField, "ts",
				wire.HeaderDetail, "why", wire.HeaderTopic, "requests", wire.HeaderPartition, "2", wire.HeaderOffset, "77")},
			{Topic: "signups.late", Key: []byte("a"), Headers: headers(wire.HeaderTopic, "signups", wire.HeaderPartition, "1", wire.HeaderOffset, "5",
				wire.HeaderReason, "the producer's own header")},
			{Topic: "payments.dlq", Key: []byte("a"), Headers: headers(wire.HeaderReason, "put there by somebody")},
			// Nothing to store: progress, an account's own volume, a tombstone.
			progress(),
			factRecord(link.Fact{Account: "a", Kind: link.KindVolume, Pane: link.Pane(noon), First: noon, Last: noon, Count: 1}),
			{Topic: wire.TopicMembers, Key: []byte("c|gone")},
		}
	}
	poison := []*kgo.Record{
		{Topic: wire.TopicDecisions, Value: []byte(`{"decision_id":`)},
		{Topic: wire.TopicDecisions, Value: []byte(`{"decision_id":"x"}`)},
		jsonRecord(t, wire.TopicDecisions, "a", wire.Decision{DecisionID: "y", AccountID: "a", EventTS: -5}),
		jsonRecord(t, wire.TopicClusterScores, "c", wire.ClusterScore{TS: 1 << 60, ClusterID: "c"}),
		{Topic: wire.TopicActivity, Value: []byte{0xff, 0xff}},
		{Topic: wire.TopicActivity, Value: []byte{0x08, 0x63}}, // version 99
		{Topic: wire.TopicLinks, Key: []byte("k"), Value: []byte("?")},
		{Topic: wire.TopicLabels, Key: []byte("a"), Value: []byte("no label")},
	}
	s.produce(good()...)
	s.produce(poison...)
	s.produce(good()...)
	s.run(nil)
	s.settle()
	for table, want := range map[string]int64{
		"decisions": 1, "cluster_scores": 1, "cluster_members": 1, "current_clusters": 1, "account_scores": 1, "account_activity": 1,
		"links": 1, "labels": 1, "rejected_events": 5, // the stray one lies at two places
	} {
		s.want("SELECT count() FROM iolaus."+table+" WHERE run_id = 'live'", want)
	}
	s.want("SELECT sum(requests) FROM iolaus.account_activity", 3)
	s.want("SELECT count() FROM iolaus.links WHERE token = 'k1-00000000000009' AND kind = 'device'", 1)
	s.want("SELECT count() FROM iolaus.rejected_events WHERE topic = 'requests' AND partition = 2 AND offset = 77 AND reason = 'bad_json' AND field = 'ts' AND detail = 'why' AND NOT late", 1)
	s.want("SELECT count() FROM iolaus.rejected_events WHERE topic = 'signups' AND partition = 1 AND offset = 5 AND reason = 'late' AND late", 1)
	s.want("SELECT count() FROM iolaus.rejected_events WHERE topic = 'payments.dlq' AND reason = 'unknown'", 2)
	s.want("SELECT count() FROM iolaus.rejected_events WHERE topic = 'labels' AND reason = 'unknown_encoding'", 1)
	s.want("SELECT count() FROM iolaus.labels WHERE label = 'fraud' AND source = 'analyst'", 1)
}
