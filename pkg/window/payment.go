package window

import "github.com/iolaus-io/iolaus/pkg/event"

// lastSaid is a value and the time of the event that gave it.
type lastSaid struct {
	country event.Country
	ts      int64
}

// see takes the country of an event that gave one; the latest by event time wins,
// at the same time the one that arrived later.
func (l *lastSaid) see(c event.Country, ts int64) {
	if c != 0 && ts >= l.ts {
		l.country, l.ts = c, ts
	}
}

// paymentLife is what is kept of an account's payments for ever.
type paymentLife struct {
	sums     PaymentSums
	types    [8]uint32 // saturating at 65535
	fundings [8]uint32
	risk     int16 // highest processor_risk + 1; 0 = never given
	invoice  bool
	issuer   lastSaid
	billing  lastSaid
	habit    payHabit
}

// PaymentState is the windows of one account's payment signals. The zero value is an
// account that has none. Not for concurrent use.
type PaymentState struct {
	head
	rings [NumSpans]ring[PaymentSums]
	life  paymentLife
	entities
}

// Add counts a payment signal; see RequestState.Add.
func (s *PaymentState) Add(e *event.Payment, latenessMS, nextOffset int64) bool {
	last := s.last
	if !s.admit(&e.Meta, latenessMS, nextOffset) {
		return false
	}
	if s.last/dayPaneMS != last/dayPaneMS {
		s.settle(s.last)
	}
	sums := paymentSums(e)
	for span := Minute; span < NumSpans; span++ {
		if p := s.rings[span].at(paneIndex(e.TS, span.PaneMS()), span.keep(latenessMS)); p != nil {
			p.sum.add(&sums)
			p.dirty = span == Hour
		}
	}
	s.life.add(e, &sums)
	return true
}

// Touch counts one of the payment's values in its table. Call it after Add.
func (s *PaymentState) Touch(t Table, token uint64, ts int64) Touch { return s.touch(t, token, ts) }

// DayCount returns the payment signals counted in the UTC day of ts, 0 where the
// day is older than the fortnight.
func (s *PaymentState) DayCount(ts int64) uint64 {
	if p := s.rings[Fortnight].find(paneIndex(ts, fortnightPaneMS)); p != nil {
		return p.sum.Events
	}
	return 0
}

// Take is RequestState.Take for payment signals.
func (s *PaymentState) Take(ts int64, emit func(minuteMS int64, sums *PaymentSums)) {
	s.rings[Hour].take(ts, emit)
}

// Features returns the windows at event time at, or at the account's highest event
// time where that is later.
func (s *PaymentState) Features(at int64) PaymentFeatures {
	at = max(at, s.last)
	l := &s.life
	f := PaymentFeatures{
		At: at, First: s.first, Last: s.last, Total: s.total, Offset: s.offset,
		Life: l.sums, MaxRisk: l.risk - 1, Invoice: l.invoice,
		IssuerCountry: l.issuer.country, BillingCountry: l.billing.country,
		Instruments: s.distinct(TableInstrument, at),
		AmountShape: l.habit.amount.value, DeclineRun: int(l.habit.longest), DeclinedInstruments: int(l.habit.declined.n),
	}
	for i := range f.Types {
		f.Types[i], f.Fundings[i] = uint16(l.types[i]), uint16(l.fundings[i])
	}
	for span := Minute; span < NumSpans; span++ {
		panes := s.rings[span].inWindow(paneIndex(at, span.PaneMS()), span.Panes())
		for i := range panes {
			f.Sums[span].add(&panes[i].sum)
		}
	}
	return f
}

// Reset makes the state one of an account without payments, keeping its memory.
func (s *PaymentState) Reset() {
	s.head, s.life = head{}, paymentLife{}
	for i := range s.rings {
		s.rings[i].reset()
	}
	s.list = s.list[:0]
}

func paymentSums(e *event.Payment) PaymentSums {
	s := PaymentSums{Events: 1}
	switch e.Kind {
	case event.PaymentCardAdded:
		s.CardsAdded = 1
	case event.PaymentCharge:
		s.Charges, s.ChargedMinor = 1, natural(e.AmountMinor)
	case event.PaymentDecline:
		s.Declines = 1
	case event.PaymentRefund:
		s.Refunds, s.RefundedMinor = 1, natural(e.AmountMinor)
	case event.PaymentChargeback:
		s.Chargebacks = 1
	case event.PaymentTopup:
		s.Topups, s.ChargedMinor = 1, natural(e.AmountMinor)
	case event.PaymentCreditGranted:
		s.Credits = 1
	case event.PaymentUnknown: // counted as an event of no kind
	}
	return s
}

func (s *PaymentSums) add(o *PaymentSums) {
	s.Events += o.Events
	s.CardsAdded += o.CardsAdded
	s.Charges += o.Charges
	s.Declines += o.Declines
	s.Refunds += o.Refunds
	s.Chargebacks += o.Chargebacks
	s.Topups += o.Topups
	s.Credits += o.Credits
	s.ChargedMinor += o.ChargedMinor
	s.RefundedMinor += o.RefundedMinor
}

func (l *paymentLife) add(e *event.Payment, sums *PaymentSums) {
	l.sums.add(sums)
	saturate(&l.types[e.InstrumentType&7])
	saturate(&l.fundings[e.Funding&7])
	l.risk = max(l.risk, e.ProcessorRisk+1)
	l.invoice = l.invoice || e.InstrumentType == event.InstrumentInvoice
	l.issuer.see(e.IssuerCountry, e.TS)
	l.billing.see(e.BillingCountry, e.TS)
	l.habit.add(e)
}

func saturate(n *uint32) {
	if *n < 1<<16-1 {
		*n++
	}
}
