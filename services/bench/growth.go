package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/replay"
	"github.com/iolaus-io/iolaus/pkg/simulate"
)

// growth measures what an event costs, and what an account holds, as the population grows.
type growth struct {
	scenario  string
	accounts  []int
	exchanges float64 // an account
	seed      uint64
}

func newGrowthCmd() *cobra.Command {
	var g growth
	cmd := &cobra.Command{
		Use: "growth", Short: "CPU an event by stage, and memory, with 10k, 100k and 1M accounts",
		Long: `Play a scenario, scaled to so many accounts, through the replay's core without writing a file. Every
account makes as many exchanges on average, so that only the population grows. A million accounts take
some ten minutes and 16 GB.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&g.scenario, "scenario", "levels", "scenario to scale")
	cmd.Flags().IntSliceVar(&g.accounts, "accounts", []int{10_000, 100_000, 1_000_000}, "accounts, honest and campaigns'")
	cmd.Flags().Float64Var(&g.exchanges, "exchanges", 20, "exchanges an account on average")
	cmd.Flags().Uint64Var(&g.seed, "seed", 1, "seed")
	return cmd
}

func (g *growth) run(ctx context.Context) error {
	for _, n := range g.accounts {
		cost, err := g.one(ctx, n)
		if err != nil {
			return err
		}
		at := fmt.Sprintf("%s, %d accounts, %.1fM events", g.scenario, cost.Accounts, float64(cost.Events)/1e6)
		row(at+": CPU an event", fmt.Sprintf("decode %.2f, windows %.2f, graph and score %.2f, rest %.2f µs",
			cost.Per(cost.Decode), cost.Per(cost.Fold), cost.Per(cost.Detect), cost.Per(cost.Rest)), "graph and score 3 µs")
		links, active := float64(max(1, cost.Links)), float64(max(1, cost.Active))
		row(at+": heap", fmt.Sprintf("graph %.0f B an active account (%.1f links each: %.0f B a link in all), windows %.0f B an account",
			float64(cost.GraphBytes)/active, links/active, float64(cost.GraphBytes)/links, float64(cost.WindowBytes)/float64(max(1, cost.Accounts))),
			"400 B a link and 1 kB an account")
	}
	return nil
}

func (g *growth) one(ctx context.Context, accounts int) (*replay.Cost, error) {
	sc, err := simulate.Load(g.scenario)
	if err != nil {
		return nil, err
	}
	have, exchanges := sc.Honest.Accounts, sc.Honest.Exchanges
	for i := range sc.Campaigns {
		have += sc.Campaigns[i].Accounts
		exchanges += sc.Campaigns[i].Exchanges
	}
	scale := float64(accounts) / float64(have)
	w, err := simulate.New(sc.Scaled(scale, g.exchanges*float64(accounts)/float64(exchanges)), g.seed)
	if err != nil {
		return nil, fmt.Errorf("making a world of %d accounts: %w", accounts, err)
	}
	cfg := replay.Config{RunID: "growth", Decode: decode.Default(), Lateness: time.Hour, Graph: graph.DefaultConfig(), Cost: &replay.Cost{},
		Records: func(yield func(event.Stream, []byte) bool) {
			w.Events(func(e simulate.Event) bool { return yield(e.Stream, e.Value) })
		}}
	cfg.Decode.Privacy.HMACKey = "a key for measuring"
	if _, err := replay.Run(ctx, cfg); err != nil {
		return nil, err
	}
	return cfg.Cost, nil
}
