package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
)

func newTokenizerOf(tb testing.TB, key string, id int) *Tokenizer {
	tb.Helper()
	t, err := New(Config{HMACKey: key, HMACKeyID: id})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// Bad keys are refused by name, and the secret is never in the message.
func TestConfig(t *testing.T) {
	for _, c := range []struct {
		key  string
		id   int
		want string
	}{
		{"", 1, "privacy.hmac_key: is not set"},
		{"fifteen bytes!!", 1, "privacy.hmac_key: has 15 bytes"},
		{"sixteen bytes!!!", 0, "privacy.hmac_key_id: is 0"},
		{"sixteen bytes!!!", 256, "privacy.hmac_key_id: is 256"},
		{"sixteen bytes!!!", 255, ""},
	} {
		err := Config{HMACKey: c.key, HMACKeyID: c.id}.Validate()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.key, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%q: got %v, want %s", c.key, err, c.want)
		case err != nil && c.key != "" && strings.Contains(err.Error(), c.key):
			t.Errorf("the message holds the key: %v", err)
		}
	}
}

// The token's definition, written down a second time. It must never change: it is
// what stored tokens are.
func reference(key string, id int, kind, value string) event.Token {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(kind + "\x00" + value))
	return event.Token(uint64(id)<<56 | binary.BigEndian.Uint64(mac.Sum(nil)[:8])>>8)
}

// Whatever has been cached before, a token is that of the definition, for short values
// that repeat and for long ones that are not cached.
func TestTokenIsDefinition(t *testing.T) {
	const key = "sixteen bytes!!!"
	rapid.Check(t, func(t *rapid.T) {
		tok, err := New(Config{HMACKey: key, HMACKeyID: 7})
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			kind := Kind(rapid.IntRange(0, int(numKinds)-1).Draw(t, "kind"))
			value := rapid.OneOf(rapid.StringN(1, 3, 6), rapid.StringN(200, 300, -1)).Draw(t, "value")
			if got, want := tok.Token(kind, []byte(value)), reference(key, 7, kind.String(), value); got != want {
				t.Fatalf("%s %q: got %v, want %v", kind, value, got, want)
			}
		}
	})
}

// More values than fit, twice, through a small cache: evictions and hits give the same tokens.
func TestEviction(t *testing.T) {
	tok := newTokenizerOf(t, "sixteen bytes!!!", 1)
	for round := range 2 {
		for i := range 3 * sets {
			value := fmt.Sprintf("value-%d", i%(2*sets+round))
			if got, want := tok.Token(Device, []byte(value)), reference("sixteen bytes!!!", 1, "device", value); got != want {
				t.Fatalf("%s: got %v, want %v", value, got, want)
			}
		}
	}
}

// Kinds, keys and key ids each make another token; the value may change afterwards.
func TestSeparation(t *testing.T) {
	a := newTokenizerOf(t, "sixteen bytes!!!", 1)
	value := []byte("203.0.113.7")
	ip := a.Token(IP, value)
	if ip != a.Clone().Token(IP, value) {
		t.Error("a clone gives another token")
	}
	if ip == a.Token(Device, value) {
		t.Error("two kinds give one token")
	}
	if ip == newTokenizerOf(t, "sixteen bytes!!?", 1).Token(IP, value) {
		t.Error("two keys give one token")
	}
	if other := newTokenizerOf(t, "sixteen bytes!!!", 2).Token(IP, value); ip == other || other>>56 != 2 {
		t.Errorf("key id 2 gives %v", other)
	}
	if !strings.HasPrefix(ip.String(), "k1-") {
		t.Errorf("token prints as %s", ip)
	}
	copy(value, "999")
	if a.Token(IP, []byte("203.0.113.7")) != ip {
		t.Error("the cache holds the caller's bytes")
	}
	if a.Token(IP, nil) != 0 || a.Token(IP, []byte{}) != 0 {
		t.Error("no value has a token")
	}
}

func TestKindNamesDiffer(t *testing.T) {
	seen := map[string]Kind{}
	for k := range numKinds {
		if other, ok := seen[k.String()]; ok || k.String() == "" {
			t.Errorf("kinds %d and %d are both called %q", k, other, k)
		}
		seen[k.String()] = k
	}
}

func BenchmarkTokenHit(b *testing.B) {
	tok := newTokenizerOf(b, "sixteen bytes!!!", 1)
	value := []byte("t13d1516h2_8daaf6152771_02713d6af862")
	b.ReportAllocs()
	for b.Loop() {
		tok.Token(JA4, value)
	}
}

func BenchmarkTokenMiss(b *testing.B) {
	tok := newTokenizerOf(b, "sixteen bytes!!!", 1)
	value := []byte("conversation-0000000000000000")
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		binary.BigEndian.PutUint64(value[20:], i)
		tok.Token(Conversation, value)
	}
}
