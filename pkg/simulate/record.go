package simulate

import (
	"net/netip"

	"google.golang.org/protobuf/encoding/protowire"
)

// The prefixes of ids. Every class of account uses the same forms.
const (
	idEvent        = "ev_"
	idAccount      = "acct_"
	idOrg          = "org_"
	idDevice       = "dev_"
	idKey          = "key_"
	idConversation = "conv_"
	idInstrument   = "pi_"
)

// source is where an event came from on the network and with which client.
type source struct {
	ip      netip.Addr
	asn     uint32
	ipType  string
	country string
}

type signup struct {
	ts           int64
	from         source
	client       *client
	device       uint64
	local        string // of the email address
	domain       string
	hashed       bool    // the producer tokenised the email itself
	of           *signup // whose mailbox this is a variant of, by a plus tag; nil = its own
	tag          string
	phone        string
	phoneCountry string
	phoneType    string
	method       string
	sso          string
	program      string
	referral     string
	formMS       int64
}

func (s *signup) encode(w *writer, a *account, event uint64) {
	w.open()
	w.id(1, "event_id", idEvent, event)
	w.str(2, "account_id", a.id)
	w.num(3, "ts", s.ts, true)
	w.str(4, "org_id", a.org)
	w.source(5, &s.from, a)
	if s.hashed {
		w.id(10, "email_hash", "", hashString(s.local+"@"+s.domain))
		w.str(11, "email_domain", s.domain)
		w.str(12, "email_shape", shapeOf(s.local))
	} else if s.domain != "" {
		w.str(9, "email", s.local+"@"+s.domain)
	}
	w.str(13, "phone", s.phone)
	if s.phone != "" {
		w.str(15, "phone_country", s.phoneCountry)
		w.str(16, "phone_type", s.phoneType)
	}
	if !a.missing.device {
		w.id(17, "device_id", idDevice, s.device)
	}
	w.client(18, s.client, a)
	w.str(20, "method", s.method)
	w.str(21, "sso_org", s.sso)
	w.str(22, "program", s.program)
	w.str(23, "referral_code", s.referral)
	if s.formMS >= 0 {
		w.num(24, "form_ms", s.formMS, true)
	}
	w.close()
}

// source writes ip, asn, ip_type and country at field numbers n to n+3, as signup
// and request both have them in that order.
func (w *writer) source(n int32, s *source, a *account) {
	num := func(i int32) protowire.Number { return protowire.Number(n + i) }
	w.addr(num(0), "ip", s.ip)
	if !a.missing.asn {
		w.num(num(1), "asn", int64(s.asn), false)
		w.str(num(2), "ip_type", s.ipType)
	}
	if !a.missing.country {
		w.str(num(3), "country", s.country)
	}
}

// client writes ja4 and user_agent at n and n+1.
func (w *writer) client(n int32, c *client, a *account) {
	if !a.missing.ja4 {
		w.str(protowire.Number(n), "ja4", c.ja4)
	}
	if !a.missing.agent {
		w.str(protowire.Number(n+1), "user_agent", c.agent)
	}
}

type request struct {
	ts       int64
	model    string
	endpoint string
	status   int32
	input    int64
	output   int64
	cached   int64
	latency  int64
	tools    int32
	task     string
	suffix   uint64
	cot      int // thousandths, -1 absent
}

func (q *request) encode(w *writer, a *account, s *session, event uint64) {
	w.open()
	w.id(1, "event_id", idEvent, event)
	w.str(2, "account_id", a.id)
	w.num(3, "ts", q.ts, true)
	w.str(4, "org_id", a.org)
	w.id(5, "api_key_id", idKey, s.key)
	if !a.missing.turn {
		w.id(6, "conversation_id", idConversation, s.conversation)
		w.num(7, "turn", int64(s.turn), false)
	}
	w.source(8, &s.from, a)
	w.client(12, s.client, a)
	w.str(14, "model", q.model)
	w.str(15, "endpoint", q.endpoint)
	w.num(16, "status", int64(q.status), true)
	w.num(17, "input_tokens", q.input, true)
	w.num(18, "output_tokens", q.output, true)
	w.num(19, "cached_tokens", q.cached, true)
	if !a.missing.latency {
		w.num(20, "latency_ms", q.latency, true)
	}
	w.boolean(21, "stream", s.stream)
	if !a.missing.tools {
		w.num(22, "tool_calls", int64(q.tools), true)
	}
	if !a.missing.task {
		w.str(23, "task", q.task)
	}
	w.id(24, "template_hash", "", s.template)
	w.id(25, "suffix_hash", "", q.suffix)
	if q.cot >= 0 {
		w.milli(26, "cot_score", q.cot)
	}
	w.close()
}

// instrument is a means of payment.
type instrument struct {
	id       uint64
	kind     string // card wallet bank crypto invoice
	bin      string
	funding  string
	issuer   string
	billing  string
	name     uint64
	zip      uint64
	currency string
}

type payment struct {
	ts     int64
	kind   string
	with   *instrument
	amount int64
	ip     netip.Addr
	risk   int // -1 absent
}

func (p *payment) encode(w *writer, a *account, event uint64) {
	w.open()
	w.id(1, "event_id", idEvent, event)
	w.str(2, "account_id", a.id)
	w.num(3, "ts", p.ts, true)
	w.str(4, "org_id", a.org)
	w.str(5, "kind", p.kind)
	currency := "USD"
	if i := p.with; i != nil {
		w.id(6, "instrument_id", idInstrument, i.id)
		w.str(7, "instrument_type", i.kind)
		w.str(8, "bin", i.bin)
		w.str(9, "funding", i.funding)
		w.str(10, "issuer_country", i.issuer)
		w.str(11, "billing_country", i.billing)
		w.id(12, "billing_name_hash", "", i.name)
		w.id(13, "billing_zip_hash", "", i.zip)
		currency = i.currency
	}
	w.num(14, "amount_minor", p.amount, p.kind != "card_added")
	w.str(15, "currency", currency)
	w.addr(16, "ip", p.ip)
	if p.risk >= 0 {
		w.num(17, "processor_risk", int64(p.risk), true)
	}
	w.close()
}

type label struct {
	ts       int64
	label    string
	campaign string
}

func (l *label) encode(w *writer, a *account, event uint64) {
	w.open()
	w.id(1, "event_id", idEvent, event)
	w.str(2, "account_id", a.id)
	w.num(3, "ts", l.ts, true)
	w.str(4, "org_id", a.org)
	of := *l
	if a.thief != nil && a.thief.first == 0 { // stolen, but never used
		of = label{label: "legit"}
	}
	w.str(5, "label", of.label)
	w.str(6, "source", "simulator")
	w.str(7, "campaign", of.campaign)
	w.str(8, "note", a.note())
	w.close()
}
