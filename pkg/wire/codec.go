package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	internalv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/internalv1"
)

// Version is what every internal record carries. A reader refuses any other.
const Version = 1

// ErrVersion says that an internal record is of a version this build does not know.
var ErrVersion = errors.New("internal record of an unknown version")

// Progress says how far a stage-1 owner has come on an input partition.
type Progress struct {
	Stream    event.Stream
	Partition int32
	Offset    int64 // next offset to read
	EventMS   int64 // highest event time seen on the partition, Unix ms
	CaughtUp  bool  // nothing more was there to read
}

// Activity is the one-minute rollup of one account on one stream. Absolute: of
// two for the same (account, stream, minute) the one with more events is newer.
type Activity struct {
	AccountID    string
	OrgID        string
	Stream       event.Stream
	MinuteMS     int64 // start of the minute, Unix ms
	Events       uint64
	Requests     uint64
	Errors       uint64
	InputTokens  uint64
	OutputTokens uint64
	CachedTokens uint64
	ToolCalls    uint64
	Declines     uint64
	Charges      uint64
	AmountMinor  int64 // charged, in minor units
}

const progressPrefix = "progress|"

// longest is the room a key takes beside the account: separators and numbers.
const longest = 64

// FactKey appends a fact's key, account|kind|token|pane. The last three parts
// have no separator in them, so that an account may.
func FactKey(dst []byte, f *link.Fact) []byte {
	dst = append(dst, f.Account...)
	dst = append(dst, '|')
	dst = strconv.AppendUint(dst, uint64(f.Kind), 10)
	dst = append(dst, '|')
	dst = strconv.AppendUint(dst, f.Token, 16)
	dst = append(dst, '|')
	return strconv.AppendUint(dst, uint64(f.Pane), 10)
}

// EncodeFact appends a fact's key and value to dst and returns the two, which lie
// one behind the other: value[len(value):] is what is left of dst's room.
func EncodeFact(dst []byte, f *link.Fact) (key, value []byte) {
	m := internalv1.Fact{
		Version:   Version,
		AccountId: f.Account,
		Kind:      uint32(f.Kind),
		Token:     f.Token,
		Pane:      f.Pane,
		FirstMs:   f.First,
		LastMs:    f.Last,
		Count:     f.Count,
		Stream:    uint32(f.Stream),
		Partition: f.Partition,
		Offset:    f.Offset,
	}
	size := m.SizeVT()
	dst = slices.Grow(dst, len(f.Account)+longest+size)
	start := len(dst)
	dst = FactKey(dst, f)
	key, value = split(dst, start, size)
	written(m.MarshalToSizedBufferVT(value))
	return key, value
}

// DecodeFact reads the value of a fact. It refuses another version, and a kind or a
// stream that this build does not know.
func DecodeFact(value []byte, f *link.Fact) error {
	var m internalv1.Fact
	if err := m.UnmarshalVT(value); err != nil {
		return fmt.Errorf("decoding a fact: %w", err)
	}
	if err := check("fact", m.Version, m.Stream); err != nil {
		return err
	}
	if m.Kind == uint32(link.KindNone) || m.Kind >= uint32(link.NumKinds) {
		return fmt.Errorf("decoding a fact: unknown kind %d", m.Kind)
	}
	*f = link.Fact{
		Account:   m.AccountId,
		Kind:      link.Kind(m.Kind), //nolint:gosec // checked above
		Token:     m.Token,
		Pane:      m.Pane,
		First:     m.FirstMs,
		Last:      m.LastMs,
		Count:     m.Count,
		Stream:    event.Stream(m.Stream), //nolint:gosec // checked above
		Partition: m.Partition,
		Offset:    m.Offset,
	}
	return nil
}

// ProgressKey appends the key progress|stream|partition, stream by its topic name.
func ProgressKey(dst []byte, stream event.Stream, partition int32) []byte {
	dst = append(dst, progressPrefix...)
	dst = append(dst, stream.String()...)
	dst = append(dst, '|')
	return strconv.AppendInt(dst, int64(partition), 10)
}

// IsProgress tells the keys of the two kinds of record of TopicLinks apart: a
// progress key has two separators, a fact's has three or more, whatever its account.
func IsProgress(key []byte) bool {
	return bytes.HasPrefix(key, []byte(progressPrefix)) && bytes.Count(key, []byte{'|'}) == 2
}

// EncodeProgress appends a progress record's key and value to dst, as EncodeFact does.
func EncodeProgress(dst []byte, p *Progress) (key, value []byte) {
	m := internalv1.Progress{
		Version:   Version,
		Stream:    uint32(p.Stream),
		Partition: p.Partition,
		Offset:    p.Offset,
		EventMs:   p.EventMS,
		CaughtUp:  p.CaughtUp,
	}
	size := m.SizeVT()
	dst = slices.Grow(dst, longest+size)
	start := len(dst)
	dst = ProgressKey(dst, p.Stream, p.Partition)
	key, value = split(dst, start, size)
	written(m.MarshalToSizedBufferVT(value))
	return key, value
}

// DecodeProgress reads the value of a progress record.
func DecodeProgress(value []byte, p *Progress) error {
	var m internalv1.Progress
	if err := m.UnmarshalVT(value); err != nil {
		return fmt.Errorf("decoding progress: %w", err)
	}
	if err := check("progress", m.Version, m.Stream); err != nil {
		return err
	}
	*p = Progress{
		Stream:    event.Stream(m.Stream), //nolint:gosec // checked above
		Partition: m.Partition,
		Offset:    m.Offset,
		EventMS:   m.EventMs,
		CaughtUp:  m.CaughtUp,
	}
	return nil
}

// ActivityKey appends the key account|stream|minute, stream by its topic name.
func ActivityKey(dst []byte, a *Activity) []byte {
	dst = append(dst, a.AccountID...)
	dst = append(dst, '|')
	dst = append(dst, a.Stream.String()...)
	dst = append(dst, '|')
	return strconv.AppendInt(dst, a.MinuteMS, 10)
}

// EncodeActivity appends a rollup's key and value to dst, as EncodeFact does.
func EncodeActivity(dst []byte, a *Activity) (key, value []byte) {
	m := internalv1.Activity{
		Version:      Version,
		AccountId:    a.AccountID,
		Stream:       uint32(a.Stream),
		MinuteMs:     a.MinuteMS,
		Events:       a.Events,
		Requests:     a.Requests,
		Errors:       a.Errors,
		InputTokens:  a.InputTokens,
		OutputTokens: a.OutputTokens,
		CachedTokens: a.CachedTokens,
		ToolCalls:    a.ToolCalls,
		Declines:     a.Declines,
		Charges:      a.Charges,
		AmountMinor:  a.AmountMinor,
		OrgId:        a.OrgID,
	}
	size := m.SizeVT()
	dst = slices.Grow(dst, len(a.AccountID)+longest+size)
	start := len(dst)
	dst = ActivityKey(dst, a)
	key, value = split(dst, start, size)
	written(m.MarshalToSizedBufferVT(value))
	return key, value
}

// DecodeActivity reads the value of a rollup.
func DecodeActivity(value []byte, a *Activity) error {
	var m internalv1.Activity
	if err := m.UnmarshalVT(value); err != nil {
		return fmt.Errorf("decoding activity: %w", err)
	}
	if err := check("activity", m.Version, m.Stream); err != nil {
		return err
	}
	*a = Activity{
		AccountID:    m.AccountId,
		OrgID:        m.OrgId,
		Stream:       event.Stream(m.Stream), //nolint:gosec // checked above
		MinuteMS:     m.MinuteMs,
		Events:       m.Events,
		Requests:     m.Requests,
		Errors:       m.Errors,
		InputTokens:  m.InputTokens,
		OutputTokens: m.OutputTokens,
		CachedTokens: m.CachedTokens,
		ToolCalls:    m.ToolCalls,
		Declines:     m.Declines,
		Charges:      m.Charges,
		AmountMinor:  m.AmountMinor,
	}
	return nil
}

// split makes the value's room of size bytes behind the key that begins at start. The
// caller has grown dst by that much.
func split(dst []byte, start, size int) (key, value []byte) {
	end := len(dst)
	dst = dst[:end+size]
	return dst[start:end:end], dst[end:]
}

// written takes what marshalling into exactly the room that it asked for returned,
// which can be no error.
func written(_ int, err error) {
	if err != nil {
		panic(fmt.Sprintf("marshalling an internal record: %v", err))
	}
}

func check(what string, version, stream uint32) error {
	if version != Version {
		return fmt.Errorf("decoding a %s record: %w: %d, this build knows %d", what, ErrVersion, version, Version)
	}
	if stream > math.MaxUint8 || event.Stream(stream) >= event.NumStreams {
		return fmt.Errorf("decoding a %s record: unknown stream %d", what, stream)
	}
	return nil
}
