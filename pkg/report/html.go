package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sort"
	"time"
)

//go:embed report.html.tmpl
var page string

// view is what the page shows.
type view struct {
	Metrics   Metrics
	Days      []bar
	Clusters  []Cluster
	More      int
	Campaigns []named
	Labels    []named
	Saved     uint64 // exchanges of suspended accounts after their suspension
	Scores    *Reliability
}

type named struct {
	Name string
	Outcome
}

// bar is one day of the chart, heights in percent of the highest day.
type bar struct {
	Day
	Label          string
	All, Prevented float64
	Suspended      float64
}

// maxShown is how many clusters the page lists.
const maxShown = 50

// WriteHTML writes the report as one page that needs nothing else.
func WriteHTML(w io.Writer, t *Tally) error {
	tmpl, err := template.New("report").Funcs(template.FuncMap{
		"time": func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04") },
		"pct":  func(f float64) string { return fmt.Sprintf("%.1f%%", 100*f) },
		"up":   func(f float64) float64 { return 200 - 200*f }, // a share as a height in the diagram
		"px":   func(f float64) float64 { return 200 * f },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the report template: %w", err)
	}
	v := view{Metrics: t.Metrics(), Days: bars(t.Days()), Clusters: t.Clusters()}
	for _, d := range v.Days {
		v.Saved += d.OfSuspended
	}
	if n := len(v.Clusters); n > maxShown {
		v.Clusters, v.More = v.Clusters[:maxShown], n-maxShown
	}
	if r, ok := t.Reliability(); ok {
		v.Scores = &r
	}
	v.Campaigns, v.Labels = sorted(v.Metrics.Campaigns), sorted(v.Metrics.Labels)
	return tmpl.Execute(w, v)
}

func bars(days []Day) []bar {
	var most uint64
	mostSuspended := 0
	for _, d := range days {
		most = max(most, d.Exchanges)
		mostSuspended = max(mostSuspended, d.Suspensions)
	}
	out := make([]bar, 0, len(days))
	for _, d := range days {
		out = append(out, bar{Day: d, Label: time.UnixMilli(d.TS).UTC().Format("2 Jan"),
			All:       100 * float64(d.Exchanges-d.OfSuspended) / float64(max(1, most)),
			Prevented: 100 * float64(d.OfSuspended) / float64(max(1, most)),
			Suspended: 100 * float64(d.Suspensions) / float64(max(1, mostSuspended))})
	}
	return out
}

func sorted(m map[string]Outcome) []named {
	out := make([]named, 0, len(m))
	for k, o := range m {
		out = append(out, named{k, o})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}
