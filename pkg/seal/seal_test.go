package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func sealerOf(tb testing.TB, key string) *Sealer {
	tb.Helper()
	s, err := New(Config{SealKey: key})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// What is sealed opens to itself and hides what it holds; the same record gives the
// same bytes, a record at another place or with another value gives another nonce.
func TestRoundTrip(t *testing.T) {
	s, same := sealerOf(t, "a secret of enough bytes"), sealerOf(t, "a secret of enough bytes")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		a := s.Seal("requests", 1, 7, value)
		if len(a) != len(value)+s.Overhead() || !bytes.Equal(a, same.Seal("requests", 1, 7, value)) {
			t.Fatalf("%d bytes sealed to %d", len(value), len(a))
		}
		if len(value) > 8 && bytes.Contains(a, value) {
			t.Fatal("readable")
		}
		for _, other := range [][]byte{
			s.Seal("requests", 1, 8, value), s.Seal("requests", 2, 7, value), s.Seal("payments", 1, 7, value),
			s.Seal("requests", 1, 7, append(bytes.Clone(value), 0)),
		} {
			if bytes.Equal(a[:header], other[:header]) {
				t.Fatal("a nonce was used for two records")
			}
		}
		got, err := s.Open("requests", 1, 7, a)
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

// Any changed bit, another key, another place: it does not open.
func TestTampering(t *testing.T) {
	s := sealerOf(t, "a secret of enough bytes")
	sealed := s.Seal("signups", 1, 7, []byte("yan.tan76@example.org"))
	for i := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if _, err := s.Open("signups", 1, 7, changed); !errors.Is(err, ErrOpen) {
			t.Fatalf("bit %d changed: %v", i, err)
		}
	}
	for n := range len(sealed) {
		if _, err := s.Open("signups", 1, 7, sealed[:n]); !errors.Is(err, ErrOpen) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	for _, place := range []struct {
		topic     string
		partition int32
		offset    int64
	}{{"requests", 1, 7}, {"signups", 2, 7}, {"signups", 1, 8}} {
		if _, err := s.Open(place.topic, place.partition, place.offset, sealed); !errors.Is(err, ErrOpen) {
			t.Errorf("at %v: %v", place, err)
		}
	}
	other := sealerOf(t, "another secret of enough bytes")
	if _, err := other.Open("signups", 1, 7, sealed); !errors.Is(err, ErrOpen) || !strings.Contains(err.Error(), s.KeyID()) {
		t.Errorf("another key: %v", err)
	}
}

// A short key is refused by its name and not printed; no key is no sealing.
func TestConfig(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("no key: %v", err)
	}
	err := Config{SealKey: "short secret"}.Validate()
	if err == nil || !strings.HasPrefix(err.Error(), "dlq.seal_key:") || strings.Contains(err.Error(), "short secret") {
		t.Errorf("short key: %v", err)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a sealer without a key")
	}
}

// Invariants: Open never panics, and what opens seals to the same bytes again.
func FuzzOpen(f *testing.F) {
	s := sealerOf(f, "a secret of enough bytes")
	f.Add(s.Seal("requests", 0, 0, []byte("value")))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := s.Open("requests", 0, 0, b)
		if err == nil && !bytes.Equal(s.Seal("requests", 0, 0, got), b) {
			t.Fatal("opened what Seal does not make")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := sealerOf(b, "a secret of enough bytes")
	value := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		s.Seal("requests", 0, 0, value)
	}
}
