package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/migrations"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

const hostileID = `<b>x</b>"/../?a&#'` // an account id is any text

// base is the first event time of the fixture.
var base = time.Date(2026, 4, 22, 8, 0, 0, 0, time.UTC)

func connect(t testing.TB, dsn string) *clickhouse.Client {
	t.Helper()
	cfg := clickhouse.Default()
	cfg.DSN = dsn
	if _, err := clickhouse.Migrate(context.Background(), cfg, migrations.FS()); err != nil {
		t.Fatal(err)
	}
	c, err := clickhouse.Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func handlerOn(t testing.TB, c *clickhouse.Client) http.Handler {
	mux := http.NewServeMux()
	Register(mux, NewSource(c.Conn(), NewMetrics(prometheus.NewRegistry())), "live", zaptest.NewLogger(t))
	return mux
}

func insert(t testing.TB, c *clickhouse.Client, b clickhouse.Batch) {
	t.Helper()
	if err := c.Insert(context.Background(), b, fmt.Sprintf("%s-%d", b.Table(), b.Len())); err != nil {
		t.Fatal(err)
	}
}

// fill writes two hours of three clusters and some honest accounts.
func fill(t testing.TB, c *clickhouse.Client) {
	t.Helper()
	var (
		decisions clickhouse.DecisionRows
		scores    clickhouse.ClusterScoreRows
		members   clickhouse.MemberRows
		accounts  clickhouse.AccountScoreRows
		activity  clickhouse.ActivityRows
		links     clickhouse.LinkRows
	)
	at := func(minute int) int64 { return base.Add(time.Duration(minute) * time.Minute).UnixMilli() }
	offset := int64(0)
	for k, size := range []int{40, 12, 5} {
		id := fmt.Sprintf("cl-%04x", 0x7a10+k)
		for step := range 12 {
			n := size * (step + 1) / 12
			scores.Append("live", &wire.ClusterScore{
				TS: at(10 + step*5), ClusterID: id, Size: n, Score: 0.5 + float64(step)/26, Exchanges: uint64(n * 240), InputTokens: uint64(n) * 912_000, OutputTokens: uint64(n) * 88_000,
				ReasonCodes: []string{"shared_instrument", "template_lift", "tenure"}, Contributions: []float64{2.4, 1.7, -0.6},
				Evidence: testEvidence(size), FirstSeen: at(0), LastSeen: at(10 + step*5),
			}, offset)
			offset++
		}
		for m := range size {
			account := fmt.Sprintf("acct-%d-%03d", k, m)
			if k == 2 && m == 0 {
				account = hostileID
			}
			members.Append("live", &wire.Member{ClusterID: id, AccountID: account, JoinedAt: at(10 + m%30)}, offset)
			accounts.Append("live", &wire.AccountScore{TS: at(70), AccountID: account, ClusterID: id, Score: 0.6 + float64(m%8)/20}, offset)
			for kind, e := range testKinds() {
				if m%3 != kind {
					links.Append("live", &link.Fact{Account: account, Kind: e.kind, Token: e.token, Pane: link.Pane(at(0)), First: at(5), Last: at(60), Count: 4})
				}
			}
			for i, action := range []string{"observe", "verify", "suspend"} {
				previous := []string{"allow", "observe", "verify"}[i]
				if action == "suspend" && m%7 == 6 {
					continue
				}
				decisions.Append("live", &wire.Decision{
					DecisionID: fmt.Sprintf("%s-%s", account, action), AccountID: account, ClusterID: id, Action: action, PreviousAction: previous, Mode: "enforce",
					Score: 0.3 + 0.3*float64(i), AccountScore: 0.7, ClusterScore: 0.93, EventTS: at(20 + 12*i + m), DecidedAt: at(20+12*i+m) + 40, PolicyVersion: "2026-04-a",
					Reasons: []wire.Reason{
						{Code: "shared_instrument", Family: "payment", Value: float64(size), Baseline: 1.1, Contribution: 2.4},
						{Code: "template_lift", Family: "content", Value: 180, Baseline: 1, Contribution: 1.7},
						{Code: "tenure", Family: "trust", Value: 2, Baseline: 90, Contribution: -0.6},
					},
					Evidence: testEvidence(size),
				}, offset)
				offset++
			}
			for minute := 0; minute < 80; minute += 3 {
				activity.Append("live", &wire.Activity{AccountID: account, Stream: event.StreamRequest, MinuteMS: at(minute), Events: 9, Requests: 9, Errors: 1, InputTokens: 30_000, OutputTokens: 3_000})
			}
		}
	}
	for h := range 60 {
		account := fmt.Sprintf("honest-%03d", h)
		for minute := h % 5; minute < 120; minute += 4 {
			n := uint64(3 + 2*math.Sin(float64(minute)/15) + float64(h%3))
			activity.Append("live", &wire.Activity{AccountID: account, Stream: event.StreamRequest, MinuteMS: at(minute), Events: n, Requests: n, InputTokens: n * 4000, OutputTokens: n * 300})
		}
		activity.Append("live", &wire.Activity{AccountID: account, Stream: event.StreamSignup, MinuteMS: at(h * 2), Events: 1})
		activity.Append("live", &wire.Activity{AccountID: account, Stream: event.StreamPayment, MinuteMS: at(h * 2), Events: 1, Charges: 1, AmountMinor: 2000})
		accounts.Append("live", &wire.AccountScore{TS: at(90), AccountID: account, Score: float64(h%6) / 30}, offset)
	}
	for i, d := range []struct{ action, previous, key string }{
		{"observe", "allow", ""}, {"revoke_key", "observe", "key-stolen"}, {"revoke_key", "observe", "key-given-back"}, {"reinstate", "observe", "key-given-back"},
	} { // an honest owner of stolen keys: one is still revoked
		decisions.Append("live", &wire.Decision{
			DecisionID: fmt.Sprint("owner-", i), AccountID: "owner", APIKeyID: d.key, Action: d.action, PreviousAction: d.previous, Mode: "enforce",
			EventTS: at(20 + i), DecidedAt: at(20+i) + 40, PolicyVersion: "2026-04-a",
		}, offset)
		offset++
	}
	for _, b := range []clickhouse.Batch{&decisions, &scores, &members, &accounts, &activity, &links} {
		insert(t, c, b)
	}
}

type testKind struct {
	kind  link.Kind
	token uint64
}

func testKinds() []testKind {
	return []testKind{{link.KindInstrument, 1<<56 | 0xbeef}, {link.KindTemplate, 0x8f3a11c204d7e655}, {link.KindDevice, 1<<56 | 0xcafe}}
}

func testEvidence(accounts int) []wire.Evidence {
	var out []wire.Evidence
	for i, k := range testKinds() {
		out = append(out, wire.Evidence{Kind: k.kind.String(), Token: link.FormatToken(k.kind, k.token), Accounts: accounts - i})
	}
	return out
}

func fetch(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func mustFetch(t testing.TB, h http.Handler, path string) string {
	t.Helper()
	code, body := fetch(h, path)
	if code != http.StatusOK {
		t.Fatalf("GET %s = %d: %s", path, code, body)
	}
	return html.UnescapeString(body)
}

// everything lists all that the pages load.
func everything(id string) []string {
	paths := []string{"/", "/figures"}
	for _, q := range queries.All() {
		switch q.Chart {
		case queries.Timeseries, queries.Bars:
			paths = append(paths, "/series/"+q.Name)
		case queries.Stat:
		default:
			paths = append(paths, "/panels/"+q.Name)
		}
	}
	for _, page := range []string{"clusters", "accounts"} {
		paths = append(paths, below(pageURL(page, id, "live"), "parts"), below(pageURL(page, id, "live"), "series"), pageURL(page, id, "live"))
	}
	return paths
}

// With the tables there and nothing in them, every part of every page renders and says so.
func TestEmpty(t *testing.T) {
	h := handlerOn(t, connect(t, testbackend.ClickHouse(t)))
	for _, path := range everything("none") {
		body := mustFetch(t, h, path)
		if strings.HasPrefix(path, "/panels/") && !strings.Contains(body, "Nothing here yet") {
			t.Errorf("%s of nothing: %s", path, body)
		}
	}
	if body := mustFetch(t, h, "/figures"); !strings.Contains(body, "Nothing has arrived yet") {
		t.Errorf("figures of nothing: %s", body)
	}
	if body := mustFetch(t, h, "/accounts/none/parts"); !strings.Contains(body, "it is allowed") {
		t.Errorf("account that nobody knows: %s", body)
	}
}

// What is in the tables is on the pages.
func TestFilled(t *testing.T) {
	c := connect(t, testbackend.ClickHouse(t))
	fill(t, c)
	h := handlerOn(t, c)
	owner := mustFetch(t, h, "/accounts/owner/parts")
	keys, _, _ := strings.Cut(owner, "The action concerns the others")
	if !strings.Contains(keys, `In force: <span class="action observe">observe</span>`) || !strings.Contains(keys, "Keys revoked: <code>key-stolen</code>.") {
		t.Errorf("the owner of a stolen key: %s", owner)
	}
	for _, path := range everything("cl-7a10") {
		if body := mustFetch(t, h, path); strings.HasPrefix(path, "/panels/") && path != "/panels/rejected" && strings.Contains(body, "Nothing here yet") {
			t.Errorf("%s shows nothing", path)
		}
	}

	figures := mustFetch(t, h, "/figures")
	// 57 members in all; each seventh of a cluster was not suspended: 5 + 1 + 0
	if !strings.Contains(figures, `<span class="value">51</span>`) || !strings.Contains(figures, "2026-04-22 08:00:00") {
		t.Errorf("figures: %s", figures)
	}

	cluster := mustFetch(t, h, "/clusters/cl-7a10/parts")
	for _, want := range []string{"shared_instrument", "+2.4", "instrument", link.FormatToken(link.KindInstrument, 1<<56|0xbeef), "/accounts/acct-0-000?run=live", "suspend"} {
		if !strings.Contains(cluster, want) {
			t.Errorf("the cluster's page lacks %s", want)
		}
	}
	if n := strings.Count(cluster, `href="/accounts/`); n != 40 {
		t.Errorf("%d members, want 40", n)
	}

	account := mustFetch(t, h, "/accounts/acct-0-000/parts")
	for _, want := range []string{`In force: <span class="action suspend">`, "cl-7a10", "template_lift", "usual", "2026-04-a"} {
		if !strings.Contains(account, want) {
			t.Errorf("the account's page lacks %q", want)
		}
	}

	var s series
	if err := json.Unmarshal([]byte(mustFetch(t, h, "/series/stream_activity")), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Names) != 3 || len(s.X) < 50 || len(s.Values) != 3 || len(s.Values[1]) != len(s.X) || s.From != base.Unix() || s.To <= s.From {
		t.Errorf("series %v, %d points, %d to %d", s.Names, len(s.X), s.From, s.To)
	}
	if err := json.Unmarshal([]byte(mustFetch(t, h, "/series/stream_activity?range=15m")), &s); err != nil {
		t.Fatal(err)
	}
	if s.To-s.From != 15*60 {
		t.Errorf("the range of 15 minutes spans %d s", s.To-s.From)
	}
}

// Text from the stream is text on the page and one segment of an address.
func TestHostileText(t *testing.T) {
	c := connect(t, testbackend.ClickHouse(t))
	fill(t, c)
	h := handlerOn(t, c)
	_, page := fetch(h, "/clusters/cl-7a12/parts")
	if strings.Contains(page, "<b>x</b>") {
		t.Error("an account id is not escaped")
	}
	href := regexp.MustCompile(`href="(/accounts/[^"]*%3Cb%3E[^"]*)"`).FindStringSubmatch(page)
	if href == nil {
		t.Fatalf("no link to the account in %s", page)
	}
	_, frame := fetch(h, html.UnescapeString(href[1]))
	if strings.Contains(frame, "<b>x</b>") {
		t.Error("the page of the account is not escaped")
	}
	parts := regexp.MustCompile(`hx-get="([^"]*/parts[^"]*)"`).FindStringSubmatch(frame)
	if parts == nil {
		t.Fatalf("no parts in %s", frame)
	}
	if body := mustFetch(t, h, html.UnescapeString(parts[1])); !strings.Contains(body, "In force") || !strings.Contains(body, "cl-7a12") {
		t.Errorf("parts: %s", body)
	}
	for _, q := range []string{"?run=%27%20OR%201=1", "?range=%22%3E%3Cscript%3E", "?run=" + strings.Repeat("x", 500)} {
		if code, body := fetch(h, "/"+q); code != http.StatusOK || strings.Contains(body, "<script>") {
			t.Errorf("%s: %d, or it is on the page as markup", q, code)
		}
	}
	if body := mustFetch(t, h, "/panels/top_clusters?run=%27%20OR%201=1"); !strings.Contains(body, "Nothing here yet") {
		t.Error("a run id is not bound")
	}
}

// ClickHouse down: the frame of each page renders, its parts answer 503, and nothing of the
// address or the password shows.
func TestClickHouseDown(t *testing.T) {
	cfg := clickhouse.Default()
	cfg.DSN = "http://user:hunter2@127.0.0.1:1"
	c, err := clickhouse.Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h := handlerOn(t, c)
	for _, path := range everything("x") {
		code, body := fetch(h, path)
		want := http.StatusServiceUnavailable
		if path == "/" || strings.Contains(path, "/x?") {
			want = http.StatusOK
		}
		if code != want || strings.Contains(body, "hunter2") || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s = %d %s", path, code, body)
		}
	}
}

// The policy allows nothing inline, so nothing inline is there; every file named exists.
func TestPolicy(t *testing.T) {
	cfg := clickhouse.Default()
	cfg.DSN = "http://127.0.0.1:1"
	c, err := clickhouse.Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h := handlerOn(t, c)
	for _, path := range []string{"/", "/clusters/c", "/accounts/a", "/static/app.js", "/panels/nothing", "/nothing"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if path == "/nothing" {
			continue // not ours
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has policy %q", path, csp)
		}
		if regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:`).MatchString(w.Body.String()) && !strings.HasPrefix(path, "/static") {
			t.Errorf("%s has something inline", path)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
			if code, _ := fetch(h, m[1]); code != http.StatusOK {
				t.Errorf("%s names %s: %d", path, m[1], code)
			}
		}
	}
	if code, _ := fetch(h, "/static/../console.go"); code == http.StatusOK {
		t.Error("a file outside static is served")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/static/app.js", nil)
	h.ServeHTTP(w, r)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusNotModified {
		t.Errorf("a current copy is sent again: %d", w.Code)
	}
}

// Vendored files are what their table says.
func TestVendored(t *testing.T) {
	readme, err := fs.ReadFile(os.DirFS("static/vendor"), "README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` .*`([0-9a-f]{64})` \\|$").FindAllStringSubmatch(string(readme), -1)
	if len(rows) != 3 {
		t.Fatalf("%d files in the table", len(rows))
	}
	for _, row := range rows {
		body, err := fs.ReadFile(os.DirFS("static/vendor"), row[1])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		if got := hex.EncodeToString(sum[:]); got != row[2] {
			t.Errorf("%s has sha256 %s", row[1], got)
		}
	}
}
