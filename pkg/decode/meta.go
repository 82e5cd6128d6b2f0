package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Limits of the contract and sanity bounds.
const (
	maxEventID   = 64
	maxAccountID = 128
	maxID        = 128 // org_id, api_key_id, campaign

	minTS = 1_420_070_400_000 // 2015-01-01T00:00:00Z
	maxTS = 4_102_444_800_000 // 2100-01-01T00:00:00Z

	maxCount  = 1 << 40 // tokens and milliseconds of one event: far above any, and 2^23 of them fit a sum
	maxAmount = 1 << 50 // minor units
)

// meta checks what all events share, and makes the strings of the event in one
// allocation: extra is one more that the event keeps, or nil.
func (d *Decoder) meta(r Record, m *message, out *event.Meta, extra []byte) (string, error) {
	f := &d.fields
	eventID, accountID, orgID := f.text(metaEventID), f.text(metaAccountID), f.text(metaOrgID)
	if err := checkID(m, metaEventID, eventID, maxEventID); err != nil {
		return "", err
	}
	if err := checkID(m, metaAccountID, accountID, maxAccountID); err != nil {
		return "", err
	}
	if len(eventID) == 0 {
		return "", missing(m, metaEventID)
	}
	if len(accountID) == 0 {
		return "", missing(m, metaAccountID)
	}
	if err := checkID(m, metaOrgID, orgID, maxID); err != nil {
		return "", err
	}
	if !bytes.Equal(r.Key, accountID) && (r.Key != nil || r.BrokerMS != 0) {
		return "", reject(ReasonKeyMismatch, m.fields[metaAccountID].name, "the record's key is another")
	}
	ts, err := d.time(r, m)
	if err != nil {
		return "", err
	}
	d.ids = append(append(append(append(d.ids[:0], eventID...), accountID...), orgID...), extra...)
	s := string(d.ids)
	out.TS = ts
	out.EventID, s = s[:len(eventID)], s[len(eventID):]
	out.AccountID, s = s[:len(accountID)], s[len(accountID):]
	out.OrgID, s = s[:len(orgID)], s[len(orgID):]
	return s, nil
}

func (d *Decoder) time(r Record, m *message) (int64, error) {
	if !d.fields.has(metaTS) {
		return 0, missing(m, metaTS)
	}
	ts := d.fields.num[metaTS]
	if ts < minTS || ts > maxTS {
		return 0, reject(ReasonTSOutOfRange, m.fields[metaTS].name, "%d ms is not within 2015 to 2100", ts)
	}
	if ahead := ts - r.BrokerMS; r.BrokerMS > 0 && ahead > d.limits.MaxFuture.Milliseconds() {
		return 0, reject(ReasonTSInFuture, m.fields[metaTS].name, "%d ms ahead of the broker's clock, at most %d", ahead, d.limits.MaxFuture.Milliseconds())
	}
	return ts, nil
}

func missing(m *message, i int) error {
	return reject(ReasonMissingField, m.fields[i].name, "required")
}

func impossible(m *message, i int, what string) error {
	return reject(ReasonImpossibleValue, m.fields[i].name, "%s", what)
}

// checkID bounds an id and refuses control characters, which would let a producer
// write into logs and terminals.
func checkID(m *message, i int, id []byte, limit int) error {
	if len(id) > limit {
		return reject(ReasonTooLong, m.fields[i].name, "%d bytes, at most %d", len(id), limit)
	}
	if hasControl(id) {
		return impossible(m, i, "holds a control character")
	}
	return nil
}

func hasControl(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		if (w-0x2020202020202020)&^w&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, c := range b {
		if c < 0x20 {
			return true
		}
	}
	return false
}

// integer returns an integer field, absent as zero, or that it is not within 0..limit.
func (d *Decoder) integer(m *message, i int, limit int64) (int64, error) {
	if !d.fields.has(i) {
		return 0, nil
	}
	n := d.fields.num[i]
	if n < 0 || n > limit {
		return 0, reject(ReasonImpossibleValue, m.fields[i].name, "is not within 0 to %d", limit)
	}
	return n, nil
}

// small is integer for a field of 32 bits.
func (d *Decoder) small(m *message, i int, out *int32) error {
	n, err := d.integer(m, i, math.MaxInt32)
	*out = int32(n) //nolint:gosec // bounded above
	return err
}

// optional is integer for a field whose absence is -1.
func (d *Decoder) optional(m *message, i int, limit int64) (int64, error) {
	if !d.fields.has(i) {
		return -1, nil
	}
	return d.integer(m, i, limit)
}

// letters packs a code of n ASCII letters in upper case, big-endian. Absent is zero.
func (d *Decoder) letters(m *message, i, n int) (uint32, error) {
	b := d.fields.text(i)
	if len(b) == 0 {
		return 0, nil
	}
	code := uint32(0)
	for _, c := range b {
		c &^= 0x20
		if c < 'A' || c > 'Z' || len(b) != n {
			return 0, reject(ReasonImpossibleValue, m.fields[i].name, "is not %d letters", n)
		}
		code = code<<8 | uint32(c)
	}
	return code, nil
}

func (d *Decoder) country(m *message, i int, out *event.Country) error {
	code, err := d.letters(m, i, 2)
	*out = event.Country(code) //nolint:gosec // two bytes
	return err
}

// simhash reads 16 hex digits. Absent is zero, and so is a hash of all zeros.
func (d *Decoder) simhash(m *message, i int, out *uint64) error {
	b := d.fields.text(i)
	*out = 0
	if len(b) == 0 {
		return nil
	}
	if len(b) != 16 {
		return impossible(m, i, "is not 16 hex digits")
	}
	n := uint64(0)
	for _, c := range b {
		digit := hexDigit(c)
		if digit < 0 {
			return impossible(m, i, "is not 16 hex digits")
		}
		n = bits.RotateLeft64(n, 4) | uint64(digit) //nolint:gosec // 0..15
	}
	*out = n
	return nil
}

// view reads bytes as a string without copying. Good as long as the bytes are.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
