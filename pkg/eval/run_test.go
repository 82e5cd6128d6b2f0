package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/replay"
)

func decoding() decode.Config {
	cfg := decode.Default()
	cfg.Privacy.HMACKey = "a key for tests only"
	return cfg
}

func configOf(t *testing.T, specs ...string) Config {
	t.Helper()
	cfg := Config{Out: t.TempDir(), Worlds: worlds(specs...), Replay: replay.Config{Graph: graph.DefaultConfig(), Decode: decoding()}}
	return cfg
}

// Everything at once on a small world: what was judged adds up, and twice is the same but for the cost.
func TestRun(t *testing.T) {
	var first []byte
	for range 2 {
		cfg := configOf(t, "quick@0.06:5")
		cfg.Baselines, cfg.ClosedLoop = true, true
		told := 0
		cfg.Done = func(*Result) { told++ }
		rep, err := Run(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Results) != 2 || told != 2 || rep.Results[1].Scenario != "quick+bans" || rep.Policy == "" {
			t.Fatalf("%d results, %d told", len(rep.Results), told)
		}
		for i := range rep.Results {
			checkResult(t, &rep.Results[i])
			rep.Results[i].Cost = nil
		}
		b, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(b, first) {
			t.Error("two runs differ")
		}
		first = b
		if left, _ := filepath.Glob(filepath.Join(cfg.Out, "*", "world")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := os.Stat(filepath.Join(cfg.Out, "quick@0.06:5", "replay", "decisions.jsonl")); err != nil {
			t.Error(err)
		}
	}
}

func checkResult(t *testing.T, r *Result) {
	t.Helper()
	if r.Events == 0 || r.All.Accounts == 0 || r.Honest.Accounts == 0 || len(r.Baselines) == 0 || len(r.Stolen) == 0 || len(r.Second) == 0 {
		t.Fatalf("%s: something is missing: %+v", r.World, r)
	}
	byLevel, byClass := 0, 0
	for _, o := range r.Levels {
		byLevel += o.Accounts
	}
	for _, h := range r.Classes {
		byClass += h.Accounts
	}
	if byLevel != r.All.Accounts || byClass != r.Honest.Accounts || byLevel+byClass != r.Accounts {
		t.Errorf("%s: %d by level, %d by class, of %d, %d and %d in all", r.World, byLevel, byClass, r.All.Accounts, r.Honest.Accounts, r.Accounts)
	}
	for _, j := range append(r.Baselines, r.Judged) {
		if j.All.Exchanges != r.All.Exchanges || j.All.Served > j.All.Exchanges || j.Honest.Accounts != r.Honest.Accounts {
			t.Errorf("%s: %s counts otherwise: %+v", r.World, j.Detector, j.All)
		}
	}
	if n := r.Audit.Faults(); n > 0 {
		t.Errorf("%s: %d faults: %v", r.World, n, r.Audit.Examples)
	}
	if c := r.Cost; c.Events == 0 || c.Detect <= 0 || c.Fold <= 0 || c.GraphBytes == 0 || c.WindowBytes == 0 || c.Active == 0 || c.Active > c.Accounts {
		t.Errorf("%s: cost %+v", r.World, c)
	}
}

// Each ablation is the product without something: none may be left out, and the hard ones stand alone.
func TestAblations(t *testing.T) {
	cfg := configOf(t, "quick@0.04:5")
	cfg.Ablations, cfg.Keep = true, true
	rep, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	got := rep.Results[0].Ablations
	if len(got) != 8 || got[0].Detector != "without network" || got[7].Detector != "payment, content, history alone" {
		t.Fatalf("%d ablations: %+v", len(got), got)
	}
	for i, a := range ablations() {
		off := 0
		for _, is := range a.off {
			off += one(is)
		}
		if want := map[bool]int{true: 1, false: 4}[i < 7]; off != want || a.name != got[i].Detector {
			t.Errorf("%s is %s with %d families off", a.name, got[i].Detector, off)
		}
	}
	for _, j := range got {
		if j.All.Accounts != rep.Results[0].All.Accounts {
			t.Errorf("%s judges %d accounts", j.Detector, j.All.Accounts)
		}
	}
	if _, err := os.Stat(filepath.Join(cfg.Out, "quick@0.04:5", "world", "labels.jsonl")); err != nil {
		t.Errorf("the world was to be kept: %v", err)
	}
}

func TestRunOfNothing(t *testing.T) {
	if _, err := Run(context.Background(), Config{}); err == nil {
		t.Error("no error without a world")
	}
	cfg := configOf(t)
	cfg.Worlds = []World{Folder(t.TempDir())}
	if _, err := Run(context.Background(), cfg); err == nil {
		t.Error("no error on an empty folder")
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Run(stopped, configOf(t, "quick@0.04:5")); err == nil {
		t.Error("no error when stopped")
	}
}
