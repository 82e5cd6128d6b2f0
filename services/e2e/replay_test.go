package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// required is the share of accounts whose final action live and replay must agree on.
const required = 0.995

// The same folder through the live path and through replay.
func TestLiveEqualsReplay(t *testing.T) {
	w := simulate(t, "3", "0.02", "0.001")
	o := w.oracle()
	dir := t.TempDir()
	out := func(name string) string { return filepath.Join(dir, name) }

	mustRun(t, "replay", "--input", w.dir, "--out", out("replay"))
	t.Run("replay is repeatable", func(t *testing.T) { checkRepeatable(t, w, out("replay"), dir) })

	data := out("data")
	p := start(t, nil, "up", "--data", data, "--scenario", w.dir, "--until-done", "--out", out("live"), "--no-browser",
		"--http", "127.0.0.1:0", "--pprof.addr", "off")
	if code := p.exit(t, 5*time.Minute); code != 0 {
		t.Fatalf("up --until-done: exit %d", code)
	}
	compare(t, readHistories(t, out("live")), readHistories(t, out("replay")), &o)
	comparePairs(t, readPairs(t, out("live")), readPairs(t, out("replay")))

	t.Run("replay of the topics", func(t *testing.T) {
		s := startUp(t, data, nil)
		mustRun(t, "replay", "--brokers", s.brokers[0], "--from", "2026-01-01", "--to", "2026-11-01", "--out", out("topics"))
		a, b := readHistories(t, out("topics")), readHistories(t, out("replay"))
		compare(t, a, b, &o)
	})
}

// checkRepeatable replays again, on one core and on two.
func checkRepeatable(t *testing.T, w *world, first, dir string) {
	for _, cores := range []string{"1", "2"} {
		again := filepath.Join(dir, "again"+cores)
		if code, _, errs := run(t, []string{"GOMAXPROCS=" + cores}, "replay", "--input", w.dir, "--out", again); code != 0 {
			t.Fatal(errs)
		}
		for _, name := range []string{"decisions.jsonl", "clusters.jsonl"} {
			a, errA := os.ReadFile(filepath.Join(first, name))
			b, errB := os.ReadFile(filepath.Join(again, name))
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("%s of a replay with GOMAXPROCS=%s is not that of the first (%v, %v)", name, cores, errA, errB)
			}
		}
	}
}

// compare lists the accounts that end differently, each with where the histories part.
func compare(t *testing.T, live, replay histories, o *oracle) {
	t.Helper()
	differ := 0
	for account := range o.accounts {
		a, b := live.final(account), replay.final(account)
		if a == b {
			continue
		}
		differ++
		t.Logf("%s ends with %s, in the replay with %s: %s", account, a, b, parting(live[account], replay[account]))
	}
	share := 1 - float64(differ)/float64(len(o.accounts))
	t.Logf("%d of %d accounts end differently: %.2f%% agree", differ, len(o.accounts), 100*share)
	if share < required {
		t.Errorf("%.2f%% of the accounts end the same, want %.1f%%", 100*share, 100*required)
	}
}

// parting names the first decision that one history has and the other has not.
func parting(live, replay []wire.Decision) string {
	for i := range max(len(live), len(replay)) {
		switch {
		case i >= len(live):
			return "only the replay goes on: " + brief(replay[i:])
		case i >= len(replay):
			return "only live goes on: " + brief(live[i:])
		case live[i].Action != replay[i].Action:
			return fmt.Sprintf("decision %d is %s, in the replay %s", i, brief(live[i:i+1]), brief(replay[i:i+1]))
		}
	}
	return "the histories have the same actions"
}

// brief shows decisions in one line.
func brief(ds []wire.Decision) string {
	parts := make([]string, len(ds))
	for i, d := range ds {
		parts[i] = fmt.Sprintf("%s at %s (account %.2f, cluster %.2f)", d.Action,
			time.UnixMilli(d.EventTS).UTC().Format("01-02 15:04:05"), d.AccountScore, d.ClusterScore)
	}
	return strings.Join(parts, ", ")
}

func readHistories(t *testing.T, dir string) histories {
	t.Helper()
	h := histories{}
	eachLine(t, filepath.Join(dir, "decisions.jsonl"), func(d *wire.Decision) { h[d.AccountID] = append(h[d.AccountID], *d) })
	for account, ds := range h {
		checkChain(t, account, ds)
	}
	return h
}

func eachLine[T any](t *testing.T, path string, each func(*T)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		each(&v)
	}
}

// readPairs groups the accounts of clusters.jsonl by cluster.
func readPairs(t *testing.T, dir string) map[string][]string {
	t.Helper()
	clusters := map[string][]string{}
	eachLine(t, filepath.Join(dir, "clusters.jsonl"), func(m *wire.Member) {
		clusters[m.ClusterID] = append(clusters[m.ClusterID], m.AccountID)
	})
	return clusters
}

// comparePairs: cluster ids may differ, but who is with whom must nearly be the same. It is the
// share of accounts' pairs that both have, of those that either has.
func comparePairs(t *testing.T, live, replay map[string][]string) {
	t.Helper()
	a, b := pairs(live), pairs(replay)
	both := 0
	for p := range a {
		if b[p] {
			both++
		}
	}
	share := float64(both) / float64(max(1, len(a)+len(b)-both))
	t.Logf("%d pairs of accounts in one cluster, %d in the replay, %.2f%% of all are in both", len(a), len(b), 100*share)
	if share < 0.9 {
		t.Errorf("clusters of live and replay agree on %.1f%% of the pairs", 100*share)
	}
}

func pairs(clusters map[string][]string) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, members := range clusters {
		slices.Sort(members)
		for i, a := range members {
			for _, b := range members[i+1:] {
				out[[2]string{a, b}] = true
			}
		}
	}
	return out
}
