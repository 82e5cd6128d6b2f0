package eval

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

func TestParseWorlds(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string // names, nil = an error
	}{
		{"levels", []string{"levels@1:1"}},
		{"levels@0.25:7", []string{"levels@0.25:7"}},
		{"levels@1/4:1-3", []string{"levels@0.25:1", "levels@0.25:2", "levels@0.25:3"}},
		{"levels@5%", []string{"levels@0.05:1"}},
		{"worlds/mine.yaml:9", []string{"mine@1:9"}},
		{"levels:3-1", nil},
		{"levels:1-500", nil}, // more than anybody means
		{"levels:x", nil},
		{"levels@0", nil},
		{"levels@-1", nil},
		{"levels@1/0", nil},
		{"levels@many", nil},
		{"@1:1", nil},
	} {
		ws, err := ParseWorlds(c.in)
		var got []string
		for i := range ws {
			got = append(got, ws[i].Name())
		}
		if (err != nil) != (c.want == nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", c.in, got, err)
		}
	}
}

// The project's own worlds can be made, each under a name of its own.
func TestOwnWorlds(t *testing.T) {
	names := map[string]bool{}
	for _, w := range append(Full(), Quick()...) {
		if err := w.Check(); err != nil {
			t.Errorf("%s: %v", w.Name(), err)
		}
		if names[w.Name()] {
			t.Errorf("%s is there twice", w.Name())
		}
		names[w.Name()] = true
	}
	if w := (World{Scenario: "no such"}); w.Check() == nil {
		t.Error("a scenario that does not exist passes")
	}
	if w := Folder("/data/mine/"); w.Name() != "mine" || w.Check() != nil {
		t.Errorf("folder %s, %v", w.Name(), w.Check())
	}
}

func TestTruths(t *testing.T) {
	ts := NewTruths()
	label := func(account string, kind event.LabelKind, campaign, note string) {
		ts.Read(&event.Label{Meta: event.Meta{AccountID: account}, Label: kind, Campaign: campaign, Note: note})
	}
	label("a", event.LabelLegit, "", "class=student")
	label("a", event.LabelFraud, "spring", "class=campaign pool=second level=L2 attack=framing stray words=")
	label("h", event.LabelLegit, "", "class=course trap=course_burst")
	label("n", event.LabelLegit, "", "")
	label("o", event.LabelCompromised, "spring", "class=org_sso key=key_1 from=1700000000000 level=L3")
	label("p", event.LabelCompromised, "spring", "class=startup key=key_2 from=soon")
	if got, want := *ts.Of("a"), (Truth{Label: event.LabelFraud, Campaign: "spring", Pool: "second", Level: "L2", Attack: "framing"}); got != want {
		t.Errorf("the last label counts: %+v", got)
	}
	if h := ts.Of("h"); h.Class != "course" || h.Trap != "course_burst" || !h.Honest() || h.Fraud() || h.second() {
		t.Errorf("%+v", h)
	}
	if n := ts.Of("n"); n.Class != "unnamed" {
		t.Errorf("an honest account without a class: %+v", n)
	}
	if o := ts.Of("o"); !o.Honest() || *ts.keys["key_1"] != (theft{"o", 1700000000000, "L3"}) || ts.keys["key_2"].from != 0 {
		t.Errorf("%+v, %+v", o, ts.keys)
	}
	if none := ts.Of("nobody"); none != nil || none.Honest() || none.Fraud() {
		t.Errorf("nobody is %+v", none)
	}
}

func TestReadTruthsNeedsLabels(t *testing.T) {
	dir := t.TempDir()
	cfg := decoding()
	if _, err := ReadTruths(context.Background(), dir, cfg); err == nil {
		t.Error("no error without a file")
	}
	path := filepath.Join(dir, "labels.jsonl")
	if err := os.WriteFile(path, []byte("{\"label\":\"fraud\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTruths(context.Background(), dir, cfg); err == nil {
		t.Error("no error where no label can be read")
	}
	line := `{"event_id":"e1","account_id":"a","ts":1772409600000,"label":"legit","source":"analyst","note":"class=student"}` + "\n"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	ts, err := ReadTruths(context.Background(), dir, cfg)
	if err != nil || ts.Of("a") == nil || ts.Of("a").Class != "student" {
		t.Errorf("%+v, %v", ts, err)
	}
}
