package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

const loopDoc = honestDoc + `campaigns: [{name: hydra, accounts: 150, exchanges: 15000, start_day: 2, days: 16, stolen: {keys: 5, share: 0.1, start_day: 1},
  pools: [{name: one, share: 0.6, effort: {level: L1, ramp_days: 3}}, {name: two, share: 0.4, start_day: 6, effort: {level: L2, ramp_days: 3}}]}]`

// someBans takes down two of three accounts of the first pool half way, two stolen keys,
// and an honest account, which must change nothing.
func someBans(w *World) *BanList {
	b := &BanList{Accounts: map[string]int64{}, Keys: map[string]int64{}}
	half := w.start + 9*dayMS
	for i, a := range w.gangs[0].fleets[0].members {
		if i%3 > 0 {
			b.Accounts[a.id] = half + int64(i)*hourMS/4
		}
	}
	for _, th := range w.gangs[0].thieves[:2] {
		b.Keys[idKey+string(appendHex(nil, th.fixedKey))] = half
	}
	b.Accounts[w.accounts[3].id] = half
	return b
}

type played struct {
	order    []string // all records but labels
	honest   []string
	requests map[string][]int64 // of the campaign, by account
	signups  map[string]int64
	attacks  int64 // exchanges of the campaign, stolen keys included
}

func look(w *World, own map[string]bool) played {
	s := played{requests: map[string][]int64{}, signups: map[string]int64{}}
	truth := w.Truth()
	for e := range w.Events {
		if e.Stream == event.StreamLabel {
			continue
		}
		value := string(e.Value)
		s.order = append(s.order, value)
		if truth[e.AccountID].Honest {
			if own[value] {
				s.honest = append(s.honest, value)
				continue
			}
			s.attacks++
			continue
		}
		switch e.Stream {
		case event.StreamSignup:
			s.signups[e.AccountID] = e.TS
		case event.StreamRequest:
			s.requests[e.AccountID] = append(s.requests[e.AccountID], e.TS)
			s.attacks++
		}
	}
	return s
}

// What was banned stops at its time; its exchanges go to siblings and to replacements that
// sign up later; until the first ban, and for the honest to the end, the bytes are the same.
func TestClosedLoop(t *testing.T) {
	own := map[string]bool{}
	for e := range parsed(t, honestDoc).Events {
		own[string(e.Value)] = true
	}
	open := parsed(t, loopDoc)
	bans := someBans(open)
	before := look(open, own)
	closed := parsed(t, loopDoc, WithBans(bans))
	moved := closed.Moved()
	after := look(closed, own)

	first := open.end
	for id, at := range bans.Accounts {
		if len(before.requests[id]) > 0 {
			first = min(first, at)
		}
	}
	for _, at := range bans.Keys {
		first = min(first, at)
	}
	if len(after.honest) != len(before.honest) {
		t.Fatalf("%d honest records, %d before", len(after.honest), len(before.honest))
	}
	for i := range after.honest {
		if after.honest[i] != before.honest[i] {
			t.Fatalf("an honest record changed: %s", after.honest[i])
		}
	}
	same := 0
	for same < len(before.order) && field([]byte(before.order[same]), "ts") < fmt.Sprint(first) { // thirteen digits all
		if after.order[same] != before.order[same] {
			t.Fatalf("before the first ban: %s", after.order[same])
		}
		same++
	}
	if same < len(before.order)/4 {
		t.Errorf("%d of %d records come before the first ban", same, len(before.order))
	}
	for id, at := range bans.Accounts {
		for _, ts := range after.requests[id] {
			if ts >= at {
				t.Fatalf("an exchange %d ms after the ban", ts-at)
			}
		}
	}
	if before.attacks != 15000 || after.attacks+moved.GivenUp != 15000 {
		t.Errorf("%d exchanges, then %d and %d given up", before.attacks, after.attacks, moved.GivenUp)
	}
	newcomers, siblings := 0, 0
	for id, at := range after.signups {
		if _, known := before.signups[id]; !known {
			if newcomers++; at < first {
				t.Errorf("a replacement signed up before the first ban")
			}
		}
	}
	for id, ts := range after.requests {
		if n := len(before.requests[id]); n > 0 && len(ts) > n {
			siblings++
		}
	}
	if newcomers != moved.Replacements || newcomers < 10 || siblings < 30 || moved.Banned != 62 || moved.Exchanges < 2000 {
		t.Errorf("%+v; %d newcomers, %d siblings that do more", moved, newcomers, siblings)
	}
}

// The loop is deterministic on any number of cores, also with replacements banned in turn.
func TestClosedLoopAgain(t *testing.T) {
	bans := someBans(parsed(t, loopDoc))
	second := parsed(t, loopDoc, WithBans(bans))
	known := map[string]bool{}
	for id := range parsed(t, loopDoc).Truth() {
		known[id] = true
	}
	n := 0
	for id := range second.Truth() {
		if !known[id] {
			bans.Accounts[id] = second.start + 14*dayMS
			n++
		}
	}
	one := runtime.GOMAXPROCS(1)
	third := parsed(t, loopDoc, WithBans(bans))
	moved := third.Moved()
	a := digest(third)
	runtime.GOMAXPROCS(2)
	b := digest(parsed(t, loopDoc, WithBans(bans)))
	runtime.GOMAXPROCS(one)
	if a != b {
		t.Error("one core and two give different bytes")
	}
	if moved.Banned <= 62 || moved.Replacements <= n {
		t.Errorf("%d replacements banned: %+v", n, moved)
	}
}

// A decisions file: suspensions and revoked keys, but not shadow ones nor those taken back.
func TestReadBans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	doc := `{"account_id":"a","action":"observe","event_ts":1}
{"account_id":"a","action":"suspend","event_ts":5,"mode":"enforce"}
{"account_id":"b","action":"suspend","event_ts":6,"mode":"shadow"}
{"account_id":"c","action":"suspend","event_ts":7,"mode":"enforce"}
{"account_id":"c","action":"reinstate","event_ts":8,"mode":"enforce"}
{"account_id":"d","api_key_id":"k","action":"revoke_key","event_ts":9,"mode":"enforce"}
`
	if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := ReadBans(path)
	if err != nil || fmt.Sprint(*b) != "{map[a:6] map[k:10]}" {
		t.Errorf("%v, %v", b, err)
	}
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBans(path); err == nil {
		t.Error("nonsense is read")
	}
}
