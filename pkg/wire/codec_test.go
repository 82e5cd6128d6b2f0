package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/link"
	internalv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/internalv1"
)

// accounts hold what could confuse a key: separators, and the progress key itself.
func drawAccount(t *rapid.T) string {
	return rapid.OneOf(rapid.SampledFrom([]string{"a", "progress", "progress|requests", "a|1", "|", "acct-7"}), rapid.StringN(1, 128, 128)).Draw(t, "account")
}

func drawStream(t *rapid.T) event.Stream {
	return event.Stream(rapid.Uint8Range(0, uint8(event.NumStreams)-1).Draw(t, "stream"))
}

func drawFact(t *rapid.T) link.Fact {
	return link.Fact{
		Account:   drawAccount(t),
		Kind:      link.Kind(rapid.Uint8Range(1, uint8(link.NumKinds)-1).Draw(t, "kind")),
		Token:     rapid.Uint64().Draw(t, "token"),
		Pane:      rapid.Uint32().Draw(t, "pane"),
		First:     rapid.Int64().Draw(t, "first"),
		Last:      rapid.Int64().Draw(t, "last"),
		Count:     rapid.Uint64().Draw(t, "count"),
		Stream:    drawStream(t),
		Partition: rapid.Int32().Draw(t, "partition"),
		Offset:    rapid.Int64().Draw(t, "offset"),
	}
}

func drawProgress(t *rapid.T) Progress {
	return Progress{
		Stream:    drawStream(t),
		Partition: rapid.Int32().Draw(t, "partition"),
		Offset:    rapid.Int64().Draw(t, "offset"),
		EventMS:   rapid.Int64().Draw(t, "event"),
		CaughtUp:  rapid.Bool().Draw(t, "caught up"),
	}
}

func drawActivity(t *rapid.T) Activity {
	n := func(name string) uint64 { return rapid.Uint64().Draw(t, name) }
	return Activity{
		AccountID: drawAccount(t), OrgID: rapid.String().Draw(t, "org"), Stream: drawStream(t),
		MinuteMS: rapid.Int64().Draw(t, "minute"), Events: n("events"), Requests: n("requests"), Errors: n("errors"),
		InputTokens: n("input"), OutputTokens: n("output"), CachedTokens: n("cached"), ToolCalls: n("tools"),
		Declines: n("declines"), Charges: n("charges"), AmountMinor: rapid.Int64().Draw(t, "amount"),
	}
}

// What is encoded decodes to itself, and key and value do not touch each other or
// what stood in the buffer before them.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := make([]byte, 3, rapid.IntRange(3, 600).Draw(t, "room"))
		copy(room, "abc")

		fact := drawFact(t)
		key, value := EncodeFact(room, &fact)
		var gotFact link.Fact
		if err := DecodeFact(value, &gotFact); err != nil || gotFact != fact {
			t.Fatalf("got %+v, %v, want %+v", gotFact, err, fact)
		}
		if !bytes.Equal(key, FactKey(nil, &fact)) || IsProgress(key) || string(room) != "abc" {
			t.Fatalf("fact key %q", key)
		}

		progress := drawProgress(t)
		rest := value[len(value):]
		key, value = EncodeProgress(rest, &progress)
		var gotProgress Progress
		if err := DecodeProgress(value, &gotProgress); err != nil || gotProgress != progress || !IsProgress(key) {
			t.Fatalf("key %q, got %+v, %v, want %+v", key, gotProgress, err, progress)
		}
		if err := DecodeFact(value, &gotFact); err == nil && gotFact.Account != "" {
			t.Fatal("progress reads as a fact of an account")
		}

		activity := drawActivity(t)
		_, value = EncodeActivity(nil, &activity)
		var gotActivity Activity
		if err := DecodeActivity(value, &gotActivity); err != nil || gotActivity != activity {
			t.Fatalf("got %+v, %v, want %+v", gotActivity, err, activity)
		}
	})
}

// Two facts have one key only where they are of the same account, kind, token, pane:
// else compaction would drop one of them.
func TestFactKeysAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawFact(t), drawFact(t)
		same := a.Account == b.Account && a.Kind == b.Kind && a.Token == b.Token && a.Pane == b.Pane
		if got := bytes.Equal(FactKey(nil, &a), FactKey(nil, &b)); got != same {
			t.Fatalf("keys %q and %q", FactKey(nil, &a), FactKey(nil, &b))
		}
	})
}

// Unknown versions, kinds and streams are refused loudly; so are cut-short values.
func TestRefuses(t *testing.T) {
	encode := func(m interface{ MarshalVT() ([]byte, error) }) []byte {
		b, err := m.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	fact := func(b []byte) error { return DecodeFact(b, new(link.Fact)) }
	progress := func(b []byte) error { return DecodeProgress(b, new(Progress)) }
	activity := func(b []byte) error { return DecodeActivity(b, new(Activity)) }
	for _, c := range []struct {
		name   string
		decode func([]byte) error
		value  []byte
		want   string
	}{
		{"fact of version 2", fact, encode(&internalv1.Fact{Version: 2, Kind: 1}), "unknown version: 2"},
		{"fact without a version", fact, nil, "unknown version: 0"},
		{"fact of kind 0", fact, encode(&internalv1.Fact{Version: 1}), "unknown kind 0"},
		{"fact of a later kind", fact, encode(&internalv1.Fact{Version: 1, Kind: uint32(link.NumKinds)}), "unknown kind"},
		{"fact whose kind wraps", fact, encode(&internalv1.Fact{Version: 1, Kind: 257}), "unknown kind 257"},
		{"fact of a later stream", fact, encode(&internalv1.Fact{Version: 1, Kind: 1, Stream: uint32(event.NumStreams)}), "unknown stream"},
		{"fact whose stream wraps", fact, encode(&internalv1.Fact{Version: 1, Kind: 1, Stream: 256}), "unknown stream 256"},
		{"fact cut short", fact, encode(&internalv1.Fact{Version: 1, AccountId: "a"})[:3], "decoding a fact"},
		{"progress of version 9", progress, encode(&internalv1.Progress{Version: 9}), "unknown version: 9"},
		{"progress cut short", progress, []byte{0x08}, "decoding progress"},
		{"activity of version 9", activity, encode(&internalv1.Activity{Version: 9}), "unknown version: 9"},
		{"activity of a later stream", activity, encode(&internalv1.Activity{Version: 1, Stream: 99}), "unknown stream"},
	} {
		err := c.decode(c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if strings.Contains(c.want, "version") && !errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v is no ErrVersion", c.name, err)
		}
	}
}

// Invariants: no panic; what decodes, encodes and decodes to the same fact.
func FuzzDecodeFact(f *testing.F) {
	_, value := EncodeFact(nil, &link.Fact{Account: "a", Kind: link.KindIP, Token: 7, Pane: 3, Count: 1})
	f.Add(value)
	f.Fuzz(func(t *testing.T, b []byte) {
		var fact, again link.Fact
		if DecodeFact(b, &fact) != nil {
			return
		}
		_, v := EncodeFact(nil, &fact)
		if err := DecodeFact(v, &again); err != nil || again != fact {
			t.Fatalf("got %+v, %v, want %+v", again, err, fact)
		}
	})
}

func BenchmarkEncodeFact(b *testing.B) {
	fact := link.Fact{Account: "acct-000123", Kind: link.KindIP, Token: 1 << 60, Pane: 20000, First: 1_777_000_000_000, Last: 1_777_000_000_000, Count: 1, Offset: 12345}
	room := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		EncodeFact(room, &fact)
	}
}

func BenchmarkDecodeFact(b *testing.B) {
	fact := link.Fact{Account: "acct-000123", Kind: link.KindIP, Token: 1 << 60, Pane: 20000, First: 1_777_000_000_000, Last: 1_777_000_000_000, Count: 1, Offset: 12345}
	_, value := EncodeFact(nil, &fact)
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeFact(value, &fact); err != nil {
			b.Fatal(err)
		}
	}
}
