package hostile

import (
	"strings"

	"github.com/iolaus-io/iolaus/pkg/decode"
)

func times() []Case {
	at := func(name, ts, reason string) Case {
		return json(name, `{"event_id":"e-1","account_id":"acct-1","ts":`+ts+`,"model":"m"}`, reason, "ts")
	}
	return []Case{
		at("year 1970", "0", decode.ReasonTSOutOfRange),
		at("seconds for milliseconds", "1777000000", decode.ReasonTSOutOfRange),
		at("before 1970", "-1", decode.ReasonTSOutOfRange),
		at("the last day of 2014", `"2014-12-31T23:59:59Z"`, decode.ReasonTSOutOfRange),
		at("year 2101", `"2101-01-01T00:00:00Z"`, decode.ReasonTSOutOfRange),
		at("microseconds for milliseconds", "1777000000000000", decode.ReasonTSOutOfRange),
		at("above 64 bits", "99999999999999999999", decode.ReasonTSOutOfRange),
		at("year 2099", "4092599349000", decode.ReasonTSInFuture),
		at("digits in quotes", `"1777000000000"`, decode.ReasonBadTime),
		at("no zone", `"2026-04-22T10:00:00"`, decode.ReasonBadTime),
		at("the 31st of February", `"2026-02-31T10:00:00Z"`, decode.ReasonBadTime),
		at("a fraction of a millisecond", "1777000000000.5", decode.ReasonWrongType),
		at("bool", "true", decode.ReasonWrongType),
	}
}

func values() []Case {
	bad := func(name, field, value string) Case {
		return with(name, `"`+field+`":`+value, decode.ReasonImpossibleValue, field)
	}
	return []Case{
		bad("negative input_tokens", "input_tokens", "-1"),
		bad("negative output_tokens", "output_tokens", "-5"),
		bad("negative cached_tokens", "cached_tokens", "-1"),
		bad("negative latency_ms", "latency_ms", "-30"),
		bad("negative turn", "turn", "-1"),
		bad("negative tool_calls", "tool_calls", "-1"),
		bad("tokens above 64 bits", "input_tokens", "99999999999999999999999"),
		bad("tokens that overflow a sum", "input_tokens", "9223372036854775807"),
		bad("huge exponent", "input_tokens", "1e999"),
		bad("turn above 32 bits", "turn", "2147483648"),
		bad("negative asn", "asn", "-1"),
		bad("asn above 32 bits", "asn", "4294967296"),
		bad("status 99", "status", "99"),
		bad("status 600", "status", "600"),
		bad("cot_score above 1", "cot_score", "1.0001"),
		bad("cot_score below 0", "cot_score", "-0.1"),
		bad("cot_score above a double", "cot_score", "1e400"),
		bad("template_hash of 15 digits", "template_hash", `"9f3a77c01b2d4e5"`),
		bad("template_hash not hexadecimal", "template_hash", `"zzzzzzzzzzzzzzzz"`),
		bad("suffix_hash of 17 digits", "suffix_hash", `"9f3a77c01b2d4e5f0"`),
		bad("ip of three parts", "ip", `"203.0.113"`),
		bad("ip above 255", "ip", `"203.0.113.256"`),
		bad("ip with a port", "ip", `"203.0.113.7:443"`),
		bad("ip with a zone", "ip", `"fe80::1%eth0"`),
		bad("ip with leading zeros", "ip", `"203.000.113.007"`),
		bad("host name for ip", "ip", `"example.org"`),
		bad("country of three letters", "country", `"SGP"`),
		bad("country with a digit", "country", `"S1"`),
		bad("control character in api_key_id", "api_key_id", `"key\u0000"`),
		with("api_key_id of 200 bytes", `"api_key_id":"`+strings.Repeat("k", 200)+`"`, decode.ReasonTooLong, "api_key_id"),
		signup("email without @", `"email":"yan.tan76"`, decode.ReasonImpossibleValue, "email"),
		signup("email without a domain", `"email":"yan@"`, decode.ReasonImpossibleValue, "email"),
		signup("email without a local part", `"email":"@example.org"`, decode.ReasonImpossibleValue, "email"),
		signup("email with two @", `"email":"yan@tan@example.org"`, decode.ReasonImpossibleValue, "email"),
		signup("email with a space in the domain", `"email":"yan@example org"`, decode.ReasonImpossibleValue, "email"),
		signup("email of 400 bytes", `"email":"`+strings.Repeat("y", 400)+`@example.org"`, decode.ReasonImpossibleValue, "email"),
		signup("phone of letters", `"phone":"call me"`, decode.ReasonImpossibleValue, "phone"),
		signup("phone of 30 digits", `"phone":"`+strings.Repeat("1", 30)+`"`, decode.ReasonImpossibleValue, "phone"),
		signup("phone_country of one letter", `"phone_country":"S"`, decode.ReasonImpossibleValue, "phone_country"),
		signup("negative form_ms", `"form_ms":-1`, decode.ReasonImpossibleValue, "form_ms"),
		payment("negative amount", `"kind":"charge","amount_minor":-100`, decode.ReasonImpossibleValue, "amount_minor"),
		payment("processor_risk 101", `"kind":"charge","processor_risk":101`, decode.ReasonImpossibleValue, "processor_risk"),
		payment("processor_risk -1", `"kind":"charge","processor_risk":-1`, decode.ReasonImpossibleValue, "processor_risk"),
		payment("currency of two letters", `"kind":"charge","currency":"US"`, decode.ReasonImpossibleValue, "currency"),
		payment("issuer_country of digits", `"kind":"charge","issuer_country":"12"`, decode.ReasonImpossibleValue, "issuer_country"),
	}
}
