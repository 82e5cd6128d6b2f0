// Package migrations embeds the ClickHouse schema: numbered, forward-only, one
// statement a step. Every statement can be run again.
package migrations

import "embed"

//go:embed *.sql
var files embed.FS

// FS returns the migration files, at its root.
func FS() embed.FS { return files }
