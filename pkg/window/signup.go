package window

import (
	"encoding/binary"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// attempts counts the signup events of a pane.
type attempts uint64

// signupDetails is what the signup event of the highest event time said; of two at
// the same time the one that arrived later counts.
type signupDetails struct {
	ipType       event.IPType
	asn          uint32
	country      event.Country
	phoneCountry event.Country
	phoneType    event.PhoneType
	method       event.Method
	program      event.Program
	sso          bool
	freeMail     bool
	hasEmail     bool
	formMS       int64 // -1 = absent
	shape        event.Token
	domain       event.Token
}

// SignupState is the windows of one account's signup events. The zero value is an
// account whose signup was not seen. Not for concurrent use.
type SignupState struct {
	head
	rings   [NumSpans]ring[attempts]
	details signupDetails
}

// Add counts a signup event; see RequestState.Add.
func (s *SignupState) Add(e *event.Signup, latenessMS, nextOffset int64) bool {
	if !s.admit(&e.Meta, latenessMS, nextOffset) {
		return false
	}
	for span := Minute; span < NumSpans; span++ {
		if p := s.rings[span].at(paneIndex(e.TS, span.PaneMS()), span.keep(latenessMS)); p != nil {
			p.sum++
			p.dirty = span == Hour
		}
	}
	if e.TS == s.last {
		s.details = detailsOf(e)
	}
	return true
}

// DayCount returns the signup events counted in the UTC day of ts, 0 where the
// day is older than the fortnight.
func (s *SignupState) DayCount(ts int64) uint64 {
	if p := s.rings[Fortnight].find(paneIndex(ts, fortnightPaneMS)); p != nil {
		return uint64(p.sum)
	}
	return 0
}

// Take is RequestState.Take for signup events.
func (s *SignupState) Take(ts int64, emit func(minuteMS int64, attempts uint64)) {
	s.rings[Hour].take(ts, func(minuteMS int64, n *attempts) { emit(minuteMS, uint64(*n)) })
}

// Features returns the windows at event time at, or at the account's highest event
// time where that is later.
func (s *SignupState) Features(at int64) SignupFeatures {
	at = max(at, s.last)
	d := &s.details
	f := SignupFeatures{
		At: at, First: s.first, Last: s.last, Total: s.total, Offset: s.offset,
		IPType: d.ipType, ASN: d.asn, Country: d.country, PhoneCountry: d.phoneCountry, PhoneType: d.phoneType,
		Method: d.method, Program: d.program, SSO: d.sso, FreeMail: d.freeMail, HasEmail: d.hasEmail,
		FormMS: d.formMS, EmailShape: d.shape, EmailDomain: d.domain,
	}
	for span := Minute; span < NumSpans; span++ {
		panes := s.rings[span].inWindow(paneIndex(at, span.PaneMS()), span.Panes())
		for i := range panes {
			f.Attempts[span] += uint64(panes[i].sum)
		}
	}
	return f
}

// Reset makes the state one of an account whose signup was not seen, keeping its memory.
func (s *SignupState) Reset() {
	s.head, s.details = head{}, signupDetails{}
	for i := range s.rings {
		s.rings[i].reset()
	}
}

func detailsOf(e *event.Signup) signupDetails {
	return signupDetails{
		ipType: e.IPType, asn: e.ASN, country: e.Country,
		phoneCountry: e.PhoneCountry, phoneType: e.PhoneType,
		method: e.Method, program: e.Program,
		sso: e.SSOOrg != 0, freeMail: e.FreeMail, hasEmail: e.Email != 0,
		formMS: max(e.FormMS, -1), shape: e.EmailShape, domain: e.EmailDomain,
	}
}

// Append packs the state at the end of dst.
func (s *SignupState) Append(dst []byte) []byte {
	dst = s.head.append(append(dst, version))
	if s.total == 0 {
		return dst
	}
	dst = attemptsFormat().appendRings(dst, &s.rings)
	return s.details.append(dst)
}

// DecodeSignup unpacks a state; see DecodeRequest.
func DecodeSignup(b []byte) (*SignupState, error) {
	s := new(SignupState)
	if err := s.Decode(b); err != nil {
		return nil, err
	}
	return s, nil
}

// Decode is DecodeSignup into a state whose memory is used again.
func (s *SignupState) Decode(b []byte) error {
	org := s.org // most decodes meet the same one again
	s.Reset()
	in := open(b)
	s.head.read(&in, org)
	if s.total == 0 {
		return in.close()
	}
	attemptsFormat().readRings(&in, &s.rings, s.last)
	s.details.read(&in)
	return in.close()
}

func attemptsFormat() format[attempts] {
	return format[attempts]{appendAttempts, readAttempts, addAttempts}
}

func appendAttempts(dst []byte, n *attempts) []byte { return appendUint(dst, uint64(*n)) }

func addAttempts(sum, more *attempts) { *sum += *more }

func readAttempts(in *reader, n *attempts) { *n = attempts(in.uint()) }

// Flags of packed signup details.
const (
	flagSSO = 1 << iota
	flagFreeMail
	flagEmail
	flagShape
	flagDomain
	allSignupFlags = 1<<iota - 1
)

func (d *signupDetails) append(dst []byte) []byte {
	dst = append(dst, d.flags(), byte(d.ipType), byte(d.phoneType), byte(d.method), byte(d.program))
	dst = appendUint(dst, uint64(d.asn))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(d.country))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(d.phoneCountry))
	dst = appendUint(dst, uint64(d.formMS+1))
	if d.shape != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(d.shape))
	}
	if d.domain != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(d.domain))
	}
	return dst
}

func (d *signupDetails) flags() (f byte) {
	set := func(on bool, bit byte) {
		if on {
			f |= bit
		}
	}
	set(d.sso, flagSSO)
	set(d.freeMail, flagFreeMail)
	set(d.hasEmail, flagEmail)
	set(d.shape != 0, flagShape)
	set(d.domain != 0, flagDomain)
	return f
}

func (d *signupDetails) read(in *reader) {
	flags := in.raw()
	if flags > allSignupFlags {
		in.fail()
		return
	}
	d.sso, d.freeMail, d.hasEmail = flags&flagSSO != 0, flags&flagFreeMail != 0, flags&flagEmail != 0
	d.ipType, d.phoneType = event.IPType(in.raw()), event.PhoneType(in.raw())
	d.method, d.program = event.Method(in.raw()), event.Program(in.raw())
	d.asn = uint32(in.upTo(1<<32 - 1))
	d.country, d.phoneCountry = event.Country(in.fixed16()), event.Country(in.fixed16())
	d.formMS = int64(in.upTo(1<<63-1)) - 1
	if flags&flagShape != 0 {
		d.shape = event.Token(in.fixed64())
	}
	if flags&flagDomain != 0 {
		d.domain = event.Token(in.fixed64())
	}
}
