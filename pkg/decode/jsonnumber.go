package decode

import (
	"math"
	"strconv"
)

// exactDigits is how many decimal digits always fit an int64 (and, up to 15, a
// float64 without rounding).
const (
	exactDigits      = 18
	exactFloatDigits = 15
)

// intValue reads an integer. 1e3 and 5.0 are integers too, 1.5 is not.
func (s *scanner) intValue(i int) error {
	start := s.pos
	negative := s.take('-')
	first := s.pos
	n := int64(0)
	for s.pos < len(s.buf) && isDigit(s.buf[s.pos]) {
		n = n*10 + int64(s.buf[s.pos]-'0') // wraps only above exactDigits, where it is not used
		s.pos++
	}
	digits := s.pos - first
	if digits == 0 || digits > exactDigits || (digits > 1 && s.buf[first] == '0') || s.fraction() {
		s.pos = start
		return s.slowInt(i)
	}
	if negative {
		n = -n
	}
	return s.setInt(i, n)
}

// fraction reports whether the number goes on behind its whole digits.
func (s *scanner) fraction() bool {
	if s.pos >= len(s.buf) {
		return false
	}
	c := s.buf[s.pos]
	return c == '.' || c == 'e' || c == 'E'
}

func (s *scanner) slowInt(i int) error {
	token, err := s.number()
	if err != nil {
		return err
	}
	if n, err := strconv.ParseInt(string(token), 10, 64); err == nil {
		return s.setInt(i, n)
	}
	x, err := strconv.ParseFloat(string(token), 64)
	if err != nil || math.Abs(x) >= 1<<63 {
		return s.outOfRange(i)
	}
	if x != math.Trunc(x) {
		return s.wrongType(i)
	}
	return s.setInt(i, int64(x))
}

func (s *scanner) setInt(i int, n int64) error {
	if s.msg.fields[i].typ == typeUint && (n < 0 || n > math.MaxUint32) {
		return s.outOfRange(i)
	}
	s.out.num[i] = n
	s.out.seen |= 1 << i
	return nil
}

func (s *scanner) outOfRange(i int) error {
	f := s.msg.fields[i]
	if f.typ == typeTime {
		return reject(ReasonTSOutOfRange, f.name, "does not fit 64 bits")
	}
	return reject(ReasonImpossibleValue, f.name, "does not fit the field's integer")
}

func (s *scanner) floatValue(i int) error {
	token, err := s.number()
	if err != nil {
		return err
	}
	x, ok := shortDecimal(token)
	if !ok {
		if x, err = strconv.ParseFloat(string(token), 64); err != nil {
			return reject(ReasonImpossibleValue, s.msg.fields[i].name, "does not fit a double")
		}
	}
	s.out.float[i] = x
	s.out.seen |= 1 << i
	return nil
}

// shortDecimal converts digits with at most one point and no exponent, where the
// quotient of two exact floats is the correctly rounded value (Clinger 1990).
func shortDecimal(token []byte) (float64, bool) {
	if len(token) > exactFloatDigits+1 || token[0] == '-' {
		return 0, false
	}
	n, scale, point := int64(0), 1.0, false
	for _, c := range token {
		switch {
		case isDigit(c):
			n = n*10 + int64(c-'0')
			if point {
				scale *= 10
			}
		case c == '.':
			point = true
		default:
			return 0, false
		}
	}
	return float64(n) / scale, n < 1e15
}

// number reads over a number and returns its text.
func (s *scanner) number() ([]byte, error) {
	start := s.pos
	s.take('-')
	first := s.pos
	if s.digits() == 0 || (s.buf[first] == '0' && s.pos-first > 1) {
		return nil, s.bad("not a number")
	}
	if s.take('.') && s.digits() == 0 {
		return nil, s.bad("no digits behind the point")
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if s.digits() == 0 {
			return nil, s.bad("no digits in the exponent")
		}
	}
	return s.buf[start:s.pos], nil
}

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.buf) && isDigit(s.buf[s.pos]) {
		s.pos++
	}
	return s.pos - start
}
