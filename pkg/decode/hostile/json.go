package hostile

import (
	"strings"

	"github.com/iolaus-io/iolaus/pkg/decode"
)

const mebibyte = 1 << 20

func wholeRecords() []Case {
	keyed := func(name string, key []byte) Case {
		return Case{Name: name, Topic: "requests", Key: key, Value: []byte(request + "}"), Reason: decode.ReasonKeyMismatch, Field: "account_id"}
	}
	return []Case{
		{Name: "tombstone", Topic: "requests", Key: []byte(Account), Reason: decode.ReasonEmptyValue},
		json("empty value", "", decode.ReasonEmptyValue, ""),
		with("too large", `"endpoint":"`+strings.Repeat("x", mebibyte)+`"`, decode.ReasonTooLarge, ""),
		json("plain text", "hello", decode.ReasonUnknownEncoding, ""),
		json("array", "["+request+"}]", decode.ReasonUnknownEncoding, ""),
		json("byte order mark", "\xef\xbb\xbf"+request+"}", decode.ReasonUnknownEncoding, ""),
		json("space before the object", " "+request+"}", decode.ReasonUnknownEncoding, ""),
		json("protobuf without its header", string(goodProto()), decode.ReasonUnknownEncoding, ""),
		json("gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00", decode.ReasonUnknownEncoding, ""),
		keyed("another account's key", []byte("acct-2")),
		keyed("no key", nil),
		keyed("empty key", []byte{}),
		keyed("key with a trailing byte", []byte("acct-1\n")),
		keyed("key in capitals", []byte("ACCT-1")),
	}
}

func jsonSyntax() []Case {
	bad := func(name, value string) Case { return json(name, value, decode.ReasonBadJSON, "") }
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	return []Case{
		bad("lone brace", "{"),
		bad("cut short in a name", `{"event_id`),
		bad("cut short in a value", `{"event_id":"e-1`),
		bad("cut short behind a colon", `{"event_id":`),
		bad("cut short before the end", request),
		bad("cut short in an escape", `{"event_id":"\`),
		bad("trailing comma", request+",}"),
		bad("two commas", request+`,,"turn":1}`),
		bad("two objects", request+"}"+request+"}"),
		bad("garbage behind the object", request+"}x"),
		bad("NUL behind the object", request+"}\x00"),
		bad("single quotes", "{'event_id':'e-1'}"),
		bad("name without quotes", `{event_id:"e-1"}`),
		bad("comment", `{/* hi */"event_id":"e-1"}`),
		bad("no colon", `{"event_id" "e-1"}`),
		bad("control character in a string", "{\"event_id\":\"e\n1\"}"),
		bad("unknown escape", `{"event_id":"\x41"}`),
		bad("unicode escape cut short", `{"event_id":"\u00"}`),
		with("NaN", `"cot_score":NaN`, decode.ReasonBadJSON, ""),
		with("Infinity", `"input_tokens":Infinity`, decode.ReasonBadJSON, ""),
		with("minus Infinity", `"input_tokens":-Infinity`, decode.ReasonBadJSON, ""),
		with("leading zero", `"turn":007`, decode.ReasonBadJSON, ""),
		with("plus sign", `"turn":+1`, decode.ReasonBadJSON, ""),
		with("hexadecimal", `"turn":0x1F`, decode.ReasonBadJSON, ""),
		with("bare point", `"cot_score":.5`, decode.ReasonBadJSON, ""),
		with("misspelt literal", `"stream":True`, decode.ReasonBadJSON, ""),
		with("literal cut short", `"stream":tru`, decode.ReasonBadJSON, ""),
		with("bad number in an unknown field", `"x":[1,-]`, decode.ReasonBadJSON, ""),
		with("brackets that do not match", `"x":[1}`, decode.ReasonBadJSON, ""),
		with("bomb of arrays", `"x":`+strings.Repeat("[", 100_000), decode.ReasonTooDeep, ""),
		with("bomb of objects", `"x":`+deep, decode.ReasonTooDeep, ""),
		with("invalid UTF-8 in a value", "\"user_agent\":\"\xff\xfe\"", decode.ReasonInvalidUTF8, ""),
		with("invalid UTF-8 in an unknown field", "\"x\":\"\xc3\x28\"", decode.ReasonInvalidUTF8, ""),
		with("overlong UTF-8", "\"endpoint\":\"\xc0\xaf\"", decode.ReasonInvalidUTF8, ""),
		with("surrogate as UTF-8", "\"endpoint\":\"\xed\xa0\x80\"", decode.ReasonInvalidUTF8, ""),
		with("half a surrogate pair", `"endpoint":"\ud83d"`, decode.ReasonInvalidUTF8, ""),
		with("surrogates in the wrong order", `"endpoint":"\ude00\ud83d"`, decode.ReasonInvalidUTF8, ""),
	}
}

func jsonFields() []Case {
	return []Case{
		json("empty object", "{}", decode.ReasonMissingField, "event_id"),
		json("no event_id", `{"account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonMissingField, "event_id"),
		json("event_id null", `{"event_id":null,"account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonMissingField, "event_id"),
		json("event_id empty", `{"event_id":"","account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonMissingField, "event_id"),
		json("no account_id", `{"event_id":"e-1","ts":1777000000000,"model":"m"}`, decode.ReasonMissingField, "account_id"),
		json("no ts", `{"event_id":"e-1","account_id":"acct-1","model":"m"}`, decode.ReasonMissingField, "ts"),
		json("ts null", `{"event_id":"e-1","account_id":"acct-1","ts":null,"model":"m"}`, decode.ReasonMissingField, "ts"),
		json("no model", `{"event_id":"e-1","account_id":"acct-1","ts":1777000000000}`, decode.ReasonMissingField, "model"),
		json("name in capitals", `{"EVENT_ID":"e-1","account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonMissingField, "event_id"),
		payment("no kind", `"amount_minor":5`, decode.ReasonMissingField, "kind"),
		label("no label", `"source":"analyst"`, decode.ReasonMissingField, "label"),
		label("no source", `"label":"fraud"`, decode.ReasonMissingField, "source"),
		with("event_id twice", `"event_id":"e-2"`, decode.ReasonDuplicateField, "event_id"),
		with("account_id twice", `"account_id":"acct-2"`, decode.ReasonDuplicateField, "account_id"),
		with("twice, first null", `"turn":null,"turn":1`, decode.ReasonDuplicateField, "turn"),
		with("twice, once in escapes", `"\u0074urn":1,"turn":2`, decode.ReasonDuplicateField, "turn"),
		json("account_id as a number", `{"event_id":"e-1","account_id":1,"ts":1777000000000,"model":"m"}`, decode.ReasonWrongType, "account_id"),
		with("string for an integer", `"input_tokens":"100"`, decode.ReasonWrongType, "input_tokens"),
		with("fraction for an integer", `"input_tokens":1.5`, decode.ReasonWrongType, "input_tokens"),
		with("bool for an integer", `"status":true`, decode.ReasonWrongType, "status"),
		with("number for a bool", `"stream":1`, decode.ReasonWrongType, "stream"),
		with("string for a number", `"cot_score":"0.5"`, decode.ReasonWrongType, "cot_score"),
		with("object for a string", `"ip":{"v4":"203.0.113.7"}`, decode.ReasonWrongType, "ip"),
		with("array for an integer", `"turn":[1]`, decode.ReasonWrongType, "turn"),
		with("bomb in a known field", `"endpoint":`+strings.Repeat("[", 1000), decode.ReasonWrongType, "endpoint"),
		json("event_id of 65 bytes", `{"event_id":"`+strings.Repeat("e", 65)+`","account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonTooLong, "event_id"),
		{Name: "account_id of 129 bytes", Topic: "requests", Key: []byte(strings.Repeat("a", 129)), Reason: decode.ReasonTooLong, Field: "account_id",
			Value: []byte(`{"event_id":"e-1","account_id":"` + strings.Repeat("a", 129) + `","ts":1777000000000,"model":"m"}`)},
		with("user_agent of 5000 bytes", `"user_agent":"`+strings.Repeat("u", 5000)+`"`, decode.ReasonTooLong, "user_agent"),
		json("control character in event_id", `{"event_id":"e\u001b[31m","account_id":"acct-1","ts":1777000000000,"model":"m"}`, decode.ReasonImpossibleValue, "event_id"),
	}
}
