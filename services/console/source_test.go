package console

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

// counted passes queries on to the engine and counts them.
type counted struct {
	conn
	asked, running, most atomic.Int32
}

func (c *counted) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	c.asked.Add(1)
	n := c.running.Add(1)
	for m := c.most.Load(); n > m && !c.most.CompareAndSwap(m, n); m = c.most.Load() {
	}
	defer c.running.Add(-1)
	return c.conn.Query(ctx, query, args...)
}

// However many watch, ClickHouse is asked once, few questions at a time; a viewer who leaves
// spoils nothing for the others.
func TestSource(t *testing.T) {
	c := &counted{conn: connect(t, testbackend.ClickHouse(t)).Conn()}
	s := NewSource(c, NewMetrics(prometheus.NewRegistry()))
	const slow = "SELECT sum(sleepEachRow(0.3)) + {n:UInt8} AS n FROM numbers(1)"

	var wg sync.WaitGroup
	leaving, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer leave()
	for viewer := range 20 {
		wg.Go(func() {
			ctx := t.Context()
			if viewer%4 == 0 {
				ctx = leaving
			}
			r, err := s.query(ctx, "slow", slow, ch.Parameters{"n": "7"})
			switch {
			case viewer%4 == 0 && !errors.Is(err, context.DeadlineExceeded):
				t.Errorf("who left got %v", err)
			case viewer%4 != 0 && (err != nil || toFloat(r.Rows[0][0]) != 7):
				t.Errorf("viewer %d: %v, %v", viewer, r, err)
			}
		})
	}
	wg.Wait()
	if n := c.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	if _, err := s.query(t.Context(), "slow", slow, ch.Parameters{"n": "7"}); err != nil || c.asked.Load() != 1 {
		t.Errorf("an answer that is fresh is asked for again: %v", err)
	}

	for n := range 6 { // other parameters are other questions
		wg.Go(func() {
			if _, err := s.query(t.Context(), "slow", slow, ch.Parameters{"n": string('0' + rune(n))}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked, most := c.asked.Load(), c.most.Load(); asked != 7 || most > concurrent {
		t.Errorf("asked %d times, %d at once", asked, most)
	}

	// an error is not kept
	for range 2 {
		if _, err := s.query(t.Context(), "bad", "SELECT no_such_column", nil); err == nil {
			t.Error("no error")
		}
	}
	if asked := c.asked.Load(); asked != 9 {
		t.Errorf("asked %d times", asked)
	}
}

// The answers kept are bounded, whatever is asked for.
func TestSourceBounded(t *testing.T) {
	c := &counted{conn: connect(t, testbackend.ClickHouse(t)).Conn()}
	s := NewSource(c, NewMetrics(prometheus.NewRegistry()))
	for i := range maxCached + 50 {
		a, mine := s.claim(cacheKey("q", ch.Parameters{"i": time.Duration(i).String()}))
		if !mine {
			t.Fatal("two keys are one")
		}
		a.expires = time.Now().Add(time.Hour)
		close(a.done)
	}
	if n := len(s.answers); n > maxCached {
		t.Errorf("%d answers are kept", n)
	}
}
