package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/baseline"
	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/report"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

const t0 = 1_772_409_600_000 // 2026-03-02

// story is a tiny world told event by event, with what a detector says to it.
type story struct {
	rec *record
	now int64
	ids int
}

func tell(labels ...string) *story {
	truths := NewTruths()
	for _, l := range labels {
		kind, rest, _ := strings.Cut(l, " ")
		account, rest, _ := strings.Cut(rest, " ")
		campaign, note, _ := strings.Cut(rest, " ")
		truths.Read(&event.Label{Meta: event.Meta{AccountID: account}, Campaign: strings.Trim(campaign, "-"), Note: note,
			Label: map[string]event.LabelKind{"fraud": event.LabelFraud, "legit": event.LabelLegit, "compromised": event.LabelCompromised}[kind]})
	}
	return &story{rec: newRecord(truths), now: t0}
}

// asks sends n exchanges, a second apart, on a key where one is named.
func (s *story) asks(account string, n int, key ...string) {
	for range n {
		s.now += 1000
		q := &event.Request{Meta: event.Meta{AccountID: account, TS: s.now}, APIKeyID: strings.Join(key, "")}
		s.rec.Event(&replay.Event{Stream: event.StreamRequest, TS: s.now, Request: q})
	}
}

func (s *story) says(out detect.Output) { s.rec.Output(&out) }

var two = []wire.Reason{{Code: "shared_instrument", Family: "payment", Contribution: 2}, {Code: "exclusive_template", Family: "content", Contribution: 2},
	{Code: "cluster_size", Family: "cluster", Contribution: 1}}

func (s *story) decision(account, cluster, previous, action string, score float64) wire.Decision {
	s.ids++
	return wire.Decision{DecisionID: "d-" + string(rune('a'+s.ids)), AccountID: account, ClusterID: cluster, Action: action, PreviousAction: previous,
		Score: score, EventTS: s.now, Reasons: two, Evidence: []wire.Evidence{{Kind: "instrument", Token: "k1-0", Accounts: 3}}}
}

// tiny is the world of the golden files: a campaign of three in one cluster that an honest account
// had been in, a second pool of one, a stolen key, and a household that is asked to verify.
func tiny() *story {
	s := tell(
		"fraud a1 spring pool=first level=L1", "fraud a2 spring pool=first level=L1", "fraud a3 spring pool=first level=L3 attack=aged",
		"fraud b1 spring pool=second level=L1",
		"legit h1 - class=household trap=shared_home", "legit h2 - class=household trap=shared_home", "legit h3 - class=student",
		"compromised o1 spring class=org_sso key=key_1 from=1772409604000 level=L2")
	s.asks("o1", 3, "key_1") // the owner's own
	s.asks("o1", 4, "key_1") // the thief's
	s.asks("a1", 4)
	s.asks("a2", 2)
	s.asks("h1", 5)
	s.says(detect.Output{
		Members: []wire.Member{{ClusterID: "c-1", AccountID: "a1", JoinedAt: s.now}, {ClusterID: "c-1", AccountID: "a2", JoinedAt: s.now},
			{ClusterID: "c-1", AccountID: "h1", JoinedAt: s.now}, {ClusterID: "c-2", AccountID: "h2", JoinedAt: s.now}},
		Accounts: []wire.AccountScore{{AccountID: "a1", ClusterID: "c-1", Score: 0.97}, {AccountID: "a2", ClusterID: "c-1", Score: 0.96}, {AccountID: "h1", ClusterID: "c-1", Score: 0.4}},
		Clusters: []wire.ClusterScore{{ClusterID: "c-1", Score: 0.98}},
		Decisions: []wire.Decision{s.decision("a1", "c-1", "allow", "suspend", 0.97), s.decision("a2", "c-1", "allow", "suspend", 0.96),
			s.decision("h1", "c-1", "allow", "verify", 0.4)},
	})
	revoke := s.decision("o1", "", "allow", "revoke_key", 0.9)
	revoke.APIKeyID = "key_1"
	s.says(detect.Output{
		Members:   []wire.Member{{ClusterID: "c-1", AccountID: "h1", JoinedAt: s.now, LeftAt: s.now}},
		Decisions: []wire.Decision{revoke, s.decision("h1", "", "verify", "allow", 0)},
	})
	s.says(detect.Output{Members: []wire.Member{{ClusterID: "c-1", AccountID: "b1", JoinedAt: s.now}},
		Decisions: []wire.Decision{s.decision("b1", "c-1", "allow", "suspend", 0.95)}})
	s.now += dayMS
	s.asks("a1", 6)
	s.asks("b1", 3)
	s.asks("o1", 4, "key_1")
	s.asks("a3", 8)
	s.asks("h3", 2)
	return s
}

func (s *story) result() Result {
	r := s.rec.result(&report.Metrics{Events: map[string]uint64{"requests": 41}})
	r.World, r.Scenario, r.Seed = "tiny@1:1", "tiny", 1
	return r
}

// What the tiny world comes to, by hand.
func TestRecord(t *testing.T) {
	r := tiny().result()
	l1 := r.Levels[0]
	// a1 was served 4 of 10, a2 2 of 2, b1 none of 3.
	if l1.Name != "L1" || l1.Accounts != 3 || l1.Suspended != 3 || l1.Exchanges != 15 || l1.Served != 6 || !near(l1.Leakage, 0.4) || l1.MedianExchanges != 2 {
		t.Errorf("L1: %+v", l1)
	}
	if l3 := r.Levels[1]; l3.Recall != 0 || l3.Leakage != 1 || l3.Served != 8 {
		t.Errorf("L3: %+v", l3)
	}
	if r.Attacks[0].Name != "aged" || r.All.Accounts != 4 || r.All.Suspended != 3 {
		t.Errorf("attacks %+v, all %+v", r.Attacks, r.All)
	}
	// a1's first exchange is its 1st of 4, 10 s before the decision; a2's 6 s before it; b1 was suspended before its first.
	if r.All.MedianSeconds != 6 || r.All.P90Seconds != 10 {
		t.Errorf("time to detect %g, %g", r.All.MedianSeconds, r.All.P90Seconds)
	}
	if h := r.Honest; h.Accounts != 4 || h.Suspended != 0 || h.Verified != 1 || h.FinalVerified != 0 {
		t.Errorf("honest: %+v", h)
	}
	st := r.Stolen[1]
	if st.Name != "all" || st.Keys != 1 || st.Revoked != 1 || st.Exchanges != 8 || st.Served != 4 || st.OwnersSuspended != 0 || r.WrongKeys != 0 {
		t.Errorf("stolen: %+v, %d wrong", r.Stolen, r.WrongKeys)
	}
	if len(r.Second) != 2 || r.Second[0].BeforeFirst != 1 {
		t.Errorf("second pool: %+v", r.Second)
	}
	if c := r.Clusters; c.Ever != 2 || c.Enforced != 1 || c.Mixed != 0 || c.MixedEver != 1 {
		t.Errorf("clusters: %+v", c)
	}
	// On the first day 6 exchanges were served, on the second 6 of a1 and 3 of b1 stopped and 8 of a3 served.
	want := []DayRow{{t0, "L1", 6, 0}, {t0 + dayMS, "L1", 0, 9}, {t0 + dayMS, "L3", 8, 0}}
	if !slices.Equal(r.Timeline, want) {
		t.Errorf("timeline: %+v", r.Timeline)
	}
	if r.Audit.Faults() != 0 || r.Audit.Decisions != 6 || r.Audit.Suspensions != 3 {
		t.Errorf("audit: %+v", r.Audit)
	}
}

// An account reaches min(account, cluster), also when its cluster's score rises later, and no more once it left.
func TestScoreReached(t *testing.T) {
	s := tell("fraud a x level=L1", "fraud b x level=L1")
	s.says(detect.Output{Accounts: []wire.AccountScore{{AccountID: "a", ClusterID: "c", Score: 0.9}, {AccountID: "b", ClusterID: "c", Score: 0.8}}})
	s.says(detect.Output{Clusters: []wire.ClusterScore{{ClusterID: "c", Score: 0.5}}})
	s.says(detect.Output{Accounts: []wire.AccountScore{{AccountID: "b", Score: 0.1}}})
	s.says(detect.Output{Clusters: []wire.ClusterScore{{ClusterID: "c", Score: 0.85}}})
	s.says(detect.Output{Accounts: []wire.AccountScore{{AccountID: "a", ClusterID: "c", Score: 0.2}}})
	a, b := s.rec.account("a"), s.rec.account("b")
	if a.Score != 0.85 || a.Last != 0.2 || b.Score != 0.5 || b.Last != 0.1 {
		t.Errorf("a %g, %g; b %g, %g", a.Score, a.Last, b.Score, b.Last)
	}
}

// Each rule, broken once.
func TestAudit(t *testing.T) {
	evidence := []wire.Evidence{{Kind: "device"}}
	for _, c := range []struct {
		name      string
		decisions []wire.Decision
		want      Audit
	}{
		{"one family twice, and trust", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "suspend", Evidence: evidence,
			Reasons: []wire.Reason{{Family: "payment", Contribution: 1}, {Family: "payment", Contribution: 1}, {Family: "trust", Contribution: -1}, {Family: "cluster", Contribution: 2}}}},
			Audit{Decisions: 1, Suspensions: 1, FewFamilies: 1}},
		{"a family that speaks for the account", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "suspend", Evidence: evidence,
			Reasons: []wire.Reason{{Family: "payment", Contribution: 1}, {Family: "content", Contribution: -0.5}}}},
			Audit{Decisions: 1, Suspensions: 1, FewFamilies: 1}},
		{"no evidence", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "suspend", Reasons: two}},
			Audit{Decisions: 1, Suspensions: 1, NoEvidence: 1}},
		{"nothing changes", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "verify"},
			{DecisionID: "2", AccountID: "a", PreviousAction: "verify", Action: "verify"}}, Audit{Decisions: 2, Repeats: 1}},
		{"an id again", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "verify"},
			{DecisionID: "1", AccountID: "b", PreviousAction: "allow", Action: "verify"}}, Audit{Decisions: 2, Repeats: 1}},
		{"a broken chain", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "verify"},
			{DecisionID: "2", AccountID: "a", PreviousAction: "allow", Action: "throttle"}}, Audit{Decisions: 2, Broken: 1}},
		{"back in time", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "verify", EventTS: 5},
			{DecisionID: "2", AccountID: "a", PreviousAction: "verify", Action: "throttle", EventTS: 4}}, Audit{Decisions: 2, Backwards: 1}},
		{"a key twice, and none", []wire.Decision{{DecisionID: "1", AccountID: "a", Action: "revoke_key", APIKeyID: "k"},
			{DecisionID: "2", AccountID: "a", Action: "revoke_key", APIKeyID: "k"}, {DecisionID: "3", AccountID: "a", Action: "revoke_key"}},
			Audit{Decisions: 3, Repeats: 1, Unnamed: 1}},
		{"a revocation leaves the chain alone", []wire.Decision{{DecisionID: "1", AccountID: "a", PreviousAction: "allow", Action: "verify"},
			{DecisionID: "2", AccountID: "a", PreviousAction: "verify", Action: "revoke_key", APIKeyID: "k"},
			{DecisionID: "3", AccountID: "a", PreviousAction: "verify", Action: "suspend", Reasons: two, Evidence: evidence}},
			Audit{Decisions: 3, Suspensions: 1}},
	} {
		a := newAuditor()
		for i := range c.decisions {
			a.decision(&c.decisions[i])
		}
		if len(a.Examples) != a.Faults() {
			t.Errorf("%s: %d examples of %d faults", c.name, len(a.Examples), a.Faults())
		}
		a.Examples = nil
		got, want := a.Audit, c.want
		if got.Faults() != want.Faults() || got.Decisions != want.Decisions || got.Suspensions != want.Suspensions || got.FewFamilies != want.FewFamilies ||
			got.NoEvidence != want.NoEvidence || got.Repeats != want.Repeats || got.Broken != want.Broken || got.Backwards != want.Backwards || got.Unnamed != want.Unnamed {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, want)
		}
	}
}

// fixed is a baseline that says what it is told to.
type fixed []baseline.Verdict

func (f fixed) Name() string                 { return "fixed" }
func (f fixed) Signup(*event.Signup)         {}
func (f fixed) Request(*event.Request)       {}
func (f fixed) Payment(*event.Payment)       {}
func (f fixed) Verdicts() []baseline.Verdict { return f }

// What a baseline let through is what came up to the time at which it flagged the account.
func TestBaselineLeakage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truths := NewTruths()
		truths.Read(&event.Label{Meta: event.Meta{AccountID: "a"}, Label: event.LabelFraud, Campaign: "x"})
		at := rapid.Int64Range(0, 100).Draw(t, "flagged")
		r := newRivals(truths, []baseline.Detector{fixed{{Account: "a", At: at, Score: 7, Flagged: true}}})
		want := uint64(0)
		times := rapid.SliceOf(rapid.Int64Range(1, 99)).Draw(t, "times")
		for _, ts := range times {
			r.Event(&replay.Event{Stream: event.StreamRequest, TS: ts, Request: &event.Request{Meta: event.Meta{AccountID: "a", TS: ts}}})
			if ts <= at {
				want++
			}
		}
		j := r.judged([]Subject{{Account: "a", Truth: truths.Of("a"), Exchanges: uint64(len(times)), Suspended: true}, {Account: "b", Truth: legit("x", ""), Exchanges: 4, Suspended: true}})
		if len(j) != 1 || j[0].All.Served != want || j[0].All.Suspended != 1 || j[0].Honest.Suspended != 0 || j[0].Rank.AUC != 1 {
			t.Fatalf("%+v, want %d served", j, want)
		}
	})
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

// The three forms of a report, of the tiny world.
func TestGolden(t *testing.T) {
	world := tiny()
	r := world.result()
	others := newRivals(world.rec.truths, []baseline.Detector{fixed{{Account: "a1", At: t0, Score: 3, Flagged: true}, {Account: "h2", At: t0, Score: 2, Flagged: true}}})
	r.Baselines = others.judged(world.rec.subjects())
	rep := &Report{Policy: "builtin-2", Results: []Result{r}}
	b, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "eval.json", append(b, '\n'))
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "eval.txt", table.Bytes())
	var page bytes.Buffer
	if err := rep.WriteHTML(&page, Assets{JS: "/* uPlot */", CSS: "/* its style */"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "eval.html", page.Bytes())
	if strings.Contains(page.String(), "src=") || strings.Contains(page.String(), "http") {
		t.Error("the page asks for something from elsewhere")
	}
}

// What labels say ends up neither as markup nor as a script.
func TestPageEscapes(t *testing.T) {
	s := tell("fraud a </script><script>alert(1)</script> level=<b>L9</b>", "legit h - class=<i>x</i> trap=<u>y</u>")
	s.asks("a", 1)
	r := s.result()
	r.World = "</script><script>alert(2)</script>"
	var page bytes.Buffer
	if err := (&Report{Results: []Result{r}}).WriteHTML(&page, Assets{}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>alert", "<b>L9", "<i>x", "<u>y"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}
