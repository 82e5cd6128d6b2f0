package link

import (
	"github.com/zeebo/xxh3"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Entity is a thing that an event touched, by which accounts may be linked.
type Entity struct {
	Kind  Kind
	Token uint64
}

// OfSignup appends the entities of a signup to dst. Values that are absent give none.
func OfSignup(dst []Entity, e *event.Signup) []Entity {
	dst = ofNetwork(dst, &e.Network)
	dst = one(dst, KindDevice, uint64(e.Device))
	dst = either(dst, KindClient, uint64(e.JA4), uint64(e.UserAgent))
	dst = one(dst, KindEmail, uint64(e.Email))
	if !e.FreeMail {
		dst = one(dst, KindDomain, uint64(e.EmailDomain))
	}
	dst = both(dst, KindDomainShape, uint64(e.EmailDomain), uint64(e.EmailShape))
	dst = one(dst, KindPhone, uint64(e.Phone))
	dst = one(dst, KindReferral, uint64(e.Referral))
	dst = one(dst, KindSSOOrg, uint64(e.SSOOrg))
	return one(dst, KindOrg, OrgToken(e.OrgID))
}

// OfRequest appends the entities of a request to dst.
func OfRequest(dst []Entity, e *event.Request) []Entity {
	dst = ofNetwork(dst, &e.Network)
	dst = either(dst, KindClient, uint64(e.JA4), uint64(e.UserAgent))
	dst = one(dst, KindAPIKey, uint64(e.APIKey))
	dst = one(dst, KindTemplate, e.Template)
	dst = one(dst, KindSuffix, e.Suffix)
	return one(dst, KindOrg, OrgToken(e.OrgID))
}

// OfPayment appends the entities of a payment signal to dst. A card shape needs its
// BIN, a billing identity both name and zip: either alone is shared by strangers.
func OfPayment(dst []Entity, e *event.Payment) []Entity {
	dst = one(dst, KindIP, uint64(e.IP))
	dst = one(dst, KindPrefix, uint64(e.Prefix))
	dst = one(dst, KindInstrument, uint64(e.Instrument))
	if e.BIN != 0 {
		dst = one(dst, KindCardShape, pair(uint64(e.BIN), uint64(e.Funding)<<16|uint64(e.IssuerCountry)))
	}
	return both(dst, KindBilling, uint64(e.BillingName), uint64(e.BillingZip))
}

// ASNToken is the token of an autonomous system seen as one type of network, 0 = no ASN.
func ASNToken(asn uint32, t event.IPType) uint64 {
	if asn == 0 {
		return 0
	}
	return uint64(asn)<<8 | uint64(t)
}

// OrgToken is the token of an org_id, which is no personal data; 0 = none.
func OrgToken(org string) uint64 {
	if org == "" {
		return 0
	}
	return xxh3.HashString(org)
}

func ofNetwork(dst []Entity, n *event.Network) []Entity {
	dst = one(dst, KindIP, uint64(n.IP))
	dst = one(dst, KindPrefix, uint64(n.Prefix))
	return one(dst, KindASN, ASNToken(n.ASN, n.IPType))
}

func one(dst []Entity, k Kind, token uint64) []Entity {
	if token == 0 {
		return dst
	}
	return append(dst, Entity{k, token})
}

func both(dst []Entity, k Kind, a, b uint64) []Entity {
	if a == 0 || b == 0 {
		return dst
	}
	return append(dst, Entity{k, pair(a, b)})
}

func either(dst []Entity, k Kind, a, b uint64) []Entity {
	if a == 0 && b == 0 {
		return dst
	}
	return append(dst, Entity{k, pair(a, b)})
}

// pair makes one token of two (the finaliser of MurmurHash3, after the golden ratio
// has told the first from the second). The parts are HMAC tokens or small
// enumerations, so nobody can choose them to collide. Never 0.
func pair(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 ^ b
	h ^= h >> 33
	h *= 0xFF51AFD7ED558CCD
	h ^= h >> 33
	h *= 0xC4CEB9FE1A85EC53
	h ^= h >> 33
	return max(h, 1)
}
