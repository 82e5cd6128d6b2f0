package exact_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// generator makes the records of a number of accounts on all three input topics: out of
// order, some late, some that must be rejected.
type generator struct {
	rnd      *rand.Rand
	accounts int
	now      int64 // event time, Unix ms
	n        int
}

func newGenerator(seed uint64, accounts int) *generator {
	return &generator{rnd: rand.New(rand.NewPCG(seed, 0xE8AC7)), accounts: accounts, now: 1_775_000_000_000}
}

// next makes one record.
func (g *generator) next() *kgo.Record {
	g.n++
	g.now += g.rnd.Int64N(400)
	if g.rnd.IntN(400) == 0 {
		g.now += g.rnd.Int64N(5 * 3600_000)
	}
	account := fmt.Sprintf("acct-%03d", g.zipf())
	topic, fields := g.event()
	fields["event_id"] = fmt.Sprintf("ev-%d", g.n)
	fields["account_id"] = account
	fields["ts"] = g.time()
	if g.rnd.IntN(10) == 0 {
		fields["org_id"] = "org-1"
	}
	value, err := json.Marshal(fields)
	if err != nil {
		panic(err) // a map of strings and numbers
	}
	if g.rnd.IntN(200) == 0 {
		value = value[:len(value)/2] // rejected
	}
	return &kgo.Record{Topic: topic, Key: []byte(account), Value: value}
}

// zipf favours few accounts, so that minutes hold several events.
func (g *generator) zipf() int {
	return int(float64(g.accounts) * g.rnd.Float64() * g.rnd.Float64() * g.rnd.Float64())
}

func (g *generator) time() int64 {
	switch g.rnd.IntN(50) {
	case 0:
		return g.now - g.rnd.Int64N(4*3600_000) // often too late
	case 1, 2, 3:
		return g.now - g.rnd.Int64N(100_000)
	}
	return g.now
}

func (g *generator) event() (string, map[string]any) {
	ip := fmt.Sprintf("198.51.%d.%d", g.rnd.IntN(3), g.rnd.IntN(8))
	switch g.rnd.IntN(10) {
	case 0:
		return wire.TopicSignups, map[string]any{
			"ip": ip, "asn": 64500, "email": fmt.Sprintf("user.%d@example.org", g.rnd.IntN(900)), "method": "email", "form_ms": g.rnd.IntN(9000),
			"device_id": fmt.Sprint("d", g.rnd.IntN(50)),
		}
	case 1, 2:
		return wire.TopicPayments, map[string]any{
			"kind": []string{"charge", "decline", "refund", "card_added", "topup"}[g.rnd.IntN(5)], "amount_minor": g.rnd.IntN(9000), "currency": "EUR",
			"instrument_id": fmt.Sprint("pi-", g.rnd.IntN(40)), "instrument_type": "card", "funding": "prepaid", "ip": ip, "processor_risk": g.rnd.IntN(101),
		}
	default:
		return wire.TopicRequests, map[string]any{
			"model": "m-1", "ip": ip, "asn": 64500 + g.rnd.IntN(3), "ja4": fmt.Sprint("ja4-", g.rnd.IntN(3)), "api_key_id": fmt.Sprint("key-", g.rnd.IntN(300)),
			"status": []int{200, 200, 200, 429, 500}[g.rnd.IntN(5)], "input_tokens": g.rnd.IntN(5000), "output_tokens": g.rnd.IntN(2000),
			"cached_tokens": g.rnd.IntN(100), "tool_calls": g.rnd.IntN(3), "task": "chat", "cot_score": float64(g.rnd.IntN(100)) / 100,
			"template_hash": fmt.Sprintf("%016x", g.rnd.IntN(12)+1), "suffix_hash": fmt.Sprintf("%016x", g.rnd.Uint64()),
		}
	}
}
