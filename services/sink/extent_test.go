package sink

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

func TestPlannedEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 1<<60).Draw(t, "from")
		to := from + rapid.Int64Range(1, 1<<40).Draw(t, "length")
		if got := plannedEnd(planned(to), from); got != to {
			t.Fatalf("announced %d, read %d", to, got)
		}
	})
	for metadata, why := range map[string]string{
		"":                  "nothing was announced",
		"sink-1-5f1c":       "another client's metadata",
		"iolaus-plan-2:100": "a version this build does not know",
		"iolaus-plan-1:x":   "no number",
		"iolaus-plan-1:10":  "ends where it begins",
		"iolaus-plan-1:-1":  "ends before it begins",
	} {
		if got := plannedEnd(metadata, 10); got != 0 {
			t.Errorf("%s: %d", why, got)
		}
	}
}

// Batches that differ in anything have different tokens.
func TestTokensDiffer(t *testing.T) {
	base := place{topic: "decisions", partition: 1}
	other := base
	other.id[3] = 1 // the topic was deleted and made again
	tokens := map[string]bool{}
	for _, token := range []string{
		base.token("live", extent{0, 10}), base.token("live", extent{0, 11}), base.token("live", extent{1, 10}), base.token("r2", extent{0, 10}),
		other.token("live", extent{0, 10}), place{topic: "decisions", partition: 2}.token("live", extent{0, 10}), place{topic: "labels", partition: 1}.token("live", extent{0, 10}),
	} {
		tokens[token] = true
	}
	if len(tokens) != 7 {
		t.Errorf("two batches share a token: %v", tokens)
	}
}

// A batch was announced up to offset 60, but what lay at 50 to 69 is no more (here it was an
// aborted transaction; compaction does the same): the batch ends there all the same, the rest
// follows, and the group reaches the end behind the transaction's marker.
func TestAnnouncedEndIsGone(t *testing.T) {
	s := embedded(t)
	onFirst := func(recs []*kgo.Record) []*kgo.Record {
		for _, r := range recs {
			r.Partition = 0
		}
		return recs
	}
	manual := func(opts ...kgo.Opt) *kgo.Client {
		c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	send := func(c *kgo.Client, recs []*kgo.Record) {
		if err := c.ProduceSync(t.Context(), onFirst(recs)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	plain, txn := manual(), manual(kgo.TransactionalID("aborter"))
	send(plain, decisionsFrom(t, 0, 50))
	if err := txn.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	send(txn, decisionsFrom(t, 1000, 20))
	if err := txn.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	send(plain, decisionsFrom(t, 50, 30))
	var at kadm.Offsets
	at.Add(kadm.Offset{Topic: wire.TopicDecisions, Partition: 0, At: 0, LeaderEpoch: -1, Metadata: planned(60)})
	if err := s.admin.CommitAllOffsets(context.Background(), Group, at); err != nil {
		t.Fatal(err)
	}
	s.run(nil)
	s.settle()
	s.want("SELECT count() FROM iolaus.decisions", 80)
	s.want("SELECT count() FROM iolaus.decisions_log", 80)
}
