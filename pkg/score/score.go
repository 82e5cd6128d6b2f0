// Package score turns what ties an account to its cluster, and what its own windows
// say, into capped log-odds with reasons. Pure. One file a signal.
//
// A score is a probability: 1/(1+exp(-log-odds)). The log-odds are a prior, plus what
// each family says, capped by family (graph.FamilyCap), plus trust, which is negative.
package score

import (
	"math"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Config holds the priors, in log-odds.
type Config struct {
	AccountPrior float64 `koanf:"account_prior" yaml:"account_prior"`
	ClusterPrior float64 `koanf:"cluster_prior" yaml:"cluster_prior"`
}

// DefaultConfig holds the priors tuned on the press scenario, seeds 1 and 2: before any evidence one
// account in 400 and one cluster in 665 is taken for fraudulent.
func DefaultConfig() Config { return Config{AccountPrior: -6, ClusterPrior: -6.5} }

// Signal reads one thing off an account's windows. It returns false where the
// windows say nothing about it.
type Signal struct {
	Code   string
	Family link.Family // FamilyNone: trust, which speaks for the account
	Cap    float64     // the contribution's absolute value at most, log-odds
	What   string      // these three for docs/signals.md
	Window string
	Source string
	Read   func(f *window.Features, now int64) (value, baseline, contribution float64, ok bool)
}

// Signals returns the account's own signals in a fixed order.
func Signals() []Signal {
	return []Signal{
		networkType, countryMismatch, declines, chargebacks, cardTesting, disposableFunding, voipPhone,
		chainOfThought, taskFocus, dayFlatness, fastForm,
		trustSSO, trustInvoice, trustTenure, trustPayer, trustLongUse, trustDiversity, trustOtherTasks, trustNetwork,
	}
}

// Own is what an account's own windows say: by family, with reasons.
type Own struct {
	Families [link.NumFamilies]float64
	Reasons  []wire.Reason
}

// Read evaluates all signals on an account's windows at event time now (ms), into the memory of the
// reasons that were there.
func (own *Own) Read(signals []Signal, f *window.Features, now int64) {
	*own = Own{Reasons: own.Reasons[:0]}
	for i := range signals {
		s := &signals[i]
		v, base, c, ok := s.Read(f, now)
		if !ok || c == 0 {
			continue
		}
		own.Families[s.Family] += c
		own.Reasons = append(own.Reasons, wire.Reason{Code: s.Code, Family: familyName(s.Family),
			Value: round(v), Baseline: round(base), Contribution: round(c)})
	}
}

func familyName(f link.Family) string {
	if f == link.FamilyNone {
		return "trust"
	}
	return f.String()
}

// Account returns the log-odds that the account acts for its cluster's campaign, and
// the sum of each family, capped.
func (c Config) Account(fit *graph.Affinity, own *Own, population int) (float64, [link.NumFamilies]float64) {
	total := c.accountPrior(fit.Size, population) + fit.Program
	var fam [link.NumFamilies]float64
	for f := range fam {
		fam[f] = min(fit.Families[f]+own.Families[f], graph.FamilyCap(link.Family(f)))
		total += fam[f]
	}
	return total, fam
}

// accountPrior is how likely an account is of its cluster before anything is known of it:
// the cluster's share of the population, between the configured prior and maxPrior.
func (c Config) accountPrior(size, population int) float64 {
	if size == 0 {
		return c.AccountPrior
	}
	return min(max(math.Log(float64(size)/float64(population+500)), c.AccountPrior), maxPrior)
}

// maxPrior keeps a giant cluster from swallowing whoever shares one thing with it.
const maxPrior = -2.5

// Cluster returns the log-odds that a cluster is one actor's fraud, from the means of
// its members and its size.
func (c Config) Cluster(mean [link.NumFamilies]float64, size int) float64 {
	total := c.ClusterPrior + SizeOdds(size)
	for f, v := range mean {
		if link.Family(f) == link.FamilyNetwork { //nolint:gosec // an index of the families
			v = min(v, graph.ClusterNetwork)
		}
		total += v
	}
	return total
}

// Group returns the log-odds of that part of a cluster that shares a content: rest is what
// families other than content say of its members on average (graph.Rest).
func (c Config) Group(mean [link.NumFamilies]float64, rest float64, size int) float64 {
	return c.ClusterPrior + SizeOdds(size) + mean[link.FamilyContent] + rest
}

// SizeOdds is what a cluster's size says: honest reasons to share (a household, a small
// firm) are small, so each doubling past four adds, between -1.5 and 3.
func SizeOdds(size int) float64 {
	return min(max(0.9*math.Log(float64(max(size, 1))/4), -1.5), 3)
}

// Probability is the logistic of log-odds.
func Probability(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }

// SharedReasons lists what the account shares with its cluster: value is the share of
// members that touch the entity, baseline the share of everybody else.
func SharedReasons(fit *graph.Affinity) []wire.Reason {
	var rs []wire.Reason
	for k := range fit.Kinds {
		s := &fit.Kinds[k]
		if math.Abs(s.LogOdds) < 0.1 {
			continue
		}
		spec := link.Kind(k).Spec()
		rs = append(rs, wire.Reason{Code: spec.Code, Family: spec.Family.String(),
			Value: round(s.Inside), Baseline: round(s.Outside), Contribution: round(s.LogOdds)})
	}
	return rs
}

// SortReasons puts the heaviest first, ties by code.
func SortReasons(rs []wire.Reason) {
	slices.SortFunc(rs, func(a, b wire.Reason) int {
		da, db := math.Abs(a.Contribution), math.Abs(b.Contribution)
		switch {
		case da > db:
			return -1
		case da < db:
			return 1
		case a.Code < b.Code:
			return -1
		case a.Code > b.Code:
			return 1
		}
		return 0
	})
}

// round keeps four digits after the point: enough to read, and stable in bytes.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
