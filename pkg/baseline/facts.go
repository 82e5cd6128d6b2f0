package baseline

import (
	"math/bits"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// facts are what the rule sheet knows of one account. Counts of accounts on a thing are
// of its latest such thing, except onIP, which is of its busiest.
type facts struct {
	first, last int64 // event times, ms

	signed                 bool
	signedAt               int64
	freeMail, sso          bool
	program                event.Program
	phone                  event.PhoneType
	phoneCountry, country  event.Country
	ipType                 event.IPType
	formMS                 int64 // -1 = absent
	domainToday            int
	shapeToday             int
	onPhone, onDevice      int
	onCard, onReferral     int
	onIP                   int
	prepaid, crypto        bool
	invoice, chargeback    bool
	issuer, billing        event.Country
	risk                   int16    // highest, -1 = none told
	declined               [3]int64 // event times of the last three declines
	declines, declinesADay int      // so far; 3 once three came within 24 h

	requests   int
	rushed     bool
	firstDay   int // exchanges within 24 h of the first event
	minute     int64
	inMinute   int
	burst      int // most exchanges in a minute
	day        int64
	inDay      int
	busiestDay int
	hours      uint32 // of the day, UTC, a bit each
	hoursADay  int    // most hours of one day
	judged     int    // exchanges with a chain-of-thought score
	lured      int    // of those, with 0.7 or more
}

func newFacts(ts int64) facts { return facts{first: ts, last: ts, formMS: -1, risk: -1} }

// age is how long the account is known, in ms.
func (f *facts) age() int64 { return f.last - f.first }

// unknown reports whether nobody vouches for the account: no sign-on, no programme.
func (f *facts) unknown() bool { return !f.sso && f.program == event.ProgramNone }

func (f *facts) signup(e *event.Signup) {
	f.signed, f.signedAt = true, e.TS
	f.freeMail, f.sso, f.program = e.FreeMail, e.SSOOrg != 0 || e.Method == event.MethodSSO, e.Program
	f.phone, f.phoneCountry = e.PhoneType, e.PhoneCountry
	f.country, f.ipType = e.Country, e.IPType
	f.formMS = e.FormMS
}

func (f *facts) payment(e *event.Payment) {
	switch e.Kind {
	case event.PaymentChargeback:
		f.chargeback = true
	case event.PaymentDecline:
		slot := f.declines % len(f.declined)
		f.declined[slot] = e.TS
		f.declines++
		if oldest := f.declined[f.declines%len(f.declined)]; f.declines >= 3 && e.TS-oldest <= dayMS {
			f.declinesADay = 3
		}
	}
	switch e.InstrumentType {
	case event.InstrumentInvoice:
		f.invoice = true
	case event.InstrumentCrypto:
		f.crypto = true
	}
	f.prepaid = f.prepaid || e.Funding == event.FundingPrepaid || e.Funding == event.FundingVirtual
	if e.IssuerCountry != 0 {
		f.issuer = e.IssuerCountry
	}
	if e.BillingCountry != 0 {
		f.billing = e.BillingCountry
	}
	f.risk = max(f.risk, e.ProcessorRisk)
}

func (f *facts) request(e *event.Request) {
	if f.requests == 0 && f.signed && e.TS-f.signedAt < 2*minuteMS {
		f.rushed = true
	}
	f.requests++
	if f.signed && e.TS-f.signedAt < dayMS {
		f.firstDay++
	}
	if m := e.TS / minuteMS; m != f.minute {
		f.minute, f.inMinute = m, 0
	}
	f.inMinute++
	f.burst = max(f.burst, f.inMinute)
	if d := e.TS / dayMS; d != f.day {
		f.day, f.inDay, f.hours = d, 0, 0
	}
	f.inDay++
	f.busiestDay = max(f.busiestDay, f.inDay)
	f.hours |= 1 << (e.TS % dayMS / hourMS)
	f.hoursADay = max(f.hoursADay, bits.OnesCount32(f.hours))
	if e.CoT >= 0 {
		f.judged++
		if e.CoT >= 0.7 {
			f.lured++
		}
	}
}
