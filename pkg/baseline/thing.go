package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// kind is what accounts may share. A kind and a token make a thing.
type kind uint64

const (
	kindIP kind = iota + 1
	kindDevice
	kindClient // JA4 and user agent together
	kindEmail
	kindDomain    // of a mailbox that is not with a public provider
	kindMailShape // domain and shape of the local part, public providers too
	kindPhone
	kindReferral
	kindCard
	kindCardShape // BIN, funding and issuer's country
	kindBilling   // name and zip
	kindAPIKey
	kindTemplate
	kindTemplateBand // 16 bits of the template's SimHash and their place
	kindSuffix
	kindAccount // the account itself, where a graph needs nodes of both sides
)

// kindSet says which kinds a method looks at.
type kindSet [kindAccount + 1]bool

func kindsOf(kinds ...kind) (set kindSet) {
	for _, k := range kinds {
		set[k] = true
	}
	return set
}

// things are the kinds with their tokens that an event showed, without absent ones. The
// array is the caller's, so that nothing is allocated for an event.
type things struct {
	of [10]thing
	n  int
}

type thing struct {
	kind kind
	id   uint64 // of kind and token, never 0
}

func (t *things) all() []thing { return t.of[:t.n] }

func (t *things) add(k kind, token uint64) {
	if token != 0 {
		t.of[t.n] = thing{k, mix(uint64(k), token)}
		t.n++
	}
}

func (t *things) both(k kind, a, b uint64) {
	if a != 0 && b != 0 {
		t.add(k, mix(a, b))
	}
}

func (t *things) signup(e *event.Signup) {
	t.n = 0
	t.add(kindIP, uint64(e.IP))
	t.add(kindDevice, uint64(e.Device))
	t.both(kindClient, uint64(e.JA4), uint64(e.UserAgent))
	t.add(kindEmail, uint64(e.Email))
	t.both(kindMailShape, uint64(e.EmailDomain), uint64(e.EmailShape))
	t.add(kindPhone, uint64(e.Phone))
	t.add(kindReferral, uint64(e.Referral))
	if !e.FreeMail {
		t.add(kindDomain, uint64(e.EmailDomain))
	}
}

func (t *things) request(e *event.Request) {
	t.n = 0
	t.add(kindIP, uint64(e.IP))
	t.both(kindClient, uint64(e.JA4), uint64(e.UserAgent))
	t.add(kindAPIKey, uint64(e.APIKey))
	t.add(kindTemplate, e.Template)
	t.add(kindSuffix, e.Suffix)
	if e.Template != 0 {
		for band := range uint64(4) {
			t.add(kindTemplateBand, band<<16|e.Template>>(16*band)&0xFFFF|1<<20)
		}
	}
}

func (t *things) payment(e *event.Payment) {
	t.n = 0
	t.add(kindIP, uint64(e.IP))
	t.add(kindCard, uint64(e.Instrument))
	t.both(kindBilling, uint64(e.BillingName), uint64(e.BillingZip))
	if e.BIN != 0 {
		t.add(kindCardShape, mix(uint64(e.BIN), uint64(e.Funding)<<16|uint64(e.IssuerCountry)))
	}
}

// mix makes one id of two: a multiply by the golden ratio and SplitMix64's finaliser
// (Steele, Lea, Flood, OOPSLA 2014). Tokens are HMACs or SimHashes, so nobody chooses
// them to collide. Never 0.
func mix(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 + b
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	h ^= h >> 31
	return max(h, 1)
}
