package simulate

import (
	"cmp"
	"fmt"
	"slices"
)

// pricePerExchange is what an exchange costs on average, in minor units (about 10k
// tokens in, most of them cached, and 350 out at list prices).
const pricePerExchange = 2.2

// topup is one of the amounts that the shop offers, in minor units, the smaller first.
func topup(i uint64) int64 {
	return [...]int64{500, 1000, 2000, 2500, 5000, 10000, 20000}[i%7]
}

// billing is how an account pays.
type billing struct {
	with       *instrument // nil = lives on credit
	spare      *instrument // takes over when the first is declined; nil = there is none
	monthly    int64       // subscription, minor units; 0 = top-ups
	amount     int64       // of a top-up
	spend      float64     // over the whole time, minor units
	credit     bool        // got the trial credit
	grant      int64       // of a programme, minor units
	decline    float64     // share of charges
	refund     float64
	chargeback float64
	risk       float64 // mean of the processor's
}

// binRanges is how many BIN ranges a country's issuers of each kind of card have, or, for
// virtual and prepaid cards, a region's; honest holders and attackers draw from the same ones.
func binRanges(funding string) uint64 {
	switch funding {
	case "virtual":
		return 8
	case "prepaid":
		return 10
	default:
		return 60
	}
}

// issuing is where a kind of card is issued from: banks in every country, virtual and prepaid
// cards by few firms for a whole region.
func issuing(funding string, c *country) string {
	if funding != "virtual" && funding != "prepaid" {
		return c.code
	}
	switch {
	case c.currency == "USD" || c.currency == "CAD":
		return "NA"
	case c.zone <= -3:
		return "LA"
	case c.zone <= 4:
		return "EU"
	default:
		return "AP"
	}
}

// bin is one of the ranges, the large issuers' more often than the small ones'.
func bin(funding string, r *rng) uint64 {
	u := r.float()
	return uint64(u * u * float64(binRanges(funding)))
}

// card makes a payment card; issuers number their BINs in a few hundred ranges.
func (w *World) card(r *rng, funding string, issuer, holder *country, bin uint64) *instrument {
	return &instrument{id: r.u64(), kind: "card", bin: fmt.Sprintf("%06d", 400000+(hash(hashString(issuing(funding, issuer)+funding), bin%binRanges(funding))%150000)), funding: funding,
		issuer: issuer.code, billing: holder.code, name: holderName(r, holder), zip: mix(hashString(holder.code) ^ uint64(r.intn(9000))), currency: holder.currency}
}

// holderName is the hash of a name: some are common, and their holders unrelated.
func holderName(r *rng, of *country) uint64 {
	u := r.u64()
	if u>>60 < 4 {
		return mix(hashString(of.code) ^ (u % 3000) ^ 0xa3e)
	}
	return u
}

// grantOf is the credit of a programme in minor units.
func grantOf(program string) int64 {
	switch program {
	case "education":
		return 5_000
	case "research":
		return 100_000
	case "startup":
		return 50_000
	default:
		return 0
	}
}

// anyCard is a card as the population holds them.
func (w *World) anyCard(r *rng, c *country) *instrument {
	u := r.float()
	switch {
	case u < 0.05:
		// A virtual-card issuer: few BINs, very many holders, each with a card of their own.
		return w.card(r, "virtual", c, c, bin("virtual", r))
	case u < 0.5:
		return w.card(r, "debit", c, c, bin("debit", r))
	case u < 0.53:
		return w.card(r, "prepaid", c, c, bin("prepaid", r))
	case u < 0.58:
		i := w.card(r, "", c, c, 0)
		i.kind, i.bin, i.funding, i.issuer = "wallet", "", "", ""
		return i
	default:
		return w.card(r, "credit", c, c, bin("credit", r))
	}
}

// settlePayments lays out an account's payment events from its billing and volume.
func (w *World) settlePayments(a *account) {
	b, r := &a.billing, &a.rng
	add := func(ts int64, kind string, amount int64) {
		if ts < w.start || ts >= w.end {
			return
		}
		risk := -1
		if !r.chance(0.15) {
			risk = int(min(99, max(1, b.risk+9*r.norm())))
		}
		p := payment{ts: ts, kind: kind, with: b.with, amount: amount, risk: risk}
		if kind == "credit_granted" {
			p.with, p.risk = nil, -1
		} else if kind != "refund" && kind != "chargeback" {
			p.ip = a.place(ts).at(ts, a.key, a.key).ip
		}
		a.paid = append(a.paid, p)
	}
	if b.grant == 0 {
		b.grant = grantOf(a.signup.program)
	}
	if !a.older && b.credit {
		add(a.created+1000+r.between(0, 4000), "credit_granted", 500)
	}
	switch {
	case b.grant > 0 && !a.older:
		add(a.created+r.between(60_000, 2*hourMS), "credit_granted", b.grant)
	case b.grant > 0 && r.chance(0.2): // a renewal
		add(r.between(w.start, w.end), "credit_granted", b.grant)
	}
	if b.with != nil {
		w.settleCharges(a, add)
	}
	slices.SortStableFunc(a.paid, func(x, y payment) int { return cmp.Compare(x.ts, y.ts) })
}

// settleCharges adds the card, the charges, and what goes wrong with them.
func (w *World) settleCharges(a *account, add func(int64, string, int64)) {
	b, r := &a.billing, &a.rng
	added := a.created + 20_000 + int64(r.lognormal(float64(6*60*1000), 1.5))
	if !a.older && b.with.kind != "invoice" {
		add(added, "card_added", 0)
	}
	charge := func(ts int64, kind string, amount int64) {
		for r.chance(b.decline) {
			add(ts, "decline", amount)
			ts += 20_000 + int64(r.exp()*float64(hourMS)/3)
			if b.spare != nil && r.chance(0.4) {
				b.with, b.spare = b.spare, nil
				add(ts, "card_added", 0)
				ts += 5000 + r.between(0, 20_000)
			}
		}
		add(ts, kind, amount)
		if r.chance(b.refund) {
			add(ts+int64(r.float()*float64(9*dayMS)), "refund", amount)
		}
		if r.chance(b.chargeback) {
			add(ts+8*dayMS+int64(r.float()*float64(30*dayMS)), "chargeback", amount)
		}
	}
	from := max(added+5000, w.start)
	if b.monthly > 0 {
		at := from
		if a.older {
			at = w.start + int64(r.float()*30*float64(dayMS))
		}
		for ; at < a.to; at += 30*dayMS + r.between(0, hourMS) {
			charge(at+r.between(0, 120_000), "charge", b.monthly)
		}
		return
	}
	if b.amount == 0 {
		b.amount = topup(uint64(r.intn(4)))
	}
	n := int(min(30, b.spend/float64(b.amount)+r.float()))
	if !a.older && b.with.kind != "invoice" {
		n = max(1, n) // use is paid for in advance
	}
	at := make([]int64, n)
	for i := range at {
		at[i] = from + r.between(0, 120_000)
		if i > 0 || a.older {
			at[i] = r.between(max(from, a.from), max(from, a.to))
		}
	}
	slices.Sort(at)
	for _, ts := range at {
		charge(ts, "topup", b.amount)
	}
}
