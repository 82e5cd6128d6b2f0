package eval

import "math"

// Agreement says how well clusters match the truth. Rosenberg and Hirschberg (EMNLP 2007) for
// homogeneity and completeness, Hubert and Arabie (1985) for the adjusted Rand index.
type Agreement struct {
	Accounts     int     `json:"accounts"`
	Clusters     int     `json:"clusters"`
	Homogeneity  float64 `json:"homogeneity"`
	Completeness float64 `json:"completeness"`
	ARI          float64 `json:"ari"`
	Purity       float64 `json:"purity"`
}

// placed is an account's true group and the cluster it was put in.
type placed struct{ truth, cluster string }

// agree compares two groupings of the same accounts. Of nothing it is perfect.
func agree(items []placed) Agreement {
	cells := map[placed]int{}
	truths, clusters := map[string]int{}, map[string]int{}
	best := map[string]int{}
	for _, it := range items {
		cells[it]++
		truths[it.truth]++
		clusters[it.cluster]++
		best[it.cluster] = max(best[it.cluster], cells[it])
	}
	n := len(items)
	a := Agreement{Accounts: n, Clusters: len(clusters), Homogeneity: 1, Completeness: 1, ARI: 1, Purity: 1}
	if n == 0 {
		return a
	}
	majority := 0
	for _, b := range best {
		majority += b
	}
	a.Purity = ratio(majority, n)
	var givenCluster, givenTruth, together float64 // conditional entropies; pairs in the same cell
	for it, c := range cells {
		p := float64(c) / float64(n)
		givenCluster -= p * math.Log(float64(c)/float64(clusters[it.cluster]))
		givenTruth -= p * math.Log(float64(c)/float64(truths[it.truth]))
		together += pairs(c)
	}
	if h := entropy(truths, n); h > 0 {
		a.Homogeneity = max(0, 1-givenCluster/h)
	}
	if h := entropy(clusters, n); h > 0 {
		a.Completeness = max(0, 1-givenTruth/h)
	}
	a.ARI = adjusted(together, allPairs(truths), allPairs(clusters), pairs(n))
	a.Homogeneity, a.Completeness, a.ARI = steady(a.Homogeneity), steady(a.Completeness), steady(a.ARI)
	return a
}

// adjusted is the Rand index beside what chance gives. Where both groupings are trivial they are the same.
func adjusted(together, truths, clusters, all float64) float64 {
	if all == 0 {
		return 1
	}
	chance := truths * clusters / all
	most := (truths + clusters) / 2
	if most == chance {
		return 1
	}
	return (together - chance) / (most - chance)
}

// steady drops the last digits, which depend on the order in which a sum over a map is taken.
func steady(v float64) float64 { return math.Round(v*1e9) / 1e9 }

func pairs(n int) float64 { return float64(n) * float64(n-1) / 2 }

func allPairs(groups map[string]int) (sum float64) {
	for _, n := range groups {
		sum += pairs(n)
	}
	return sum
}

func entropy(groups map[string]int, n int) (h float64) {
	for _, c := range groups {
		p := float64(c) / float64(n)
		h -= p * math.Log(p)
	}
	return h
}

// Clusters is what was made of a world's accounts, by their last memberships. A campaign's accounts
// belong together; an honest account belongs to nobody but itself.
type Clusters struct {
	Ever      int       `json:"ever"`         // clusters that ever had a member
	Enforced  int       `json:"enforced"`     // clusters with a suspension
	Mixed     int       `json:"mixed"`        // of those, how many hold an honest account at the end
	MixedEver int       `json:"mixed_ever"`   // the same, counting honest accounts that have left
	Share     float64   `json:"mixed_share"`  // MixedEver ÷ Enforced
	OfActed   Agreement `json:"of_enforced"`  // members of enforced clusters
	OfAll     Agreement `json:"of_all"`       // members of any cluster
	OfFraud   Agreement `json:"of_campaigns"` // campaign accounts, alone where in no cluster, and members of enforced clusters
}

// clustersOf judges clusters. enforced holds the ids of clusters with a suspension.
func clustersOf(subjects []Subject, enforced map[string]bool, ever int) Clusters {
	c := Clusters{Ever: ever, Enforced: len(enforced)}
	var acted, all, fraud []placed
	mixed, mixedEver := map[string]bool{}, map[string]bool{}
	for i := range subjects {
		s := &subjects[i]
		if s.Truth == nil {
			continue
		}
		it := placed{"account " + s.Account, s.Cluster}
		if s.Truth.Fraud() {
			it.truth = "campaign " + s.Truth.Campaign
		}
		if s.Cluster == "" {
			it.cluster = "alone " + s.Account
			if s.Truth.Fraud() {
				fraud = append(fraud, it)
			}
			continue
		}
		all = append(all, it)
		if enforced[s.Cluster] {
			acted = append(acted, it)
			if s.Truth.Honest() {
				mixedEver[s.Cluster] = true
				mixed[s.Cluster] = mixed[s.Cluster] || !s.Left
			}
		}
		if enforced[s.Cluster] || s.Truth.Fraud() {
			fraud = append(fraud, it)
		}
	}
	for _, still := range mixed {
		c.Mixed += one(still)
	}
	c.MixedEver = len(mixedEver)
	c.Share = ratio(c.MixedEver, c.Enforced)
	c.OfActed, c.OfAll, c.OfFraud = agree(acted), agree(all), agree(fraud)
	return c
}
