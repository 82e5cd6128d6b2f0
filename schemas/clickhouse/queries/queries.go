// Package queries holds the dashboards' SQL: one file a panel, read by the Grafana generator
// and by the console. Every query takes the parameters run_id (String), from and to
// (DateTime64(3, 'UTC'), to excluded).
package queries

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Chart is how a query's rows are to be drawn.
type Chart string

// The charts. The first column is the horizontal axis, save in a table and a stat.
const (
	Timeseries Chart = "timeseries" // lines over a column "time"
	Bars       Chart = "bars"       // stacked bars over a column "time"
	Categories Chart = "categories" // bars over the first column
	Table      Chart = "table"
	Stat       Chart = "stat" // one row; its last column is the figure
)

// Query is one panel. Name is the file's name without its number and ending; Unit is a
// word, or "percentunit" for a share, or "none".
type Query struct {
	Name, Title, Description string
	Chart                    Chart
	Unit                     string
	SQL                      string
}

// All lists the queries in the order of their files. It panics if a file has no
// proper header, which a test would have shown.
func All() []Query {
	all, err := load(files)
	if err != nil {
		panic(err)
	}
	return all
}

func load(fsys fs.FS) ([]Query, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing queries: %w", err)
	}
	all := make([]Query, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading a query: %w", err)
		}
		q, err := parse(name, string(text))
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", name, err)
		}
		all = append(all, q)
	}
	return all, nil
}

// parse reads the header, lines of "-- key: value", and the SQL after it.
func parse(file, text string) (Query, error) {
	name := regexp.MustCompile(`^(\d+)_([a-z_]+)\.sql$`).FindStringSubmatch(file)
	if name == nil {
		return Query{}, fmt.Errorf("want a name like 10_suspensions.sql")
	}
	q := Query{Name: name[2]}
	fields := map[string]*string{"title": &q.Title, "description": &q.Description, "chart": (*string)(&q.Chart), "unit": &q.Unit}
	for strings.HasPrefix(text, "-- ") {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "-- "), ": ")
		field := fields[key]
		if field == nil || *field != "" {
			return Query{}, fmt.Errorf("header %q is not known, or stands twice", key)
		}
		*field = value
	}
	for key, field := range fields {
		if *field == "" {
			return Query{}, fmt.Errorf("header %q is missing", key)
		}
	}
	switch q.Chart {
	case Timeseries, Bars, Categories, Table, Stat:
	default:
		return Query{}, fmt.Errorf("chart %q is not known", q.Chart)
	}
	q.SQL = strings.TrimSpace(text)
	return q, nil
}
