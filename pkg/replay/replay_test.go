package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/simulate"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// small writes a small world with all four campaigns.
func small(t *testing.T, seed uint64) string {
	t.Helper()
	sc, err := simulate.Load("press")
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.New(sc.Scaled(0.01, 0.0004), seed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := w.WriteFiles(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// results reads what a run wrote.
func results(t *testing.T, out string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"decisions.jsonl", "clusters.jsonl", "metrics.json", "report.html"} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

// A replay is the same byte by byte, twice, and on one core or two; and it finds what was planted.
func TestDeterministic(t *testing.T) {
	in := small(t, 1)
	var first map[string][]byte
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, cores := range []int{2, 2, 1} {
		runtime.GOMAXPROCS(cores)
		out := t.TempDir()
		m := replayed(t, configOf(in, out))
		if m.Suspended.Accounts == 0 || m.Campaigns == nil || m.Decisions == 0 {
			t.Fatalf("nothing was found: %+v", m)
		}
		got := results(t, out)
		if first == nil {
			first = got
			continue
		}
		for name := range first {
			if !bytes.Equal(first[name], got[name]) {
				t.Errorf("with %d cores %s differs", cores, name)
			}
		}
	}
	checkDecisions(t, first["decisions.jsonl"])
	checkClusters(t, first["clusters.jsonl"])
}

// Each account's decisions follow each other, and no event time is decided on a clock.
func checkDecisions(t *testing.T, b []byte) {
	t.Helper()
	last, ids := map[string]string{}, map[string]bool{}
	for line := range bytes.Lines(b) {
		var d wire.Decision
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		previous := last[d.AccountID]
		if previous == "" {
			previous = wire.ActionAllow
		}
		if d.PreviousAction != previous || d.Action == previous || ids[d.DecisionID] || d.DecidedAt != d.EventTS {
			t.Fatalf("decision %s follows %s", line, previous)
		}
		last[d.AccountID], ids[d.DecisionID] = d.Action, true
	}
}

func checkClusters(t *testing.T, b []byte) {
	t.Helper()
	last := ""
	for line := range bytes.Lines(b) {
		var m wire.Member
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		if m.AccountID <= last || m.ClusterID == "" || m.JoinedAt == 0 || m.LeftAt != 0 && m.LeftAt < m.JoinedAt {
			t.Fatalf("membership %s after %s", line, last)
		}
		last = m.AccountID
	}
}

// Labels reach the metrics and not the detector, unless asked; those of another file take their place.
func TestLabels(t *testing.T) {
	in := small(t, 2)
	plain := t.TempDir()
	m := replayed(t, configOf(in, plain))
	if m.Labels["fraud"].Accounts == 0 {
		t.Fatalf("labels %+v", m.Labels)
	}

	stripped := t.TempDir()
	for _, name := range []string{"signups", "requests", "payments"} {
		b, err := os.ReadFile(filepath.Join(in, name+".jsonl"))
		if err == nil {
			err = os.WriteFile(filepath.Join(stripped, name+".jsonl"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	replayed(t, configOf(stripped, out))
	if !bytes.Equal(results(t, plain)["decisions.jsonl"], results(t, out)["decisions.jsonl"]) {
		t.Error("labels have reached the detector")
	}

	other := filepath.Join(t.TempDir(), "other.jsonl")
	if err := os.WriteFile(other, []byte(`{"event_id":"l","account_id":"somebody","ts":1767268800000,"label":"legit","source":"appeal"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := configOf(in, t.TempDir())
	cfg.Labels = other
	if m := replayed(t, cfg); m.Labels["legit"].Accounts != 1 || len(m.Labels) != 1 || len(m.Campaigns) != 0 {
		t.Errorf("judged by other labels: %+v", m.Labels)
	}
	cfg.Labels = filepath.Join(t.TempDir(), "none.jsonl")
	cfg.Out = t.TempDir()
	if _, err := Run(context.Background(), cfg); err == nil || !strings.HasPrefix(err.Error(), "--labels none.jsonl: ") {
		t.Errorf("missing labels: %v", err)
	} else if entries, _ := os.ReadDir(cfg.Out); len(entries) != 0 {
		t.Errorf("a failed run leaves %v", entries)
	}
}

// ringLines is a ring of twelve behind a crowd of 300: what the built-in policy suspends or at least observes.
func ringLines(n int) (signups, payments string) {
	var s, p strings.Builder
	for i := range 300 {
		fmt.Fprintf(&s, `{"event_id":"h%d","account_id":"h%d","ts":%d,"email":"h%d@mail%d.example","device_id":"dev%d"}`+"\n", i, i, ts+i, i, i, i)
	}
	for i := range n {
		fmt.Fprintf(&s, `{"event_id":"s%d","account_id":"a%02d","ts":%d,"email":"a%d@x%d.example","phone":"+4930901820","device_id":"farm"}`+"\n", i, i, ts+1000+i, i, i)
		fmt.Fprintf(&p, `{"event_id":"p%d","account_id":"a%02d","ts":%d,"kind":"card_added","instrument_id":"stolen%d","instrument_type":"card"}`+"\n", i, i, ts+60_000+i, i/2)
	}
	return s.String(), p.String()
}

// Labels that are fed count from their own time on, also where nothing follows them.
func TestFeedLabels(t *testing.T) {
	signups, payments := ringLines(12)
	labels := ""
	for i := range 12 {
		labels += fmt.Sprintf(`{"event_id":"l%d","account_id":"a%02d","ts":%d,"label":"legit","source":"appeal"}`+"\n", i, i, ts+7_200_000)
	}
	in := folder(t, map[string]string{"signups": signups, "payments": payments, "labels": labels})
	standing := func(feed bool) map[string]int {
		cfg := configOf(in, t.TempDir())
		cfg.FeedLabels = feed
		cfg.Policy = filepath.Join(t.TempDir(), "p.yaml")
		if err := os.WriteFile(cfg.Policy, []byte("version: fed\nsteps:\n  - action: verify\n    when: cluster_score > 0.6\n    release: cluster_score < 0.3\n"+
			"  - action: observe\n    when: size >= 2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		replayed(t, cfg)
		last := map[string]string{}
		for line := range bytes.Lines(results(t, cfg.Out)["decisions.jsonl"]) {
			var d wire.Decision
			if err := json.Unmarshal(line, &d); err != nil {
				t.Fatal(err)
			}
			last[d.AccountID] = d.Action
		}
		count := map[string]int{}
		for _, action := range last {
			count[action]++
		}
		return count
	}
	if plain, fed := standing(false), standing(true); plain[wire.ActionVerify] == 0 || fed[wire.ActionVerify] != 0 {
		t.Fatalf("without labels %v, with labels %v", plain, fed)
	}
}

// The policy decides, and its version is on what it decides.
func TestPolicies(t *testing.T) {
	signups, payments := ringLines(12)
	in := folder(t, map[string]string{"signups": signups, "payments": payments})
	for _, c := range []struct{ name, doc, want string }{
		{"watches", "version: watches\nsteps:\n  - action: observe\n    when: size >= 2\n", `"action":"observe"`},
		{"shadow", "version: shadow\nmode: shadow\nsteps:\n  - action: observe\n    when: size >= 2\n", `"mode":"shadow"`},
		{"idle", "version: idle\nsteps:\n  - action: observe\n    when: \"false\"\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := configOf(in, t.TempDir())
			cfg.Policy = filepath.Join(t.TempDir(), "p.yaml")
			if err := os.WriteFile(cfg.Policy, []byte(c.doc), 0o600); err != nil {
				t.Fatal(err)
			}
			m := replayed(t, cfg)
			b := results(t, cfg.Out)["decisions.jsonl"]
			if m.PolicyVersion != c.name || (c.want == "") != (m.Decisions == 0) || !bytes.Contains(b, []byte(c.want)) ||
				bytes.Count(b, []byte(`"policy_version":"`+c.name+`"`)) != m.Decisions {
				t.Fatalf("%d decisions of %s: %.300s", m.Decisions, m.PolicyVersion, b)
			}
		})
	}
	cfg := configOf(in, t.TempDir())
	cfg.Policy = "none.yaml"
	if _, err := Run(context.Background(), cfg); err == nil || !strings.HasPrefix(err.Error(), "policy.file: ") {
		t.Errorf("missing policy: %v", err)
	}
}
