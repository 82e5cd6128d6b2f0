package decision

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/schemas/gen/iolaus/decisionv1"
	"github.com/iolaus-io/iolaus/schemas/gen/iolaus/decisionv1/decisionv1connect"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenOpenAPI = "../../schemas/openapi/decision.json"

// served is a handler over a view that holds one suspended account in one cluster.
func served(t testing.TB, loading bool) http.Handler {
	t.Helper()
	v := loadedView()
	if loading {
		v = NewView()
	} else {
		v.mustApply(t, wire.TopicDecisions, "acct-1", suspension())
		v.mustApply(t, wire.TopicClusterScores, "c1", wire.ClusterScore{
			TS: 7, ClusterID: "c1", Size: 3, Score: 0.99, ReasonCodes: []string{"shared_instrument"}, Contributions: []float64{2.5},
			Evidence: suspension().Evidence, Exchanges: 900, FirstSeen: 1, LastSeen: 7,
		})
		for _, id := range []string{"acct-1", "acct-2", "acct-3"} {
			v.mustApply(t, wire.TopicMembers, "c1|"+id, wire.Member{ClusterID: "c1", AccountID: id, JoinedAt: 5})
		}
	}
	mux := http.NewServeMux()
	Register(mux, v, DefaultLoading(), NewMetrics(prometheus.NewRegistry()))
	return mux
}

func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The document in the repository is the one served: run with -update after a change of the API.
func TestOpenAPIGolden(t *testing.T) {
	w := ask(served(t, false), http.MethodGet, "/openapi.json", "")
	var indented bytes.Buffer
	if err := json.Indent(&indented, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	if *update {
		if err := os.WriteFile(goldenOpenAPI, indented.Bytes(), 0o644); err != nil { //nolint:gosec // not secret
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenOpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), indented.String()); d != "" {
		t.Errorf("%s is not what is served; run go test ./decision -update\n%s", goldenOpenAPI, d)
	}
}

// document is as much of OpenAPI as the next test needs.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	Enum       []string          `json:"enum"`
}

// conforms checks a value against a schema: types, required and undocumented properties, enums.
func (d *document) conforms(at string, s schema, v any) error {
	if s.Ref != "" {
		return d.conforms(at, d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")], v)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				return fmt.Errorf("%s lacks %s", at, name)
			}
		}
		for name, item := range v {
			p, ok := s.Properties[name]
			if !ok {
				return fmt.Errorf("%s.%s is not documented", at, name)
			}
			if err := d.conforms(at+"."+name, p, item); err != nil {
				return err
			}
		}
		return expectType(at, s.Type, "object")
	case []any:
		for i, item := range v {
			if err := d.conforms(fmt.Sprintf("%s[%d]", at, i), *s.Items, item); err != nil {
				return err
			}
		}
		return expectType(at, s.Type, "array")
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return fmt.Errorf("%s: %q is none of %v", at, v, s.Enum)
		}
		return expectType(at, s.Type, "string")
	case bool:
		return expectType(at, s.Type, "boolean")
	case float64:
		if v == float64(int64(v)) && expectType(at, s.Type, "integer") == nil {
			return nil
		}
		return expectType(at, s.Type, "number")
	default:
		return fmt.Errorf("%s: %v is not expected", at, v)
	}
}

func expectType(at string, documented any, got string) error {
	if documented != got {
		return fmt.Errorf("%s: %s, documented as %v", at, got, documented)
	}
	return nil
}

// Every documented operation answers, with a documented status, and a body as documented; and
// the server answers nothing else below /v1/.
func TestOpenAPITrue(t *testing.T) {
	h := served(t, false)
	var doc document
	if err := json.Unmarshal(ask(h, http.MethodGet, "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi %s", doc.OpenAPI)
	}
	type call struct {
		path, body string
		loading    bool
		status     int
	}
	calls := map[string][]call{
		"post /v1/decide": {
			{"/v1/decide", `{"account_id":"acct-1","api_key_id":"k"}`, false, 200},
			{"/v1/decide", `{"account_id":"nobody"}`, false, 200},
			{"/v1/decide", `{"account_id":"nobody","api_key_id":null}`, false, 200},
			{"/v1/decide", `{"account_id":"nobody"}`, true, 503},
			{"/v1/decide", `{"account_id":""}`, false, 422},
			{"/v1/decide", `{}`, false, 422},
			{"/v1/decide", `{"account_id":"` + strings.Repeat("x", 129) + `"}`, false, 422},
			{"/v1/decide", `{"account_id":"a","other":1}`, false, 200},
			{"/v1/decide", `{"account_id":`, false, 400},
			{"/v1/decide", `{"account_id":"a","api_key_id":"` + strings.Repeat("x", maxBodyBytes) + `"}`, false, 413},
		},
		"get /v1/accounts/{id}": {
			{"/v1/accounts/acct-1", "", false, 200},
			{"/v1/accounts/nobody", "", false, 200},
			{"/v1/accounts/nobody", "", true, 503},
			{"/v1/accounts/a%2Fb%3Fc", "", false, 200}, // any text is an account id
		},
		"get /v1/clusters": {
			{"/v1/clusters", "", false, 200},
			{"/v1/clusters?min_score=0.5&min_size=2&sort=size&limit=1", "", false, 200},
			{"/v1/clusters?sort=colour", "", false, 422},
			{"/v1/clusters?limit=0", "", false, 422},
			{"/v1/clusters?cursor=zzz", "", false, 422},
			{"/v1/clusters", "", true, 200},
		},
		"get /v1/clusters/{id}": {
			{"/v1/clusters/c1", "", false, 200},
			{"/v1/clusters/c1?limit=2", "", false, 200},
			{"/v1/clusters/none", "", false, 404},
			{"/v1/clusters/none", "", true, 503},
		},
	}
	loading := served(t, true)
	for path, ops := range doc.Paths {
		for method, op := range ops {
			if len(calls[method+" "+path]) == 0 {
				t.Errorf("%s %s is documented and not tested", method, path)
			}
			for _, c := range calls[method+" "+path] {
				target := h
				if c.loading {
					target = loading
				}
				w := ask(target, strings.ToUpper(method), c.path, c.body)
				if w.Code != c.status {
					t.Errorf("%s %s = %d, want %d: %s", method, c.path, w.Code, c.status, w.Body)
				}
				media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
				content, ok := op.Responses[fmt.Sprint(w.Code)].Content[media]
				if !ok {
					t.Errorf("%s %s: %d with %s is not documented", method, c.path, w.Code, media)
					continue
				}
				var body any
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
					t.Errorf("%s %s: %v", method, c.path, err)
					continue
				}
				if w.Code != 200 && media != "application/problem+json" {
					t.Errorf("%s %s: an error as %s", method, c.path, media)
				}
				if err := doc.conforms("body", content.Schema, body); w.Code == 200 && err != nil {
					t.Errorf("%s %s: %v", method, c.path, err)
				}
			}
			delete(calls, method+" "+path)
		}
	}
	for op := range calls {
		t.Errorf("%s is tested and not documented", op)
	}
}

// Errors outside the documented operations are problem+json as well.
func TestFallbacks(t *testing.T) {
	h := served(t, false)
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/v1/decide", 405, "POST"},
		{http.MethodDelete, "/v1/accounts/a", 405, "GET"},
		{http.MethodGet, "/v1/nothing", 404, ""},
		{http.MethodPost, "/v1/accounts/a/reinstate", 404, ""}, // comes with the operators' API
	} {
		w := ask(h, tc.method, tc.path, "")
		if w.Code != tc.status || w.Header().Get("Allow") != tc.allow || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s = %d %v %s", tc.method, tc.path, w.Code, w.Header(), w.Body)
		}
	}
	if w := ask(served(t, true), http.MethodPost, "/v1/decide", `{"account_id":"a"}`); w.Header().Get("Retry-After") != "1" {
		t.Errorf("503 without Retry-After: %v", w.Header())
	}
}

// Members come in pages that together are all.
func TestMemberPages(t *testing.T) {
	h := served(t, false)
	var ids []string
	cursor := ""
	for range 4 {
		var page struct {
			Members    []Member
			NextCursor string `json:"next_cursor"`
			Size       int
		}
		if err := json.Unmarshal(ask(h, http.MethodGet, "/v1/clusters/c1?limit=2&cursor="+cursor, "").Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Members {
			ids = append(ids, m.AccountID+":"+m.Action)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"acct-1:suspend", "acct-2:allow", "acct-3:allow"}, ids); d != "" {
		t.Error(d)
	}
}

// The two reads over real gRPC on unencrypted HTTP/2, and over Connect's JSON on HTTP/1.1, say
// what the HTTP API says.
func TestRPC(t *testing.T) {
	l, err := obs.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx := t.Context()
	h := served(t, false)
	go func() { done <- obs.Serve(ctx, l, h, zaptest.NewLogger(t)) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	base := "http://" + l.Addr().String()

	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	h2 := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	t.Cleanup(h2.CloseIdleConnections)
	h1 := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for name, client := range map[string]decisionv1connect.DecisionServiceClient{
		"grpc":    decisionv1connect.NewDecisionServiceClient(h2, base, connect.WithGRPC()),
		"connect": decisionv1connect.NewDecisionServiceClient(h1, base, connect.WithProtoJSON()),
	} {
		t.Run(name, func(t *testing.T) {
			d, err := client.Decide(ctx, connect.NewRequest(&decisionv1.DecideRequest{AccountId: "acct-1", ApiKeyId: "k"}))
			if err != nil {
				t.Fatal(err)
			}
			if d.Msg.GetAction() != "suspend" || d.Msg.GetReasons()[0].GetCode() != "shared_instrument" || d.Msg.GetPolicyVersion() != "v1" || d.Msg.GetAsOf() == nil {
				t.Errorf("decide = %v", d.Msg)
			}
			a, err := client.GetAccount(ctx, connect.NewRequest(&decisionv1.GetAccountRequest{AccountId: "acct-1"}))
			if err != nil {
				t.Fatal(err)
			}
			if a.Msg.GetClusterId() != "c1" || a.Msg.GetScore() != 0.97 || a.Msg.GetEvidence()[0].GetAccounts() != 12 || !a.Msg.GetKnown() {
				t.Errorf("account = %v", a.Msg)
			}
			_, err = client.Decide(ctx, connect.NewRequest(&decisionv1.DecideRequest{}))
			if connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Errorf("no account: %v", err)
			}
		})
	}
}

// While loading, gRPC says UNAVAILABLE, which clients retry.
func TestRPCLoading(t *testing.T) {
	srv := httptest.NewServer(served(t, true))
	defer srv.Close()
	client := decisionv1connect.NewDecisionServiceClient(srv.Client(), srv.URL)
	_, err := client.Decide(t.Context(), connect.NewRequest(&decisionv1.DecideRequest{AccountId: "a"}))
	if connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("decide: %v", err)
	}
	_, err = client.GetAccount(t.Context(), connect.NewRequest(&decisionv1.GetAccountRequest{AccountId: "a"}))
	if connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("account: %v", err)
	}
}

// The keys in an error are the keys of the configuration.
func TestLoadingValidate(t *testing.T) {
	for key, cfg := range map[string]LoadingConfig{
		"default":    {},
		"allow":      {Default: AnswerAllow},
		"revoke_key": {Default: AnswerAllow, Allow: AnswerKnown, Observe: AnswerKnown, Verify: AnswerKnown, Throttle: AnswerKnown, Suspend: AnswerKnown, RevokeKey: "maybe"},
	} {
		err := cfg.Validate()
		if err == nil || !regexp.MustCompile(`^decision\.loading\.`+key+`: want one of `).MatchString(err.Error()) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := (LoadingConfig{Default: AnswerKnown}).Validate(); err == nil {
		t.Error("known is no answer about an account not read yet")
	}
}

// BenchmarkDecide is a request through the whole HTTP stack save the socket, on 50,000 accounts,
// while records are being applied; it reports the 99th percentile.
func BenchmarkDecide(b *testing.B) {
	v := loadedView()
	for i := range 50_000 {
		d := suspension()
		d.AccountID = fmt.Sprintf("acct-%d", i)
		v.mustApply(b, wire.TopicDecisions, d.AccountID, d)
	}
	mux := http.NewServeMux()
	Register(mux, v, DefaultLoading(), NewMetrics(prometheus.NewRegistry()))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		d := suspension()
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				v.mustApply(b, wire.TopicDecisions, d.AccountID, d)
			}
		}
	}()
	took := make([]time.Duration, 0, b.N)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		w := ask(mux, http.MethodPost, "/v1/decide", fmt.Sprintf(`{"account_id":"acct-%d","api_key_id":"k"}`, i%60_000))
		took = append(took, time.Since(start))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	close(stop)
	<-stopped
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
