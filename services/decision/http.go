package decision

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Limits of the contract and of one answer.
const (
	apiVersion       = "1.0.0"
	maxBodyBytes     = 16 << 10
	openAPIPath      = "/openapi"
	retryAfterSecond = "1"
)

type decideInput struct {
	Body struct {
		_         struct{} `additionalProperties:"true"`
		AccountID string   `json:"account_id" minLength:"1" maxLength:"128" doc:"The account that asks."`
		APIKeyID  *string  `json:"api_key_id,omitempty" nullable:"true" maxLength:"256" doc:"The key it asks with; absent, null or empty for none."`
	}
}

type decideOutput struct{ Body Answer }

type accountInput struct {
	ID string `path:"id" minLength:"1" maxLength:"128" doc:"account_id"`
}

type accountOutput struct{ Body Account }

type clustersInput struct {
	MinScore float64 `query:"min_score" minimum:"0" maximum:"1" default:"0" doc:"Only clusters with at least this score."`
	MinSize  int     `query:"min_size" minimum:"1" default:"1" doc:"Only clusters with at least so many members."`
	Sort     string  `query:"sort" enum:"score,size,exchanges,last_seen" default:"score" doc:"Highest first; equals go by id."`
	Limit    int     `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Cursor   string  `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type clustersOutput struct {
	Body struct {
		Clusters   []Cluster `json:"clusters" nullable:"false"`
		Total      int       `json:"total" doc:"Clusters on all pages."`
		NextCursor string    `json:"next_cursor" doc:"Where the next page begins; empty on the last."`
		AsOf       AsOf      `json:"as_of"`
	}
}

type clusterInput struct {
	ID     string `path:"id" minLength:"1" maxLength:"128" doc:"cluster_id"`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"Members at most."`
	Cursor string `query:"cursor" maxLength:"128" doc:"next_cursor of the page of members before."`
}

type clusterOutput struct {
	Body struct {
		Cluster
		Members    []Member `json:"members" nullable:"false" doc:"By account_id."`
		NextCursor string   `json:"next_cursor" doc:"Where the next page of members begins; empty on the last."`
		AsOf       AsOf     `json:"as_of"`
	}
}

// Register adds the service's routes: /v1/…, /openapi.json and .yaml, and gRPC (which
// needs a server that speaks unencrypted HTTP/2, as obs.Serve does). Errors are
// application/problem+json.
func Register(mux *http.ServeMux, view *View, loading LoadingConfig, m *Metrics) {
	api := newAPI(mux, view, loading, m)
	registerFallbacks(mux, api)
	registerRPC(mux, view, loading, m)
}

// plainJSON reads a body as JSON whatever its content type says: there is no other, and
// curl sends a form's by default.
func plainJSON(ctx huma.Context, next func(huma.Context)) { next(jsonContext{ctx}) }

type humaContext = huma.Context // embedded under a name that hides none of its methods

type jsonContext struct{ humaContext }

// Header answers content-type with JSON.
func (c jsonContext) Header(name string) string {
	if strings.EqualFold(name, "content-type") {
		return "application/json"
	}
	return c.humaContext.Header(name)
}

func newAPI(mux *http.ServeMux, view *View, loading LoadingConfig, m *Metrics) huma.API {
	cfg := huma.DefaultConfig("Iolaus decision service", apiVersion)
	cfg.Info.Description = "What an account may do, and why. Answers come from memory and say how fresh they are."
	cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", nil
	cfg.OpenAPIPath = openAPIPath
	api := humago.New(mux, cfg)
	api.UseMiddleware(plainJSON)
	h := handlers{view, loading, m}
	huma.Register(api, operation(http.MethodPost, "/v1/decide", "decide", "What to do with a request",
		"What a gateway asks per request. An account that nothing was ever decided about is allowed. "+
			"A revoked key is answered with revoke_key and leaves the account's other keys alone. "+
			"While the state is loading the answer is the configured one, or 503.",
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable), h.decide)
	huma.Register(api, operation(http.MethodGet, "/v1/accounts/{id}", "get-account", "What an account may do, and why",
		"Of an account that nothing was ever decided about: allow, known false.", http.StatusServiceUnavailable), h.account)
	huma.Register(api, operation(http.MethodGet, "/v1/clusters", "list-clusters", "Live clusters",
		"A cluster is live while it has members. While the state is loading, those read so far.", http.StatusUnprocessableEntity), h.clusters)
	huma.Register(api, operation(http.MethodGet, "/v1/clusters/{id}", "get-cluster", "A cluster, its members and evidence",
		"", http.StatusNotFound, http.StatusServiceUnavailable), h.cluster)
	return api
}

func operation(method, path, id, summary, description string, errs ...int) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Errors: errs, MaxBodyBytes: maxBodyBytes}
}

type handlers struct {
	view    *View
	loading LoadingConfig
	metrics *Metrics
}

func (h handlers) decide(_ context.Context, in *decideInput) (*decideOutput, error) {
	key := ""
	if in.Body.APIKeyID != nil {
		key = *in.Body.APIKeyID
	}
	answer, err := h.view.Decide(in.Body.AccountID, key, h.loading)
	h.metrics.answered("http", answer, err)
	if err != nil {
		return nil, unavailable(err)
	}
	return &decideOutput{answer}, nil
}

func (h handlers) account(_ context.Context, in *accountInput) (*accountOutput, error) {
	a, err := h.view.Account(in.ID)
	if err != nil {
		return nil, unavailable(err)
	}
	return &accountOutput{a}, nil
}

func (h handlers) clusters(_ context.Context, in *clustersInput) (*clustersOutput, error) {
	page, err := h.view.Clusters(ClusterQuery{MinScore: in.MinScore, MinSize: in.MinSize, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit})
	if errors.Is(err, errCursor) {
		return nil, huma.Error422UnprocessableEntity("validation failed", &huma.ErrorDetail{Location: "query.cursor", Message: err.Error(), Value: in.Cursor})
	}
	if err != nil {
		return nil, err
	}
	out := &clustersOutput{}
	out.Body.Clusters, out.Body.Total, out.Body.NextCursor, out.Body.AsOf = page.Clusters, page.Total, page.Next, page.AsOf
	return out, nil
}

func (h handlers) cluster(_ context.Context, in *clusterInput) (*clusterOutput, error) {
	c, members, ok := h.view.Members(in.ID, in.Cursor, in.Limit+1)
	asOf := h.view.Freshness()
	if !ok && asOf.Loading {
		return nil, unavailable(errLoading)
	}
	if !ok {
		return nil, huma.Error404NotFound("no live cluster has this id")
	}
	out := &clusterOutput{}
	if len(members) > in.Limit {
		members = members[:in.Limit]
		out.Body.NextCursor = members[in.Limit-1].AccountID
	}
	out.Body.Cluster, out.Body.Members, out.Body.AsOf = c, members, asOf
	return out, nil
}

// unavailable tells a caller to ask again, or to do what it does without an answer.
func unavailable(err error) error {
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(err.Error()), http.Header{"Retry-After": {retryAfterSecond}})
}

// registerFallbacks answers problem+json where the mux alone would answer plain text: unknown paths
// below /v1/, and known ones with another method.
func registerFallbacks(mux *http.ServeMux, api huma.API) {
	for path, item := range api.OpenAPI().Paths {
		var allowed []string
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post} {
			if op != nil {
				allowed = append(allowed, method)
			}
		}
		allow := strings.Join(allowed, ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			problem(api, w, r, http.StatusMethodNotAllowed, "this path takes "+allow)
		})
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		problem(api, w, r, http.StatusNotFound, "no such path; /openapi.json lists them")
	})
}

func problem(api huma.API, w http.ResponseWriter, r *http.Request, status int, detail string) {
	_ = huma.WriteErr(api, humago.NewContext(&huma.Operation{}, r, w), status, detail) // the reader has gone: nobody to tell
}
