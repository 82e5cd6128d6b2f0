package grafana

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

const committed = "../../deploy/grafana/iolaus.json"

func TestCommittedFileIsCurrent(t *testing.T) {
	want, err := Dashboard(queries.All())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the queries make; run go test ./pkg/grafana -update", committed)
	}
}

var update = flag.Bool("update", false, "write the committed dashboard")

// Every query is a panel, no parameter is left for ClickHouse to miss, and no two panels overlap.
func TestPanels(t *testing.T) {
	out, err := Dashboard(queries.All())
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RawSQL string }
		}
	}
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) != len(queries.All()) {
		t.Fatalf("%d panels of %d queries", len(d.Panels), len(queries.All()))
	}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if sql := p.Targets[0].RawSQL; strings.Contains(sql, "{from:") || strings.Contains(sql, "{run_id:String}") || !strings.Contains(sql, "${run_id:singlequote}") {
			t.Errorf("%s: a parameter is left in %s", p.Title, sql)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			cell := [2]int{x, p.GridPos.Y}
			if taken[cell] != "" || x >= full {
				t.Errorf("%s lies on %s, or outside the grid", p.Title, taken[cell])
			}
			taken[cell] = p.Title
		}
	}
}
