package decode

// The events as field tables, which the JSON scanner and the Protobuf reader share:
// both fill a fields, and one function an event checks and tokenises it. A field's
// index is its Protobuf number; schema_test.go holds the tables against the descriptors.

// fieldType is what a field holds.
type fieldType uint8

const (
	typeNone   fieldType = iota
	typeString           // string
	typeInt              // int32, int64 (varint, sign-extended)
	typeUint             // uint32 (varint)
	typeBool             // bool
	typeFloat            // double
	typeTime             // int64; in JSON also an RFC 3339 string
)

// maxFields bounds the field numbers, so that a set of them is one word.
const maxFields = 32

type field struct {
	name string
	typ  fieldType
	head string // `"name":`, what the field begins with in compact JSON
}

// message describes one event kind.
type message struct {
	name   string
	index  int // in events.proto, as Confluent frames name it
	fields [maxFields]field
	byName map[string]int
}

func newMessage(name string, index int, fields ...field) *message {
	m := &message{name: name, index: index, byName: make(map[string]int, len(fields))}
	for i, f := range fields {
		f.head = `"` + f.name + `":`
		m.fields[i+1] = f
		m.byName[f.name] = i + 1
	}
	return m
}

// fields holds one record as it was sent. Strings point into the record or into
// scratch and are good until the next record.
type fields struct {
	seen    uint32 // fields that are present with a value
	named   uint32 // fields that were named, also with null
	str     [maxFields][]byte
	num     [maxFields]int64
	float   [maxFields]float64
	scratch []byte // unescaped strings
}

func (f *fields) reset() {
	f.seen, f.named, f.scratch = 0, 0, f.scratch[:0]
}

func (f *fields) has(i int) bool { return f.seen&(1<<i) != 0 }

// text returns a string field, nil where absent.
func (f *fields) text(i int) []byte {
	if f.has(i) {
		return f.str[i]
	}
	return nil
}

// The numbers of the fields that all events share.
const (
	metaEventID   = 1
	metaAccountID = 2
	metaTS        = 3
	metaOrgID     = 4
)

const (
	signupIP = iota + 5
	signupASN
	signupIPType
	signupCountry
	signupEmail
	signupEmailHash
	signupEmailDomain
	signupEmailShape
	signupPhone
	signupPhoneHash
	signupPhoneCountry
	signupPhoneType
	signupDevice
	signupJA4
	signupUserAgent
	signupMethod
	signupSSOOrg
	signupProgram
	signupReferral
	signupFormMS
)

func signupMessage() *message {
	return newMessage("Signup", 0,
		field{name: "event_id", typ: typeString}, field{name: "account_id", typ: typeString}, field{name: "ts", typ: typeTime}, field{name: "org_id", typ: typeString},
		field{name: "ip", typ: typeString}, field{name: "asn", typ: typeUint}, field{name: "ip_type", typ: typeString}, field{name: "country", typ: typeString},
		field{name: "email", typ: typeString}, field{name: "email_hash", typ: typeString}, field{name: "email_domain", typ: typeString}, field{name: "email_shape", typ: typeString},
		field{name: "phone", typ: typeString}, field{name: "phone_hash", typ: typeString}, field{name: "phone_country", typ: typeString}, field{name: "phone_type", typ: typeString},
		field{name: "device_id", typ: typeString}, field{name: "ja4", typ: typeString}, field{name: "user_agent", typ: typeString},
		field{name: "method", typ: typeString}, field{name: "sso_org", typ: typeString}, field{name: "program", typ: typeString},
		field{name: "referral_code", typ: typeString}, field{name: "form_ms", typ: typeInt})
}

const (
	requestAPIKeyID = iota + 5
	requestConversation
	requestTurn
	requestIP
	requestASN
	requestIPType
	requestCountry
	requestJA4
	requestUserAgent
	requestModel
	requestEndpoint
	requestStatus
	requestInput
	requestOutput
	requestCached
	requestLatency
	requestStream
	requestToolCalls
	requestTask
	requestTemplate
	requestSuffix
	requestCoT
)

func requestMessage() *message {
	return newMessage("Request", 1,
		field{name: "event_id", typ: typeString}, field{name: "account_id", typ: typeString}, field{name: "ts", typ: typeTime}, field{name: "org_id", typ: typeString},
		field{name: "api_key_id", typ: typeString}, field{name: "conversation_id", typ: typeString}, field{name: "turn", typ: typeInt},
		field{name: "ip", typ: typeString}, field{name: "asn", typ: typeUint}, field{name: "ip_type", typ: typeString}, field{name: "country", typ: typeString},
		field{name: "ja4", typ: typeString}, field{name: "user_agent", typ: typeString},
		field{name: "model", typ: typeString}, field{name: "endpoint", typ: typeString}, field{name: "status", typ: typeInt},
		field{name: "input_tokens", typ: typeInt}, field{name: "output_tokens", typ: typeInt}, field{name: "cached_tokens", typ: typeInt}, field{name: "latency_ms", typ: typeInt},
		field{name: "stream", typ: typeBool}, field{name: "tool_calls", typ: typeInt}, field{name: "task", typ: typeString},
		field{name: "template_hash", typ: typeString}, field{name: "suffix_hash", typ: typeString}, field{name: "cot_score", typ: typeFloat})
}

const (
	paymentKind = iota + 5
	paymentInstrument
	paymentInstrumentType
	paymentBIN
	paymentFunding
	paymentIssuerCountry
	paymentBillingCountry
	paymentBillingName
	paymentBillingZip
	paymentAmount
	paymentCurrency
	paymentIP
	paymentRisk
)

func paymentMessage() *message {
	return newMessage("Payment", 2,
		field{name: "event_id", typ: typeString}, field{name: "account_id", typ: typeString}, field{name: "ts", typ: typeTime}, field{name: "org_id", typ: typeString},
		field{name: "kind", typ: typeString}, field{name: "instrument_id", typ: typeString}, field{name: "instrument_type", typ: typeString},
		field{name: "bin", typ: typeString}, field{name: "funding", typ: typeString}, field{name: "issuer_country", typ: typeString},
		field{name: "billing_country", typ: typeString}, field{name: "billing_name_hash", typ: typeString}, field{name: "billing_zip_hash", typ: typeString},
		field{name: "amount_minor", typ: typeInt}, field{name: "currency", typ: typeString}, field{name: "ip", typ: typeString}, field{name: "processor_risk", typ: typeInt})
}

const (
	labelLabel = iota + 5
	labelSource
	labelCampaign
	labelNote
)

func labelMessage() *message {
	return newMessage("Label", 3,
		field{name: "event_id", typ: typeString}, field{name: "account_id", typ: typeString}, field{name: "ts", typ: typeTime}, field{name: "org_id", typ: typeString},
		field{name: "label", typ: typeString}, field{name: "source", typ: typeString}, field{name: "campaign", typ: typeString}, field{name: "note", typ: typeString})
}
