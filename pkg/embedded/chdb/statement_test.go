package chdb

import (
	"strings"
	"testing"
)

func TestParseStatement(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want statement
	}{
		{"", statement{}},
		{"select 1", statement{keyword: "SELECT"}},
		{" -- c\n /* x */ SELECT 1 FORMAT JSON", statement{keyword: "SELECT", format: "JSON"}},
		{"((SELECT 1))", statement{keyword: "SELECT"}},
		// FORMAT inside brackets, strings and names is none.
		{"SELECT 'x FORMAT CSV', `FORMAT`, (SELECT 1 AS FORMAT) FROM t", statement{keyword: "SELECT"}},
		{"SELECT 1 FORMAT Native SETTINGS a = 1", statement{keyword: "SELECT", format: "Native"}},
		{"INSERT INTO t VALUES (1)", statement{"INSERT", "Values", "INSERT INTO t ", " (1)", true}},
		{"INSERT INTO t FORMAT CSV\n1\n", statement{"INSERT", "CSV", "INSERT INTO t ", "1\n", true}},
		{"INSERT INTO t (a, b) FORMAT Native", statement{"INSERT", "Native", "INSERT INTO t (a, b) ", "", true}},
		// Blanks after the format's line belong to the data.
		{"INSERT INTO t FORMAT TSV \t\r\n\tx\n", statement{"INSERT", "TSV", "INSERT INTO t ", "\tx\n", true}},
		{"INSERT INTO t", statement{"INSERT", "Values", "INSERT INTO t", "", true}},
		{"INSERT INTO t SELECT 1 FROM values('a Int8', 1)", statement{keyword: "INSERT", insert: "INSERT INTO t SELECT 1 FROM values('a Int8', 1)"}},
		{"INSERT INTO t WITH 1 AS x SELECT x", statement{keyword: "INSERT", insert: "INSERT INTO t WITH 1 AS x SELECT x"}},
		{"INSERT INTO `values` VALUES (')')", statement{"INSERT", "Values", "INSERT INTO `values` ", " (')')", true}},
	} {
		got, err := parseStatement(c.sql)
		if err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v, want %+v", c.sql, got, err, c.want)
		}
	}
}

// Invariants for any text: the lexer ends, moves forward, and covers the text; the parts of an
// INSERT are parts of it; a call of file() outside strings and comments is always refused.
func FuzzParseStatement(f *testing.F) {
	for _, s := range []string{"SELECT 'a\\'", "INSERT INTO t FORMAT CSV\nx", "/*", "$a$ x $a$", "`", "SELECT (1", "--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := lexer{s: s}
		for last := -1; ; {
			tok := l.next()
			if tok.kind == tokEnd {
				break
			}
			if tok.start <= last || tok.end <= tok.start || tok.end > len(s) {
				t.Fatalf("token %+v after %d", tok, last)
			}
			last = tok.start
		}
		st, err := parseStatement(s)
		if err == nil && (!strings.Contains(s, st.insert) || !strings.HasSuffix(s, st.data)) {
			t.Fatalf("parts %+v", st)
		}
		if _, err := parseStatement("SELECT 1, file (" + s); err == nil {
			t.Fatal("file( was let through")
		}
	})
}
