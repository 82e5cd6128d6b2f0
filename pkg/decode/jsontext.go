package decode

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape writes a string with escapes to scratch. raw stood at byte start.
func (s *scanner) unescape(raw []byte, start int) ([]byte, error) {
	dst := s.out.scratch
	from := len(dst)
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++ // never past the end: the reader of the string took an escape as two bytes
		if raw[i] == 'u' {
			r, n, err := s.unicodeEscape(raw[i+1:], start)
			if err != nil {
				return nil, err
			}
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		c := simpleEscape(raw[i])
		if c == 0 {
			return nil, reject(ReasonBadJSON, "", "unknown escape in the string that begins at byte %d", start)
		}
		dst = append(dst, c)
	}
	s.out.scratch = dst
	return dst[from:len(dst):len(dst)], nil
}

func simpleEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return 0
	}
}

// unicodeEscape reads what follows `\u`: four hex digits, and for the first half of
// a surrogate pair the second. It returns the rune and the bytes read.
func (s *scanner) unicodeEscape(b []byte, start int) (rune, int, error) {
	r := hex4(b)
	if r < 0 {
		return 0, 0, reject(ReasonBadJSON, "", "bad unicode escape in the string that begins at byte %d", start)
	}
	if !utf16.IsSurrogate(r) {
		return r, 4, nil
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(b[6:])); pair != utf8.RuneError {
			return pair, 10, nil
		}
	}
	return 0, 0, reject(ReasonInvalidUTF8, "", "half a surrogate pair in the string that begins at byte %d", start)
}

// hex4 returns the number in four hex digits, or -1.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	n := rune(0)
	for _, c := range b[:4] {
		d := hexDigit(c)
		if d < 0 {
			return -1
		}
		n = n<<4 | rune(d)
	}
	return n
}

// hexDigit returns the value of a hex digit, or -1.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
