package decode

import (
	"math"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/token"
)

func (d *Decoder) buildSignup(r Record, out *event.Signup) error {
	m, f := d.signup.message, &d.fields
	if _, err := d.meta(r, m, &out.Meta, nil); err != nil {
		return err
	}
	if err := d.network(m, signupIP, signupASN, signupIPType, signupCountry, &out.Network); err != nil {
		return err
	}
	if err := d.email(m, out); err != nil {
		return err
	}
	if err := d.phone(m, out); err != nil {
		return err
	}
	formMS, err := d.optional(m, signupFormMS, maxCount)
	if err != nil {
		return err
	}
	out.FormMS = formMS
	out.Device = d.token(token.Device, signupDevice)
	out.JA4 = d.token(token.JA4, signupJA4)
	out.UserAgent = d.token(token.UserAgent, signupUserAgent)
	out.Method = event.ParseMethod(view(f.text(signupMethod)))
	out.SSOOrg = d.token(token.SSOOrg, signupSSOOrg)
	out.Program = event.ParseProgram(view(f.text(signupProgram)))
	out.Referral = d.token(token.Referral, signupReferral)
	return nil
}

func (d *Decoder) buildRequest(r Record, out *event.Request) error {
	m, f := d.request.message, &d.fields
	key := f.text(requestAPIKeyID)
	if err := checkID(m, requestAPIKeyID, key, maxID); err != nil {
		return err
	}
	keyID, err := d.meta(r, m, &out.Meta, key)
	if err != nil {
		return err
	}
	out.APIKeyID = keyID
	if err := d.network(m, requestIP, requestASN, requestIPType, requestCountry, &out.Network); err != nil {
		return err
	}
	if len(f.text(requestModel)) == 0 {
		return missing(m, requestModel)
	}
	if err := d.requestNumbers(m, out); err != nil {
		return err
	}
	if err := d.simhash(m, requestTemplate, &out.Template); err != nil {
		return err
	}
	if err := d.simhash(m, requestSuffix, &out.Suffix); err != nil {
		return err
	}
	out.APIKey = d.token(token.APIKey, requestAPIKeyID)
	out.Conversation = d.token(token.Conversation, requestConversation)
	out.JA4 = d.token(token.JA4, requestJA4)
	out.UserAgent = d.token(token.UserAgent, requestUserAgent)
	out.Model = d.token(token.Model, requestModel)
	out.Stream = f.has(requestStream) && f.num[requestStream] != 0
	out.Task = event.ParseTask(view(f.text(requestTask)))
	return nil
}

func (d *Decoder) requestNumbers(m *message, out *event.Request) (err error) {
	if err = d.small(m, requestTurn, &out.Turn); err != nil {
		return err
	}
	if err = d.small(m, requestToolCalls, &out.ToolCalls); err != nil {
		return err
	}
	if err = d.small(m, requestStatus, &out.Status); err != nil {
		return err
	}
	if out.Status != 0 && (out.Status < 100 || out.Status > 599) {
		return impossible(m, requestStatus, "is neither 0 nor an HTTP status")
	}
	if out.InputTokens, err = d.integer(m, requestInput, maxCount); err != nil {
		return err
	}
	if out.OutputTokens, err = d.integer(m, requestOutput, maxCount); err != nil {
		return err
	}
	if out.CachedTokens, err = d.integer(m, requestCached, maxCount); err != nil {
		return err
	}
	if out.LatencyMS, err = d.integer(m, requestLatency, maxCount); err != nil {
		return err
	}
	out.CoT = -1
	if d.fields.has(requestCoT) {
		x := d.fields.float[requestCoT]
		if math.IsNaN(x) || x < 0 || x > 1 {
			return impossible(m, requestCoT, "is not within 0 to 1")
		}
		out.CoT = float32(x)
	}
	return nil
}

func (d *Decoder) buildPayment(r Record, out *event.Payment) (err error) {
	m, f := d.payment.message, &d.fields
	if _, err = d.meta(r, m, &out.Meta, nil); err != nil {
		return err
	}
	kind := f.text(paymentKind)
	if len(kind) == 0 {
		return missing(m, paymentKind)
	}
	if out.IP, out.Prefix, err = d.address(m, paymentIP); err != nil {
		return err
	}
	if err = d.country(m, paymentIssuerCountry, &out.IssuerCountry); err != nil {
		return err
	}
	if err = d.country(m, paymentBillingCountry, &out.BillingCountry); err != nil {
		return err
	}
	if out.AmountMinor, err = d.integer(m, paymentAmount, maxAmount); err != nil {
		return err
	}
	currency, err := d.letters(m, paymentCurrency, 3)
	if err != nil {
		return err
	}
	risk, err := d.optional(m, paymentRisk, 100)
	if err != nil {
		return err
	}
	out.Currency = event.Currency(currency)
	out.ProcessorRisk = int16(risk) //nolint:gosec // -1..100
	out.Kind = event.ParsePaymentKind(view(kind))
	out.Instrument = d.token(token.Instrument, paymentInstrument)
	out.InstrumentType = event.ParseInstrumentType(view(f.text(paymentInstrumentType)))
	out.BIN = d.token(token.BIN, paymentBIN)
	out.Funding = event.ParseFunding(view(f.text(paymentFunding)))
	out.BillingName = d.token(token.BillingName, paymentBillingName)
	out.BillingZip = d.token(token.BillingZip, paymentBillingZip)
	return nil
}

func (d *Decoder) buildLabel(r Record, out *event.Label) error {
	m, f := d.label.message, &d.fields
	if _, err := d.meta(r, m, &out.Meta, nil); err != nil {
		return err
	}
	label, source, campaign := f.text(labelLabel), f.text(labelSource), f.text(labelCampaign)
	if len(label) == 0 {
		return missing(m, labelLabel)
	}
	if len(source) == 0 {
		return missing(m, labelSource)
	}
	if err := checkID(m, labelCampaign, campaign, maxID); err != nil {
		return err
	}
	out.Label = event.ParseLabelKind(view(label))
	out.Source = labelSourceWord(view(source))
	out.Campaign = string(campaign)
	out.Note = string(f.text(labelNote))
	return nil
}

// labelSourceWord is one of the contract's sources; an unlisted one becomes unknown.
func labelSourceWord(s string) string {
	switch s {
	case "analyst":
		return "analyst"
	case "appeal":
		return "appeal"
	case "partner":
		return "partner"
	case "simulator":
		return "simulator"
	default:
		return "unknown"
	}
}

func (d *Decoder) token(kind token.Kind, i int) event.Token {
	return d.tokens.Token(kind, d.fields.text(i))
}
