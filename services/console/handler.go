package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

// Register adds the page and what it loads: /, /panels/…, /series/…, /clusters/…,
// /accounts/… and /static/…. runID is the run that is shown at first.
func Register(mux *http.ServeMux, source *Source, runID string, log *zap.Logger) {
	h := &handler{source: source, runID: runID, log: log, pages: parseTemplates(), panels: panels()}
	for pattern, f := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":                  h.dashboard,
		"GET /figures":              h.figures,
		"GET /panels/{name}":        h.panel,
		"GET /series/{name}":        h.series,
		"GET /clusters/{id}":        h.cluster,
		"GET /clusters/{id}/parts":  h.clusterParts,
		"GET /clusters/{id}/series": h.clusterSeries,
		"GET /accounts/{id}":        h.account,
		"GET /accounts/{id}/parts":  h.accountParts,
		"GET /accounts/{id}/series": h.accountSeries,
	} {
		mux.Handle(pattern, secure(h.answer(f)))
	}
	mux.Handle("GET /static/", secure(staticFiles()))
}

type handler struct {
	source *Source
	runID  string
	log    *zap.Logger
	pages  templates
	panels []queries.Query
}

// panels are all queries of the dashboards.
func panels() []queries.Query { return queries.All() }

// secure lets a page load from its own address only, and nobody frame it or post to it from
// another site.
func secure(next http.Handler) http.Handler {
	protected := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		protected.ServeHTTP(w, r)
	})
}

// errNotFound is answered with 404.
var errNotFound = errors.New("there is no such thing")

// answer turns an error into a status: the page keeps what it shows and says that ClickHouse
// does not answer.
func (h *handler) answer(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := f(w, r)
		switch {
		case err == nil || errors.Is(err, context.Canceled):
		case errors.Is(err, errNotFound):
			http.Error(w, "not found", http.StatusNotFound)
		default:
			h.log.Warn("no answer from clickhouse", zap.String("path", r.URL.Path), zap.Error(err))
			http.Error(w, "ClickHouse does not answer", http.StatusServiceUnavailable)
		}
	})
}

// view is what every page is given.
type view struct {
	Title  string
	RunID  string
	Runs   []string
	Range  string
	Ranges []timeRange
	Charts []queries.Query // over time, drawn by the script
	Bars   []queries.Query
	Tables []queries.Query
	Long   []queries.Query // tables that are opened on demand
	ID     string
}

func (h *handler) view(r *http.Request, title string) view {
	v := view{Title: title, RunID: h.run(r), Range: knownRange(r.FormValue("range")).Name, Ranges: ranges(), ID: r.PathValue("id")}
	v.Runs = h.source.runs(r.Context(), h.runID)
	return v
}

// run is the run asked for; any other text finds no rows.
func (h *handler) run(r *http.Request) string {
	if id := r.FormValue("run"); id != "" && len(id) <= maxRunID {
		return id
	}
	return h.runID
}

func (h *handler) dashboard(w http.ResponseWriter, r *http.Request) error {
	v := h.view(r, "Iolaus")
	for _, q := range h.panels {
		switch {
		case q.Chart == queries.Timeseries || q.Chart == queries.Bars:
			v.Charts = append(v.Charts, q)
		case q.Chart == queries.Categories:
			v.Bars = append(v.Bars, q)
		case q.Chart == queries.Table && q.Name == "cluster_members":
			v.Long = append(v.Long, q)
		case q.Chart == queries.Table:
			v.Tables = append(v.Tables, q)
		}
	}
	return h.pages.render(w, "dashboard", v)
}

func (h *handler) find(r *http.Request) (queries.Query, error) {
	for _, q := range h.panels {
		if q.Name == r.PathValue("name") {
			return q, nil
		}
	}
	return queries.Query{}, errNotFound
}

// panel is the fragment of a table or of bars.
func (h *handler) panel(w http.ResponseWriter, r *http.Request) error {
	q, err := h.find(r)
	if err != nil {
		return err
	}
	res, _, err := h.source.ranged(r.Context(), q.Name, q.SQL, h.run(r), r.FormValue("range"))
	if err != nil {
		return err
	}
	if q.Chart == queries.Categories {
		return h.pages.render(w, "bars", newBars(res))
	}
	return h.pages.render(w, "table", newTable(res, h.run(r)))
}

// series is the data of a chart over time.
func (h *handler) series(w http.ResponseWriter, r *http.Request) error {
	q, err := h.find(r)
	if err != nil || (q.Chart != queries.Timeseries && q.Chart != queries.Bars) {
		return errNotFound
	}
	res, e, err := h.source.ranged(r.Context(), q.Name, q.SQL, h.run(r), r.FormValue("range"))
	if err != nil {
		return err
	}
	return writeSeries(w, res, q, e)
}

func writeSeries(w http.ResponseWriter, res *result, q queries.Query, e extent) error {
	s, err := newSeries(res, q, e)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(s)
}

// figure is one number at the head of the page.
type figure struct {
	Title, Text, About string
}

type figuresView struct {
	Figures []figure
	From    string
	To      string
	Empty   bool
}

// figures are the numbers at the head, and the range that the page spans.
func (h *handler) figures(w http.ResponseWriter, r *http.Request) error {
	run, name := h.run(r), r.FormValue("range")
	res, e, err := h.source.ranged(r.Context(), "summary", own("summary"), run, name)
	if err != nil {
		return err
	}
	v := figuresView{From: byType(e.from).Text, To: byType(e.to).Text, Empty: e.empty}
	if len(res.Rows) == 1 {
		row := records(res)[0]
		v.Figures = []figure{
			{"Suspended", thousands(toFloat(row["suspended"])), "accounts"},
			{"Clusters", thousands(toFloat(row["clusters"])), "live now"},
			{"Accounts", thousands(toFloat(row["accounts"])), "active in this range"},
			{"Events", thousands(toFloat(row["events"])), "counted in this range"},
		}
	}
	for _, q := range h.panels {
		if q.Chart != queries.Stat {
			continue
		}
		f, err := h.stat(r, q)
		if err != nil {
			return err
		}
		v.Figures = append(v.Figures, f)
	}
	return h.pages.render(w, "figures", v)
}

// stat reads a query whose last column is the figure.
func (h *handler) stat(r *http.Request, q queries.Query) (figure, error) {
	res, _, err := h.source.ranged(r.Context(), q.Name, q.SQL, h.run(r), r.FormValue("range"))
	if err != nil {
		return figure{}, err
	}
	f := figure{Title: q.Title, Text: "–", About: q.Description}
	if len(res.Rows) == 1 {
		value := toFloat(res.Rows[0][len(res.Columns)-1])
		f.Text = formatFloat(value)
		if q.Unit == "percentunit" {
			f.Text = formatFloat(100*value) + "\u2009%"
		}
	}
	return f, nil
}
