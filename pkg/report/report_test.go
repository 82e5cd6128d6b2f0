package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

const t0 = 1_767_225_600_000 // 2026-01-01

// small is a run of two clusters: a campaign of three, one of them never caught, and an honest pair
// of which one was suspended and reinstated.
func small() *Tally {
	t := NewTally("test", "v1")
	at := int64(t0)
	send := func(account string, n int) {
		for range n {
			at += 3_600_000
			t.Event(event.StreamRequest, &event.Meta{AccountID: account, TS: at})
		}
	}
	decide := func(account, cluster, action string) {
		t.Decision(&wire.Decision{AccountID: account, ClusterID: cluster, Action: action, EventTS: at,
			Reasons: []wire.Reason{{Code: "shared_instrument", Family: "payment", Value: 0.9, Baseline: 0.001, Contribution: 3.5},
				{Code: "<script>", Family: "content", Contribution: 1}}})
	}
	for _, a := range []string{"a1", "a2", "a3", "h1", "h2", "quiet"} {
		t.Event(event.StreamSignup, &event.Meta{AccountID: a, TS: at})
	}
	send("a1", 10)
	send("a2", 4)
	send("h1", 5)
	t.Member(&wire.Member{ClusterID: "c-1", AccountID: "a1", JoinedAt: at})
	t.Member(&wire.Member{ClusterID: "c-0", AccountID: "a2", JoinedAt: at})
	t.Member(&wire.Member{ClusterID: "c-1", AccountID: "a2", JoinedAt: at})
	t.ClusterScore(&wire.ClusterScore{TS: at, ClusterID: "c-1", Size: 5, Score: 0.5})
	t.ClusterScore(&wire.ClusterScore{TS: at, ClusterID: "c-1", Size: 3, Score: 0.97,
		Evidence: []wire.Evidence{{Kind: "instrument", Token: "k1-00000000000001", Accounts: 3}}})
	decide("a1", "c-1", wire.ActionObserve)
	decide("a1", "c-1", wire.ActionSuspend)
	decide("a2", "c-1", wire.ActionSuspend)
	decide("a3", "c-1", wire.ActionVerify)
	decide("h1", "c-2", wire.ActionSuspend)
	send("a1", 30)
	send("a3", 6)
	send("h1", 1)
	decide("h1", "", wire.ActionReinstate)
	send("h1", 2)
	for _, key := range []string{"key_1", "key_2", "key_1"} { // a key counts once
		t.Decision(&wire.Decision{AccountID: "h2", APIKeyID: key, Action: wire.ActionRevokeKey, EventTS: at})
	}
	t.AccountScore(&wire.AccountScore{AccountID: "a1", Score: 0.4})
	t.AccountScore(&wire.AccountScore{AccountID: "a1", Score: 0.97}) // the last score counts
	t.AccountScore(&wire.AccountScore{AccountID: "h1", Score: 0.92})
	t.Rejected("missing_field")
	t.Rejected("missing_field")
	t.Late()
	for _, a := range []string{"a1", "a2", "a3"} {
		t.Label(&event.Label{Meta: event.Meta{AccountID: a}, Label: event.LabelFraud, Campaign: "spring <2026>"})
	}
	t.Label(&event.Label{Meta: event.Meta{AccountID: "h1"}, Label: event.LabelFraud, Campaign: "mistaken"})
	t.Label(&event.Label{Meta: event.Meta{AccountID: "h1"}, Label: event.LabelLegit}) // the last label counts
	return t
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not as it was; look at it, and if it should be so run go test -update\n%s", name, got)
	}
}

func TestGolden(t *testing.T) {
	tally := small()
	metrics, err := json.MarshalIndent(tally.Metrics(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "metrics.json", append(metrics, '\n'))
	var page bytes.Buffer
	if err := WriteHTML(&page, tally); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.html", page.Bytes())
	if bytes.Contains(page.Bytes(), []byte("<script>")) || bytes.Contains(page.Bytes(), []byte("<2026>")) {
		t.Error("what the input says is not escaped")
	}
}

func TestOutcomes(t *testing.T) {
	m := small().Metrics()
	// h1 was suspended after 5 exchanges of 8, a1 after 10 of 40, a2 after 4 of 4.
	s := m.Suspended
	if s.Accounts != 3 || s.Suspended != 3 || s.Exchanges != 52 || s.ServedBefore != 19 || s.Recall != 1 || s.MedianToSuspend != 5 {
		t.Errorf("suspended: %+v", s)
	}
	// a3 was never suspended: all it was served counts as served before.
	c := m.Campaigns["spring <2026>"]
	if c.Accounts != 3 || c.Suspended != 2 || c.Verified != 1 || c.ServedBefore != 20 || c.Exchanges != 50 || c.Leakage != 0.4 || c.MedianToSuspend != 7 {
		t.Errorf("campaign: %+v", c)
	}
	if got := c.Recall; got < 0.66 || got > 0.67 {
		t.Errorf("recall %g", got)
	}
	if _, ok := m.Campaigns["mistaken"]; ok || m.Labels["legit"].Accounts != 1 || m.Labels["fraud"].Accounts != 3 {
		t.Errorf("labels: %+v, %+v", m.Labels, m.Campaigns)
	}
	if m.FinalActions[wire.ActionReinstate] != 1 || m.FinalActions[wire.ActionSuspend] != 2 || m.FinalActions[wire.ActionAllow] != 2 {
		t.Errorf("final actions: %v", m.FinalActions)
	}
	// Revoking a key is no action on the account: h2 stands where it stood.
	if m.KeysRevoked != 2 || m.Suspended.KeysRevoked != 0 || m.Decisions != 9 {
		t.Errorf("%d keys revoked in %d decisions", m.KeysRevoked, m.Decisions)
	}
	// c-0 was formed too, though nobody's last membership is of it.
	if m.Clusters != 2 || m.Accounts != 6 || m.Rejected["missing_field"] != 2 || m.Late != 1 || m.Events["requests"] != 58 {
		t.Errorf("metrics: %+v", m)
	}
}

// What enforcing would have saved: exchanges of accounts while they are suspended, not after they are reinstated.
func TestDays(t *testing.T) {
	var all, of, served uint64
	suspensions := 0
	for i, d := range small().Days() {
		if d.TS%86_400_000 != 0 || i > 0 && d.TS <= small().Days()[i-1].TS {
			t.Errorf("day %d begins at %d", i, d.TS)
		}
		all, of, served, suspensions = all+d.Exchanges, of+d.OfSuspended, served+d.ServedOfSuspended, suspensions+d.Suspensions
	}
	if all != 58 || of != 31 || served != 19 || suspensions != 3 {
		t.Errorf("%d exchanges, %d of suspended accounts, %d before, %d suspensions", all, of, served, suspensions)
	}
}

func TestClusters(t *testing.T) {
	cs := small().Clusters()
	if len(cs) != 2 || cs[0].ClusterID != "c-1" || cs[0].Suspended != 2 || cs[0].PeakSize != 5 || cs[0].Size != 3 || cs[0].FirstAct == 0 {
		t.Fatalf("clusters: %+v", cs)
	}
}

// Whatever happens: before is at most all, shares are shares, and the parts add up.
func TestOutcomeArithmetic(t *testing.T) {
	actions := []string{wire.ActionAllow, wire.ActionObserve, wire.ActionVerify, wire.ActionThrottle, wire.ActionSuspend, wire.ActionReinstate}
	names := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	rapid.Check(t, func(t *rapid.T) {
		tally, at := NewTally("r", "v"), int64(t0)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			at += rapid.Int64Range(0, 1e8).Draw(t, "ms")
			a := names.Draw(t, "account")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				tally.Decision(&wire.Decision{AccountID: a, Action: rapid.SampledFrom(actions).Draw(t, "action"), EventTS: at})
			case 1:
				tally.Label(&event.Label{Meta: event.Meta{AccountID: a}, Label: event.LabelKind(rapid.IntRange(1, 3).Draw(t, "label")), Campaign: "x"})
			default:
				tally.Event(event.StreamRequest, &event.Meta{AccountID: a, TS: at})
			}
		}
		m := tally.Metrics()
		final := 0
		for _, n := range m.FinalActions {
			final += n
		}
		if final != m.Accounts || m.Suspended.Accounts != tally.Suspended() || m.Exchanges != m.Events["requests"] {
			t.Fatalf("%+v", m)
		}
		labelled := 0
		for _, o := range m.Labels {
			labelled += o.Accounts
		}
		for name, o := range m.Campaigns {
			if o.Accounts > labelled || o != m.Labels["fraud"] {
				t.Fatalf("campaign %s: %+v of %+v", name, o, m.Labels)
			}
		}
		for _, o := range append([]Outcome{m.Suspended}, m.Labels["fraud"], m.Labels["legit"]) {
			if o.ServedBefore > o.Exchanges || o.Suspended+o.Throttled+o.Verified > o.Accounts ||
				o.Recall < 0 || o.Recall > 1 || o.Leakage < 0 || o.Leakage > 1 {
				t.Fatalf("%+v", o)
			}
		}
		var all uint64
		for _, d := range tally.Days() {
			all += d.Exchanges
		}
		if all != m.Exchanges {
			t.Fatalf("days hold %d exchanges of %d", all, m.Exchanges)
		}
	})
}

// names of what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ns []string
	for _, e := range entries {
		ns = append(ns, e.Name())
	}
	return ns
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Decision(&wire.Decision{DecisionID: "d-1", AccountID: "a1", Action: wire.ActionObserve}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(small()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 4 {
		t.Fatalf("folder holds %v", got)
	}
	b, err := os.ReadFile(filepath.Join(dir, "clusters.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if len(lines) != 2 || !bytes.Contains(lines[0], []byte(`"account_id":"a1"`)) || !bytes.Contains(lines[1], []byte(`"cluster_id":"c-1"`)) {
		t.Fatalf("clusters.jsonl: %s", b)
	}
}

// A run that fails, before its end or while its files are finished, leaves an earlier run's files whole.
func TestFilesOfARunThatFails(t *testing.T) {
	dir := t.TempDir()
	first, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Decision(&wire.Decision{AccountID: "first"}), first.Close(small())); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "decisions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		after, err := os.ReadFile(filepath.Join(dir, "decisions.jsonl"))
		if err != nil || !bytes.Equal(after, before) {
			t.Errorf("%s: decisions.jsonl is %s, %v", what, after, err)
		}
	}
	second, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Decision(&wire.Decision{AccountID: "second"}); err != nil {
		t.Fatal(err)
	}
	second.Abort()
	check("aborted")
	if got := names(t, dir); len(got) != 4 {
		t.Errorf("after an abort the folder holds %v", got)
	}
	third, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "metrics.json.part"), 0o755); err != nil { // cannot be written
		t.Fatal(err)
	}
	if err := third.Close(small()); err == nil {
		t.Fatal("no error")
	}
	third.Abort()
	check("failed at its end")
}
