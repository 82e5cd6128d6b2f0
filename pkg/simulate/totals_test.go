package simulate

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Accounts and exchanges of the built-in campaigns are those of the table in
// docs/scenarios.md, and a campaign's parts sum to them.
func TestTotals(t *testing.T) {
	data, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		sc, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		accounts, exchanges := 0, int64(0)
		for _, c := range sc.Campaigns {
			accounts += c.Accounts
			exchanges += c.Exchanges
			sum := c.Stolen.Exchanges
			for _, p := range c.Pools {
				sum += p.Exchanges
			}
			if sum != c.Exchanges {
				t.Errorf("%s: parts of %s sum to %d, not %d", name, c.Name, sum, c.Exchanges)
			}
		}
		want := thousands(int64(accounts)) + " · " + size(exchanges)
		if accounts == 0 {
			want = "none, " + thousands(int64(sc.Honest.Accounts)) + " honest accounts"
		}
		told := false
		for line := range strings.Lines(string(data)) {
			told = told || strings.HasPrefix(line, "| `"+name+"` |") && strings.Contains(line, "| "+want)
		}
		if !told {
			t.Errorf("%s: no row that says %q", name, want)
		}
	}
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// size is millions with two digits, or thousands rounded.
func size(n int64) string {
	if n >= 1_000_000 {
		return fmt.Sprintf("%.2fM", float64(n)/1e6)
	}
	return thousands((n + 500) / 1000 * 1000)
}
