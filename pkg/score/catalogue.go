package score

import (
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// Entry describes one signal for people.
type Entry struct {
	Code, Family, Sort   string // Sort: own (one account's windows), trait or shared (inside against outside), conduct (of a cluster), pace (of an account beside both)
	Cap                  float64
	What, Window, Source string
}

// linkLife is how long a link to a shared thing lives.
const linkLife = "14 days, 60 if suspended"

// sharedThings describes the kinds of entity that a cluster can share. Never written to.
var sharedThings = [...]struct {
	kind         link.Kind
	what, source string
}{
	{link.KindIP, "IP address", "detection.md 3, soft links"},
	{link.KindPrefix, "IPv4 /24, IPv6 /48", "detection.md 3, soft links"},
	{link.KindASN, "ASN with network type", "detection.md 3, soft links"},
	{link.KindDevice, "device id", "detection.md 3, hard links"},
	{link.KindClient, "TLS fingerprint with user agent", "detection.md 3, soft links"},
	{link.KindAPIKey, "API key", "detection.md 3, hard links"},
	{link.KindInstrument, "payment instrument", "detection.md 3, hard links"},
	{link.KindCardShape, "BIN, funding and issuer country", "detection.md 3, soft links"},
	{link.KindBilling, "billing name with zip", "detection.md 3, payment"},
	{link.KindEmail, "canonical email", "detection.md 3, hard links"},
	{link.KindDomain, "email domain, rare in the population", "detection.md 3, soft links"},
	{link.KindDomainShape, "domain with the shape of the local part", "detection.md 3; LinkedIn, AISec 2015"},
	{link.KindPhone, "verified phone", "detection.md 3, hard links"},
	{link.KindReferral, "referral code", "detection.md 3, traps"},
	{link.KindTemplate, "system prompt (SimHash neighbourhood)", "detection.md 3, template exclusivity"},
	{link.KindSuffix, "frame of the last user block (SimHash neighbourhood)", "detection.md 3, template exclusivity"},
}

// Catalogue lists all signals: own, traits, shared things, conduct. What docs/signals.md is written from.
func Catalogue() []Entry {
	var es []Entry
	for _, s := range Signals() {
		c := s.Cap
		if s.Family == link.FamilyNone {
			c = -c
		}
		es = append(es, Entry{s.Code, familyName(s.Family), "own", c, s.What, s.Window, s.Source})
	}
	es = append(es, Entry{"verified_colleagues", familyName(link.FamilyNone), "own", colleaguesWorth,
		"three in ten of the organisation's other accounts are vouched for", "links of the colleagues", "detection.md 3, traps"})
	for i := range traits {
		t, spec := &traits[i], traits[i].Kind.Spec()
		es = append(es, Entry{spec.Code, spec.Family.String(), "trait", spec.Cap, t.What, t.Window, t.Source})
	}
	for _, s := range sharedThings {
		spec := s.kind.Spec()
		es = append(es, Entry{spec.Code, spec.Family.String(), "shared", spec.Cap, s.what, linkLife, s.source})
	}
	for i := range conductSignals {
		s := &conductSignals[i]
		es = append(es, Entry{s.code, s.family.String(), "conduct", s.most, s.what, "since the first exchange", s.source})
	}
	return append(es, Entry{paceCode, link.FamilyHistory.String(), "pace", graph.LikenessCap,
		"its exchanges a day are likelier among its cluster's members than among everybody else", "since the first exchange", "detection.md 1, per account"})
}
