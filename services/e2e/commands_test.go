package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Wrong settings and usage end with 2 and one line that names the key.
func TestBadConfiguration(t *testing.T) {
	dir := t.TempDir()
	unknown := filepath.Join(dir, "unknown.yaml")
	if err := os.WriteFile(unknown, []byte("kafka:\n  brokerz: [a:1]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	backends := []string{"IOLAUS_KAFKA_BROKERS=127.0.0.1:1", "IOLAUS_REDIS_URL=redis://127.0.0.1:1", "IOLAUS_CLICKHOUSE_DSN=http://127.0.0.1:1"}
	for _, c := range []struct {
		name, key string
		env, args []string
	}{
		{"unknown key in the file", "kafka.brokerz", backends, []string{"run", "request", "--config", unknown}},
		{"no brokers", "kafka.brokers", nil, []string{"run", "request"}},
		{"no key of the HMAC", "privacy.hmac_key", append(backends, "IOLAUS_PRIVACY_HMAC_KEY="), []string{"run", "signup"}},
		{"lateness out of range", "stage.lateness", backends, []string{"run", "payment", "--stage.lateness", "100h"}},
		{"redis URL of another kind", "redis.url", append(backends, "IOLAUS_REDIS_URL=nonsense://x"), []string{"run", "request"}},
		{"dsn of another kind", "clickhouse.dsn", append(backends, "IOLAUS_CLICKHOUSE_DSN=::"), []string{"run", "sink"}},
		{"negative slack", "cluster.slack", backends, []string{"run", "cluster", "--cluster.slack", "-1s"}},
		{"unknown variable", "IOLAUS_KAFKA_BROKER", append(backends, "IOLAUS_KAFKA_BROKER=a:1"), []string{"run", "decision"}},
		{"no such policy", "policy.file", backends, []string{"run", "cluster", "--policy.file", filepath.Join(dir, "none.yaml")}},
		{"out without until-done", "--out", nil, []string{"up", "--data", filepath.Join(dir, "d"), "--out", dir}},
		{"no such scenario", "nonesuch", nil, []string{"up", "--data", filepath.Join(dir, "d"), "--scenario", "nonesuch"}},
		{"policy of up", "policy.file", nil, []string{"up", "--data", filepath.Join(dir, "d"), "--policy.file", filepath.Join(dir, "none.yaml")}},
		{"partitions of up", "kafka.partitions", nil, []string{"up", "--data", filepath.Join(dir, "d"), "--kafka.partitions", "0"}},
		{"taken from no folder", "--input", nil, []string{"replay", "--input", filepath.Join(dir, "none"), "--out", dir}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := run(t, c.env, c.args...)
			if code != 2 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.key) {
				t.Errorf("exit %d, want 2 and one line that names %s:\n%s%s", code, c.key, out, errs)
			}
		})
	}
}

// A second `up` on a data folder in use, and one on an address in use, fail with one line and
// leave the first alone.
func TestUpTwice(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := startUp(t, data, nil)
	begun := time.Now()
	code, _, errs := run(t, nil, "up", "--data", data, "--http", "127.0.0.1:0", "--no-browser", "--pprof.addr", "off")
	if code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "another instance") {
		t.Errorf("second up: exit %d, want 1 and one line about another instance:\n%s", code, errs)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the second up took %s to fail", took)
	}
	code, _, errs = run(t, nil, "up", "--data", data+"2", "--http", s.http, "--no-browser", "--pprof.addr", "off")
	if code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, s.http) {
		t.Errorf("up on a taken address: exit %d, want 1 and one line that names it:\n%s", code, errs)
	}
	if code, body := s.get(t, "/readyz"); code != 200 {
		t.Errorf("the first is not ready any more: %s", body)
	}
	s.stopCleanly(t, data)
}
