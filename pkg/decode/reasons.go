package decode

import "fmt"

// Reasons why a record is rejected. They stand in the iolaus-reason header, in the
// metric's label and in the table rejected_events: never rename one.
const (
	// The record as a whole.
	ReasonEmptyValue      = "empty_value"      // no value (a tombstone)
	ReasonTooLarge        = "too_large"        // value above stage.max_bytes
	ReasonUnknownEncoding = "unknown_encoding" // neither JSON, nor a Confluent frame, nor content-type application/x-protobuf
	ReasonKeyMismatch     = "key_mismatch"     // record key is not account_id

	// JSON.
	ReasonBadJSON        = "bad_json"        // does not parse as one JSON object
	ReasonInvalidUTF8    = "invalid_utf8"    // a string is not UTF-8, or escapes half a surrogate pair
	ReasonTooDeep        = "too_deep"        // nested deeper than 32
	ReasonDuplicateField = "duplicate_field" // a known field stands twice
	ReasonWrongType      = "wrong_type"      // a field has a value of another type

	// Protobuf.
	ReasonBadProtobuf     = "bad_protobuf"      // truncated, malformed, not UTF-8, or a field of another wire type
	ReasonBadFrame        = "bad_frame"         // Confluent frame cut short or malformed
	ReasonUnknownSchemaID = "unknown_schema_id" // schema id that neither the configuration nor the registry knows
	ReasonWrongMessage    = "wrong_message"     // a frame of another message than the topic's

	// Fields.
	ReasonMissingField    = "missing_field"    // a required field is absent, null or empty
	ReasonTooLong         = "too_long"         // a string above its limit
	ReasonBadTime         = "bad_time"         // ts is a string but not RFC 3339
	ReasonTSOutOfRange    = "ts_out_of_range"  // ts before 2015 or after 2100
	ReasonTSInFuture      = "ts_in_future"     // ts more than stage.max_future ahead of the broker's clock
	ReasonImpossibleValue = "impossible_value" // a value that cannot be: negative count, no address, no country, …
)

// Reasons lists every reason, in the order of the constants.
func Reasons() []string {
	return []string{
		ReasonEmptyValue, ReasonTooLarge, ReasonUnknownEncoding, ReasonKeyMismatch,
		ReasonBadJSON, ReasonInvalidUTF8, ReasonTooDeep, ReasonDuplicateField, ReasonWrongType,
		ReasonBadProtobuf, ReasonBadFrame, ReasonUnknownSchemaID, ReasonWrongMessage,
		ReasonMissingField, ReasonTooLong, ReasonBadTime, ReasonTSOutOfRange, ReasonTSInFuture, ReasonImpossibleValue,
	}
}

// Rejection says why a record can never be decoded: it belongs in the dead-letter
// topic. Detail is for a person and holds no value of the record.
type Rejection struct {
	Reason string // one of the Reason constants
	Field  string // the field's name, or ""
	Detail string
}

// Error returns reason, field and detail in one line.
func (r *Rejection) Error() string {
	s := "record rejected: " + r.Reason
	if r.Field != "" {
		s += " (" + r.Field + ")"
	}
	if r.Detail != "" {
		s += ": " + r.Detail
	}
	return s
}

func reject(reason, field, format string, args ...any) error {
	return &Rejection{Reason: reason, Field: field, Detail: fmt.Sprintf(format, args...)}
}
