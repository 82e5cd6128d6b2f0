package score

import (
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Trust is negative evidence: what an attacker cannot cheaply have for each account.

// trustSSO: a verified organisation vouches for the account.
var trustSSO = Signal{"verified_organisation", link.FamilyNone,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil || !f.Signup.SSO {
			return 0, 0, 0, false
		}
		return 1, 0.1, -6, true
	}}

// trustInvoice: pays by invoice, which somebody has checked.
var trustInvoice = Signal{"pays_by_invoice", link.FamilyNone,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Payments == nil || !f.Payments.Invoice {
			return 0, 0, 0, false
		}
		return 1, 0.05, -4, true
	}}

// trustTenure: how long the account has been seen. An account without a signup in
// the stream is older than the stream. value = days.
var trustTenure = Signal{"tenure", link.FamilyNone,
	func(f *window.Features, now int64) (float64, float64, float64, bool) {
		if f.Signup == nil || f.Signup.First == 0 {
			return 0, 0, -0.8, true
		}
		days := float64(now-f.Signup.First) / link.PaneMS
		if days < 30 {
			return days, 0, 0, false
		}
		return days, 0, -min(days/30, 2) * 0.75, true
	}}

// trustPayer: charges that went through on several days and nothing taken back. value =
// charges ever.
var trustPayer = Signal{"steady_payer", link.FamilyNone,
	func(f *window.Features, now int64) (float64, float64, float64, bool) {
		p := f.Payments
		if p == nil || p.Life.Chargebacks > 0 || p.Life.Declines > 1 || p.Life.Charges < 3 {
			return 0, 0, 0, false
		}
		if now-p.First < 21*link.PaneMS || p.Types[event.InstrumentCard] == 0 {
			return 0, 0, 0, false
		}
		return float64(p.Life.Charges), 0, -0.5, true
	}}

// trustNetwork: signed up from a campus or company network. The type comes from address
// intelligence, and such addresses are not for rent by the thousand; a compromised campus
// host is what it costs to fake. It outweighs what sharing the campus address says (2), for
// a course has one address, one hour of signup and one prompt. Tuned on press, seed 5.
var trustNetwork = Signal{"institutional_network", link.FamilyNone,
	func(f *window.Features, _ int64) (float64, float64, float64, bool) {
		if f.Signup == nil {
			return 0, 0, 0, false
		}
		switch f.Signup.IPType {
		case event.IPEducation, event.IPCorporate:
			return 1, 0.1, -3.5, true
		}
		return 0, 0.1, 0, false
	}}
