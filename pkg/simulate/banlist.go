package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// BanList is what a detector took down: the first Unix ms at which it is down, by account
// id and by API key id.
type BanList struct{ Accounts, Keys map[string]int64 }

// ReadBans reads a decisions file as replay writes it (one JSON object a line). Enforced
// suspensions and revoked keys count, from right after their event time on: the event that
// tipped a decision was served. A suspension that was taken back later does not count.
func ReadBans(path string) (*BanList, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading bans: %w", err)
	}
	defer func() { _ = f.Close() }()
	b := &BanList{Accounts: map[string]int64{}, Keys: map[string]int64{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		var d struct {
			AccountID string `json:"account_id"`
			APIKeyID  string `json:"api_key_id"`
			Action    string `json:"action"`
			Mode      string `json:"mode"`
			EventTS   int64  `json:"event_ts"`
		}
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, fmt.Errorf("reading bans: line %d: %w", n, err)
		}
		if d.Mode != "shadow" {
			b.note(d.AccountID, d.APIKeyID, d.Action, d.EventTS+1)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading bans: %w", err)
	}
	return b, nil
}

func (b *BanList) note(account, key, action string, ts int64) {
	switch action {
	case "revoke_key":
		if b.Keys[key] == 0 {
			b.Keys[key] = ts
		}
	case "suspend":
		if b.Accounts[account] == 0 {
			b.Accounts[account] = ts
		}
	default:
		delete(b.Accounts, account)
	}
}
