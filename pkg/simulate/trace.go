package simulate

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed traces/*.csv.gz
var traceFiles embed.FS

// traceRow is one real exchange: tokens in and out, and tokens of its prefix that
// had been seen before (Mooncake only).
type traceRow struct{ input, output, reused int32 }

// trace is an hour of real traffic: sizes sorted by input, so that a quantile that
// rises over a conversation gives a context that grows, while the mix over all
// exchanges stays the trace's own.
type trace struct {
	bySize   []traceRow
	arrivals []float64 // position of each row within the trace's span, 0..1, ascending
}

// traces are the three embedded ones and what Mooncake's prefix hashes tell of conversations.
type traces struct {
	code, conv, agent trace
	gaps              []int32 // ms between the turns of a conversation, sorted
	turns             []int32 // lengths of conversations in turns, sorted
}

func loadTraces() (*traces, error) {
	t := &traces{}
	for _, f := range []struct {
		name string
		into *trace
	}{{"azure_code", &t.code}, {"azure_conv", &t.conv}, {"mooncake", &t.agent}} {
		rows, err := readTrace("traces/" + f.name + ".csv.gz")
		if err != nil {
			return nil, fmt.Errorf("reading trace %s: %w", f.name, err)
		}
		f.into.fill(rows)
		if f.name == "mooncake" {
			t.conversations(rows)
		}
	}
	return t, nil
}

func readTrace(path string) ([][]int64, error) {
	f, err := traceFiles.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var rows [][]int64
	lines := bufio.NewScanner(z)
	lines.Scan() // header
	for lines.Scan() {
		cols := strings.Split(lines.Text(), ",")
		row := make([]int64, len(cols))
		for i, c := range cols {
			if row[i], err = strconv.ParseInt(c, 10, 64); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

func (t *trace) fill(rows [][]int64) {
	span := float64(rows[len(rows)-1][0] + 1)
	for _, r := range rows {
		row := traceRow{input: int32(r[1]), output: int32(r[2])}
		if len(r) > 3 {
			row.reused = int32(r[3])
		}
		t.bySize = append(t.bySize, row)
		t.arrivals = append(t.arrivals, float64(r[0])/span)
	}
	slices.SortStableFunc(t.bySize, func(a, b traceRow) int { return cmp.Compare(a.input, b.input) })
}

// conversations takes gaps and lengths from the rows that continue others. A turn
// distribution counts conversations: those that reach turn k less those that reach k+1.
func (t *traces) conversations(rows [][]int64) {
	var reach [64]int
	for _, r := range rows {
		if r[4] >= 0 {
			t.gaps = append(t.gaps, int32(r[4]))
		}
		reach[min(int(r[5]), len(reach)-1)]++
	}
	slices.Sort(t.gaps)
	for k := 1; k < len(reach)-1; k++ {
		for range max(0, reach[k]-reach[k+1]) {
			t.turns = append(t.turns, int32(k))
		}
	}
}

// at returns the row at a quantile of input size, u in [0, 1).
func (t *trace) at(u float64) traceRow { return t.bySize[int(u*float64(len(t.bySize)))] }

// arrival returns a position within an hour, 0..1, as a real request had it.
func (t *trace) arrival(r *rng) float64 { return t.arrivals[r.intn(len(t.arrivals))] }

// gap returns a real pause in ms between two turns of a conversation.
func (t *traces) gap(r *rng) int64 { return int64(t.gaps[r.intn(len(t.gaps))]) }

// length returns the turns of a real conversation.
func (t *traces) length(r *rng) int { return int(t.turns[r.intn(len(t.turns))]) }
