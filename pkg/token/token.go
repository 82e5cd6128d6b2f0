// Package token turns personal data into tokens: the same value under the same
// key is the same token, and a token says nothing of the value to whoever lacks the key.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// MinKeyBytes is the shortest HMAC key that is accepted, in bytes: 128 bits.
const MinKeyBytes = 16

// Config is the key that tokens are made with (section "privacy").
type Config struct {
	HMACKey   string `koanf:"hmac_key" desc:"secret that personal data is tokenised with, at least 16 bytes; changing it unlinks everything seen before"`
	HMACKeyID int    `koanf:"hmac_key_id" desc:"1..255, shown in every token; raise it when the key changes"`
}

// Default has no key: one must be set.
func Default() Config { return Config{HMACKeyID: 1} }

// Validate reports the first bad setting by its key. It never prints the secret.
func (c Config) Validate() error {
	switch {
	case c.HMACKey == "":
		return errors.New("privacy.hmac_key: is not set")
	case len(c.HMACKey) < MinKeyBytes:
		return fmt.Errorf("privacy.hmac_key: has %d bytes, needs at least %d", len(c.HMACKey), MinKeyBytes)
	case c.HMACKeyID < 1 || c.HMACKeyID > 255:
		return fmt.Errorf("privacy.hmac_key_id: is %d, must be 1..255", c.HMACKeyID)
	}
	return nil
}

// Kind separates the domains of tokens: equal strings of different kinds give
// different tokens. Names are part of the HMAC input: never change one.
type Kind uint8

// The kinds of value.
const (
	IP Kind = iota
	Prefix
	Email
	EmailHash
	EmailDomain
	EmailShape
	Phone
	PhoneHash
	Device
	JA4
	UserAgent
	SSOOrg
	Referral
	APIKey
	Conversation
	Model
	Instrument
	BIN
	BillingName
	BillingZip
	numKinds
)

// String returns the name that goes into the HMAC.
func (k Kind) String() string {
	names := [numKinds]string{"ip", "prefix", "email", "email_hash", "email_domain", "email_shape", "phone", "phone_hash",
		"device", "ja4", "user_agent", "sso_org", "referral", "api_key", "conversation", "model", "instrument", "bin",
		"billing_name", "billing_zip"}
	if k < numKinds {
		return names[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// The cache is two-way set-associative. 2^14 entries of about 100 bytes are the
// working set of a decoder's poll many times over, and fit the second-level cache.
const (
	sets      = 1 << 13
	maxCached = 256 // longer values are hashed each time
)

type entry struct {
	sum   uint64
	token event.Token
	kind  Kind
	value []byte // reused in place, so that a full cache does not allocate
}

// Tokenizer makes tokens. It is for one goroutine; Clone it for another.
type Tokenizer struct {
	key   []byte
	id    event.Token // in the top 8 bits
	mac   hash.Hash
	sum   [sha256.Size]byte
	input []byte
	seed  maphash.Seed
	cache []entry // pairs; the first of a pair is the newer
}

// New returns a tokenizer. The error names the bad setting.
func New(cfg Config) (*Tokenizer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newTokenizer([]byte(cfg.HMACKey), event.Token(cfg.HMACKeyID)<<56), nil //nolint:gosec // 1..255
}

// Clone returns a tokenizer with the same key for another goroutine.
func (t *Tokenizer) Clone() *Tokenizer { return newTokenizer(t.key, t.id) }

func newTokenizer(key []byte, id event.Token) *Tokenizer {
	return &Tokenizer{key: key, id: id, mac: hmac.New(sha256.New, key), seed: maphash.MakeSeed(), cache: make([]entry, 2*sets)}
}

// Token returns the token of a value, or zero when the value is empty. It is never
// zero otherwise, since key ids begin at 1. It keeps no reference to value.
func (t *Tokenizer) Token(kind Kind, value []byte) event.Token {
	if len(value) == 0 {
		return 0
	}
	if len(value) > maxCached {
		return t.compute(kind, value)
	}
	sum := maphash.Bytes(t.seed, value) ^ uint64(kind)<<59
	set := t.cache[sum%sets*2:][:2]
	if set[0].holds(sum, kind, value) {
		return set[0].token
	}
	set[0], set[1] = set[1], set[0]
	if set[0].holds(sum, kind, value) {
		return set[0].token
	}
	set[0].sum, set[0].kind, set[0].value = sum, kind, append(set[0].value[:0], value...)
	set[0].token = t.compute(kind, value)
	return set[0].token
}

func (e *entry) holds(sum uint64, kind Kind, value []byte) bool {
	return e.sum == sum && e.kind == kind && string(e.value) == string(value)
}

// compute is HMAC-SHA-256(key, kind 0x00 value), cut to 56 bits, behind the key id.
func (t *Tokenizer) compute(kind Kind, value []byte) event.Token {
	t.input = append(t.input[:0], kind.String()...)
	t.input = append(t.input, 0)
	t.input = append(t.input, value...)
	t.mac.Reset()
	t.mac.Write(t.input)
	sum := t.mac.Sum(t.sum[:0])
	return t.id | event.Token(binary.BigEndian.Uint64(sum)>>8)
}
