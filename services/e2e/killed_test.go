package e2e_test

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// kill -9 of `up` while it plays a scenario, and again: at the end the topics hold each event
// exactly once, and all counts are exact.
func TestUpKilled(t *testing.T) {
	kills := 2
	if long() {
		kills = 8
	}
	data := filepath.Join(t.TempDir(), "data")
	w := simulate(t, "2", "0.02", "0.0005")
	o := w.oracle()
	for i := range kills {
		s := startUp(t, data, nil, "--scenario", w.dir)
		time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond))
		s.process.signal(t, syscall.SIGKILL)
		s.process.exit(t, 10*time.Second)
		t.Logf("kill %d", i+1)
	}
	s := startUp(t, data, nil, "--scenario", w.dir)
	s.quiet(t, 4*time.Second, outputs...)
	seen := map[string]int{}
	for _, r := range s.read(t, inputTopics...) {
		var h head
		if err := json.Unmarshal(r.Value, &h); err != nil {
			t.Fatal(err)
		}
		seen[r.Topic+" "+h.EventID]++
	}
	for i := range w.lines {
		if n := seen[w.lines[i].topic+" "+w.lines[i].EventID]; n != 1 {
			t.Errorf("%s: event %s is in the topic %d times", w.lines[i].topic, w.lines[i].EventID, n)
		}
	}
	h := s.readDecisions(t)
	s.checkSQL(t, h, &o)
	s.checkAPI(t, h, &o)
	s.checkClusters(t)
	s.stopCleanly(t, data)
}
