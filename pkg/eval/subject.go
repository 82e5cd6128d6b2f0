package eval

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Subject is one account as a detector left it: what every figure is counted from.
type Subject struct {
	Account   string
	Truth     *Truth
	Exchanges uint64
	Suspended bool
	Before    uint64  // exchanges served up to the first suspension; all where never suspended
	Seconds   float64 // from the first exchange to the suspension, event time; 0 where suspended before it

	EverThrottled, EverVerified bool
	Final                       string  // standing action at the end
	Score                       float64 // highest reached, of min(account, cluster); 0..1
	Last                        float64 // account score last told, 0..1
	Cluster                     string  // last membership, "" = never in one
	Left                        bool    // it left that cluster
}

// Outcome is how a group of a campaign's accounts fared.
type Outcome struct {
	Name      string  `json:"name"`
	Accounts  int     `json:"accounts"`
	Suspended int     `json:"suspended"`
	Recall    float64 `json:"recall"`
	Exchanges uint64  `json:"exchanges"`
	Served    uint64  `json:"served_before_suspension"` // all of an account's that is never suspended
	Leakage   float64 `json:"leakage"`                  // served ÷ exchanges

	// Of those suspended; nearest rank.
	MedianSeconds   float64 `json:"median_seconds"`
	P90Seconds      float64 `json:"p90_seconds"`
	MedianExchanges float64 `json:"median_exchanges"`
	P90Exchanges    float64 `json:"p90_exchanges"`

	// Of the clusters that its accounts are in at last.
	Clusters int     `json:"clusters"`
	Largest  float64 `json:"largest_cluster_share"` // of the group's accounts
	Purity   float64 `json:"cluster_purity"`        // share of those clusters' members that are of its campaigns
}

// outcomes groups campaign accounts and judges each group, in order of name. groups names the
// groups that an account counts in; "" is none.
func outcomes(subjects []Subject, groups func(*Truth) string) []Outcome {
	byName := map[string][]*Subject{}
	sizes := clusterSizes(subjects)
	for i := range subjects {
		s := &subjects[i]
		if !s.Truth.Fraud() {
			continue
		}
		if name := groups(s.Truth); name != "" {
			byName[name] = append(byName[name], s)
		}
	}
	out := make([]Outcome, 0, len(byName))
	for name, members := range byName {
		o := outcomeOf(members)
		o.Name = name
		o.clusters(members, sizes)
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func outcomeOf(members []*Subject) Outcome {
	o := Outcome{Accounts: len(members)}
	var seconds, exchanges []float64
	for _, s := range members {
		o.Exchanges += s.Exchanges
		o.Served += s.Before
		if s.Suspended {
			o.Suspended++
			seconds, exchanges = append(seconds, s.Seconds), append(exchanges, float64(s.Before))
		}
	}
	o.Recall, o.Leakage = ratio(o.Suspended, o.Accounts), ratio(o.Served, o.Exchanges)
	o.MedianSeconds, o.P90Seconds = quantile(seconds, 0.5), quantile(seconds, 0.9)
	o.MedianExchanges, o.P90Exchanges = quantile(exchanges, 0.5), quantile(exchanges, 0.9)
	return o
}

// clusterSize is how many members a cluster has at last, in all and by campaign.
type clusterSize struct {
	all       int
	campaigns map[string]int
}

func clusterSizes(subjects []Subject) map[string]*clusterSize {
	sizes := map[string]*clusterSize{}
	for i := range subjects {
		s := &subjects[i]
		if s.Cluster == "" {
			continue
		}
		c := sizes[s.Cluster]
		if c == nil {
			c = &clusterSize{campaigns: map[string]int{}}
			sizes[s.Cluster] = c
		}
		c.all++
		if s.Truth.Fraud() {
			c.campaigns[s.Truth.Campaign]++
		}
	}
	return sizes
}

// clusters fills in what the group's clusters are made of.
func (o *Outcome) clusters(members []*Subject, sizes map[string]*clusterSize) {
	inside := map[string]int{}
	campaigns := map[string]bool{}
	for _, s := range members {
		campaigns[s.Truth.Campaign] = true
		if s.Cluster != "" {
			inside[s.Cluster]++
		}
	}
	all, own, largest := 0, 0, 0
	for id, n := range inside {
		largest = max(largest, n)
		all += sizes[id].all
		for c, k := range sizes[id].campaigns {
			if campaigns[c] {
				own += k
			}
		}
	}
	o.Clusters, o.Largest, o.Purity = len(inside), ratio(largest, o.Accounts), ratio(own, all)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// ratio is a ÷ b, 0 where there is nothing.
func ratio[T int | uint64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// quantile is the value of nearest rank, 0 of nothing. It sorts vs.
func quantile(vs []float64, q float64) float64 {
	if len(vs) == 0 {
		return 0
	}
	slices.Sort(vs)
	return vs[max(0, int(math.Ceil(q*float64(len(vs))))-1)]
}
