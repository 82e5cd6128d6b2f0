package console

import (
	"fmt"
	"math"
	"time"

	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

// series is what a chart over time is drawn from: x in Unix seconds, and a row of values for
// each name.
type series struct {
	Bars   bool        `json:"bars"`
	Unit   string      `json:"unit"`
	From   int64       `json:"from"` // Unix seconds: the axis spans the range, not the data
	To     int64       `json:"to"`
	Names  []string    `json:"names"`
	X      []int64     `json:"x"`
	Values [][]float64 `json:"values"`
}

// newSeries reads rows whose first column is a time and whose others are numbers.
func newSeries(r *result, q queries.Query, e extent) (series, error) {
	s := series{
		Bars: q.Chart == queries.Bars, Unit: q.Unit, From: e.from.Unix(), To: e.to.Unix(),
		Names: []string{}, X: []int64{}, Values: [][]float64{},
	}
	if len(r.Rows) == 0 {
		return s, nil // over HTTP, no rows means no columns either
	}
	for _, name := range r.Columns[1:] {
		s.Names = append(s.Names, heading(name))
		s.Values = append(s.Values, []float64{})
	}
	for _, row := range r.Rows {
		at, ok := row[0].(time.Time)
		if !ok {
			return s, fmt.Errorf("query %s: its first column is no time", q.Name)
		}
		s.X = append(s.X, at.Unix())
		for i, v := range row[1:] {
			f := toFloat(v)
			if math.IsNaN(f) || math.IsInf(f, 0) {
				f = 0
			}
			s.Values[i] = append(s.Values[i], f)
		}
	}
	return s, nil
}

// bar is one line of a chart of categories. Width is a share of the longest of its series, in percent.
type bar struct {
	Label string
	Parts []barPart
}

type barPart struct {
	Series int
	Name   string
	Text   string
	Width  float64
}

// newBars draws categories: each series has its own scale, since accounts outnumber clusters.
func newBars(r *result) []bar {
	longest := make([]float64, len(r.Columns))
	for _, row := range r.Rows {
		for i := 1; i < len(row); i++ {
			longest[i] = max(longest[i], toFloat(row[i]))
		}
	}
	var bars []bar
	for _, row := range r.Rows {
		b := bar{Label: byType(row[0]).Text}
		for i := 1; i < len(row); i++ {
			p := barPart{Series: i, Name: heading(r.Columns[i]), Text: byType(row[i]).Text}
			if longest[i] > 0 {
				p.Width = 100 * toFloat(row[i]) / longest[i]
			}
			b.Parts = append(b.Parts, p)
		}
		bars = append(bars, b)
	}
	return bars
}
