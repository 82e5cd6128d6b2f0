// Package event holds the four input events as the detector sees them: decoded,
// checked and tokenised. It is the root of the pure core: no I/O, no clock, no
// randomness. Raw personal data (email, phone, IP) never reaches these types.
package event

import "fmt"

// Stream names one of the four input topics.
type Stream uint8

// The input streams, in merge order: at equal event time a signup sorts before
// a payment, a payment before a request, a request before a label, so that what an
// account is known by arrives before what it does.
const (
	StreamSignup Stream = iota
	StreamPayment
	StreamRequest
	StreamLabel
	NumStreams
)

// String returns the stream's topic name.
func (s Stream) String() string {
	switch s {
	case StreamSignup:
		return "signups"
	case StreamPayment:
		return "payments"
	case StreamRequest:
		return "requests"
	case StreamLabel:
		return "labels"
	default:
		return fmt.Sprintf("stream(%d)", uint8(s))
	}
}

// Token stands for a value that must not be readable: the top 8 bits are the id
// of the HMAC key, the low 56 bits the truncated HMAC-SHA-256. Zero means absent.
type Token uint64

// String returns "k<key id>-<14 hex digits>", or "" for the zero token.
func (t Token) String() string {
	if t == 0 {
		return ""
	}
	return fmt.Sprintf("k%d-%014x", uint64(t)>>56, uint64(t)&(1<<56-1))
}

// Meta is what every event carries. TS is Unix milliseconds.
type Meta struct {
	EventID   string
	AccountID string
	OrgID     string
	TS        int64
}

// Network is what is left of an IP address after tokenisation.
type Network struct {
	IP      Token // the address itself
	Prefix  Token // v4 /24, v6 /48
	ASN     uint32
	IPType  IPType
	Country Country
}

// Country is an ISO 3166 alpha-2 code, big-endian; zero means absent.
type Country uint16

// String returns the two letters, or "".
func (c Country) String() string {
	if c == 0 {
		return ""
	}
	return string([]byte{byte(c >> 8), byte(c)})
}

// Signup is the creation of an account.
type Signup struct {
	Meta
	Network
	Email        Token // canonical address (or the producer's hash)
	EmailDomain  Token
	EmailShape   Token // shape of the local part
	FreeMail     bool  // domain is a public mailbox provider
	Phone        Token
	PhoneCountry Country
	PhoneType    PhoneType
	Device       Token
	JA4          Token
	UserAgent    Token
	Method       Method
	SSOOrg       Token
	Program      Program
	Referral     Token
	FormMS       int64 // -1 = absent
}

// Request is one exchange with the API.
type Request struct {
	Meta
	Network
	APIKey       Token
	APIKeyID     string // as the gateway knows it: a revoke_key decision names it
	Conversation Token
	Turn         int32
	JA4          Token
	UserAgent    Token
	Model        Token
	Status       int32
	InputTokens  int64
	OutputTokens int64
	CachedTokens int64
	LatencyMS    int64
	Stream       bool
	ToolCalls    int32
	Task         Task
	Template     uint64  // SimHash, 0 = absent
	Suffix       uint64  // SimHash, 0 = absent
	CoT          float32 // 0..1, -1 = absent
}

// Failed reports whether the exchange was answered with an HTTP error.
func (r *Request) Failed() bool { return r.Status >= 400 }

// Payment is a signal from the payment processor.
type Payment struct {
	Meta
	IP             Token
	Prefix         Token
	Kind           PaymentKind
	Instrument     Token
	InstrumentType InstrumentType
	BIN            Token
	Funding        Funding
	IssuerCountry  Country
	BillingCountry Country
	BillingName    Token
	BillingZip     Token
	AmountMinor    int64
	Currency       Currency
	ProcessorRisk  int16 // 0..100, -1 = absent
}

// Currency is a three-letter currency code packed big-endian; zero means absent.
type Currency uint32

// Label says what an account was found to be.
type Label struct {
	Meta
	Label    LabelKind
	Source   string
	Campaign string
	Note     string
}
