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
	thief   int // from which event on somebody else uses the keys too, 0 = never
}

// NewHistory begins at event time start (Unix ms).
func NewHistory(seed uint64, account string, start int64) *History {
	h := &History{rnd: rand.New(rand.NewPCG(seed, 0x10142)), account: account, now: start}
	if h.rnd.IntN(2) == 0 {
		h.thief = 30 + h.rnd.IntN(60)
	}
	return h
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

// Request makes the next request. Who has a thief is a creature of habit; the thief
// is not, and sometimes is taken for the owner.
func (h *History) Request() event.Request {
	e := h.anyRequest()
	if h.thief == 0 {
		return e
	}
	e.Network = event.Network{IP: e.IP, ASN: uint32(h.rnd.IntN(12)/10 + 1), IPType: 1, Country: 1}
	e.JA4, e.UserAgent, e.Template, e.Task = 1, event.Token(h.rnd.IntN(12)/10), uint64(h.rnd.IntN(3)/2)*0x5555, event.TaskChat
	if h.n < h.thief {
		return e
	}
	other := h.rnd.Uint32()
	if other&1 == 0 {
		return e // the owner
	}
	if other&30 != 0 {
		e.UserAgent, e.Task = 9, event.TaskAgenticReasoning
	}
	if other&0x1e0 != 0 {
		e.Network = event.Network{IP: e.IP, ASN: 77 + other>>30, IPType: event.IPHosting, Country: 2}
	}
	if other&0x1e00 != 0 {
		e.Template = 0xAAAA_0000_FFFF_0000 ^ 1<<(other>>26)
	}
	return e
}

func (h *History) anyRequest() event.Request {
	return event.Request{
		Meta: h.meta(), Network: h.network(), APIKey: h.token(3), APIKeyID: fmt.Sprintf("key_%x", h.rnd.IntN(999)), JA4: h.token(3), UserAgent: h.token(3), Model: h.token(5),
		Status:      []int32{200, 200, 200, 0, 429, 500}[h.rnd.IntN(6)],
		InputTokens: h.rnd.Int64N(9000), OutputTokens: h.rnd.Int64N(3000), CachedTokens: h.rnd.Int64N(2) * h.rnd.Int64N(4000),
		ToolCalls: int32(h.rnd.IntN(3)), Task: event.Task(h.rnd.IntN(int(event.NumTasks))),
		Turn: int32(h.rnd.IntN(4)), Conversation: h.token(6), Stream: h.rnd.IntN(3) == 0,
		Template: uint64(h.token(10)), Suffix: uint64(h.token(1000)), CoT: []float32{-1, 0, 0.25, h.rnd.Float32(), 1}[h.rnd.IntN(5)],
	}
}

// Payment makes the next payment signal.
func (h *History) Payment() event.Payment {
	return event.Payment{
		Meta: h.meta(), IP: h.token(4), Prefix: h.token(3), Kind: event.PaymentKind(h.rnd.IntN(8)),
		Instrument: h.token(12), InstrumentType: event.InstrumentType(h.rnd.IntN(6)), BIN: h.token(6), Funding: event.Funding(h.rnd.IntN(5)),
		IssuerCountry: event.Country(h.rnd.IntN(3)), BillingCountry: event.Country(h.rnd.IntN(3)),
		BillingName: h.token(4), BillingZip: h.token(4), AmountMinor: h.rnd.Int64N(4) * 1000, Currency: event.Currency(h.rnd.IntN(2)), ProcessorRisk: int16(h.rnd.IntN(102) - 1),
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
