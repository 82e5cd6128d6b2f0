package migrations

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// The rules that make a migration safe to run again and for any client to read.
func TestMigrationsCanBeRunAgain(t *testing.T) {
	names, err := fs.Glob(FS(), "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		_, up, found := strings.Cut(string(text), "-- +goose Up\n")
		if !found || strings.Contains(up, "+goose Down") {
			t.Errorf("%s: want an Up part and no Down part", name)
		}
		up = regexp.MustCompile(`(?m)^\s*--.*$`).ReplaceAllString(up, "")
		for statement := range strings.SplitSeq(up, ";") {
			checkStatement(t, name, strings.TrimSpace(statement))
		}
	}
}

func checkStatement(t *testing.T, name, s string) {
	t.Helper()
	switch {
	case s == "":
		return
	case !strings.Contains(s, "IF NOT EXISTS iolaus."):
		t.Errorf("%s: cannot be run again, or outside database iolaus: %.60s", name, s)
	case !strings.Contains(s, "/*ON CLUSTER*/"):
		t.Errorf("%s: no room for ON CLUSTER: %.60s", name, s)
	case strings.Contains(s, "MATERIALIZED VIEW"):
		t.Errorf("%s: a materialised view counts a repeated insert again", name)
	case strings.HasPrefix(s, "CREATE TABLE"):
		if !strings.Contains(s, "non_replicated_deduplication_window") || !strings.Contains(s, "/*Replicated*/") {
			t.Errorf("%s: no deduplication window, or no room for Replicated: %.60s", name, s)
		}
		if !strings.Contains(s, "_log ") {
			t.Errorf("%s: a table of the contract must be a view: %.60s", name, s)
		}
	}
}
