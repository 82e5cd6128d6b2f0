package chdb

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// helloQuery is what clickhouse-go asks first over HTTP. It decodes that one answer at its own
// protocol revision and all later ones at the revision the answer reports. The engine writes
// Native blocks at revision 0 only, so the gateway answers this one query itself, at the client's
// revision, and reports 0.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

func isHello(sql string) bool { return strings.EqualFold(strings.TrimSpace(sql), helloQuery) }

// helloBlock encodes the answer as one Native block at a client's revision.
func helloBlock(name, version string, revision int) []byte {
	var buf proto.Buffer
	if revision > 0 {
		buf.PutUVarInt(1) // block info: field 1, is_overflows
		buf.PutBool(false)
		buf.PutUVarInt(2) // field 2, bucket_num
		buf.PutInt32(-1)
		buf.PutUVarInt(0) // end of fields
	}
	buf.PutUVarInt(4) // columns
	buf.PutUVarInt(1) // rows
	column := func(name, typ string) {
		buf.PutString(name)
		buf.PutString(typ)
		if proto.FeatureCustomSerialization.In(revision) {
			buf.PutBool(false)
		}
	}
	column("displayName()", "String")
	buf.PutString(name)
	column("version()", "String")
	buf.PutString(version)
	column("revision()", "UInt32")
	buf.PutUInt32(0)
	column("timezone()", "String")
	buf.PutString("UTC")
	return buf.Buf
}
