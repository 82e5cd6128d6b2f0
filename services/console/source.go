package console

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Limits of what viewers can cost ClickHouse: an answer is shown again for a while, ten times
// as long as it took, and few queries run at once.
const (
	minFresh     = 2 * time.Second
	freshFactor  = 10
	maxFresh     = 2 * time.Minute
	concurrent   = 2
	queryTimeout = 30 * time.Second
	maxCached    = 500 // answers
)

// conn is what the console needs of a ClickHouse connection.
type conn interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Source runs the fixed queries. However many watch, one query with the same parameters runs
// once. Safe for concurrent use.
type Source struct {
	conn    conn
	metrics *Metrics
	slots   chan struct{}

	mu      sync.Mutex
	answers map[string]*answer
}

// answer is running until done is closed.
type answer struct {
	done    chan struct{}
	result  *result
	err     error
	expires time.Time // set before done is closed
}

// NewSource reads from a connection such as clickhouse.Client.Conn gives.
func NewSource(c conn, m *Metrics) *Source {
	return &Source{conn: c, metrics: m, slots: make(chan struct{}, concurrent), answers: map[string]*answer{}}
}

// result is a query's rows. Rows are never changed.
type result struct {
	Columns []string
	Rows    [][]any
}

// query gives the result of a query that is new enough, or runs it. The run outlives a viewer
// that goes away: others may wait for it. name is for metrics and errors.
func (s *Source) query(ctx context.Context, name, sql string, params ch.Parameters) (*result, error) {
	a, mine := s.claim(cacheKey(name, params))
	if mine {
		go s.run(context.WithoutCancel(ctx), a, name, sql, params)
	}
	select {
	case <-a.done:
		return a.result, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func cacheKey(name string, params ch.Parameters) string {
	var b strings.Builder
	b.WriteString(name)
	for _, k := range slices.Sorted(maps.Keys(params)) {
		fmt.Fprintf(&b, "\x00%s=%s", k, params[k])
	}
	return b.String()
}

// claim gives the answer that is there or under way; mine says that the caller must run it.
func (s *Source) claim(key string) (a *answer, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if a, ok := s.answers[key]; ok && (!isClosed(a.done) || now.Before(a.expires)) {
		return a, false
	}
	if len(s.answers) >= maxCached {
		s.forget(now)
	}
	a = &answer{done: make(chan struct{})}
	s.answers[key] = a
	return a, true
}

// forget drops answers that have expired, or all that are done if none has.
func (s *Source) forget(now time.Time) {
	maps.DeleteFunc(s.answers, func(_ string, a *answer) bool { return isClosed(a.done) && now.After(a.expires) })
	if len(s.answers) >= maxCached {
		maps.DeleteFunc(s.answers, func(_ string, a *answer) bool { return isClosed(a.done) })
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (s *Source) run(ctx context.Context, a *answer, name, sql string, params ch.Parameters) {
	defer close(a.done)
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	start := time.Now()
	a.result, a.err = s.ask(ctx, sql, params)
	took := time.Since(start)
	s.metrics.query(name, took, a.err)
	if a.err != nil {
		a.err = fmt.Errorf("query %s: %w", name, a.err)
		return // already expired: the next viewer tries again
	}
	a.expires = time.Now().Add(min(maxFresh, max(minFresh, freshFactor*took)))
}

func (s *Source) ask(ctx context.Context, sql string, params ch.Parameters) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.conn.Query(ch.Context(ctx, ch.WithParameters(params)), sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // what failed shows in rows.Err
	r := &result{Columns: rows.Columns()}
	types := rows.ColumnTypes()
	for rows.Next() {
		targets := make([]any, len(types))
		for i, t := range types {
			targets[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]any, len(targets))
		for i, t := range targets {
			row[i] = value(reflect.ValueOf(t).Elem())
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// value of a column: nil for NULL.
func value(v reflect.Value) any {
	if v.Kind() != reflect.Pointer {
		return v.Interface()
	}
	if v.IsNil() {
		return nil
	}
	return v.Elem().Interface()
}
