package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/obs"
)

func newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say what this binary was built from", Args: cobra.NoArgs,
		Example: "  iolaus version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := obs.Build()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "iolaus %s\ncommit %s (%s)\n%s\n", b.Version, b.Commit, b.Time, b.Compiler)
			return err
		},
	}
}
