package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// versionTable is where goose keeps what has been applied.
const versionTable = "iolaus.schema_versions"

// Migrate creates the database iolaus if need be and applies the migrations of files that
// are missing, in order. It returns the names of those it applied. Two may run at a
// time: each statement can be run again.
func Migrate(ctx context.Context, cfg Config, files fs.FS) (applied []string, err error) {
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	opts.Auth.Database = noDatabase // iolaus may not exist yet
	db := ch.OpenDB(opts)
	defer func() { err = errors.Join(err, db.Close()) }()

	if _, err := db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS iolaus"); err != nil {
		return nil, fmt.Errorf("creating database iolaus: %w", err)
	}
	store, err := database.NewStore(goose.DialectClickHouse, versionTable)
	if err != nil {
		return nil, fmt.Errorf("preparing migrations: %w", err)
	}
	p, err := goose.NewProvider("", db, files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	results, err := p.Up(ctx)
	for _, r := range results {
		if r.Error == nil {
			applied = append(applied, path.Base(r.Source.Path))
		}
	}
	if err != nil {
		return applied, fmt.Errorf("migrating clickhouse: %w", err)
	}
	return applied, nil
}
