package e2e_test

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outputs are the topics that grow for as long as something follows from the input.
var outputs = []string{"decisions", "cluster-scores", "iolaus-links", "iolaus-members", "iolaus-activity"}

// A whole life of `iolaus up`: a client produces JSON and Protobuf, the answers of Kafka, HTTP
// and SQL agree, Ctrl-C leaves nothing behind, and a second start goes on without doubling.
func TestUp(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	w := simulate(t, "1", "0.02", "0.0005")
	o := w.oracle()
	half := len(w.lines) / 8 // the campaigns come up in the first days, and decisions with them
	sortByTime(w.lines)

	s := startUp(t, data, nil)
	s.produce(t, w.lines[:half], 0)
	s.quiet(t, 2*time.Second, outputs...)
	before := s.readDecisions(t)
	s.stopCleanly(t, data)

	s = startUp(t, data, nil)
	s.quiet(t, 3*time.Second, outputs...)
	after := s.readDecisions(t)
	// Everybody is looked at anew, with what has come since the last look: one in a hundred may move on. None is told the same again.
	moved := 0
	for account := range after {
		if len(after[account]) == len(before[account]) {
			continue
		}
		moved++
		t.Logf("%s: the second start decided again: %v, before it %v", account, brief(after[account]), brief(before[account]))
		checkChain(t, account, after[account])
	}
	if 100*moved > len(after) {
		t.Errorf("the second start decided %d of %d accounts again", moved, len(after))
	}
	s.produce(t, w.lines[half:], 0)
	s.quiet(t, 3*time.Second, outputs...)
	h := s.readDecisions(t)
	if h.count() <= before.count() {
		t.Errorf("%d decisions at the end, %d at half", h.count(), before.count())
	}
	s.checkAPI(t, h, &o)
	s.checkSQL(t, h, &o)
	s.checkClusters(t)
	if n := s.value(t, "SELECT count() FROM iolaus.rejected_events"); n != "0" {
		t.Errorf("%s rejected events of a good world", n)
	}
	s.stopCleanly(t, data)
}

// checkClusters: the API and the view of current clusters hold the same pairs.
func (s *stack) checkClusters(t testing.TB) {
	t.Helper()
	var api []string
	for cluster, members := range s.clusters(t) {
		for account := range members {
			api = append(api, cluster+" "+account)
		}
	}
	slices.Sort(api)
	eventually(t, 30*time.Second, func() string {
		var view []string
		for _, row := range s.query(t, "SELECT cluster_id, account_id FROM iolaus.current_clusters") {
			view = append(view, row[0]+" "+row[1])
		}
		slices.Sort(view)
		if !slices.Equal(api, view) {
			return fmt.Sprintf("the API lists %d pairs of cluster and account, current_clusters %d", len(api), len(view))
		}
		return ""
	})
	if len(api) == 0 {
		t.Error("no clusters")
	}
}

// stopCleanly interrupts the process: it ends with 0 within seconds, and leaves no process,
// no open port and no socket.
func (s *stack) stopCleanly(t testing.TB, data string) {
	t.Helper()
	begun := time.Now()
	s.process.signal(t, syscall.SIGINT)
	if code := s.process.exit(t, 20*time.Second); code != 0 {
		t.Errorf("exit %d after an interrupt", code)
	}
	t.Logf("stopped in %s", time.Since(begun).Round(10*time.Millisecond))
	for _, addr := range []string{s.brokers[0], s.http, s.sql} {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			t.Errorf("%s is still listened on", addr)
		}
	}
	if left := processesOf(data); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, ", "))
	}
	_ = filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type()&os.ModeSocket != 0 {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
}

// processesOf lists the processes whose working folder or arguments lie in a data folder.
func processesOf(data string) []string {
	found := map[string]bool{}
	pids, _ := filepath.Glob("/proc/[0-9]*")
	for _, pid := range pids {
		cwd, _ := os.Readlink(pid + "/cwd")
		args, _ := os.ReadFile(pid + "/cmdline")
		if strings.HasPrefix(cwd, data) || strings.Contains(string(args), data) {
			found[filepath.Base(pid)+" "+strings.ReplaceAll(string(args), "\x00", " ")] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
