package decision

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker is a Kafka with the service's topics, compacted, two partitions each.
type broker struct {
	*kfake.Cluster
	t *testing.T
}

func newBroker(t *testing.T, withTopics bool) *broker {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := &broker{c, t}
	if withTopics {
		b.createTopics()
	}
	return b
}

func (b *broker) createTopics() {
	b.t.Helper()
	for _, topic := range topics() {
		if err := b.CreateTopic(topic, 2, map[string]string{"cleanup.policy": "compact"}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *broker) opts() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(b.ListenAddrs()...), kgo.MetadataMinAge(50 * time.Millisecond), kgo.RetryTimeout(2 * time.Second)}
}

// produce sends records in one transaction and commits it, or aborts it.
func (b *broker) produce(commit bool, records ...*kgo.Record) {
	b.t.Helper()
	client, err := kgo.NewClient(append(b.opts(), kgo.TransactionalID("test"))...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		b.t.Fatal(err)
	}
	if err := client.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
	if err := client.EndTransaction(b.t.Context(), kgo.TransactionEndTry(commit)); err != nil {
		b.t.Fatal(err)
	}
}

func record(t *testing.T, topic, key string, v any) *kgo.Record {
	t.Helper()
	r := &kgo.Record{Topic: topic, Key: []byte(key)}
	if v != nil {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		r.Value = body
	}
	return r
}

func decided(t *testing.T, d wire.Decision) *kgo.Record {
	if d.Mode == "" {
		d.Mode = wire.ModeEnforce
	}
	return record(t, wire.TopicDecisions, d.AccountID, d)
}

// instance is one running service.
type instance struct {
	t    *testing.T
	view *View
	svc  *obs.Service
	http http.Handler
	stop func()
}

func start(t *testing.T, b *broker, loading LoadingConfig) *instance {
	t.Helper()
	svc := obs.NewService("decision", zaptest.NewLogger(t), Conditions()...)
	metrics := NewMetrics(svc.Registerer())
	mux := http.NewServeMux()
	view := NewView()
	Register(mux, view, loading, metrics)
	obs.Routes(mux, svc)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Consume(ctx, b.opts(), view, svc, metrics) }()
	in := &instance{t: t, view: view, svc: svc, http: mux}
	in.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Consume: %v", err)
		}
		in.stop = func() {}
	}
	t.Cleanup(func() { in.stop() })
	return in
}

func (in *instance) waitFor(what string, ok func() bool) {
	in.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			in.t.Fatalf("waiting for %s: pending %v, %+v", what, in.svc.Pending(), in.view.Freshness())
		}
	}
}

func (in *instance) waitReady() {
	in.t.Helper()
	in.waitFor("ready", func() bool { return len(in.svc.Pending()) == 0 })
}

// do asks over HTTP and decodes the answer into out.
func (in *instance) do(method, path, body string, out any) int {
	in.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	in.http.ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			in.t.Fatalf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
		}
	}
	return w.Code
}

func (in *instance) decide(account, key string) Answer {
	in.t.Helper()
	var a Answer
	body, _ := json.Marshal(map[string]string{"account_id": account, "api_key_id": key})
	if code := in.do(http.MethodPost, "/v1/decide", string(body), &a); code != 200 {
		in.t.Fatalf("decide %s: %d", account, code)
	}
	return a
}

func suspension() wire.Decision {
	return wire.Decision{
		DecisionID: "d1", AccountID: "acct-1", ClusterID: "c1", Action: wire.ActionSuspend, PreviousAction: wire.ActionVerify,
		Score: 0.97, AccountScore: 0.8, ClusterScore: 0.99,
		Reasons:       []wire.Reason{{Code: "shared_instrument", Family: "payment", Value: 12, Baseline: 1, Contribution: 2.5}},
		Evidence:      []wire.Evidence{{Kind: "instrument", Token: "k1-00000000000001", Accounts: 12}},
		PolicyVersion: "v1", EventTS: 1_700_000_000_000, DecidedAt: 1_700_000_000_500,
	}
}

// A start reads everything there is, then follows; every answer says how fresh it is.
func TestLoadAndFollow(t *testing.T) {
	b := newBroker(t, true)
	b.produce(true,
		decided(t, suspension()),
		record(t, wire.TopicClusterScores, "c1", wire.ClusterScore{
			TS: 1_700_000_000_400, ClusterID: "c1", Size: 2, Score: 0.99, ReasonCodes: []string{"shared_instrument"}, Contributions: []float64{2.5},
			Evidence: []wire.Evidence{{Kind: "instrument", Token: "k1-00000000000001", Accounts: 12}}, Exchanges: 900,
		}),
		record(t, wire.TopicMembers, "c1|acct-1", wire.Member{ClusterID: "c1", AccountID: "acct-1", JoinedAt: 5}),
		record(t, wire.TopicMembers, "c1|acct-2", wire.Member{ClusterID: "c1", AccountID: "acct-2", JoinedAt: 6}),
	)
	before := time.Now().UnixMilli()
	in := start(t, b, DefaultLoading())
	in.waitReady()

	got := in.decide("acct-1", "key-1")
	if got.AsOf.AppliedAt < before || got.AsOf.EventTS != 1_700_000_000_400 || got.AsOf.LagRecords != 0 || got.AsOf.Loading {
		t.Errorf("as_of = %+v", got.AsOf)
	}
	got.AsOf = AsOf{}
	if d := cmp.Diff(Answer{Action: "suspend", Reasons: suspension().Reasons, PolicyVersion: "v1"}, got); d != "" {
		t.Errorf("decide: -want +got\n%s", d)
	}

	var a Account
	in.do(http.MethodGet, "/v1/accounts/acct-1", "", &a)
	a.Freshness = AsOf{}
	want := Account{
		AccountID: "acct-1", Known: true, Action: "suspend", PreviousAction: "verify", DecisionID: "d1", ClusterID: "c1", ClusterSize: 2,
		Score: 0.97, AccountScore: 0.8, ClusterScore: 0.99, Reasons: suspension().Reasons, Evidence: suspension().Evidence,
		RevokedAPIKeys: []string{}, PolicyVersion: "v1", EventTS: 1_700_000_000_000, DecidedAt: 1_700_000_000_500,
	}
	if d := cmp.Diff(want, a); d != "" {
		t.Errorf("account: -want +got\n%s", d)
	}

	// acct-2 is a member that nothing was decided about; acct-3 was never heard of
	for _, id := range []string{"acct-2", "acct-3"} {
		if got := in.decide(id, ""); got.Action != "allow" || len(got.Reasons) != 0 {
			t.Errorf("decide %s = %+v", id, got)
		}
	}

	relaxed := suspension()
	relaxed.DecisionID, relaxed.Action, relaxed.PreviousAction = "d2", wire.ActionObserve, wire.ActionSuspend
	b.produce(true, decided(t, relaxed), record(t, wire.TopicMembers, "c1|acct-2", wire.Member{ClusterID: "c1", AccountID: "acct-2", JoinedAt: 6, LeftAt: 9}))
	in.waitFor("the change", func() bool { return in.decide("acct-1", "").Action == "observe" })
	in.waitFor("the leaving", func() bool { in.do(http.MethodGet, "/v1/accounts/acct-2", "", &a); return a.ClusterID == "" })
}

// What was aborted never shows; a tombstone forgets.
func TestReadCommitted(t *testing.T) {
	b := newBroker(t, true)
	b.produce(false, decided(t, suspension()))
	in := start(t, b, DefaultLoading())
	in.waitReady()
	if got := in.decide("acct-1", ""); got.Action != "allow" {
		t.Errorf("aborted decision is answered: %+v", got)
	}
	b.produce(true, decided(t, suspension()))
	in.waitFor("suspend", func() bool { return in.decide("acct-1", "").Action == "suspend" })
	b.produce(true, record(t, wire.TopicDecisions, "acct-1", nil))
	in.waitFor("forgotten", func() bool { return in.decide("acct-1", "").Action == "allow" })
}

// A second instance, started after compaction, answers the same as the first, which saw every record.
func TestRestartAfterCompaction(t *testing.T) {
	b := newBroker(t, true)
	first := start(t, b, DefaultLoading())
	first.waitReady()
	ladder := []string{wire.ActionObserve, wire.ActionVerify, wire.ActionThrottle, wire.ActionSuspend}
	for step, action := range ladder {
		var batch []*kgo.Record
		for _, id := range []string{"a", "b", "c", "d"} {
			d := suspension()
			d.AccountID, d.Action, d.DecisionID = id, action, id+action
			if step > 0 {
				d.PreviousAction = ladder[step-1]
			}
			batch = append(batch, decided(t, d))
			if id[0]-'a' == byte(step) {
				break // a stays at observe, b ends at verify, …
			}
		}
		slices.Reverse(batch)
		b.produce(true, batch...)
	}
	revoke := suspension()
	revoke.AccountID, revoke.DecisionID, revoke.Action, revoke.APIKeyID, revoke.PreviousAction = "z", "dz", wire.ActionRevokeKey, "key-1", wire.ActionVerify
	b.produce(true, decided(t, revoke))
	first.waitFor("all records", func() bool { return first.decide("z", "key-1").Action == "revoke_key" })
	b.Compact()

	second := start(t, b, DefaultLoading())
	second.waitReady()
	for _, id := range []string{"a", "b", "c", "d", "z", "never-seen"} {
		for _, key := range []string{"", "key-1"} {
			x, y := first.decide(id, key), second.decide(id, key)
			x.AsOf, y.AsOf = AsOf{}, AsOf{}
			if d := cmp.Diff(x, y); d != "" {
				t.Errorf("%s/%s differs after a restart:\n%s", id, key, d)
			}
		}
	}
	if got := second.decide("z", "").Action; got != wire.ActionVerify {
		t.Errorf("compaction left only the key's revocation, yet the account was at verify: %s", got)
	}
	first.stop()
	first = start(t, b, DefaultLoading())
	first.waitReady()
	if x, y := first.view.Freshness(), second.view.Freshness(); x.EventTS != y.EventTS || x.LagRecords != 0 {
		t.Errorf("as of %+v and %+v", x, y)
	}
}

// An account's action and the revocations of its keys are records of one key: whichever comes last, and
// whatever compaction leaves, a start answers as one who read them all.
func TestRevokedKeysSurviveCompaction(t *testing.T) {
	b := newBroker(t, true)
	first := start(t, b, DefaultLoading())
	first.waitReady()
	type step struct{ action, key string }
	courses := map[string][]step{
		"revoked last":        {{wire.ActionThrottle, ""}, {wire.ActionRevokeKey, "key-1"}},
		"action last":         {{wire.ActionRevokeKey, "key-1"}, {wire.ActionThrottle, ""}},
		"two keys":            {{wire.ActionObserve, ""}, {wire.ActionRevokeKey, "key-1"}, {wire.ActionRevokeKey, "key-2"}},
		"key given back":      {{wire.ActionRevokeKey, "key-1"}, {wire.ActionRevokeKey, "key-2"}, {wire.ActionReinstate, "key-1"}, {wire.ActionVerify, ""}},
		"suspended and freed": {{wire.ActionRevokeKey, "key-1"}, {wire.ActionSuspend, ""}, {wire.ActionReinstate, ""}},
		"never anything else": {{wire.ActionRevokeKey, "key-1"}},
	}
	for id, steps := range courses {
		var standing wire.Standing
		action := wire.ActionAllow
		for i, s := range steps {
			d := suspension()
			d.AccountID, d.DecisionID, d.Action, d.APIKeyID, d.PreviousAction, d.Mode = id, fmt.Sprint(id, i), s.action, s.key, action, wire.ModeEnforce
			r := decided(t, d)
			header, err := standing.Header(&d)
			if err != nil {
				t.Fatal(err)
			}
			if header != nil {
				r.Headers = []kgo.RecordHeader{{Key: wire.HeaderStanding, Value: header}}
			}
			b.produce(true, r)
			standing.Take(&d)
			if s.key == "" {
				action = s.action
			}
		}
		key := steps[len(steps)-1].key
		first.waitFor(id, func() bool {
			var a Account
			first.do(http.MethodGet, "/v1/accounts/"+url.PathEscape(id), "", &a)
			return a.Known && (a.DecisionID == fmt.Sprint(id, len(steps)-1) || key != "" && slices.Contains(a.RevokedAPIKeys, key))
		})
	}
	b.Compact()

	second := start(t, b, DefaultLoading())
	second.waitReady()
	for id, steps := range courses {
		for _, key := range []string{"", "key-1", "key-2", "key-3"} {
			x, y := first.decide(id, key), second.decide(id, key)
			x.AsOf, y.AsOf = AsOf{}, AsOf{}
			if x.Action != wire.ActionRevokeKey { // of the account's own, the reasons are not carried along
				x.Reasons, y.Reasons = nil, nil
			}
			if d := cmp.Diff(x, y); d != "" {
				t.Errorf("%s/%s differs after a restart:\n%s", id, key, d)
			}
		}
		var x, y Account
		first.do(http.MethodGet, "/v1/accounts/"+url.PathEscape(id), "", &x)
		second.do(http.MethodGet, "/v1/accounts/"+url.PathEscape(id), "", &y)
		if d := cmp.Diff(x.RevokedAPIKeys, y.RevokedAPIKeys); d != "" || x.Action != y.Action {
			t.Errorf("%s %v: %s, after a restart %s; keys:\n%s", id, steps, x.Action, y.Action, d)
		}
	}
	if got := second.decide("revoked last", "").Action; got != wire.ActionThrottle {
		t.Errorf("with another key than the revoked one: %s", got)
	}
	if got := second.decide("action last", "key-1"); got.Action != wire.ActionRevokeKey || len(got.Reasons) == 0 {
		t.Errorf("with the key revoked before: %+v", got)
	}
}

// Not ready, and says why: topics missing, then Kafka gone. What was loaded is still answered.
func TestReadiness(t *testing.T) {
	b := newBroker(t, false)
	in := start(t, b, DefaultLoading())
	in.waitFor("missing topics to be named", func() bool {
		return slices.ContainsFunc(in.svc.Pending(), func(p string) bool { return strings.Contains(p, "does not exist yet") })
	})
	if code := in.do(http.MethodGet, "/readyz", "", nil); code != 503 {
		t.Errorf("readyz = %d without topics", code)
	}
	b.createTopics()
	b.produce(true, decided(t, suspension()))
	in.waitReady()
	in.waitFor("suspend", func() bool { return in.decide("acct-1", "").Action == "suspend" })
	if code := in.do(http.MethodGet, "/readyz", "", nil); code != 200 {
		t.Errorf("readyz = %d", code)
	}
	b.Close()
	in.waitFor("not ready", func() bool { return in.do(http.MethodGet, "/readyz", "", nil) == 503 })
	if got := in.decide("acct-1", ""); got.Action != "suspend" || got.AsOf.Loading {
		t.Errorf("with Kafka down: %+v", got)
	}
}

// A record that is not understood is left out and counted; those around it hold.
func TestInvalidRecords(t *testing.T) {
	b := newBroker(t, true)
	odd := suspension()
	odd.AccountID, odd.Action = "odd", "explode"
	strange := suspension()
	strange.AccountID = "someone-else"
	b.produce(true,
		&kgo.Record{Topic: wire.TopicDecisions, Key: []byte("x"), Value: []byte("{")},
		decided(t, odd),
		record(t, wire.TopicDecisions, "not-its-key", strange),
		record(t, wire.TopicMembers, "no-bar", wire.Member{}),
		record(t, wire.TopicMembers, "c1|a", wire.Member{ClusterID: "c2", AccountID: "a"}),
		record(t, wire.TopicClusterScores, "c1", wire.ClusterScore{ClusterID: "c9"}),
		decided(t, suspension()),
	)
	in := start(t, b, DefaultLoading())
	in.waitReady()
	if got := in.decide("acct-1", "").Action; got != "suspend" {
		t.Errorf("action = %s", got)
	}
	w := httptest.NewRecorder()
	in.http.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`iolaus_decision_records_invalid_total{service="decision",topic="decisions"} 3`,
		`iolaus_decision_records_invalid_total{service="decision",topic="iolaus-members"} 2`,
		`iolaus_decision_records_invalid_total{service="decision",topic="cluster-scores"} 1`,
		`iolaus_decision_records_applied_total{service="decision",topic="decisions"} 1`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}
