package decision

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

func (v *View) mustApply(t testing.TB, topic, key string, value any) {
	t.Helper()
	var body []byte
	if value != nil {
		var err error
		if body, err = json.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.apply(topic, []byte(key), body, nil); err != nil {
		t.Fatal(err)
	}
}

// loadedView holds nothing and is done loading.
func loadedView() *View {
	v := NewView()
	ends := map[topicPartition]extent{}
	for _, topic := range topics() {
		ends[topicPartition{topic, 0}] = extent{}
	}
	v.measured(ends)
	return v
}

func TestActionInForce(t *testing.T) {
	dec := func(action, previous, key, mode string) wire.Decision {
		return wire.Decision{DecisionID: action, AccountID: "a", Action: action, PreviousAction: previous, APIKeyID: key, Mode: mode, PolicyVersion: "p"}
	}
	type ask struct{ key, want string }
	cases := []struct {
		name    string
		records []wire.Decision
		asks    []ask
		revoked []string
	}{
		{ // a decision about a key leaves the account and its other keys alone
			"revoke_key", []wire.Decision{dec("observe", "allow", "", "enforce"), dec("revoke_key", "observe", "k1", "enforce")},
			[]ask{{"", "observe"}, {"k1", "revoke_key"}, {"k2", "observe"}}, []string{"k1"},
		},
		{ // several keys add up
			"two keys", []wire.Decision{dec("revoke_key", "allow", "k2", "enforce"), dec("revoke_key", "allow", "k1", "enforce")},
			[]ask{{"", "allow"}, {"k1", "revoke_key"}, {"k2", "revoke_key"}}, []string{"k1", "k2"},
		},
		{ // a suspended account is suspended with any key
			"suspend over revoke_key", []wire.Decision{dec("revoke_key", "allow", "k1", "enforce"), dec("suspend", "allow", "", "enforce")},
			[]ask{{"", "suspend"}, {"k1", "suspend"}}, []string{"k1"},
		},
		{ // a shadow decision changes nothing
			"shadow", []wire.Decision{dec("verify", "allow", "", "enforce"), dec("suspend", "verify", "", "shadow")},
			[]ask{{"", "verify"}}, []string{},
		},
		{ // nor does one about an account of which nothing else is known
			"shadow only", []wire.Decision{dec("suspend", "allow", "", "shadow")}, []ask{{"", "allow"}}, []string{},
		},
		{ // compaction left the shadow record only: what it says was before still holds
			"shadow after compaction", []wire.Decision{dec("suspend", "throttle", "", "shadow")}, []ask{{"", "throttle"}}, []string{},
		},
		{ // reinstated: allowed; a stolen key stays revoked
			"reinstate", []wire.Decision{dec("revoke_key", "allow", "k1", "enforce"), dec("suspend", "allow", "", "enforce"), dec("reinstate", "suspend", "", "enforce")},
			[]ask{{"", "allow"}, {"k1", "revoke_key"}}, []string{"k1"},
		},
		{ // a key is reinstated by name
			"reinstate key", []wire.Decision{dec("revoke_key", "observe", "k1", "enforce"), dec("reinstate", "observe", "k1", "enforce")},
			[]ask{{"", "observe"}, {"k1", "observe"}}, []string{},
		},
		{ // down the ladder as up
			"relaxed", []wire.Decision{dec("suspend", "allow", "", "enforce"), dec("allow", "suspend", "", "enforce")}, []ask{{"", "allow"}}, []string{},
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			v := loadedView()
			for _, d := range tc.records {
				v.mustApply(t, wire.TopicDecisions, "a", d)
				v.mustApply(t, wire.TopicDecisions, "a", d) // a redelivery changes nothing
			}
			for _, q := range tc.asks {
				if got, err := v.Decide("a", q.key, DefaultLoading()); err != nil || got.Action != q.want {
					t.Errorf("key %q: %s (%v), want %s", q.key, got.Action, err, q.want)
				}
			}
			a, err := v.Account("a")
			if err != nil || a.Action != tc.asks[0].want {
				t.Errorf("account: %s (%v)", a.Action, err)
			}
			if d := cmp.Diff(tc.revoked, a.RevokedAPIKeys); d != "" {
				t.Error(d)
			}
		})
	}
}

// While loading, each action read so far and the unknown account have their configured answer.
func TestLoadingAnswers(t *testing.T) {
	v := NewView()
	for _, action := range []string{"allow", "observe", "verify", "throttle", "suspend"} {
		v.mustApply(t, wire.TopicDecisions, action, wire.Decision{AccountID: action, Action: action, Mode: "enforce", PolicyVersion: "p", Reasons: []wire.Reason{{Code: "r"}}})
	}
	v.mustApply(t, wire.TopicDecisions, "keys", wire.Decision{AccountID: "keys", Action: "revoke_key", APIKeyID: "k", PreviousAction: "allow", Mode: "enforce", PolicyVersion: "p"})
	cases := []struct {
		name, account, key string
		set                func(*LoadingConfig)
		want               string // "" = unavailable
		reasons            int
	}{
		// what is known is served by default, with its reasons
		{"suspend known", "suspend", "", nil, "suspend", 1},
		{"revoke_key known", "keys", "k", nil, "revoke_key", 0},
		{"other key", "keys", "other", nil, "allow", 0},
		// an account not read yet: the gateway decides, by default
		{"unknown", "nobody", "", nil, "", 0},
		{"unknown allowed", "nobody", "", func(c *LoadingConfig) { c.Default = AnswerAllow }, "allow", 0},
		{"unknown denied", "nobody", "", func(c *LoadingConfig) { c.Default = AnswerDeny }, "suspend", 0},
		// a half-read suspension may have been lifted: some will not serve it
		{"suspend 503", "suspend", "", func(c *LoadingConfig) { c.Suspend = AnswerUnavailable }, "", 0},
		{"suspend allowed", "suspend", "", func(c *LoadingConfig) { c.Suspend = AnswerAllow }, "allow", 0},
		// each action has its own key
		{"allow", "allow", "", func(c *LoadingConfig) { c.Allow = AnswerUnavailable }, "", 0},
		{"observe", "observe", "", func(c *LoadingConfig) { c.Observe = AnswerDeny }, "suspend", 0},
		{"verify", "verify", "", func(c *LoadingConfig) { c.Verify = AnswerAllow }, "allow", 0},
		{"throttle", "throttle", "", func(c *LoadingConfig) { c.Throttle = AnswerUnavailable }, "", 0},
		{"revoke_key", "keys", "k", func(c *LoadingConfig) { c.RevokeKey = AnswerUnavailable }, "", 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			cfg := DefaultLoading()
			if tc.set != nil {
				tc.set(&cfg)
			}
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			got, err := v.Decide(tc.account, tc.key, cfg)
			if tc.want == "" {
				if !errors.Is(err, errLoading) {
					t.Fatalf("%+v, %v, want unavailable", got, err)
				}
				return
			}
			if err != nil || got.Action != tc.want || len(got.Reasons) != tc.reasons || !got.AsOf.Loading {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Once the decisions are loaded, what else is still loading holds up nobody's request.
func TestDecideWaitsForDecisionsOnly(t *testing.T) {
	v := NewView()
	v.measured(map[topicPartition]extent{
		{wire.TopicDecisions, 0}: {}, {wire.TopicClusterScores, 0}: {}, {wire.TopicMembers, 0}: {end: 100},
	})
	if got, err := v.Decide("nobody", "", DefaultLoading()); err != nil || got.Action != "allow" || !got.AsOf.Loading || got.AsOf.LagRecords != 100 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := v.Account("nobody"); !errors.Is(err, errLoading) {
		t.Errorf("an account whose cluster may still come: %v", err)
	}
	v.appliedBatch(map[topicPartition]int64{{wire.TopicMembers, 0}: 100}, time.Now())
	if a, err := v.Account("nobody"); err != nil || a.Known || a.Action != "allow" || a.Freshness.Loading {
		t.Errorf("%+v, %v", a, err)
	}
	// new records make a lag, not a loading
	v.measured(map[topicPartition]extent{{wire.TopicDecisions, 0}: {end: 7}, {wire.TopicClusterScores, 0}: {}, {wire.TopicMembers, 0}: {end: 100}})
	if got := v.Freshness(); got.LagRecords != 7 || got.Loading {
		t.Errorf("%+v", got)
	}
}

// Memberships of two clusters may arrive in any order: the newer one is where the account is.
func TestMembershipOrder(t *testing.T) {
	a := wire.Member{ClusterID: "A", AccountID: "x", JoinedAt: 10}
	aLeft := a
	aLeft.LeftAt = 20
	b := wire.Member{ClusterID: "B", AccountID: "x", JoinedAt: 20}
	for i, order := range [][]wire.Member{{a, aLeft, b}, {a, b, aLeft}, {b, a, aLeft}} {
		v := loadedView()
		for _, m := range order {
			v.mustApply(t, wire.TopicMembers, m.ClusterID+"|"+m.AccountID, m)
		}
		if got, _ := v.Account("x"); got.ClusterID != "B" || got.ClusterSize != 1 {
			t.Errorf("order %d: cluster %q of %d", i, got.ClusterID, got.ClusterSize)
		}
		if _, _, ok := v.Members("A", "", 10); ok {
			t.Errorf("order %d: A still has members", i)
		}
	}
}

// An account id may hold the separator.
func TestMemberKeyWithBar(t *testing.T) {
	v := loadedView()
	v.mustApply(t, wire.TopicMembers, "c|a|b", wire.Member{ClusterID: "c", AccountID: "a|b", JoinedAt: 1})
	if _, m, ok := v.Members("c", "", 10); !ok || m[0].AccountID != "a|b" {
		t.Errorf("%v %v", m, ok)
	}
	v.mustApply(t, wire.TopicMembers, "c|a|b", nil)
	if _, _, ok := v.Members("c", "", 10); ok {
		t.Error("a tombstone leaves the member")
	}
}

// Pages put together are the whole list in order, whatever it is sorted by.
func TestClusterPages(t *testing.T) {
	v := loadedView()
	for i := range 23 {
		id := fmt.Sprintf("c%02d", i)
		v.mustApply(t, wire.TopicClusterScores, id, wire.ClusterScore{ClusterID: id, Score: float64(i%5) / 5, Exchanges: uint64(i % 3), LastSeen: int64(i)})
		for m := range i%4 + 1 {
			account := fmt.Sprintf("%s-%d", id, m)
			v.mustApply(t, wire.TopicMembers, id+"|"+account, wire.Member{ClusterID: id, AccountID: account, JoinedAt: 1})
		}
	}
	v.mustApply(t, wire.TopicClusterScores, "gone", wire.ClusterScore{ClusterID: "gone", Score: 1}) // no members: not live
	for _, sort := range []string{SortScore, SortSize, SortExchanges, SortLastSeen} {
		q := ClusterQuery{Sort: sort, Limit: 100, MinSize: 1}
		all, err := v.Clusters(q)
		if err != nil || len(all.Clusters) != 23 || all.Total != 23 || all.Next != "" {
			t.Fatalf("%s: %d of %d, %q, %v", sort, len(all.Clusters), all.Total, all.Next, err)
		}
		q.Limit = 4
		var paged []Cluster
		for {
			p, err := v.Clusters(q)
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, p.Clusters...)
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
		if d := cmp.Diff(all.Clusters, paged); d != "" {
			t.Errorf("%s: %s", sort, d)
		}
	}
	p, err := v.Clusters(ClusterQuery{Sort: SortSize, Limit: 100, MinSize: 3, MinScore: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Clusters {
		if c.Size < 3 || c.Score < 0.5 {
			t.Errorf("filter let %+v through", c)
		}
	}
	if p.Total != len(p.Clusters) || p.Total == 0 {
		t.Errorf("total %d of %d", p.Total, len(p.Clusters))
	}
	for _, cur := range []string{"!", "eyJ", cursor(place{Sort: SortScore})} {
		if _, err := v.Clusters(ClusterQuery{Sort: SortSize, Limit: 1, Cursor: cur}); !errors.Is(err, errCursor) {
			t.Errorf("cursor %q: %v", cur, err)
		}
	}
}
