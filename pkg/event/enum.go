package event

// The enumerations of the contract. The zero value is always "unknown" (or
// "none"), which is what an unlisted string becomes.

// IPType is what kind of network an address belongs to.
type IPType uint8

// The network kinds of the contract.
const (
	IPUnknown IPType = iota
	IPResidential
	IPMobile
	IPHosting
	IPVPN
	IPProxy
	IPTor
	IPEducation
	IPCorporate
)

// PhoneType is what kind of line a phone number is.
type PhoneType uint8

// The phone kinds of the contract.
const (
	PhoneUnknown PhoneType = iota
	PhoneMobile
	PhoneVoIP
	PhoneLandline
)

// Method is how an account signed up.
type Method uint8

// The signup methods of the contract.
const (
	MethodUnknown Method = iota
	MethodEmail
	MethodGoogle
	MethodGitHub
	MethodMicrosoft
	MethodSSO
	MethodAPI
)

// Program is the access programme an account came in through.
type Program uint8

// The programmes of the contract.
const (
	ProgramNone Program = iota
	ProgramEducation
	ProgramResearch
	ProgramStartup
)

// Task is what an exchange is for, by the gateway's classifier.
type Task uint8

// The tasks of the contract.
const (
	TaskUnknown Task = iota
	TaskAgenticReasoning
	TaskSoftwareEngineering
	TaskLongHorizon
	TaskDataAnalysis
	TaskWriting
	TaskChat
	TaskOther
	NumTasks
)

// PaymentKind is what happened at the processor.
type PaymentKind uint8

// The payment kinds of the contract. The zero value never leaves the decoder:
// a payment of no listed kind is rejected only if kind is absent, else unknown.
const (
	PaymentUnknown PaymentKind = iota
	PaymentCardAdded
	PaymentCharge
	PaymentDecline
	PaymentRefund
	PaymentChargeback
	PaymentTopup
	PaymentCreditGranted
)

// InstrumentType is what is paid with.
type InstrumentType uint8

// The instrument types of the contract.
const (
	InstrumentUnknown InstrumentType = iota
	InstrumentCard
	InstrumentWallet
	InstrumentBank
	InstrumentCrypto
	InstrumentInvoice
)

// Funding is how a card is funded.
type Funding uint8

// The funding kinds of the contract.
const (
	FundingUnknown Funding = iota
	FundingCredit
	FundingDebit
	FundingPrepaid
	FundingVirtual
)

// LabelKind is what an account was found to be.
type LabelKind uint8

// The labels of the contract.
const (
	LabelUnknown LabelKind = iota
	LabelFraud
	LabelLegit
	LabelCompromised
)

var (
	ipTypes     = []string{"unknown", "residential", "mobile", "hosting", "vpn", "proxy", "tor", "education", "corporate"}
	phoneTypes  = []string{"unknown", "mobile", "voip", "landline"}
	methods     = []string{"unknown", "email", "google", "github", "microsoft", "sso", "api"}
	programs    = []string{"none", "education", "research", "startup"}
	tasks       = []string{"unknown", "agentic_reasoning", "software_engineering", "long_horizon", "data_analysis", "writing", "chat", "other"}
	payments    = []string{"unknown", "card_added", "charge", "decline", "refund", "chargeback", "topup", "credit_granted"}
	instruments = []string{"unknown", "card", "wallet", "bank", "crypto", "invoice"}
	fundings    = []string{"unknown", "credit", "debit", "prepaid", "virtual"}
	labels      = []string{"unknown", "fraud", "legit", "compromised"}
)

// lookup finds a contract word; the lists are short, so a scan beats a map.
func lookup[T ~uint8](words []string, s string) T {
	for i, w := range words {
		if w == s {
			return T(i)
		}
	}
	return 0
}

func word[T ~uint8](words []string, v T) string {
	if int(v) < len(words) {
		return words[v]
	}
	return words[0]
}

// ParseIPType reads a contract word; unlisted is unknown.
func ParseIPType(s string) IPType { return lookup[IPType](ipTypes, s) }

// String returns the contract word.
func (t IPType) String() string { return word(ipTypes, t) }

// ParsePhoneType reads a contract word; unlisted is unknown.
func ParsePhoneType(s string) PhoneType { return lookup[PhoneType](phoneTypes, s) }

// String returns the contract word.
func (t PhoneType) String() string { return word(phoneTypes, t) }

// ParseMethod reads a contract word; unlisted is unknown.
func ParseMethod(s string) Method { return lookup[Method](methods, s) }

// String returns the contract word.
func (m Method) String() string { return word(methods, m) }

// ParseProgram reads a contract word; unlisted is none.
func ParseProgram(s string) Program { return lookup[Program](programs, s) }

// String returns the contract word.
func (p Program) String() string { return word(programs, p) }

// ParseTask reads a contract word; unlisted is unknown.
func ParseTask(s string) Task { return lookup[Task](tasks, s) }

// String returns the contract word.
func (t Task) String() string { return word(tasks, t) }

// ParsePaymentKind reads a contract word; unlisted is unknown.
func ParsePaymentKind(s string) PaymentKind { return lookup[PaymentKind](payments, s) }

// String returns the contract word.
func (k PaymentKind) String() string { return word(payments, k) }

// ParseInstrumentType reads a contract word; unlisted is unknown.
func ParseInstrumentType(s string) InstrumentType { return lookup[InstrumentType](instruments, s) }

// String returns the contract word.
func (t InstrumentType) String() string { return word(instruments, t) }

// ParseFunding reads a contract word; unlisted is unknown.
func ParseFunding(s string) Funding { return lookup[Funding](fundings, s) }

// String returns the contract word.
func (f Funding) String() string { return word(fundings, f) }

// ParseLabelKind reads a contract word; unlisted is unknown.
func ParseLabelKind(s string) LabelKind { return lookup[LabelKind](labels, s) }

// String returns the contract word.
func (l LabelKind) String() string { return word(labels, l) }
