package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

// traffic makes requests of honest accounts: how often an account asks follows Zipf's
// law, as does the traffic of real APIs; its addresses, clients and templates are partly its
// own and partly shared, as behind office networks and mobile carriers.
type traffic struct {
	accounts []customer
	zipf     *rand.Zipf
	rng      *rand.Rand
	protobuf bool
	events   uint64
	run      uint64 // tells the event ids of one generator from another's
	dynamic  eventsv1.Request
}

// customer is an account with what is the same in all requests of a session, encoded.
type customer struct {
	key     []byte
	fixed   [2][]byte // home and elsewhere
	session uint64
	turn    int32
	place   int
	country string
	ja4     string
}

const (
	zipfExponent = 1.1
	zipfShift    = 10 // the busiest of 50,000 accounts makes 1.7% of the requests
	sessionTurns = 20
)

// newTraffic makes n accounts. The same seed gives the same accounts in both encodings.
func newTraffic(n int, seed uint64, protobuf bool) *traffic {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &traffic{
		accounts: make([]customer, n), rng: rng, protobuf: protobuf, run: rng.Uint64() << 40,
		zipf: rand.NewZipf(rng, zipfExponent, zipfShift, uint64(n-1)),
	}
	for i := range t.accounts {
		t.accounts[i] = t.customer(i)
	}
	return t
}

var ( // what customers have in common
	countries = []string{"US", "US", "US", "DE", "GB", "FR", "IN", "JP", "BR", "CA"}
	models    = []string{"atlas-4", "atlas-4", "atlas-4-mini", "atlas-3"}
	tasks     = []string{"chat", "writing", "software_engineering", "data_analysis", "agentic_reasoning"}
)

func (t *traffic) customer(i int) customer {
	r := t.rng
	id := fmt.Sprintf("acct_%016x", uint64(i)*0x9e3779b97f4a7c15+1)
	q := &eventsv1.Request{
		AccountId: id, ApiKeyId: fmt.Sprintf("key_%016x", r.Uint64()), Model: models[r.IntN(len(models))],
		Task: tasks[r.IntN(len(tasks))], Country: countries[r.IntN(len(countries))],
		Ja4:          fmt.Sprintf("t13d1516h2_%012x_b186095e22b6", r.IntN(40)),
		UserAgent:    fmt.Sprintf("atlas-python/2.%d.0 (Linux x86_64; CPython 3.12)", r.IntN(12)),
		TemplateHash: fmt.Sprintf("%016x", r.Uint64()), Endpoint: "/v1/messages",
	}
	if r.IntN(4) == 0 { // a popular framework's template
		q.TemplateHash = fmt.Sprintf("%016x", uint64(r.IntN(60)+1)*0x517cc1b727220a95)
	}
	c := customer{key: []byte(id), country: q.Country, ja4: q.Ja4}
	for place := range c.fixed {
		t.locate(q, place)
		c.fixed[place] = t.encodeFixed(q)
	}
	return c
}

// locate sets where a request comes from: a home of its own or an office that others
// share, and a carrier's address elsewhere.
func (t *traffic) locate(q *eventsv1.Request, place int) {
	r := t.rng
	q.Asn = uint32(7000 + r.IntN(300)) //nolint:gosec // small
	switch {
	case place == 1:
		q.Ip, q.IpType = fmt.Sprintf("172.58.%d.%d", r.IntN(8), r.IntN(250)), "mobile"
	case r.IntN(5) == 0:
		q.Ip, q.IpType = fmt.Sprintf("198.18.%d.%d", r.IntN(4), r.IntN(250)), "corporate"
	default:
		q.Ip, q.IpType = fmt.Sprintf("%d.%d.%d.%d", 24+r.IntN(70), r.IntN(250), r.IntN(250), r.IntN(250)), "residential"
	}
}

// encodeFixed writes the fields that do not change. Protobuf messages can be written one
// after the other; a JSON object is left open.
func (t *traffic) encodeFixed(q *eventsv1.Request) []byte {
	if t.protobuf {
		b, err := q.MarshalVT()
		if err != nil {
			panic(err) // a message of plain strings always encodes
		}
		return b
	}
	return fmt.Appendf(nil, `{"account_id":%q,"api_key_id":%q,"ip":%q,"asn":%d,"ip_type":%q,"country":%q,"ja4":%q,"model":%q,"task":%q,"template_hash":%q`,
		q.AccountId, q.ApiKeyId, q.Ip, q.Asn, q.IpType, q.Country, q.Ja4, q.Model, q.Task, q.TemplateHash)
}

// next makes a request at an event time (Unix ms). The value is the caller's to keep.
func (t *traffic) next(ts int64) (key, value []byte) {
	c := &t.accounts[t.zipf.Uint64()]
	if c.turn++; c.session == 0 || c.turn > sessionTurns {
		c.turn, c.session, c.place = 1, t.rng.Uint64(), 0
		if t.rng.IntN(4) == 0 {
			c.place = 1
		}
	}
	return t.request(c, ts)
}

func (t *traffic) request(c *customer, ts int64) (key, value []byte) {
	t.events++
	d := &t.dynamic
	d.Ts, d.Status, d.Turn = ts, 200, c.turn
	if t.rng.IntN(50) == 0 {
		d.Status = 429
	}
	d.InputTokens = int64(c.turn)*400 + int64(t.rng.IntN(900))
	d.OutputTokens = int64(t.rng.IntN(1200))
	d.CachedTokens = int64(c.turn-1) * 400
	d.LatencyMs = 300 + d.OutputTokens*8
	if t.protobuf {
		return c.key, t.appendProtobuf(c)
	}
	return c.key, t.appendJSON(c)
}

func (t *traffic) appendProtobuf(c *customer) []byte {
	t.dynamic.EventId = t.eventID()
	t.dynamic.ConversationId = "conv_" + strconv.FormatUint(c.session, 16)
	fixed := c.fixed[c.place]
	b := make([]byte, len(fixed)+t.dynamic.SizeVT())
	copy(b, fixed)
	if _, err := t.dynamic.MarshalToSizedBufferVT(b[len(fixed):]); err != nil {
		panic(err) // the buffer has the size that was asked for
	}
	return b
}

func (t *traffic) appendJSON(c *customer) []byte {
	d, fixed := &t.dynamic, c.fixed[c.place]
	b := append(make([]byte, 0, len(fixed)+140), fixed...)
	b = append(b, `,"event_id":"`...)
	b = append(b, t.eventID()...)
	b = strconv.AppendInt(append(b, `","ts":`...), d.Ts, 10)
	b = strconv.AppendInt(append(b, `,"status":`...), int64(d.Status), 10)
	b = strconv.AppendInt(append(b, `,"input_tokens":`...), d.InputTokens, 10)
	b = strconv.AppendInt(append(b, `,"output_tokens":`...), d.OutputTokens, 10)
	return append(b, '}')
}

func (t *traffic) eventID() string { return "ev_" + strconv.FormatUint(t.run+t.events, 16) }

// introduced is how many requests every account makes before anything is measured, from both
// of its places: what is new in a day has then been told, as it has on any afternoon.
const introduced = 8

// introduction yields a signup, a card and the first requests of every account.
func (t *traffic) introduction(ts int64, yield func(topic string, key, value []byte)) {
	for n := range introduced * len(t.accounts) {
		c := &t.accounts[n%len(t.accounts)]
		c.place = n / len(t.accounts) % len(c.fixed)
		key, value := t.request(c, ts)
		yield("requests", key, value)
	}
	for i := range t.accounts {
		c := &t.accounts[i]
		yield("signups", c.key, fmt.Appendf(nil,
			`{"event_id":"su_%d","account_id":%q,"ts":%d,"ip":"81.%d.%d.%d","country":%q,"email":"%s@mail.example","device_id":"dev_%016x","ja4":%q,"method":"email","form_ms":%d}`,
			i, c.key, ts, i>>16&255, i>>8&255, i&255, c.country, c.key, t.rng.Uint64(), c.ja4, 9000+t.rng.IntN(60000)))
		yield("payments", c.key, t.payment(c, ts, "card_added"))
	}
}

// pay makes a payment of some account.
func (t *traffic) pay(ts int64) (key, value []byte) {
	c := &t.accounts[t.zipf.Uint64()]
	return c.key, t.payment(c, ts, "charge")
}

func (t *traffic) payment(c *customer, ts int64, kind string) []byte {
	t.events++
	return fmt.Appendf(nil, `{"event_id":%q,"account_id":%q,"ts":%d,"kind":%q,"instrument_id":"pi_%s","instrument_type":"card","bin":"424242","funding":"credit","issuer_country":%q,"billing_country":%q,"amount_minor":2000,"currency":"USD"}`,
		"pay"+t.eventID(), c.key, ts, kind, c.key, c.country, c.country)
}
