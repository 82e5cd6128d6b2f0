// Package window keeps an account's sliding event-time windows as packed,
// versioned state. Pure: the same events in the same order give the same bytes.
package window

import "github.com/iolaus-io/iolaus/pkg/event"

// Span names one of the four sliding windows.
type Span uint8

// The spans.
const (
	Minute Span = iota
	Hour
	Day
	Fortnight
	NumSpans
)

// RequestSums are the additive measures of one window.
type RequestSums struct {
	Requests, Errors, Throttled  uint64 // Throttled: HTTP 429
	Input, Output, Cached, Tools uint64 // tokens, tool calls
}

// Distinct is a bounded exact distinct count: how many different values were last
// seen inside the window. Full says that the table was full, so that it may be more.
type Distinct struct {
	N    int
	Full bool
}

// RequestFeatures is what an account's requests look like at an event time.
type RequestFeatures struct {
	At    int64 // event time of the view, Unix ms: at least Last, since panes behind it are gone
	First int64 // first request ever seen, 0 = none
	Last  int64 // latest request
	Total uint64
	Sums  [NumSpans]RequestSums

	// Over the week of At and the week before it (weeks since 1970-01-01 UTC).
	Tasks     [event.NumTasks]uint64
	Hours     [24]uint32 // requests by UTC hour of day
	CoTSum    float64    // sum of cot_score where present
	CoTCount  uint64
	ActiveDay int // days of the fortnight with at least one request

	Streams       uint64 // requests that asked for a stream
	Conversations uint64 // begun; Tasks' sum over it is how deep they go

	// Distinct over day and fortnight (index Day, Fortnight; the others are zero).
	IPs, Prefixes, ASNs, Clients, APIKeys, Templates [NumSpans]Distinct

	Keys   []KeyFeatures       // the API keys used last, at most six
	Models [maxModels]ModelUse // used last, the latest first

	Starts      [maxStarts]int64 // latest conversation starts, Unix s, the latest first; 0 = none
	StartsToday uint64           // in the UTC day of At
	// Sync is the day so far as MinHash signatures, two of each granularity of 1, 10 and 60 minutes: of
	// two accounts whose conversations began in the same minutes, each is equal with the probability of
	// the Jaccard similarity of the two sets of minutes (Broder 1997; SynchroTrap, CCS 2014). Zero
	// where fewer than three conversations began.
	Sync [numSync][numHashes]uint32
	// Handover is the MinHash of the day's ten minutes in which the account met HTTP 429 or came back
	// after half an hour of silence: traffic that moves from a throttled account to its sibling leaves
	// both with the same one. 0 = none.
	Handover uint32

	// Offset is the input offset after the account's latest counted event.
	Offset int64
}

// PaymentSums are the additive measures of one window.
type PaymentSums struct {
	Events                                                               uint64 // of any kind
	CardsAdded, Charges, Declines, Refunds, Chargebacks, Topups, Credits uint64
	ChargedMinor, RefundedMinor                                          uint64
}

// PaymentFeatures is what an account's payment signals look like at an event time.
type PaymentFeatures struct {
	At          int64
	First       int64
	Last        int64
	Total       uint64
	Sums        [NumSpans]PaymentSums
	Life        PaymentSums // ever
	Instruments [NumSpans]Distinct
	Types       [8]uint16 // events by event.InstrumentType, ever (saturating)
	Fundings    [8]uint16 // events by event.Funding, ever (saturating)
	MaxRisk     int16     // highest processor_risk, -1 = never given
	Invoice     bool      // ever paid by invoice

	// AmountShape is what most charges and top-ups come to, if there is such: amount_minor << 24 | currency.
	AmountShape uint64
	// DeclineRun is the longest run of declines that ended in a charge, a top-up or an added card, as when
	// stolen cards are tried out.
	DeclineRun int
	// DeclinedInstruments is how many different instruments were declined, at most eight.
	DeclinedInstruments int

	IssuerCountry, BillingCountry event.Country // of the latest event that gave one
	Offset                        int64
}

// SignupFeatures is what is known of an account from its signup event(s).
type SignupFeatures struct {
	At       int64
	First    int64 // 0 = no signup seen (older than the stream)
	Last     int64
	Attempts [NumSpans]uint64 // signup events of the account in the window
	Total    uint64

	IPType       event.IPType
	ASN          uint32
	Country      event.Country
	PhoneCountry event.Country
	PhoneType    event.PhoneType
	Method       event.Method
	Program      event.Program
	SSO          bool
	FreeMail     bool
	HasEmail     bool
	FormMS       int64 // -1 = absent
	EmailShape   event.Token
	EmailDomain  event.Token
	Offset       int64
}

// Features joins an account's three windows. A nil part means that nothing was
// seen on that stream.
type Features struct {
	Signup   *SignupFeatures
	Requests *RequestFeatures
	Payments *PaymentFeatures
}
