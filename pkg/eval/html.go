package eval

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
)

//go:embed eval.html.tmpl
var page string

//go:embed eval.js
var script string

// Assets are uPlot's own files: the page holds them, so that it needs no network.
type Assets struct {
	JS, CSS string
}

// plots is what the page's script draws of one world.
type plots struct {
	World       string       `json:"world"`
	Exchanges   []uint64     `json:"exchanges"`
	Detection   []Detection  `json:"detection"`
	Timeline    []DayRow     `json:"timeline"`
	Curves      []curve      `json:"curves"`
	Reliability [][2]float64 `json:"reliability"` // mean score, share
}

type curve struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// WriteHTML writes one page with all results, tables and plots.
func (r *Report) WriteHTML(w io.Writer, assets Assets) error {
	var drawn []plots
	for i := range r.Results {
		drawn = append(drawn, plotsOf(&r.Results[i]))
	}
	data, err := json.Marshal(drawn) // escapes <, > and &: safe inside a script
	if err != nil {
		return fmt.Errorf("encoding the plots: %w", err)
	}
	tmpl, err := template.New("eval").Funcs(template.FuncMap{
		"pct": pct, "span": span, "digits": digits, "both": both, "fprs": fprs,
		"per":   func(n, all uint64) uint64 { return n / max(1, all) },
		"worse": func(n int) string { return map[bool]string{true: "bad"}[n > 0] },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	//nolint:gosec // uPlot's files and our own script; data is escaped JSON
	return tmpl.Execute(w, struct {
		*Report
		CSS           template.CSS
		UPlot, Script template.JS
		Data          template.JS
	}{r, template.CSS(assets.CSS), template.JS(assets.JS), template.JS(script), template.JS(data)})
}

func plotsOf(r *Result) plots {
	p := plots{World: r.World, Exchanges: Exchanges[:], Detection: r.Detection, Timeline: r.Timeline,
		Curves: []curve{{"iolaus", r.Rank.Curve}}}
	for i := range r.Baselines {
		p.Curves = append(p.Curves, curve{r.Baselines[i].Detector, r.Baselines[i].Rank.Curve})
	}
	for _, b := range r.Reliability.Bins {
		if b.Accounts > 0 {
			p.Reliability = append(p.Reliability, [2]float64{b.Mean, b.Share})
		}
	}
	return p
}
