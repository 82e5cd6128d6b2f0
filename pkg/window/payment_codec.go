package window

import (
	"encoding/binary"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// paymentTables is the order of the tables in a packed payment state.
var paymentTables = []Table{TableIP, TablePrefix, TableInstrument, TableCardShape, TableBilling}

// paymentSumCount is how many sums a payment pane has.
const paymentSumCount = 10

// Append packs the state at the end of dst.
func (s *PaymentState) Append(dst []byte) []byte {
	dst = s.head.append(append(dst, version))
	if s.total == 0 {
		return dst
	}
	dst = paymentFormat().appendRings(dst, &s.rings)
	dst = s.life.append(dst, s.last)
	return s.entities.append(dst, paymentTables, s.last)
}

// DecodePayment unpacks a state; see DecodeRequest.
func DecodePayment(b []byte) (*PaymentState, error) {
	s := new(PaymentState)
	if err := s.Decode(b); err != nil {
		return nil, err
	}
	return s, nil
}

// Decode is DecodePayment into a state whose memory is used again.
func (s *PaymentState) Decode(b []byte) error {
	org := s.org // most decodes meet the same one again
	s.Reset()
	in := open(b)
	s.head.read(&in, org)
	if s.total == 0 {
		return in.close()
	}
	paymentFormat().readRings(&in, &s.rings, s.last)
	s.life.read(&in, s.last)
	s.entities.read(&in, paymentTables, s.last)
	return in.close()
}

// list puts the sums in the order of how often they are not zero, so that the mask of
// those that follow is mostly one byte. Events of no kind stand in for the events.
func (s *PaymentSums) list() [paymentSumCount]uint64 {
	kinds := s.CardsAdded + s.Charges + s.Declines + s.Refunds + s.Chargebacks + s.Topups + s.Credits
	return [paymentSumCount]uint64{
		s.Charges, s.ChargedMinor, s.CardsAdded, s.Declines, s.Topups, s.Refunds, s.Credits,
		s.RefundedMinor, s.Chargebacks, s.Events - kinds,
	}
}

func (s *PaymentSums) setList(v [paymentSumCount]uint64) {
	*s = PaymentSums{
		Charges: v[0], ChargedMinor: v[1], CardsAdded: v[2], Declines: v[3], Topups: v[4], Refunds: v[5], Credits: v[6],
		RefundedMinor: v[7], Chargebacks: v[8],
	}
	s.Events = v[9] + s.CardsAdded + s.Charges + s.Declines + s.Refunds + s.Chargebacks + s.Topups + s.Credits
}

func paymentFormat() format[PaymentSums] {
	return format[PaymentSums]{appendPaymentSums, readPaymentSums, (*PaymentSums).add}
}

func appendPaymentSums(dst []byte, s *PaymentSums) []byte {
	v := s.list()
	return appendCounts(dst, v[:])
}

func readPaymentSums(in *reader, s *PaymentSums) {
	var v [paymentSumCount]uint64
	readCounts(in, v[:])
	s.setList(v)
}

func (l *paymentLife) append(dst []byte, last int64) []byte {
	dst = appendPaymentSums(dst, &l.sums)
	dst = appendCounts(dst, l.types[:])
	dst = appendCounts(dst, l.fundings[:])
	flag := uint64(0)
	if l.invoice {
		flag = 1
	}
	dst = appendUint(dst, uint64(l.risk)<<1|flag)
	dst = l.issuer.append(dst, last)
	dst = l.billing.append(dst, last)
	return l.habit.append(dst)
}

func (l *paymentLife) read(in *reader, last int64) {
	readPaymentSums(in, &l.sums)
	readCounts(in, l.types[:])
	readCounts(in, l.fundings[:])
	v := in.upTo(1<<16 - 1)
	l.risk, l.invoice = int16(v>>1), v&1 == 1
	l.issuer.read(in, last)
	l.billing.read(in, last)
	l.habit.read(in)
}

func (l *lastSaid) append(dst []byte, last int64) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(l.country))
	if l.country != 0 {
		dst = appendUint(dst, uint64(last-l.ts))
	}
	return dst
}

func (l *lastSaid) read(in *reader, last int64) {
	if l.country = event.Country(in.fixed16()); l.country != 0 {
		l.ts = in.timeBefore(last)
	}
}
