package decode

import "encoding/binary"

// frameHeader is the Confluent wire format's magic byte and big-endian schema id.
const frameHeader = 5

// maxIndexes bounds the path to a message inside a schema file; ours are top-level.
const maxIndexes = 16

// frame is a Confluent-framed value taken apart.
type frame struct {
	id      int
	index   int // of the top-level message; -1 for a nested one
	payload []byte
}

// readFrame takes a Confluent frame apart: 0x00, the id, the message's path as a count
// and indexes in zigzag varints (a single 0x00 is short for the first message), payload.
func readFrame(b []byte) (frame, error) {
	if len(b) < frameHeader+1 {
		return frame{}, reject(ReasonBadFrame, "", "%d bytes, cut short", len(b))
	}
	id := binary.BigEndian.Uint32(b[1:])
	if id == 0 || id > 1<<31-1 {
		return frame{}, reject(ReasonUnknownSchemaID, "", "schema id %d is no registry id", id)
	}
	fr := frame{id: int(id), payload: b[frameHeader:]}
	count, ok := fr.varint()
	if !ok || count < 0 || count > maxIndexes {
		return frame{}, reject(ReasonBadFrame, "", "malformed message index")
	}
	for i := range count {
		index, ok := fr.varint()
		if !ok || index < 0 {
			return frame{}, reject(ReasonBadFrame, "", "malformed message index")
		}
		fr.index = int(index)
		if i > 0 {
			fr.index = -1
		}
	}
	return fr, nil
}

func (f *frame) varint() (int64, bool) {
	v, n := binary.Varint(f.payload)
	if n <= 0 {
		return 0, false
	}
	f.payload = f.payload[n:]
	return v, true
}
