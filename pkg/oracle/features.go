package oracle

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

const (
	dayMS  = 24 * 3600 * 1000
	weekMS = 7 * dayMS
)

var spans = []window.Span{window.Minute, window.Hour, window.Day, window.Fortnight}

// RequestFeatures recomputes the features of an account's requests at event time at.
func (l *Log) RequestFeatures(account string, at int64) window.RequestFeatures {
	a := l.Requests[account]
	if a == nil || len(a.Events) == 0 {
		return window.RequestFeatures{At: at}
	}
	at = max(at, a.last())
	f := window.RequestFeatures{At: at, First: a.first(), Last: a.last(), Total: uint64(len(a.Events)), Offset: a.offset}
	days, cot := map[int64]bool{}, 0.0
	for i := range a.Events {
		e := &a.Events[i]
		for _, span := range spans {
			if inside(span, e.TS, at) {
				addRequestSums(&f.Sums[span], e)
			}
		}
		if inside(window.Fortnight, e.TS, at) {
			days[e.TS/dayMS] = true
		}
		if e.TS/weekMS <= at/weekMS-2 {
			continue
		}
		f.Tasks[e.Task]++
		f.Hours[e.TS/3600000%24]++
		if e.Stream {
			f.Streams++
		}
		if e.CoT >= 0 {
			cot += math.Round(float64(e.CoT) * 10000)
			f.CoTCount++
		}
	}
	f.CoTSum, f.ActiveDay = cot/10000, len(days)
	f.IPs = distinct(a, window.TableIP, at, requestToken(link.KindIP))
	f.Prefixes = distinct(a, window.TablePrefix, at, requestToken(link.KindPrefix))
	f.ASNs = distinct(a, window.TableASN, at, requestToken(link.KindASN))
	f.Clients = distinct(a, window.TableClient, at, requestToken(link.KindClient))
	f.APIKeys = distinct(a, window.TableKey, at, requestToken(link.KindAPIKey))
	f.Templates = distinct(a, window.TableTemplate, at, requestToken(link.KindTemplate))
	f.Keys, f.Models = keyFeatures(a.Events), modelFeatures(a.Events)
	sessionFeatures(a.Events, at, &f)
	return f
}

func requestToken(k link.Kind) func(*event.Request) uint64 {
	return func(e *event.Request) uint64 { return pick(link.OfRequest(nil, e), k) }
}

func pick(entities []link.Entity, k link.Kind) uint64 {
	for _, en := range entities {
		if en.Kind == k {
			return en.Token
		}
	}
	return 0
}

func addRequestSums(s *window.RequestSums, e *event.Request) {
	s.Requests++
	if e.Status >= 400 {
		s.Errors++
	}
	if e.Status == 429 {
		s.Throttled++
	}
	s.Input += uint64(e.InputTokens)
	s.Output += uint64(e.OutputTokens)
	s.Cached += uint64(e.CachedTokens)
	s.Tools += uint64(e.ToolCalls)
}

// PaymentFeatures recomputes the features of an account's payment signals.
func (l *Log) PaymentFeatures(account string, at int64) window.PaymentFeatures {
	a := l.Payments[account]
	if a == nil || len(a.Events) == 0 {
		return window.PaymentFeatures{At: at, MaxRisk: -1}
	}
	at = max(at, a.last())
	f := window.PaymentFeatures{At: at, First: a.first(), Last: a.last(), Total: uint64(len(a.Events)), Offset: a.offset, MaxRisk: -1}
	for i := range a.Events {
		e := &a.Events[i]
		for _, span := range spans {
			if inside(span, e.TS, at) {
				addPaymentSums(&f.Sums[span], e)
			}
		}
		addPaymentSums(&f.Life, e)
		f.Types[e.InstrumentType]++
		f.Fundings[e.Funding]++
		f.MaxRisk = max(f.MaxRisk, e.ProcessorRisk)
		f.Invoice = f.Invoice || e.InstrumentType == event.InstrumentInvoice
	}
	payFeatures(a.Events, &f)
	f.IssuerCountry = latest(a, func(e *event.Payment) event.Country { return e.IssuerCountry })
	f.BillingCountry = latest(a, func(e *event.Payment) event.Country { return e.BillingCountry })
	f.Instruments = distinct(a, window.TableInstrument, at, func(e *event.Payment) uint64 { return uint64(e.Instrument) })
	return f
}

func latest(a *Account[event.Payment], of func(*event.Payment) event.Country) (c event.Country) {
	ts := int64(0)
	for i := range a.Events {
		if v := of(&a.Events[i]); v != 0 && a.metas[i].TS >= ts {
			c, ts = v, a.metas[i].TS
		}
	}
	return c
}

func addPaymentSums(s *window.PaymentSums, e *event.Payment) {
	s.Events++
	switch e.Kind {
	case event.PaymentCardAdded:
		s.CardsAdded++
	case event.PaymentCharge:
		s.Charges++
		s.ChargedMinor += uint64(e.AmountMinor)
	case event.PaymentDecline:
		s.Declines++
	case event.PaymentRefund:
		s.Refunds++
		s.RefundedMinor += uint64(e.AmountMinor)
	case event.PaymentChargeback:
		s.Chargebacks++
	case event.PaymentTopup:
		s.Topups++
		s.ChargedMinor += uint64(e.AmountMinor)
	case event.PaymentCreditGranted:
		s.Credits++
	}
}

// SignupFeatures recomputes the features of an account's signup events.
func (l *Log) SignupFeatures(account string, at int64) window.SignupFeatures {
	a := l.Signups[account]
	if a == nil || len(a.Events) == 0 {
		return window.SignupFeatures{At: at}
	}
	at = max(at, a.last())
	f := window.SignupFeatures{At: at, First: a.first(), Last: a.last(), Total: uint64(len(a.Events)), Offset: a.offset}
	for i := range a.Events {
		e := &a.Events[i]
		for _, span := range spans {
			if inside(span, e.TS, at) {
				f.Attempts[span]++
			}
		}
		if e.TS == a.last() {
			f.IPType, f.ASN, f.Country = e.IPType, e.ASN, e.Country
			f.PhoneCountry, f.PhoneType, f.Method, f.Program = e.PhoneCountry, e.PhoneType, e.Method, e.Program
			f.SSO, f.FreeMail, f.HasEmail, f.FormMS = e.SSOOrg != 0, e.FreeMail, e.Email != 0, e.FormMS
			f.EmailShape, f.EmailDomain = e.EmailShape, e.EmailDomain
		}
	}
	return f
}
