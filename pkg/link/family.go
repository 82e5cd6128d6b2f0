package link

// Family groups kinds whose evidence is not independent of one another. Log-odds
// are capped per family, and merges and suspensions ask for two of them.
type Family uint8

// The families of evidence.
const (
	FamilyNone Family = iota
	FamilyNetwork
	FamilyDevice
	FamilyPayment
	FamilyIdentity
	FamilyTiming
	FamilyContent
	FamilyHistory
	NumFamilies
)

var familyNames = [NumFamilies]string{"none", "network", "device", "payment", "identity", "timing", "content", "history"}

// String returns the family's name as reasons show it.
func (f Family) String() string { return familyNames[f] }

// Trait kinds: attributes read off an account's windows. Thousands share each, so
// they never bring two accounts together; they only say how alike a group is beside
// the population. They live in the graph and are never sent.
const (
	TraitSignupHour Kind = NumKinds + iota // hour of the signup: bursts
	TraitTask                              // leading task with its share, in fifths
	TraitTokens                            // input and output per request, powers of two
	TraitHours                             // how flat the day is, in tenths
	TraitSignup                            // method × phone type × country agreement
	TraitTools                             // tool calls per request, powers of two
	TraitSync1                             // minutes of the day in which conversations began
	TraitSync10                            // ten minutes
	TraitSync60                            // hours
	TraitHandover                          // ten minutes in which it was throttled or came back
	TraitPace                              // how regularly conversations begin
	TraitFirstUse                          // time from signup to the first request
	TraitPivot                             // model taken up last × day
	TraitUsage                             // depth of conversations, cached and streamed share
	TraitModel                             // leading model with its share, in fifths
	TraitRate                              // requests per active day × age of the account
	TraitAmount                            // what most charges come to
	TraitSpend                             // paid per thousand tokens
	NumAllKinds
)

// Spec says how a kind counts as evidence.
type Spec struct {
	Family Family
	Code   string  // reason code
	Cap    float64 // highest log-odds one shared entity of the kind is worth
	Floor  float64 // lowest: how much it speaks against that nobody in the cluster has it (<= 0)
	Anchor bool    // rare enough to bring accounts together
	Hard   bool    // sharing it with a single member says something, however large the cluster
}

// specs weighs each kind. Caps are the log of how much likelier an exclusive share
// is among accounts of one actor than among honest ones that share for honest
// reasons (a household, an employer). Tuned on the press scenario, seeds 1 and 2.
var specs = [NumAllKinds]Spec{
	KindIP:          {FamilyNetwork, "shared_ip", 2.0, 0, true, false},
	KindPrefix:      {FamilyNetwork, "shared_prefix", 1.0, 0, true, false},
	KindASN:         {FamilyNetwork, "concentrated_asn", 0.8, -0.3, false, false},
	KindDevice:      {FamilyDevice, "shared_device", 3.0, 0, true, true},
	KindClient:      {FamilyDevice, "concentrated_client", 2.2, -0.5, false, false},
	KindInstrument:  {FamilyPayment, "shared_instrument", 3.5, 0, true, true},
	KindCardShape:   {FamilyPayment, "concentrated_card_shape", 2.0, -0.4, false, false},
	KindBilling:     {FamilyPayment, "shared_billing", 2.5, 0, true, false},
	KindEmail:       {FamilyIdentity, "shared_email", 3.0, 0, true, false},
	KindDomain:      {FamilyIdentity, "shared_domain", 1.8, 0, true, false},
	KindDomainShape: {FamilyIdentity, "concentrated_email_shape", 1.7, -0.2, true, false},
	KindPhone:       {FamilyIdentity, "shared_phone", 3.0, 0, true, true},
	KindReferral:    {FamilyIdentity, "shared_referral", 1.0, 0, true, false},
	KindTemplate:    {FamilyContent, "exclusive_template", 3.0, -0.5, true, false},
	KindSuffix:      {FamilyContent, "exclusive_suffix", 2.5, 0, true, false},
	KindAPIKey:      {FamilyDevice, "shared_api_key", 3.0, 0, true, true},

	// Affiliation: worth nothing by itself, it explains what an organisation shares.
	KindSSOOrg: {Code: "sso_org"},
	KindOrg:    {Code: "org"},

	TraitSignupHour: {FamilyTiming, "signup_burst", 1.5, 0, false, false},
	TraitHours:      {FamilyTiming, "day_shape", 1.5, -0.5, false, false},
	TraitTask:       {FamilyContent, "task_concentration", 0.8, -0.5, false, false},
	TraitTokens:     {FamilyContent, "token_shape", 1.0, -0.5, false, false},
	TraitTools:      {FamilyContent, "tool_shape", 0.6, -0.4, false, false},
	TraitSignup:     {FamilyIdentity, "signup_shape", 0.8, -0.4, false, false},
	TraitSync1:      {FamilyTiming, "synchrony_1m", 0.8, 0, false, false},
	TraitSync10:     {FamilyTiming, "synchrony_10m", 0, 0, false, false},
	TraitSync60:     {FamilyTiming, "synchrony_60m", 0, 0, false, false},
	TraitHandover:   {FamilyTiming, "failover", 0, 0, false, false},
	TraitPace:       {FamilyContent, "start_regularity", 0, 0, false, false},
	TraitFirstUse:   {FamilyTiming, "time_to_first_use", 0, 0, false, false},
	TraitPivot:      {FamilyTiming, "model_pivot", 0.3, 0, false, false},
	TraitUsage:      {FamilyContent, "usage_shape", 0, 0, false, false},
	TraitModel:      {FamilyContent, "model_concentration", 0.5, 0, false, false},
	TraitRate:       {FamilyContent, "quota_use", 0, 0, false, false},
	TraitAmount:     {FamilyPayment, "same_amount", 0.8, 0, false, false},
	TraitSpend:      {FamilyContent, "spend_per_use", 0, 0, false, false},
}

// Tracked reports whether the graph keeps links of the kind.
func (k Kind) Tracked() bool { return k.Spec().Code != "" }

// Ties reports whether sharing it brings accounts together: content, and what is hard to share
// by chance. Everything else that is shared speaks for or against a tie and makes none.
func (k Kind) Ties() bool { return k < NumAllKinds && ties[k] }

// ties is asked for every link of every comparison, so that it is worth a table.
var ties = func() (is [NumAllKinds]bool) {
	for k := range NumAllKinds {
		is[k] = specs[k].Hard || k.Prompt()
	}
	return is
}()

// Prompt reports whether its tokens are SimHashes of prompts.
func (k Kind) Prompt() bool { return k == KindTemplate || k == KindSuffix }

// Trait reports whether the kind is read off windows and not off single events.
func (k Kind) Trait() bool { return k >= NumKinds }

// Spec returns how the kind counts. Kinds that count for nothing have FamilyNone.
func (k Kind) Spec() Spec {
	if k < NumAllKinds {
		return specs[k]
	}
	return Spec{}
}
