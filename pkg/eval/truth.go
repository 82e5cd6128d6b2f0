package eval

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/replay"
)

// Truth is what an account is, as its last label and the note on it say.
type Truth struct {
	Label    event.LabelKind
	Campaign string
	Class    string // honest class
	Trap     string // what an honest account resembles, "" = nothing
	Pool     string
	Level    string // effort of a campaign, L0 (sloppy) to L3 (expert)
	Attack   string
}

// Honest reports whether suspending the account wrongs somebody: also the owner of a stolen key is honest.
func (t *Truth) Honest() bool {
	return t != nil && (t.Label == event.LabelLegit || t.Label == event.LabelCompromised)
}

// Fraud reports whether the account is a campaign's.
func (t *Truth) Fraud() bool { return t != nil && t.Label == event.LabelFraud }

// second reports whether the account is of a pool brought up after the first was banned.
func (t *Truth) second() bool {
	p := strings.ToLower(t.Pool)
	return t.Fraud() && (p == "2" || p == "pool2" || strings.HasPrefix(p, "second"))
}

// theft is a stolen API key.
type theft struct {
	account string
	from    int64 // event time (ms) of the thief's first exchange
	level   string
}

// Truths holds what is known of a world.
type Truths struct {
	accounts map[string]*Truth
	keys     map[string]*theft // by API key
	shared   map[Truth]*Truth  // one copy of each: 100,000 accounts have few different ones
}

// NewTruths returns an empty set.
func NewTruths() *Truths {
	return &Truths{accounts: map[string]*Truth{}, keys: map[string]*theft{}, shared: map[Truth]*Truth{}}
}

// Read notes a label; the last one of an account counts.
func (ts *Truths) Read(l *event.Label) {
	t := Truth{Label: l.Label, Campaign: l.Campaign}
	stolen := theft{account: l.AccountID}
	key := ""
	for _, word := range strings.Fields(l.Note) {
		k, v, ok := strings.Cut(word, "=")
		if !ok {
			continue
		}
		switch k {
		case "class":
			t.Class = v
		case "trap":
			t.Trap = v
		case "pool":
			t.Pool = v
		case "level":
			t.Level, stolen.level = v, v
		case "attack":
			t.Attack = v
		case "key":
			key = v
		case "from":
			stolen.from, _ = strconv.ParseInt(v, 10, 64) // unreadable = from the beginning
		}
	}
	if t.Label == event.LabelFraud && t.Class == "campaign" {
		t.Class = ""
	}
	if t.Honest() && t.Class == "" {
		t.Class = "unnamed"
	}
	if t.Label == event.LabelCompromised && key != "" {
		ts.keys[key] = &stolen
	}
	one := ts.shared[t]
	if one == nil {
		one = &t
		ts.shared[t] = one
	}
	ts.accounts[l.AccountID] = one
}

// Of returns an account's truth, nil where no label names it.
func (ts *Truths) Of(account string) *Truth { return ts.accounts[account] }

// ReadTruths reads the labels of an input folder.
func ReadTruths(ctx context.Context, dir string, cfg decode.Config) (*Truths, error) {
	ts := NewTruths()
	path := filepath.Join(dir, event.StreamLabel.String()+".jsonl")
	if err := replay.Labels(ctx, path, cfg, ts.Read); err != nil {
		return nil, fmt.Errorf("reading the truth: %w", err)
	}
	if len(ts.accounts) == 0 {
		return nil, fmt.Errorf("%s: holds no label that can be read: nothing to judge by", path)
	}
	return ts, nil
}
