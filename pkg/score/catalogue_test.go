package score

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/link"
)

const signalsDoc = "../../docs/signals.md"

// The table of docs/signals.md is what the code says. IOLAUS_UPDATE=1 writes it.
func TestSignalsDoc(t *testing.T) {
	const begin, end = "<!-- signals: written by pkg/score, IOLAUS_UPDATE=1 go test ./pkg/score -->\n", "<!-- /signals -->"
	data, err := os.ReadFile(signalsDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks its markers", signalsDoc)
	}
	want := signalsTable()
	if table == want {
		return
	}
	if os.Getenv("IOLAUS_UPDATE") == "" {
		t.Fatalf("the table of %s is not what the code says; IOLAUS_UPDATE=1 writes it. Want:\n%s", signalsDoc, want)
	}
	if err := os.WriteFile(signalsDoc, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

func signalsTable() string {
	var b strings.Builder
	b.WriteString("| code | family | sort | worth at most | what | window | source |\n|---|---|---|---|---|---|---|\n")
	for _, e := range Catalogue() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %.1f | %s | %s | %s |\n", e.Code, e.Family, e.Sort, e.Cap, e.What, e.Window, e.Source)
	}
	return b.String()
}

// Every kind that counts and every signal is in the catalogue once, and described.
func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Catalogue() {
		if seen[e.Code] {
			t.Errorf("%s twice", e.Code)
		}
		seen[e.Code] = true
		if e.What == "" || e.Window == "" || e.Source == "" || e.Family == "" {
			t.Errorf("%+v is not described", e)
		}
	}
	for k := link.KindNone; k < link.NumAllKinds; k++ {
		if s := k.Spec(); s.Family != link.FamilyNone && !seen[s.Code] {
			t.Errorf("%s is not in the catalogue", s.Code)
		}
	}
}
