package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// histories are the decisions about each account, in the order in which they were made.
type histories map[string][]wire.Decision

// ladder is what previous_action and action move on.
var ladder = map[string]bool{"allow": true, "observe": true, "verify": true, "throttle": true, "suspend": true}

// readDecisions checks every record of the topic against the contract.
func (s *stack) readDecisions(t testing.TB) histories {
	t.Helper()
	all := histories{}
	ids := map[string]bool{}
	for _, r := range s.read(t, "decisions") {
		d := decodeDecision(t, r)
		if ids[d.DecisionID] {
			t.Errorf("decision %s is on the topic twice", d.DecisionID)
		}
		ids[d.DecisionID] = true
		all[d.AccountID] = append(all[d.AccountID], d)
	}
	for account, history := range all {
		checkChain(t, account, history)
	}
	return all
}

func (h histories) count() (n int) {
	for _, history := range h {
		n += len(history)
	}
	return n
}

func decodeDecision(t testing.TB, r *kgo.Record) wire.Decision {
	t.Helper()
	var d wire.Decision
	dec := json.NewDecoder(bytes.NewReader(r.Value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatalf("decision %s: %v", r.Value, err)
	}
	var raw map[string]any
	_ = json.Unmarshal(r.Value, &raw) // it decoded above
	for _, field := range []string{"decision_id", "account_id", "cluster_id", "action", "previous_action", "mode", "score",
		"account_score", "cluster_score", "reasons", "evidence", "policy_version", "event_ts", "decided_at"} {
		if _, ok := raw[field]; !ok {
			t.Errorf("decision %s has no %s", d.DecisionID, field)
		}
	}
	for name, v := range map[string]float64{"score": d.Score, "account_score": d.AccountScore, "cluster_score": d.ClusterScore} {
		if v < 0 || v > 1 {
			t.Errorf("decision %s: %s = %v", d.DecisionID, name, v)
		}
	}
	switch {
	case string(r.Key) != d.AccountID:
		t.Errorf("decision about %s has the key %s", d.AccountID, r.Key)
	case d.Mode != "enforce" && d.Mode != "shadow", d.PolicyVersion == "", d.EventTS <= 0, d.DecidedAt <= 0:
		t.Errorf("decision %+v is incomplete", d)
	}
	if d.Action == wire.ActionSuspend {
		checkSuspension(t, &d)
	}
	return d
}

// checkSuspension: two families at least speak for it, one of them not the network, and there
// is evidence to read.
func checkSuspension(t testing.TB, d *wire.Decision) {
	t.Helper()
	families := map[string]bool{}
	for _, r := range d.Reasons {
		if r.Code == "" || r.Family == "" {
			t.Errorf("suspension %s has a reason without code or family: %+v", d.DecisionID, r)
		}
		if r.Contribution > 0 && r.Family != "cluster" && r.Family != "trust" {
			families[r.Family] = true
		}
	}
	if len(families) < 2 {
		t.Errorf("suspension of %s rests on %v", d.AccountID, families)
	}
	if len(d.Evidence) == 0 || d.ClusterID == "" {
		t.Errorf("suspension of %s has no evidence or no cluster", d.AccountID)
	}
	for _, e := range d.Evidence {
		if e.Kind == "" || e.Token == "" || e.Accounts < 2 {
			t.Errorf("suspension of %s: evidence %+v says nothing", d.AccountID, e)
		}
	}
}

// checkChain: each decision begins where the one before it ended. No gap, no double.
func checkChain(t testing.TB, account string, history []wire.Decision) {
	t.Helper()
	standing := wire.ActionAllow
	for i, d := range history {
		switch {
		case !ladder[d.Action]:
			t.Errorf("%s: decision %d is %q", account, i, d.Action)
		case d.PreviousAction != standing:
			t.Errorf("%s: decision %d goes from %s, but %s stood", account, i, d.PreviousAction, standing)
		case d.Action == d.PreviousAction:
			t.Errorf("%s: decision %d changes nothing", account, i)
		}
		standing = d.Action
	}
}

// final is what stands at the end.
func (h histories) final(account string) string {
	if n := len(h[account]); n > 0 {
		return h[account][n-1].Action
	}
	return wire.ActionAllow
}

// checkAPI asks the decision service about accounts and clusters.
func (s *stack) checkAPI(t testing.TB, h histories, o *oracle) {
	t.Helper()
	asked := 0
	for account := range o.accounts {
		if len(h[account]) == 0 && asked%10 != 0 { // all that were decided, and some of the others
			asked++
			continue
		}
		asked++
		var got struct {
			Action         string        `json:"action"`
			PreviousAction string        `json:"previous_action"`
			DecisionID     string        `json:"decision_id"`
			Reasons        []wire.Reason `json:"reasons"`
		}
		s.getJSON(t, "/v1/accounts/"+account, &got)
		if want := h.final(account); got.Action != want {
			t.Errorf("GET /v1/accounts/%s: %s, the topic says %s", account, got.Action, want)
		}
		if n := len(h[account]); n > 0 && (got.DecisionID != h[account][n-1].DecisionID || len(got.Reasons) != len(h[account][n-1].Reasons)) {
			t.Errorf("GET /v1/accounts/%s: %+v, the topic says %+v", account, got, h[account][n-1])
		}
		if action := s.decide(t, account); action != h.final(account) {
			t.Errorf("POST /v1/decide about %s: %s, the topic says %s", account, action, h.final(account))
		}
	}
}

// clusters reads every cluster that the API lists, with its members.
func (s *stack) clusters(t testing.TB) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	cursor := ""
	for {
		var page struct {
			Clusters []struct {
				ClusterID string `json:"cluster_id"`
				Size      int    `json:"size"`
			} `json:"clusters"`
			Next string `json:"next_cursor"`
		}
		s.getJSON(t, "/v1/clusters?limit=100"+cursor, &page)
		for _, c := range page.Clusters {
			var one struct {
				Members []struct {
					AccountID string `json:"account_id"`
				} `json:"members"`
			}
			s.getJSON(t, "/v1/clusters/"+c.ClusterID+"?limit=1000", &one)
			members := map[string]bool{}
			for _, m := range one.Members {
				members[m.AccountID] = true
			}
			if len(members) != c.Size && c.Size <= 1000 {
				t.Errorf("cluster %s has %d members listed and a size of %d", c.ClusterID, len(members), c.Size)
			}
			all[c.ClusterID] = members
		}
		if page.Next == "" {
			return all
		}
		cursor = "&cursor=" + page.Next
	}
}

// checkSQL compares ClickHouse's answers with the topics and the input.
func (s *stack) checkSQL(t testing.TB, h histories, o *oracle) {
	t.Helper()
	const within = 30 * time.Second
	s.awaitValue(t, "SELECT count() FROM iolaus.decisions", strconv.Itoa(h.count()), within)
	for _, stream := range []string{"signups", "requests", "payments"} {
		s.awaitValue(t, fmt.Sprintf("SELECT sum(events) FROM iolaus.account_activity WHERE stream = '%s'", stream), strconv.Itoa(o.events[stream]), within)
	}
	s.awaitValue(t, "SELECT concat(toString(sum(requests)), ' ', toString(sum(input_tokens)), ' ', toString(sum(output_tokens))) FROM iolaus.account_activity",
		fmt.Sprintf("%d %d %d", o.events["requests"], o.inputTokens, o.outputToken), within)
	s.awaitValue(t, "SELECT uniqExact(account_id) FROM iolaus.account_activity WHERE stream = 'requests'", strconv.Itoa(len(o.requesters)), within)
	s.awaitValue(t, "SELECT count() FROM iolaus.labels", strconv.Itoa(o.events["labels"]), within)
	s.awaitValue(t, "SELECT count() FROM (SELECT 1 FROM iolaus.links GROUP BY run_id, account_id, kind, token, pane HAVING count() > 1)", "0", within)
	if n := s.value(t, "SELECT count() FROM iolaus.links"); n == "0" {
		t.Error("iolaus.links is empty")
	}
	for _, row := range s.query(t, "SELECT account_id, action FROM iolaus.decisions ORDER BY decided_at, ts") {
		if len(h[row[0]]) == 0 {
			t.Errorf("ClickHouse has a decision about %s, the topic has none", row[0])
		}
	}
}
