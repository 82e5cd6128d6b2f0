package graph

import "github.com/iolaus-io/iolaus/pkg/link"

// What one organisation shares is no evidence that its accounts are one actor's: the one
// card, the one address and the one domain that most of them have. Many cards or many
// addresses with a few accounts each are not explained, and neither are shared devices,
// clients or templates. The organisation is the email domain, the org_id or the SSO tenant.
const (
	affiliated = 0.5 // share of members from which a whole cluster counts as one organisation
	explained  = 0.4 // share of the organisation from which an entity counts as its own
)

func affiliation(k link.Kind) bool {
	return k == link.KindDomain || k == link.KindOrg || k == link.KindSSOOrg
}

// explain sets what the account's organisation explains to nothing. affiliation is the
// share of the cluster that belongs to its most common organisation.
func (f *Affinity) explain(affiliation, members float64) {
	f.explainEvent()
	payer := f.onePayer(members)
	own := 0.0 // members of the account's own organisation
	for _, k := range [...]link.Kind{link.KindDomain, link.KindOrg, link.KindSSOOrg} {
		if f.Kinds[k].seen {
			own = max(own, f.Kinds[k].in)
		}
	}
	f.colleague = own > 0
	f.explainCard()
	for k := range f.Kinds {
		s := &f.Kinds[k]
		switch link.Kind(k).Spec().Family {
		case link.FamilyNetwork, link.FamilyPayment, link.FamilyIdentity:
		case link.FamilyDevice, link.FamilyTiming:
			if !payer || link.Kind(k) == link.KindDevice {
				continue
			}
		default:
			continue
		}
		in := s.in
		whole := (affiliation >= affiliated || payer) && in >= explained*members
		part := own >= 2 && in >= explained*own && in <= 1.5*own+2
		if s.seen && (whole || part) {
			s.LogOdds = min(s.LogOdds, 0)
		}
	}
}

// explainEvent: most of the cluster came by one code, to an event or after somebody whom they
// follow. That they came at once, from one place and were alike in how is then no news.
func (f *Affinity) explainEvent() {
	if s := &f.Kinds[link.KindReferral]; !s.seen || s.in < 2 || s.Inside < 0.5 {
		return
	}
	for k := range f.Kinds {
		s := &f.Kinds[k]
		switch kind := link.Kind(k); {
		case !s.seen:
		case kind == link.KindReferral, kind == link.KindDomainShape, kind == link.TraitSignupHour, kind == link.TraitSignup,
			kind.Spec().Family == link.FamilyNetwork:
			s.LogOdds = min(s.LogOdds, 0)
		}
	}
}

// explainCard: cards of one shape are no news where they are one card.
func (f *Affinity) explainCard() {
	card, shape := &f.Kinds[link.KindInstrument], &f.Kinds[link.KindCardShape]
	if card.seen && shape.seen && card.in >= 1 && shape.in <= 2*card.in+1 {
		shape.LogOdds = min(shape.LogOdds, oneBill)
	}
}

// A team without a domain or an org_id that we know still has one bill: a few accounts most
// of which pay with one instrument are taken for one. A campaign that hangs on one card has
// few accounts to lose with it.
const (
	teamSize  = 15
	teamPayer = 0.6
)

// In a larger cluster, one or two shared instruments are one or two firms' bills; a campaign
// spreads its accounts over many.
const (
	fewMembers = 4
	payers     = 3
	oneBill    = 0.4
)

func payer(k link.Kind) bool { return k == link.KindInstrument || k == link.KindBilling }

func (f *Affinity) onePayer(members float64) bool {
	s := &f.Kinds[link.KindInstrument]
	return s.seen && members+1 <= teamSize && s.in >= 2 && s.Inside >= teamPayer
}

// Content and client come of one program, be it a relay or an honest firm's product. Of the
// cluster's guilt they say together no more than programGuilt. Of who belongs to it they say
// more: a program that few others run is as good as a badge, up to programBadge in content.
const (
	programGuilt = 4.5
	programBadge = 5.5
)

func (f *Affinity) oneProgram() {
	content, client := f.Families[link.FamilyContent], max(0, f.Kinds[link.KindClient].LogOdds)
	if content <= 0 {
		return
	}
	guilt := min(content, familyCaps[link.FamilyContent])
	if f.Families[link.FamilyDevice] >= client { // the family is not off
		allowed := min(client, max(0, programGuilt-guilt))
		f.Families[link.FamilyDevice] -= client - allowed
		f.Program = client - allowed
	}
	if f.isRare(link.KindTemplate) && f.Kinds[link.KindTemplate].Capture >= badgeCapture {
		f.Program += max(0, min(content, programBadge)-guilt)
		f.Program += f.ownWords()
	}
}

// What it says of belonging to a campaign to have its system prompt, and its questions, where hardly
// anybody else has them: a gateway adds the one and never the other, and a victim's prompt can be
// copied but not what its users ask. Tuned on levels:103.
const (
	ownPrompt       = 1.0
	ownQuestions    = 2.0 // beside the prompt
	ownWordsCapture = 0.9
)

func (f *Affinity) ownWords() float64 {
	if !f.confirmed || !f.owned(link.KindTemplate) {
		return 0
	}
	if !f.owned(link.KindSuffix) {
		return ownPrompt
	}
	return ownPrompt + ownQuestions
}

// owned reports whether a content is typical of the cluster and hardly anybody else has it.
func (f *Affinity) owned(k link.Kind) bool {
	s := &f.Kinds[k]
	return s.seen && s.Capture >= ownWordsCapture && s.Inside >= typicalInside && f.isRare(k)
}

// badgeCapture is the share of those who use a prompt that the cluster must hold for the
// prompt to be its badge.
const badgeCapture = 0.8
