package window

import (
	"encoding/binary"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// payHabit is how an account pays, in the order in which its events arrived.
type payHabit struct {
	amount       leader // amount << 24 | currency
	run, longest uint8  // declines one after the other, and the most before a success
	declined     recent[uint16]
}

const (
	currencyBits = 24
	maxAmount    = 1<<(64-currencyBits) - 1
	maxDeclined  = maxNetworks
)

func (h *payHabit) add(e *event.Payment) {
	switch e.Kind {
	case event.PaymentDecline:
		h.run += uint8(bit(h.run < 1<<8-1))
		if e.Instrument != 0 {
			v := short(uint64(e.Instrument))
			h.declined.front(v, h.declined.index(v), maxDeclined)
		}
	case event.PaymentCharge, event.PaymentTopup:
		h.amount.see(amountShape(e))
		h.succeed()
	case event.PaymentCardAdded:
		h.succeed()
	}
}

func (h *payHabit) succeed() { h.longest, h.run = max(h.longest, h.run), 0 }

// amountShape is 0 where the event gives no amount.
func amountShape(e *event.Payment) uint64 {
	if e.AmountMinor <= 0 || e.AmountMinor > maxAmount {
		return 0
	}
	return uint64(e.AmountMinor)<<currencyBits | uint64(e.Currency)&(1<<currencyBits-1)
}

const (
	payAmount = 1 << iota
	payRun
	payLongest
	payDeclined
	allPay = 1<<iota - 1
)

// append writes what there is, after a byte that says what.
func (h *payHabit) append(dst []byte) []byte {
	flags := bit(h.amount.votes > 0)*payAmount | bit(h.run > 0)*payRun | bit(h.longest > 0)*payLongest | bit(h.declined.n > 0)*payDeclined
	dst = append(dst, byte(flags))
	if h.amount.votes > 0 {
		dst = appendUint(appendUint(dst, uint64(h.amount.votes)), h.amount.value>>currencyBits)
		dst = append(dst, byte(h.amount.value), byte(h.amount.value>>8), byte(h.amount.value>>16))
	}
	if h.run > 0 {
		dst = append(dst, h.run)
	}
	if h.longest > 0 {
		dst = append(dst, h.longest)
	}
	if h.declined.n > 0 {
		dst = append(dst, h.declined.n)
		for _, v := range h.declined.list() {
			dst = binary.LittleEndian.AppendUint16(dst, v)
		}
	}
	return dst
}

func (h *payHabit) read(in *reader) {
	flags := in.raw()
	if flags > allPay {
		in.fail()
		return
	}
	if flags&payAmount != 0 {
		h.amount.votes = uint32(in.upTo(regimeCountLimit))
		h.amount.value = in.upTo(maxAmount)<<currencyBits | uint64(in.fixed24())
	}
	if flags&payRun != 0 {
		h.run = in.raw()
	}
	if flags&payLongest != 0 {
		h.longest = in.raw()
	}
	if flags&payDeclined != 0 {
		h.declined.n = uint8(in.upTo(maxDeclined))
		for i := range h.declined.list() {
			h.declined.v[i] = in.fixed16()
		}
	}
}
