// Package link turns what an account did into idempotent facts about the
// entities it touched. Pure.
package link

import (
	"fmt"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Kind is what sort of thing an entity is. Values are stored and sent: never renumber.
type Kind uint8

// The kinds of entity, by family.
const (
	KindNone Kind = iota

	// network
	KindIP     // address (v6: /64)
	KindPrefix // v4 /24, v6 /48
	KindASN    // ASN × network type

	// device
	KindDevice
	KindClient // JA4 × user agent

	// payment
	KindInstrument
	KindCardShape // BIN × funding × issuer country
	KindBilling   // billing name × zip

	// identity (signup)
	KindEmail       // canonical address
	KindDomain      // email domain, where it is no public mailbox provider
	KindDomainShape // domain × shape of the local part
	KindPhone
	KindReferral
	KindSSOOrg
	KindOrg // org_id

	// content
	KindTemplate // SimHash itself, not an HMAC: near means Hamming distance
	KindSuffix   // SimHash itself

	// access
	KindAPIKey

	// The account's own volume: token 0, emitted at count 1, 2, 4, 8, … of a pane
	// and stream. It links nobody; it makes the account worth another look.
	KindVolume

	NumKinds
)

var kindNames = [NumKinds]string{"none", "ip", "prefix", "asn", "device", "client", "instrument", "card_shape",
	"billing", "email", "domain", "domain_shape", "phone", "referral", "sso_org", "org", "template", "suffix", "api_key", "volume"}

// String returns the kind's name as evidence shows it.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// PaneMS is the length of a fact's pane: a day of event time. An account
// emits a fact about an entity once per pane, so links are fresh to a day.
const PaneMS = 24 * 3600 * 1000

// Pane returns the pane that holds an event time.
func Pane(ts int64) uint32 { return uint32(ts / PaneMS) }

// Fact says that an account touched an entity in a pane: first and last event time
// (Unix ms) and how often. Merge is min/max, so repeats and reorderings change nothing.
type Fact struct {
	Account string
	Kind    Kind
	Token   uint64
	Pane    uint32
	First   int64
	Last    int64
	Count   uint64

	// Where the event that caused the emission stood: the account's window in the
	// store is at least this new once its offset has passed Offset.
	Stream    event.Stream
	Partition int32
	Offset    int64
}

// FormatToken writes an entity's token as evidence shows it: SimHashes as 16 hex
// digits, ASN as number and network type, what is made of several values as h-<hash>,
// everything else as a keyed token.
func FormatToken(k Kind, token uint64) string {
	switch k {
	case KindTemplate, KindSuffix:
		return fmt.Sprintf("%016x", token)
	case KindASN:
		return fmt.Sprintf("AS%d/%s", token>>8, event.IPType(token&0xff))
	case KindClient, KindCardShape, KindBilling, KindDomainShape, KindOrg:
		return fmt.Sprintf("h-%016x", token) // of several values, or of one that is not personal
	default:
		return event.Token(token).String()
	}
}
