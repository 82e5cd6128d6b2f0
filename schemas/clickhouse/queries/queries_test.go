package queries

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAllHaveHeadersAndParameters(t *testing.T) {
	param := regexp.MustCompile(`\{([a-z_]+):([^}]*)\}`)
	types := map[string]string{"run_id": "String", "from": "DateTime64(3, 'UTC')", "to": "DateTime64(3, 'UTC')"}
	seen := map[string]bool{}
	for _, q := range All() {
		if seen[q.Name] {
			t.Errorf("two queries are named %s", q.Name)
		}
		seen[q.Name] = true
		if !strings.Contains(q.SQL, "{run_id:String}") {
			t.Errorf("%s mixes runs", q.Name)
		}
		if strings.Contains(q.SQL, "_log") || strings.Contains(q.SQL, ";") {
			t.Errorf("%s reads a base table, or is more than one statement", q.Name)
		}
		for _, m := range param.FindAllStringSubmatch(q.SQL, -1) {
			if types[m[1]] != m[2] {
				t.Errorf("%s: parameter %s has type %q", q.Name, m[1], m[2])
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d queries", len(seen))
	}
}

func TestLoadRefuses(t *testing.T) {
	const header = "-- title: T\n-- description: D\n-- chart: table\n-- unit: none\n"
	cases := map[string]struct{ file, text, want string }{
		"no number in the name": {"a.sql", header + "SELECT 1", "want a name"},
		"a header is missing":   {"10_a.sql", "-- title: T\nSELECT 1", "is missing"},
		"an unknown header":     {"10_a.sql", "-- titel: T\nSELECT 1", "not known"},
		"a header twice":        {"10_a.sql", "-- unit: a\n" + header + "SELECT 1", "stands twice"},
		"a chart nobody draws":  {"10_a.sql", strings.Replace(header, "table", "pie", 1) + "SELECT 1", "pie"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := load(fstest.MapFS{c.file: {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
