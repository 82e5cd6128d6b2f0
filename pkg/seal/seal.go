// Package seal encrypts what must be kept whole but not readable: the values of
// dead-letter and late records, which may hold personal data. AES-256-GCM; the nonce is
// an HMAC of the record and its place, so that a redelivered record gives the same
// bytes and no nonce is ever used for two different values.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Version is the first byte of a sealed value.
const Version = 1

// MinKeyBytes is the shortest secret that is accepted, in bytes.
const MinKeyBytes = 16

const (
	keyIDBytes = 4
	nonceBytes = 12
	header     = 1 + keyIDBytes + nonceBytes
	keyBytes   = 32 // AES-256, HMAC-SHA-256
)

// ErrOpen says that a value was not sealed with this key, or not for this place, or was
// changed.
var ErrOpen = errors.New("sealed value does not open")

// Config is the secret (section "dlq"). Without one nothing is sealed.
type Config struct {
	SealKey string `koanf:"seal_key" desc:"secret that dead-letter values are sealed with, at least 16 bytes; empty = they are kept as they came"`
}

// Enabled reports whether a key is set.
func (c Config) Enabled() bool { return c.SealKey != "" }

// Validate reports a bad key by its name. It never prints the secret.
func (c Config) Validate() error {
	if c.Enabled() && len(c.SealKey) < MinKeyBytes {
		return fmt.Errorf("dlq.seal_key: has %d bytes, needs at least %d", len(c.SealKey), MinKeyBytes)
	}
	return nil
}

// Sealer seals and opens. It is safe for many goroutines.
type Sealer struct {
	aead     cipher.AEAD
	nonceKey []byte
	id       [keyIDBytes]byte
}

// New returns a sealer. Its keys, and the id that names them, come from the secret by
// HKDF-SHA-256, so that the id tells nothing of the keys.
func New(cfg Config) (*Sealer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if !cfg.Enabled() {
		return nil, errors.New("dlq.seal_key: is not set")
	}
	const derived = 2*keyBytes + keyIDBytes
	keys, err := hkdf.Key(sha256.New, []byte(cfg.SealKey), nil, "iolaus dead letters v1", derived)
	if err != nil {
		return nil, fmt.Errorf("deriving the seal keys: %w", err)
	}
	block, err := aes.NewCipher(keys[:keyBytes])
	if err != nil {
		return nil, fmt.Errorf("seal cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal cipher: %w", err)
	}
	return &Sealer{aead: aead, nonceKey: keys[keyBytes : 2*keyBytes], id: [keyIDBytes]byte(keys[2*keyBytes:])}, nil
}

// Overhead is by how many bytes a sealed value is longer.
func (s *Sealer) Overhead() int { return header + s.aead.Overhead() }

// KeyID returns the eight hex digits that name the key.
func (s *Sealer) KeyID() string { return fmt.Sprintf("%x", s.id) }

// Seal returns the sealed value of the record that stood at a place: version, key id,
// nonce, ciphertext, tag. The same record at the same place gives the same bytes. The
// place is not stored, but Open needs the same.
func (s *Sealer) Seal(topic string, partition int32, offset int64, value []byte) []byte {
	place := appendPlace(nil, topic, partition, offset)
	out := make([]byte, 0, len(value)+s.Overhead())
	out = append(append(out, Version), s.id[:]...)
	mac := hmac.New(sha256.New, s.nonceKey)
	mac.Write(place)
	mac.Write(value)
	out = append(out, mac.Sum(nil)[:nonceBytes]...)
	return s.aead.Seal(out, out[header-nonceBytes:], value, place)
}

// Open returns the value that was sealed for a place. The error wraps ErrOpen.
func (s *Sealer) Open(topic string, partition int32, offset int64, sealed []byte) ([]byte, error) {
	if len(sealed) < s.Overhead() {
		return nil, fmt.Errorf("%w: %d bytes, cut short", ErrOpen, len(sealed))
	}
	if sealed[0] != Version {
		return nil, fmt.Errorf("%w: version %d, this build knows %d", ErrOpen, sealed[0], Version)
	}
	if id := [keyIDBytes]byte(sealed[1:]); id != s.id {
		return nil, fmt.Errorf("%w: sealed with key %x, dlq.seal_key is %x", ErrOpen, id, s.id)
	}
	value, err := s.aead.Open(nil, sealed[header-nonceBytes:header], sealed[header:], appendPlace(nil, topic, partition, offset))
	if err != nil {
		return nil, fmt.Errorf("%w: changed, or sealed for another place", ErrOpen)
	}
	return value, nil
}

// appendPlace is unambiguous: the numbers have a fixed length and stand before the name.
func appendPlace(dst []byte, topic string, partition int32, offset int64) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(partition)) //nolint:gosec // two's complement
	dst = binary.BigEndian.AppendUint64(dst, uint64(offset))    //nolint:gosec // two's complement
	return append(append(dst, topic...), 0)
}
