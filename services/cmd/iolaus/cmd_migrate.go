package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/schemas/clickhouse/migrations"
)

func newMigrateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Create or update the tables in ClickHouse", Args: cobra.NoArgs,
		Long: `Create the database iolaus and apply the migrations that are missing, in order. Migrations
only go forward; running this again, or twice at a time, does no harm.`,
		Example: `  IOLAUS_CLICKHOUSE_DSN=http://user:password@clickhouse:8123 iolaus migrate
  iolaus migrate --clickhouse.dsn clickhouse://clickhouse:9000`,
		RunE: runMigrate,
	}
	bindSettings(cmd, "clickhouse")
	return cmd
}

func runMigrate(cmd *cobra.Command, _ []string) error {
	s, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	if err := s.ClickHouse.Validate(); err != nil {
		return invalid(err)
	}
	applied, err := clickhouse.Migrate(cmd.Context(), s.ClickHouse, migrations.FS())
	if err != nil && len(applied) == 0 {
		return err
	}
	if told := tellApplied(cmd.OutOrStdout(), applied); err == nil {
		err = told
	}
	return err
}

func tellApplied(out io.Writer, applied []string) error {
	for _, name := range applied {
		if _, err := fmt.Fprintln(out, "applied", name); err != nil {
			return err
		}
	}
	if len(applied) == 0 {
		_, err := fmt.Fprintln(out, "nothing to apply")
		return err
	}
	return nil
}
