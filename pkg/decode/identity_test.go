package decode

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

func TestShape(t *testing.T) {
	for _, c := range []struct{ local, want string }{
		{"yan.tan76", "a.ad2"}, // the contract's own example
		{"abc", "a"},
		{"1234", "d4"},
		{"a1b22", "ad1ad2"},
		{"john_doe+x9", "a_a+ad1"},
		{"été", "a"},    // letters of any script
		{"数据12", "ad2"}, // …
		{"..", ".."},
		{"", ""},
	} {
		if got := string(appendShape(nil, []byte(c.local))); got != c.want {
			t.Errorf("shape of %q is %q, want %q", c.local, got, c.want)
		}
	}
}

func TestCanonicalAddress(t *testing.T) {
	for _, c := range []struct{ local, domain, want string }{
		{"Yan.Tan", "example.org", "yan.tan@example.org"},             // dots count outside Google
		{"yan+news", "example.org", "yan@example.org"},                // tag
		{"+yan", "example.org", "+yan@example.org"},                   // no mailbox before the tag
		{"Y.a.n+x", "gmail.com", "yan@gmail.com"},                     // Google: no dots
		{"y.an", "googlemail.com", "yan@gmail.com"},                   // Google: one domain
		{"..", "gmail.com", "..@gmail.com"},                           // nothing left without dots
		{"jürgen", "bücher.example", "jürgen@bücher.example"},         // IDN as it is
		{"a+b+c", "xn--bcher-kva.example", "a@xn--bcher-kva.example"}, // first tag on
	} {
		if got := string(appendCanonical(nil, []byte(c.local), []byte(c.domain))); got != c.want {
			t.Errorf("%s@%s is %q, want %q", c.local, c.domain, got, c.want)
		}
	}
}

// signupOf decodes a signup with one more piece of JSON.
func signupOf(tb testing.TB, d *Decoder, more string) event.Signup {
	tb.Helper()
	var out event.Signup
	value := fmt.Sprintf(`{"event_id":"e","account_id":"a","ts":1777000000000,%s}`, more)
	if err := d.Signup(Record{Value: []byte(value)}, &out); err != nil {
		tb.Fatalf("%s: %v", more, err)
	}
	return out
}

// Writings of the same thing give the same token, other things another.
func TestSameIdentity(t *testing.T) {
	d := benchDecoder(t)
	emails := func(s *event.Signup) event.Token { return s.Email }
	phones := func(s *event.Signup) event.Token { return s.Phone }
	ips := func(s *event.Signup) event.Token { return s.IP }
	prefixes := func(s *event.Signup) event.Token { return s.Prefix }
	for _, c := range []struct {
		name, a, b string
		of         func(*event.Signup) event.Token
		same       bool
	}{
		{"tag and case", `"email":"Yan+x@Example.ORG"`, `"email":"yan@example.org."`, emails, true},
		{"space around", `"email":" yan@example.org "`, `"email":"yan@example.org"`, emails, true},
		{"Google's dots", `"email":"y.a.n@gmail.com"`, `"email":"yan@googlemail.com"`, emails, true},
		{"dots elsewhere", `"email":"y.a.n@example.org"`, `"email":"yan@example.org"`, emails, false},
		{"raw and hash are apart", `"email":"yan@example.org"`, `"email_hash":"yan@example.org"`, emails, false},
		{"phone punctuation", `"phone":"+65 (6123) 45-67"`, `"phone":"006561234567"`, phones, true},
		{"another phone", `"phone":"+6561234567"`, `"phone":"+6561234568"`, phones, false},
		{"raw and hashed phone are apart", `"phone":"6561234567"`, `"phone_hash":"6561234567"`, phones, false},
		{"v4 in v6", `"ip":"203.0.113.7"`, `"ip":"::ffff:203.0.113.7"`, ips, true},
		{"same /64", `"ip":"2001:db8:1:2::1"`, `"ip":"2001:0db8:0001:0002:ffff::9"`, ips, true},
		{"other /64", `"ip":"2001:db8:1:2::1"`, `"ip":"2001:db8:1:3::1"`, ips, false},
		{"same /48", `"ip":"2001:db8:1:2::1"`, `"ip":"2001:db8:1:3::1"`, prefixes, true},
		{"same /24", `"ip":"203.0.113.7"`, `"ip":"203.0.113.200"`, prefixes, true},
		{"other /24", `"ip":"203.0.113.7"`, `"ip":"203.0.114.7"`, prefixes, false},
	} {
		a, b := signupOf(t, d, c.a), signupOf(t, d, c.b)
		if c.of(&a) == 0 || c.of(&b) == 0 {
			t.Errorf("%s: no token", c.name)
		}
		if got := c.of(&a) == c.of(&b); got != c.same {
			t.Errorf("%s: same is %v, want %v", c.name, got, c.same)
		}
	}
}

// An enumeration that is not listed is unknown; no field of a signup before shows
// in the next.
func TestOptionalFields(t *testing.T) {
	d := benchDecoder(t)
	full := signupOf(t, d, `"ip":"203.0.113.7","asn":5,"country":"sg","email":"yan@qq.com","phone":"12345","method":"google","program":"startup","form_ms":0,"phone_type":"voip"`)
	if !full.FreeMail || full.Method != event.MethodGoogle || full.FormMS != 0 || full.Country.String() != "SG" {
		t.Errorf("full: %+v", full)
	}
	var next event.Signup = full
	value := []byte(`{"event_id":"e","account_id":"a","ts":"2026-04-24T03:06:40.123+02:00","ip":null,"asn":null,"method":"carrier pigeon","ip_type":"","extra":{"a":[1,{"b":null}]}}`)
	if err := d.Signup(Record{Value: value}, &next); err != nil {
		t.Fatal(err)
	}
	want := event.Signup{Meta: event.Meta{EventID: "e", AccountID: "a", TS: 1776992800123}, FormMS: -1}
	if next != want {
		t.Errorf("got %+v, want %+v", next, want)
	}
}

// The unspecified address is what producers send for none.
func TestUnspecifiedAddress(t *testing.T) {
	d := benchDecoder(t)
	for _, ip := range []string{"0.0.0.0", "::", "::ffff:0.0.0.0"} {
		if s := signupOf(t, d, fmt.Sprintf(`"ip":%q`, ip)); s.IP != 0 || s.Prefix != 0 {
			t.Errorf("%s has tokens %v %v", ip, s.IP, s.Prefix)
		}
	}
}

// The fast reader of v4 addresses accepts what netip does, and reads the same.
func FuzzV4(f *testing.F) {
	for _, s := range []string{"203.0.113.7", "0.0.0.0", "255.255.255.255", "1.2.3", "01.2.3.4", "1.2.3.4.5", "256.1.1.1", "1..2.3", "00.0.0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseV4([]byte(s))
		addr, err := netip.ParseAddr(s)
		want := err == nil && addr.Is4()
		if ok != want || (ok && got != addr.As4()) {
			t.Errorf("%q: got %v %v, netip says %v %v", s, got, ok, addr, err)
		}
	})
}
