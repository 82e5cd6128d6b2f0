package oracle

import (
	"fmt"
	"math/rand/v2"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// History makes random events of one account that are out of order, sometimes
// late, bunched and with long silences. The same seed gives the same history.
type History struct {
	rnd     *rand.Rand
	account string
	now     int64
	n       int
}

// NewHistory begins at event time start (Unix ms).
func NewHistory(seed uint64, account string, start int64) *History {
	return &History{rnd: rand.New(rand.NewPCG(seed, 0x10142)), account: account, now: start}
}

func (h *History) meta() event.Meta {
	h.n++
	switch h.rnd.IntN(20) {
	case 0:
		h.now += h.rnd.Int64N(3 * dayMS)
	case 1, 2, 3:
		h.now += h.rnd.Int64N(2 * 3600 * 1000)
	default:
		h.now += h.rnd.Int64N(20 * 1000)
	}
	m := event.Meta{EventID: fmt.Sprint(h.account, "-", h.n), AccountID: h.account, TS: h.now}
	switch h.rnd.IntN(10) {
	case 0:
		m.TS -= h.rnd.Int64N(3700 * 1000) // mostly within the lateness
	case 1, 2:
		m.TS -= h.rnd.Int64N(90 * 1000)
	}
	if h.rnd.IntN(4) == 0 {
		m.OrgID = fmt.Sprint("org-", h.rnd.IntN(2))
	}
	return m
}

// token is one of n values, sometimes absent.
func (h *History) token(n int) event.Token {
	if h.rnd.IntN(8) == 0 {
		return 0
	}
	return event.Token(1<<56 | uint64(h.rnd.IntN(n)+1)*0x1234567)
}

func (h *History) network() event.Network {
	return event.Network{
		IP: h.token(30), Prefix: h.token(12), ASN: uint32(h.rnd.IntN(5)),
		IPType: event.IPType(h.rnd.IntN(4)), Country: event.Country(h.rnd.IntN(3)),
	}
}

// Request makes the next request.
func (h *History) Request() event.Request {
	return event.Request{
		Meta: h.meta(), Network: h.network(), APIKey: h.token(3), JA4: h.token(3), UserAgent: h.token(3), Model: 1,
		Status:      []int32{200, 200, 200, 0, 429, 500}[h.rnd.IntN(6)],
		InputTokens: h.rnd.Int64N(9000), OutputTokens: h.rnd.Int64N(3000), CachedTokens: h.rnd.Int64N(2) * h.rnd.Int64N(4000),
		ToolCalls: int32(h.rnd.IntN(3)), Task: event.Task(h.rnd.IntN(int(event.NumTasks))),
		Template: uint64(h.token(10)), Suffix: uint64(h.token(1000)), CoT: []float32{-1, 0, 0.25, h.rnd.Float32(), 1}[h.rnd.IntN(5)],
	}
}

// Payment makes the next payment signal.
func (h *History) Payment() event.Payment {
	return event.Payment{
		Meta: h.meta(), IP: h.token(4), Prefix: h.token(3), Kind: event.PaymentKind(h.rnd.IntN(8)),
		Instrument: h.token(12), InstrumentType: event.InstrumentType(h.rnd.IntN(6)), BIN: h.token(6), Funding: event.Funding(h.rnd.IntN(5)),
		IssuerCountry: event.Country(h.rnd.IntN(3)), BillingCountry: event.Country(h.rnd.IntN(3)),
		BillingName: h.token(4), BillingZip: h.token(4), AmountMinor: h.rnd.Int64N(20000), ProcessorRisk: int16(h.rnd.IntN(102) - 1),
	}
}

// Signup makes the next signup event.
func (h *History) Signup() event.Signup {
	return event.Signup{
		Meta: h.meta(), Network: h.network(), Email: h.token(5), EmailDomain: h.token(3), EmailShape: h.token(3), FreeMail: h.rnd.IntN(2) == 0,
		Phone: h.token(4), PhoneCountry: event.Country(h.rnd.IntN(3)), PhoneType: event.PhoneType(h.rnd.IntN(4)),
		Device: h.token(4), JA4: h.token(3), UserAgent: h.token(3), Method: event.Method(h.rnd.IntN(7)), SSOOrg: h.token(2),
		Program: event.Program(h.rnd.IntN(4)), Referral: h.token(3), FormMS: h.rnd.Int64N(9000) - 1,
	}
}
