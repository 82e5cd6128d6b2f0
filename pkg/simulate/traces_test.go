package simulate

import (
	"math"
	"slices"
	"testing"
)

// ks is the Kolmogorov–Smirnov distance of two samples.
func ks(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	worst, i, j := 0.0, 0, 0
	for i < len(a) && j < len(b) {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		worst = max(worst, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return worst
}

// Honest exchanges have the traces' sizes: for each kind of work, input and output
// tokens of all generated turns lie within a KS distance of 0.03 of the trace's rows,
// although contexts grow within a conversation.
func TestHonestSizesFollowTraces(t *testing.T) {
	w := world(t, "press", 0.02, 0.01, 11)
	in, out := make([][]float64, numKinds), make([][]float64, numKinds)
	grown, turns := 0, 0
	for day := range w.days {
		for _, a := range w.accounts {
			if a.fleet != nil {
				continue
			}
			w.planDay(a, day)
			var q request
			for ; a.next < len(a.plan); a.next++ {
				before := a.sessions[a.plan[a.next].session]
				s := w.exchange(a, a.plan[a.next], &q)
				in[s.kind] = append(in[s.kind], float64(q.input))
				if q.status == 200 {
					out[s.kind] = append(out[s.kind], float64(q.output))
				}
				if before.turn > 0 && before.tokens > 0 {
					turns++
					if s.tokens >= before.tokens-2000 {
						grown++
					}
				}
			}
		}
	}
	for k, tr := range map[kind]*trace{kindChat: &w.traces.conv, kindCode: &w.traces.code, kindAgent: &w.traces.agent, kindBatch: &w.traces.conv} {
		var wantIn, wantOut []float64
		for _, row := range tr.bySize {
			wantIn, wantOut = append(wantIn, float64(row.input)), append(wantOut, float64(row.output))
		}
		dIn, dOut := ks(in[k], wantIn), ks(out[k], wantOut)
		t.Logf("kind %d: %d exchanges, KS input %.4f output %.4f", k, len(in[k]), dIn, dOut)
		if len(in[k]) < 5000 || dIn > 0.03 || dOut > 0.03 {
			t.Errorf("kind %d: %d exchanges, KS input %.4f output %.4f", k, len(in[k]), dIn, dOut)
		}
	}
	if share := float64(grown) / float64(turns); share < 0.9 {
		t.Errorf("contexts grow in %.2f of turns", share)
	}
}

// The embedded traces are whole: rows as in their README, and conversations from
// Mooncake's prefix hashes.
func TestTracesAreWhole(t *testing.T) {
	tr, err := loadTraces()
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.code.bySize) != 8819 || len(tr.conv.bySize) != 19366 || len(tr.agent.bySize) != 12031 {
		t.Errorf("rows %d %d %d", len(tr.code.bySize), len(tr.conv.bySize), len(tr.agent.bySize))
	}
	if len(tr.gaps) < 3000 || len(tr.turns) < 3000 || tr.turns[0] != 1 || tr.turns[len(tr.turns)-1] < 20 {
		t.Errorf("%d gaps, %d conversations", len(tr.gaps), len(tr.turns))
	}
}
