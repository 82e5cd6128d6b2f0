package console

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// own reads one of this package's queries. A missing file is a mistake of the build.
func own(name string) string {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// timeRange is a span back from the newest event; zero is all there is.
type timeRange struct {
	Name, Title string
	span        time.Duration
}

func ranges() []timeRange {
	return []timeRange{
		{"all", "Everything", 0},
		{"15m", "Last 15 minutes", 15 * time.Minute},
		{"1h", "Last hour", time.Hour},
		{"24h", "Last day", 24 * time.Hour},
		{"7d", "Last 7 days", 7 * 24 * time.Hour},
		{"30d", "Last 30 days", 30 * 24 * time.Hour},
	}
}

// knownRange falls back to everything.
func knownRange(name string) timeRange {
	for _, r := range ranges() {
		if r.Name == name {
			return r
		}
	}
	return ranges()[0]
}

// activityPane is how long a row of account_activity lasts: its ts is the start.
const activityPane = time.Minute

// extent is the event time that a run spans; empty where there is nothing yet.
type extent struct {
	from, to time.Time
	empty    bool
}

const paramTime = "2006-01-02 15:04:05.000"

func (s *Source) extent(ctx context.Context, runID, name string) (extent, error) {
	r, err := s.query(ctx, "extent", own("extent"), ch.Parameters{"run_id": runID})
	if err != nil {
		return extent{}, err
	}
	now := time.Now().UTC()
	if len(r.Rows) != 1 || toFloat(r.Rows[0][2]) == 0 {
		return extent{from: now.Add(-time.Hour), to: now, empty: true}, nil
	}
	first, _ := r.Rows[0][0].(time.Time)
	last, _ := r.Rows[0][1].(time.Time)
	e := extent{from: first.Truncate(activityPane), to: last.Truncate(activityPane).Add(activityPane)}
	if span := knownRange(name).span; span > 0 && e.to.Add(-span).After(e.from) {
		e.from = e.to.Add(-span)
	}
	return e, nil
}

// ranged runs a query over a range.
func (s *Source) ranged(ctx context.Context, name, sql, runID, rangeName string) (*result, extent, error) {
	e, err := s.extent(ctx, runID, rangeName)
	if err != nil {
		return nil, e, err
	}
	r, err := s.query(ctx, name, sql, ch.Parameters{
		"run_id": runID, "from": e.from.Format(paramTime), "to": e.to.Format(paramTime),
	})
	return r, e, err
}

// byID runs a query about one cluster or account.
func (s *Source) byID(ctx context.Context, name, runID, id string) (*result, error) {
	return s.query(ctx, name, own(name), ch.Parameters{"run_id": runID, "id": id})
}

// runs lists what can be shown: the run configured, then replays.
func (s *Source) runs(ctx context.Context, first string) []string {
	all := []string{first}
	r, err := s.query(ctx, "runs", own("runs"), ch.Parameters{})
	if err != nil {
		return all // the page says elsewhere that ClickHouse is down
	}
	for _, row := range r.Rows {
		if id := fmt.Sprint(row[0]); !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}
