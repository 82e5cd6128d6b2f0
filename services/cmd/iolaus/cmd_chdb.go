package main

import (
	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
)

// newChdbCmd is the process that iolaus up starts for the embedded ClickHouse. It takes its
// configuration and its listening socket from the parent and is of no use to a person.
func newChdbCmd() *cobra.Command {
	return &cobra.Command{
		Use: chdb.ChildCommand, Short: "Run the embedded ClickHouse engine (started by iolaus up)",
		Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !chdb.IsChild() {
				return usagef("only iolaus up starts this command")
			}
			return chdb.RunChild(cmd.Context())
		},
	}
}
