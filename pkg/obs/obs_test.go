package obs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// /readyz is 503 until every condition of every service is met, and names those that are not.
func TestReadyz(t *testing.T) {
	a := NewService("request", zap.NewNop(), "kafka", "redis")
	b := NewService("sink", zap.NewNop(), "clickhouse")
	mux := http.NewServeMux()
	Routes(mux, a, b)

	steps := []struct {
		do   func()
		code int
		want string
	}{
		{func() {}, 503, `"not_ready":{"request":["kafka: starting","redis: starting"],"sink":["clickhouse: starting"]}`},
		{func() { a.Ready("kafka", true); a.Ready("redis", true) }, 503, `"not_ready":{"sink":["clickhouse: starting"]}`},
		{func() { b.Ready("clickhouse", true) }, 200, `{"ready":true,"services":{"request":true,"sink":true}}`},
		{func() { a.NotReady("redis", "dial timeout") }, 503, `"not_ready":{"request":["redis: dial timeout"]}`},
		{func() { a.Ready("redis", false) }, 503, `"redis: not available"`},
		{func() { a.Ready("redis", true) }, 200, `"ready":true`},
	}
	for i, s := range steps {
		s.do()
		if code, body := get(t, mux, "/readyz"); code != s.code || !strings.Contains(body, s.want) {
			t.Errorf("step %d: %d %s, want %d %s", i, code, body, s.code, s.want)
		}
	}
	if code, _ := get(t, mux, "/healthz"); code != 200 {
		t.Errorf("healthz = %d", code)
	}
}

// Two services of one process share one /metrics without clashing.
func TestMetrics(t *testing.T) {
	a, b := NewService("signup", zap.NewNop(), "kafka"), NewService("payment", zap.NewNop(), "kafka")
	a.Ready("kafka", true)
	mux := http.NewServeMux()
	Routes(mux, a, b)
	code, body := get(t, mux, "/metrics")
	for _, want := range []string{
		`iolaus_ready{condition="kafka",service="signup"} 1`, `iolaus_ready{condition="kafka",service="payment"} 0`,
		"iolaus_build_info{", "go_goroutines", "process_cpu_seconds_total",
	} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("metrics (%d) lack %s", code, want)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	cases := []struct {
		err  error
		want string // "" = fine
	}{
		{DefaultLog().Validate(), ""},
		{LogConfig{Level: "loud", Format: "json"}.Validate(), `log.level: want debug, info, warn or error, not "loud"`},
		{LogConfig{Level: "info", Format: "xml"}.Validate(), `log.format: want json or console, not "xml"`},
		{DefaultHTTP().Validate(), ""},
		{HTTPConfig{Addr: "8080"}.Validate(), `http.addr: want host:port, not "8080"`},
		{DefaultPprof().Validate(), ""},
		{PprofConfig{Addr: "off"}.Validate(), ""},
		{PprofConfig{Addr: "[::1]:0"}.Validate(), ""},
		// profiles hold memory, so they never leave the machine
		{PprofConfig{Addr: "0.0.0.0:6060"}.Validate(), `pprof.addr: profiles are served on loopback only, not on "0.0.0.0"`},
		{PprofConfig{Addr: ":6060"}.Validate(), `pprof.addr: profiles are served on loopback only, not on ""`},
		{PprofConfig{Addr: "10.0.0.8:6060"}.Validate(), `pprof.addr: profiles are served on loopback only, not on "10.0.0.8"`},
		{PprofConfig{}.Validate(), `pprof.addr: want host:port or off, not ""`},
	}
	for _, tc := range cases {
		got := ""
		if tc.err != nil {
			got = tc.err.Error()
		}
		if got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

// Logs carry name, level and UTC time; levels below the set one are silent.
func TestLogger(t *testing.T) {
	var buf bytes.Buffer
	log, err := newLogger(LogConfig{Level: "warn", Format: "json"}, zapcore.AddSync(&buf))
	if err != nil {
		t.Fatal(err)
	}
	log.Named("sink").Info("hidden")
	log.Named("sink").Warn("shown", zap.Int("rows", 3))
	var line map[string]any
	if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, buf.String())
	}
	if line["logger"] != "sink" || line["level"] != "warn" || line["msg"] != "shown" || !strings.HasSuffix(line["time"].(string), "Z") {
		t.Errorf("line = %v", line)
	}
}

// A request in flight when the server is told to stop still gets its answer.
func TestServeGraceful(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, h, zap.NewNop()) }()
	answered := make(chan string, 1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		resp, err := client.Get("http://" + l.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answered <- string(body)
	}()
	<-started
	cancel()
	time.AfterFunc(50*time.Millisecond, func() { close(release) })
	if got := <-answered; got != "done" {
		t.Errorf("answer = %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// A port that is taken is an error that names it, not a crash.
func TestListenTaken(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	svc := NewService("sink", zap.NewNop())
	err = svc.RunHTTP(t.Context(), HTTPConfig{Addr: l.Addr().String()}, PprofConfig{Addr: "off"}, nil)
	if err == nil || !strings.Contains(err.Error(), "listening on "+l.Addr().String()) {
		t.Errorf("error = %v", err)
	}
}
