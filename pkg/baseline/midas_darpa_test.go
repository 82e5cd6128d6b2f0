package baseline

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/klauspost/compress/zip"
)

// darpaEdge is one line of the DARPA 1998 edges in the preparation of MIDAS' authors.
type darpaEdge struct {
	source, destination uint32 // numbered together, see numbers
	tick                int32  // distinct minutes, from 1
	attack              bool
}

// darpa reads testdata/darpa once for all tests and benchmarks.
var darpa = sync.OnceValues(func() ([]darpaEdge, error) {
	z, err := zip.OpenReader("testdata/darpa/darpa_original.zip")
	if err != nil {
		return nil, err
	}
	defer func() { _ = z.Close() }()
	f, err := z.File[0].Open()
	if err != nil {
		return nil, err
	}
	edges := make([]darpaEdge, 0, 4_554_344)
	r := bufio.NewReaderSize(f, 1<<16)
	comma, minute, ids := []byte(","), []byte(nil), numbers{}
	tick := int32(0)
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return edges, nil
		}
		if err != nil {
			return nil, err
		}
		// 172.016.112.020,192.168.001.010,06/01/1998-07:55,-
		source, rest, _ := bytes.Cut(line, comma)
		destination, rest, _ := bytes.Cut(rest, comma)
		at, attack, _ := bytes.Cut(rest, comma)
		if !bytes.Equal(at, minute) {
			minute = append(minute[:0], at...)
			tick++
		}
		edges = append(edges, darpaEdge{ids.of(source), ids.of(destination), tick, attack[0] != '-'})
	}
})

// numbers gives addresses numbers in order of their first appearance, line by line, the
// source before the destination. One source is written with 14 characters, not 15, and
// counts as an address of its own, as in any preparation that takes addresses as text.
type numbers map[string]uint32

func (n numbers) of(address []byte) uint32 {
	id, ok := n[string(address)]
	if !ok {
		id = uint32(len(n))
		n[string(address)] = id
	}
	return id
}

func darpaEdges(tb testing.TB) []darpaEdge {
	tb.Helper()
	edges, err := darpa()
	if err != nil {
		tb.Fatal(err)
	}
	return edges
}

// paperMidas has the parameters of the authors' demonstration, and their hashes or ours.
func paperMidas(seed uint64, linear bool) *Midas {
	return NewMidas(MidasConfig{Rows: 2, Columns: 1024, Threshold: 1e3, Factor: 0.5, Seed: seed, Linear: linear})
}

// The edges are those that the README beside them describes.
func TestDarpaEdges(t *testing.T) {
	edges := darpaEdges(t)
	attacks := 0
	for _, e := range edges {
		if e.attack {
			attacks++
		}
	}
	if share := float64(attacks) / float64(len(edges)); len(edges) != 4_554_344 || math.Abs(share-0.601) > 0.0005 {
		t.Errorf("%d edges, %.4f attacks", len(edges), share)
	}
}

// The authors' C++ reaches 0.966 to 0.970 over seeds with 2 rows, 1,024 columns, threshold
// 1,000 and factor 0.5 (testdata/darpa/README.md), and so must the port with their hashes.
//
// The figure is one of the hashes as much as of the method. They are linear and see only
// the low ten bits of a number, so it depends on how addresses are numbered: here in order
// of appearance, which gives 0.967 to 0.970 (in C++ 3 seeds of 13 up to 0.973), while in
// order of their text, as the authors' script has it, C++ and port give 0.984 to 0.988. Our
// hash sees all bits and gives 0.971 to 0.985 over eight seeds; it may not do worse.
func TestMidasOnDarpa(t *testing.T) {
	edges := darpaEdges(t)
	for _, tt := range []struct {
		name   string
		seed   uint64
		linear bool
		least  float64
		most   float64
	}{
		{"as the authors", 1, true, 0.966, 0.970},
		{"as the authors, other parameters", 5, true, 0.966, 0.970},
		{"with our hash", 1, false, 0.966, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, ranked := paperMidas(tt.seed, tt.linear), make([]uint64, len(edges))
			for i, e := range edges {
				ranked[i] = rank(m.Score(uint64(e.source), uint64(e.destination), int64(e.tick)), e.attack)
			}
			got := auc(ranked)
			t.Logf("AUC %.4f", got)
			if got < tt.least || got > tt.most {
				t.Errorf("AUC %.4f, want %v to %v", got, tt.least, tt.most)
			}
		})
	}
}

// rank packs a score of 0 or more and its label so that the numbers sort by score.
func rank(score float32, positive bool) uint64 {
	n := uint64(math.Float32bits(score)) << 1
	if positive {
		n |= 1
	}
	return n
}

// auc is the area under the ROC curve: the chance that a positive outranks a negative,
// ties counting half. It sorts its argument.
func auc(ranked []uint64) float64 {
	slices.Sort(ranked)
	var below, area, positives float64 // negatives so far
	for i := 0; i < len(ranked); {
		var pos, neg float64
		for score := ranked[i] >> 1; i < len(ranked) && ranked[i]>>1 == score; i++ {
			if ranked[i]&1 == 1 {
				pos++
			} else {
				neg++
			}
		}
		area += pos * (below + neg/2)
		below += neg
		positives += pos
	}
	return area / (positives * below)
}

// The area itself, on lists small enough to count pairs.
func TestAUC(t *testing.T) {
	for _, tt := range []struct {
		name     string
		scores   []float32
		positive []bool
		want     float64
	}{
		{"perfect", []float32{1, 2, 3, 4}, []bool{false, false, true, true}, 1},
		{"reversed", []float32{1, 2, 3, 4}, []bool{true, true, false, false}, 0},
		{"all equal is a coin", []float32{5, 5, 5, 5}, []bool{true, false, true, false}, 0.5},
		{"three pairs of four, one tie", []float32{1, 2, 2, 3}, []bool{false, false, true, true}, 0.875},
	} {
		ranked := make([]uint64, len(tt.scores))
		for i := range ranked {
			ranked[i] = rank(tt.scores[i], tt.positive[i])
		}
		if got := auc(ranked); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// BenchmarkMidas is the cost of an edge, the passes over the buckets at each tick included.
func BenchmarkMidas(b *testing.B) {
	edges := darpaEdges(b)
	m := paperMidas(1, true)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(edges) {
			i, m = 0, paperMidas(1, true)
		}
		e := &edges[i]
		m.Score(uint64(e.source), uint64(e.destination), int64(e.tick))
		i++
	}
}
