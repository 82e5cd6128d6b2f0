package decode

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/token"
)

const (
	maxEmail       = 320 // RFC 3696: 64 + 1 + 255
	minPhoneDigits = 4
	maxPhoneDigits = 18 // E.164 has 15; international prefixes add some
)

// email fills what is known of the address: from the raw one, or where there is none
// from what the producer tokenised.
func (d *Decoder) email(m *message, out *event.Signup) error {
	f := &d.fields
	raw := bytes.TrimSpace(f.text(signupEmail))
	if len(raw) == 0 {
		out.Email = d.token(token.EmailHash, signupEmailHash)
		domain := canonicalDomain(f.text(signupEmailDomain))
		out.EmailDomain = d.tokens.Token(token.EmailDomain, domain)
		out.EmailShape = d.token(token.EmailShape, signupEmailShape)
		out.FreeMail = isFreeMail(string(domain))
		return nil
	}
	at := bytes.IndexByte(raw, '@')
	if at < 1 || at == len(raw)-1 || len(raw) > maxEmail || bytes.ContainsAny(raw[at+1:], "@ ") || hasControl(raw) {
		return impossible(m, signupEmail, "is no mail address")
	}
	domain := canonicalDomain(raw[at+1:])
	if len(domain) == 0 {
		return impossible(m, signupEmail, "is no mail address")
	}
	out.FreeMail = isFreeMail(string(domain))
	out.EmailDomain = d.tokens.Token(token.EmailDomain, domain)
	d.text = appendShape(d.text[:0], raw[:at])
	out.EmailShape = d.tokens.Token(token.EmailShape, d.text)
	d.text = appendCanonical(d.text[:0], raw[:at], domain)
	out.Email = d.tokens.Token(token.Email, d.text)
	return nil
}

// canonicalDomain is the domain in lower case without the root's dot. Internationalised
// names stay as they were sent.
func canonicalDomain(domain []byte) []byte {
	return bytes.ToLower(bytes.TrimSuffix(bytes.TrimSpace(domain), []byte{'.'}))
}

// appendCanonical appends the mailbox that an address delivers to: lower case, no
// +tag, and at Google no dots and one domain.
func appendCanonical(dst, local, domain []byte) []byte {
	local = bytes.ToLower(local)
	if plus := bytes.IndexByte(local, '+'); plus > 0 {
		local = local[:plus]
	}
	if d := string(domain); d == "gmail.com" || d == "googlemail.com" {
		if plain := bytes.ReplaceAll(local, []byte{'.'}, nil); len(plain) > 0 {
			local = plain
		}
		domain = []byte("gmail.com")
	}
	dst = append(dst, local...)
	dst = append(dst, '@')
	return append(dst, domain...)
}

// appendShape appends the shape of a local part: a run of letters is "a", a run of
// digits "d" and its length, anything else itself. yan.tan76 is a.ad2.
func appendShape(dst, local []byte) []byte {
	for len(local) > 0 {
		if n := run(local, unicode.IsLetter); n > 0 {
			dst = append(dst, 'a')
			local = local[n:]
			continue
		}
		if n := run(local, unicode.IsDigit); n > 0 {
			dst = append(dst, 'd')
			dst = strconv.AppendInt(dst, int64(utf8.RuneCount(local[:n])), 10)
			local = local[n:]
			continue
		}
		_, n := utf8.DecodeRune(local)
		dst = append(dst, local[:n]...)
		local = local[n:]
	}
	return dst
}

// run returns how many bytes of b, from its start, are runes of a class.
func run(b []byte, class func(rune) bool) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if !class(r) {
			break
		}
		n += size
	}
	return n
}

// phone fills what is known of the phone number: from the raw one, or where there is
// none from the producer's hash.
func (d *Decoder) phone(m *message, out *event.Signup) error {
	if err := d.country(m, signupPhoneCountry, &out.PhoneCountry); err != nil {
		return err
	}
	out.PhoneType = event.ParsePhoneType(view(d.fields.text(signupPhoneType)))
	raw := bytes.TrimSpace(d.fields.text(signupPhone))
	if len(raw) == 0 {
		out.Phone = d.token(token.PhoneHash, signupPhoneHash)
		return nil
	}
	digits, ok := appendDigits(d.text[:0], raw)
	d.text = digits
	if !ok || len(digits) < minPhoneDigits || len(digits) > maxPhoneDigits {
		return impossible(m, signupPhone, "is no phone number")
	}
	out.Phone = d.tokens.Token(token.Phone, digits)
	return nil
}

// appendDigits appends a phone number's digits without an international 00. Only what
// people write between digits may stand there.
func appendDigits(dst, phone []byte) ([]byte, bool) {
	for _, c := range phone {
		switch {
		case isDigit(c):
			dst = append(dst, c)
		case bytes.IndexByte([]byte("+-()./ "), c) < 0:
			return dst, false
		}
	}
	if phone[0] != '+' {
		dst = bytes.TrimPrefix(dst, []byte("00"))
	}
	return dst, true
}
