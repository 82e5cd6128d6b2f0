// Package hostile is a corpus of records that must be rejected, each for one known
// reason. The decoder's tests read it, and the end-to-end tests produce it to live topics
// between good records.
//
// The corpus supposes schema_registry.ids: [7] (SchemaID) and the default limits; the case
// "too large" is bigger than a Kafka producer's and a topic's default maximum.
package hostile

import (
	"encoding/binary"
	"slices"
)

// SchemaID is the only schema id that counts as known.
const SchemaID = 7

// Account is the record key of all cases that do not say otherwise.
const Account = "acct-1"

// Case is one record and the reason for which it must be rejected.
type Case struct {
	Name        string
	Topic       string
	Key         []byte
	Value       []byte
	ContentType string // header content-type; "" = no header
	Reason      string // decode.Reason…
	Field       string // the field that the rejection names, or ""
}

// All returns the corpus in a fixed order.
func All() []Case {
	return slices.Concat(wholeRecords(), jsonSyntax(), jsonFields(), times(), values(), protobufs(), frames())
}

const contentType = "application/x-protobuf"

// request is a good request with more fields, as JSON without its end.
const request = `{"event_id":"e-1","account_id":"acct-1","ts":1777000000000,"model":"m"`

func onTopic(topic, name, value, reason, field string) Case {
	return Case{Name: name, Topic: topic, Key: []byte(Account), Value: []byte(value), Reason: reason, Field: field}
}

// with is a request that is good but for what is appended to it.
func with(name, more, reason, field string) Case {
	return onTopic("requests", name, request+","+more+"}", reason, field)
}

func json(name, value, reason, field string) Case {
	return onTopic("requests", name, value, reason, field)
}

func signup(name, more, reason, field string) Case {
	return onTopic("signups", name, `{"event_id":"e-1","account_id":"acct-1","ts":1777000000000,`+more+"}", reason, field)
}

func payment(name, more, reason, field string) Case {
	return onTopic("payments", name, `{"event_id":"e-1","account_id":"acct-1","ts":1777000000000,`+more+"}", reason, field)
}

func label(name, more, reason, field string) Case {
	return onTopic("labels", name, `{"event_id":"e-1","account_id":"acct-1","ts":1777000000000,`+more+"}", reason, field)
}

func protobuf(name string, value []byte, reason, field string) Case {
	return Case{Name: name, Topic: "requests", Key: []byte(Account), Value: value, ContentType: contentType, Reason: reason, Field: field}
}

func framed(name string, value []byte, reason, field string) Case {
	return Case{Name: name, Topic: "requests", Key: []byte(Account), Value: value, Reason: reason, Field: field}
}

// goodProto is a request with its required fields on the wire.
func goodProto() []byte {
	b := text(nil, 1, "e-1")
	b = text(b, 2, Account)
	b = varint(b, 3, 1_777_000_000_000)
	return text(b, 14, "m")
}

func text(b []byte, field uint64, s string) []byte {
	b = binary.AppendUvarint(b, field<<3|2)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func varint(b []byte, field, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, field<<3), v)
}

func double(b []byte, field, bits uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, field<<3|1), bits)
}

func header(id uint32, index ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), index...)
}
