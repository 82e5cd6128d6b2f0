package up

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
)

// figures are what the live summary shows.
type figures struct {
	played     int64
	eventMS    int64
	clusters   uint64
	suspended  uint64
	exchanges  uint64 // of suspended accounts
	servedFrom uint64 // of those, before their suspension
	lag        int64
	done       bool
}

// summary asks for the figures and prints them: redrawn in place on a terminal, a line
// every five seconds elsewhere.
type summary struct {
	w        io.Writer
	terminal bool
	player   *player // nil: nothing is played
	adm      *kadm.Client
	store    *clickhouse.Client
	runID    string
	started  time.Time
	first    time.Duration // until the first suspension was seen
	last     figures
}

// figuresSQL counts over deduplicated rows.
const figuresSQL = `
SELECT
    (SELECT uniqExact(cluster_id) FROM iolaus.current_clusters WHERE run_id = {run_id:String}),
    count(), sum(a.total), sum(a.before)
FROM
(
    SELECT s.account_id, sum(v.requests) AS total, sumIf(v.requests, v.ts < s.at) AS before
    FROM (SELECT account_id, min(ts) AS at FROM iolaus.decisions
          WHERE run_id = {run_id:String} AND action = 'suspend' GROUP BY account_id) AS s
    LEFT JOIN (SELECT account_id, ts, requests FROM iolaus.account_activity
               WHERE run_id = {run_id:String} AND stream = 'requests') AS v ON v.account_id = s.account_id
    GROUP BY s.account_id
) AS a`

func (s *summary) ask(ctx context.Context) {
	f := &s.last
	if s.player != nil {
		f.played, f.eventMS, f.done = s.player.played.Load(), s.player.eventMS.Load(), s.player.done.Load()
	}
	if lag, err := lagOf(ctx, s.adm); err == nil {
		f.lag = lag
	}
	rows, err := s.store.Query(ctx, figuresSQL, clickhouse.Params{RunID: s.runID})
	if err != nil {
		return // the summary shows what it last knew; readiness says what is wrong
	}
	defer rows.Close() //nolint:errcheck // all is read
	if rows.Next() {
		var clusters, suspended, total, before uint64
		if rows.Scan(&clusters, &suspended, &total, &before) == nil {
			f.clusters, f.suspended, f.exchanges, f.servedFrom = clusters, suspended, total, before
		}
	}
	if f.suspended > 0 && s.first == 0 {
		s.first = time.Since(s.started)
	}
}

// run prints until ctx ends.
func (s *summary) run(ctx context.Context) {
	every := 5 * time.Second
	if s.terminal {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before := s.first
		s.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		if s.first != 0 && before == 0 {
			fmt.Fprintf(s.w, "%sfirst suspension on the screen %s after start\n", s.clear(), s.first.Round(100*time.Millisecond))
		}
		s.print()
	}
}

func (s *summary) clear() string {
	if s.terminal {
		return "\r\x1b[K"
	}
	return ""
}

func (s *summary) print() {
	end := "\n"
	if s.terminal {
		end = ""
	}
	fmt.Fprint(s.w, s.clear(), s.last.line(time.Since(s.started)), end)
}

func (f *figures) line(took time.Duration) string {
	at := "-"
	if f.eventMS > 0 {
		at = time.UnixMilli(f.eventMS).UTC().Format("2006-01-02 15:04")
	}
	return fmt.Sprintf("%5s  %9d events, event time %s · %d clusters · %d suspended · %s served before suspension · lag %d",
		took.Round(time.Second), f.played, at, f.clusters, f.suspended, share(f.servedFrom, f.exchanges), f.lag)
}

func share(part, all uint64) string {
	if all == 0 {
		return "0 exchanges"
	}
	return fmt.Sprintf("%d of %d exchanges (%.1f%%)", part, all, 100*float64(part)/float64(all))
}

// final prints the last figures for people and for a log.
func (s *summary) final(ctx context.Context) {
	s.ask(ctx)
	f := &s.last
	fmt.Fprintf(s.w, "%s\nDone in %s.\n  events               %d\n  clusters             %d\n  accounts suspended   %d\n  exchanges served before suspension  %s\n  lag                  %d\n",
		s.clear(), time.Since(s.started).Round(100*time.Millisecond), f.played, f.clusters, f.suspended, share(f.servedFrom, f.exchanges), f.lag)
	if s.first != 0 {
		fmt.Fprintf(s.w, "  first suspension     %s after start\n", s.first.Round(100*time.Millisecond))
	}
}
