package eval

import (
	"cmp"
	"slices"
	"strings"
)

// Figures returns a result as named numbers: what guards bound and seeds are summed up by. What a
// world has none of (a level, a stolen key) has no figure.
func (r *Result) Figures() map[string]float64 {
	f := map[string]float64{
		"honest.accounts": float64(r.Honest.Accounts), "honest.suspended": float64(r.Honest.Suspended),
		"honest.throttled_share": ratio(r.Honest.Throttled, r.Honest.Accounts),
		"honest.verified_share":  ratio(r.Honest.Verified, r.Honest.Accounts),
		"audit.faults":           float64(r.Audit.Faults()), "wrong_keys": float64(r.WrongKeys),
	}
	for _, h := range r.Classes {
		f["class."+h.Name+".suspended"] = float64(h.Suspended)
	}
	for _, h := range r.Traps {
		f["trap."+h.Name+".suspended"] = float64(h.Suspended)
	}
	r.fraudFigures(f)
	for _, s := range r.Stolen {
		f["stolen.revoked."+s.Name], f["stolen.leakage."+s.Name] = s.Share, s.Leakage
		f["stolen.owners_suspended."+s.Name] = float64(s.OwnersSuspended)
	}
	for _, s := range r.Second {
		f["second.before_1."+s.Name], f["second.before_10."+s.Name] = s.BeforeFirst, s.BeforeTenth
	}
	if c := r.Cost; c != nil && c.Events > 0 {
		f["cost.decode_us"], f["cost.fold_us"] = c.Per(c.Decode), c.Per(c.Fold)
		f["cost.detect_us"] = c.Per(c.Detect)
		f["cost.graph_bytes_per_account"] = float64(c.GraphBytes) / float64(max(1, c.Active))
	}
	return f
}

func (r *Result) fraudFigures(f map[string]float64) {
	if r.All.Accounts == 0 {
		return
	}
	for _, o := range append([]Outcome{r.All}, r.Levels...) {
		f["recall."+o.Name], f["leakage."+o.Name] = o.Recall, o.Leakage
		f["median_exchanges."+o.Name] = o.MedianExchanges
	}
	for _, o := range r.Campaigns {
		name := strings.ReplaceAll(o.Name, " ", ".")
		f["campaign."+name+".recall"], f["campaign."+name+".leakage"] = o.Recall, o.Leakage
	}
	c := &r.Clusters
	f["clusters.purity"], f["clusters.homogeneity"] = c.OfActed.Purity, c.OfActed.Homogeneity
	f["clusters.completeness"], f["clusters.ari"] = c.OfActed.Completeness, c.OfActed.ARI
	f["clusters.ari_campaigns"], f["clusters.mixed_share"] = c.OfFraud.ARI, c.Share
	f["rank.auc"], f["calibration.ece"] = r.Rank.AUC, r.Reliability.ECE
	for i, name := range [...]string{"1e-3", "1e-4", "1e-5"} {
		f["rank.recall_at_fpr_"+name] = r.Rank.At[i].Recall
	}
}

// Summary is the figures of a scenario over its seeds.
type Summary struct {
	Scenario string            `json:"scenario"`
	Worlds   int               `json:"worlds"`
	Figures  map[string]Spread `json:"figures"`
}

// Spread is one figure over seeds.
type Spread struct {
	Mean float64 `json:"mean"`
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
}

func summarise(results []Result) []Summary {
	byScenario := map[string][]*Result{}
	for i := range results {
		byScenario[results[i].Scenario] = append(byScenario[results[i].Scenario], &results[i])
	}
	var out []Summary
	for name, rs := range byScenario {
		if len(rs) > 1 {
			out = append(out, Summary{Scenario: name, Worlds: len(rs), Figures: spreads(rs)})
		}
	}
	slices.SortFunc(out, func(a, b Summary) int { return cmp.Compare(a.Scenario, b.Scenario) })
	return out
}

func spreads(rs []*Result) map[string]Spread {
	values := map[string][]float64{}
	for _, r := range rs {
		for name, v := range r.Figures() {
			values[name] = append(values[name], v)
		}
	}
	out := map[string]Spread{}
	for name, vs := range values {
		sum := 0.0
		for _, v := range vs {
			sum += v
		}
		out[name] = Spread{Mean: sum / float64(len(vs)), Min: slices.Min(vs), Max: slices.Max(vs)}
	}
	return out
}
