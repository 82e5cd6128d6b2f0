package wire

// Headers of a record in a <topic>.dlq. The key and the value are those of the
// rejected record, whole; with HeaderSealed "1" the value is sealed (see pkg/seal). The
// rejected record's own headers follow, unchanged.
const (
	HeaderReason    = "iolaus-reason"    // decode.Reason…, e.g. missing_field
	HeaderField     = "iolaus-field"     // field that was wrong, where there is one
	HeaderDetail    = "iolaus-detail"    // for a person; never holds personal data
	HeaderTopic     = "iolaus-topic"     // where the record came from
	HeaderPartition = "iolaus-partition" // decimal
	HeaderOffset    = "iolaus-offset"    // decimal
	HeaderSealed    = "iolaus-sealed"    // "1" where the value is sealed
	HeaderReplays   = "iolaus-replays"   // how often `iolaus dlq replay` fed the record back, decimal
)
