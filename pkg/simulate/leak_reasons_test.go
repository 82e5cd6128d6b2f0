package simulate

import "maps"

// mayDiffer lists what is supposed to differ between campaigns and honest accounts, with the
// reason. Everything else about a record's form must not tell them apart.
var mayDiffer = map[string]string{
	// who someone belongs to is evidence, not form
	"signups.org_id/presence":        "members of honest organisations have one",
	"requests.org_id/presence":       "as above",
	"payments.org_id/presence":       "as above",
	"signups.org_id/digits":          "an organisation's id recurs over its members",
	"requests.org_id/digits":         "as above",
	"payments.org_id/digits":         "as above",
	"signups.sso_org":                "only verified organisations have one",
	"signups.program":                "the effort says how many come through programmes",
	"signups.referral_code/presence": "the effort says how many give a code",
	"signups.referral_code/digits":   "a code is shared: its digits are those of few codes",
	"signups.method/value":           "follows from the mailbox's provider, and single sign-on from the organisation",
	"signups.method/form":            "as above",
	"signups.method/digits":          "as above",
	// mailboxes and phones: shape, provider and kind of number are signals that an effort sets
	"signups.email/form":   "the shapes of mailboxes are an effort's",
	"signups.email/digits": "as above",
	"signups.email_shape":  "as above",
	"signups.email_domain": "the kinds of domain are an effort's",
	"signups.phone_type":   "the share of VoIP is an effort's",
	"signups.form_ms":      "the time is an effort's, and so is how round it is not",
	// networks: the campaigns here are in the same countries as the population
	"signups.ip/form":                 "offices and servers have version 4, lines at home either one; TestAddressVersions compares those",
	"requests.ip/form":                "as above",
	"payments.ip/form":                "as above",
	"signups.ip/digits":               "those of the networks in use, whose numbers are few",
	"requests.ip/digits":              "as above",
	"payments.ip/digits":              "as above",
	"signups.asn/grain":               "as above",
	"requests.asn/grain":              "as above",
	"signups.country":                 "servers and VPN exits are in few countries",
	"requests.country":                "as above",
	"requests.conversation_id/digits": "recurs over the turns; TestNoLeakBesideDevelopers compares the digits of distinct ones",
	"requests.api_key_id/digits":      "as above",
	"signups.ip_type":                 "the kinds of network are an effort's",
	"requests.ip_type":                "as above",
	// programs and work
	"requests.user_agent/value":       "which program it is",
	"requests.user_agent/form":        "as above",
	"requests.user_agent/digits":      "as above",
	"requests.ja4/digits":             "as above",
	"requests.model/value":            "which model is asked for is the campaign's",
	"requests.model/form":             "as above",
	"requests.model/digits":           "as above",
	"requests.task/value":             "the tasks are the campaign's",
	"requests.task/form":              "as above",
	"requests.task/digits":            "as above",
	"requests.endpoint":               "which one follows from the kind of work",
	"requests.stream":                 "follows from the kind of work",
	"requests.turn/grain":             "lengths of conversations follow from the kind of work",
	"requests.tool_calls/grain":       "follows from the kind of work",
	"requests.input_tokens/grain":     "sizes follow from the kind of work",
	"requests.output_tokens/grain":    "as above, and 0 where refused",
	"requests.cached_tokens/grain":    "0 where nothing is cached, which follows from the kind of work",
	"requests.status":                 "refusals are an effort's",
	"requests.template_hash/presence": "a system prompt may be absent: chats have none",
	"requests.template_hash/digits":   "few templates",
	"requests.suffix_hash/digits":     "few frames",
	"requests.cot_score/grain":        "0 where the score is low",
	"requests.cot_score/form":         "a score near 0 has fewer digits",
	"requests.cot_score/digits":       "the score is a signal",
	// money
	"payments.kind":                       "declines and top-ups are an effort's",
	"payments.instrument_type":            "wallets and invoices are honest organisations' and people's",
	"payments.bin":                        "ranges are few, and wallets and invoices have none",
	"payments.funding":                    "the kinds of card are an effort's",
	"payments.amount_minor":               "amounts are an effort's; a card_added has none",
	"payments.processor_risk":             "the risk is a signal",
	"payments.issuer_country/presence":    "wallets and invoices have none",
	"payments.instrument_id/presence":     "an effort says how many live on credit; a grant has no instrument",
	"payments.billing_name_hash/digits":   "an instrument recurs over an account's payments",
	"payments.billing_name_hash/presence": "a grant has no instrument",
	"payments.billing_zip_hash/presence":  "a grant has no instrument",
	"payments.billing_zip_hash/digits":    "few codes in a country",
	"payments.billing_country/presence":   "a grant has no instrument",
	"payments.ip/presence":                "grants, refunds and chargebacks follow from the sort of payment",
	"payments.instrument_id/digits":       "an instrument recurs over an account's payments",
}

// elsewhere lists what follows from a campaign's countries where it is not in those of the
// population.
func elsewhere() map[string]string {
	out := maps.Clone(mayDiffer)
	for _, f := range []string{"signups.phone_country", "signups.phone/form", "signups.phone/digits", "payments.currency", "payments.issuer_country",
		"payments.billing_country"} {
		out[f] = "the countries are the campaign's"
	}
	return out
}
