package decode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/iolaus-io/iolaus/pkg/event"
	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
	"github.com/iolaus-io/iolaus/schemas/samples"
)

var update = flag.Bool("update", false, "write the golden samples' encodings and decoded forms")

const samplesDir = "../../schemas/samples"

// goldenDecoder tokenises with the samples' key and accepts their schema id only.
func goldenDecoder(tb testing.TB) *Decoder {
	tb.Helper()
	cfg := Default()
	cfg.Privacy.HMACKey = samples.HMACKey
	cfg.Registry.IDs = []int{samples.SchemaID}
	d, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// decodeAny decodes a record of a topic into its event type.
func decodeAny(d *Decoder, topic string, r Record) (any, error) {
	switch topic {
	case "signups":
		out := new(event.Signup)
		return out, d.Signup(r, out)
	case "requests":
		out := new(event.Request)
		return out, d.Request(r, out)
	case "payments":
		out := new(event.Payment)
		return out, d.Payment(r, out)
	case "labels":
		out := new(event.Label)
		return out, d.Label(r, out)
	default:
		panic("no topic " + topic)
	}
}

func newMessageOf(topic string) (m proto.Message, index int) {
	switch topic {
	case "signups":
		return new(eventsv1.Signup), 0
	case "requests":
		return new(eventsv1.Request), 1
	case "payments":
		return new(eventsv1.Payment), 2
	default:
		return new(eventsv1.Label), 3
	}
}

// confluent frames a payload as Confluent's serialisers do.
func confluent(id uint32, index int, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0}, id)
	if index == 0 {
		b = append(b, 0)
	} else {
		b = binary.AppendVarint(binary.AppendVarint(b, 1), int64(index))
	}
	return append(b, payload...)
}

// Every sample decodes to the same struct from all three encodings, and to the one
// that is committed. The Protobuf bytes come from protojson, which is not ours.
func TestGoldenSamples(t *testing.T) {
	if *update {
		updateSamples(t)
		return // the embedded files are those of before
	}
	all, err := samples.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d samples", len(all))
	}
	d := goldenDecoder(t)
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			key := accountOf(t, s.JSON)
			for name, r := range map[string]Record{
				"json":     {Key: key, Value: s.JSON, BrokerMS: maxTS},
				"protobuf": {Key: key, Value: s.Protobuf, ContentType: ContentTypeProtobuf, BrokerMS: maxTS},
				"frame":    {Key: key, Value: s.Frame, BrokerMS: maxTS},
			} {
				got, err := decodeAny(d, s.Topic, r)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(string(s.Decoded), decodedForm(t, got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func accountOf(tb testing.TB, value []byte) []byte {
	tb.Helper()
	var meta struct {
		AccountID string `json:"account_id"`
	}
	if err := json.Unmarshal(value, &meta); err != nil {
		tb.Fatal(err)
	}
	return []byte(meta.AccountID)
}

func decodedForm(tb testing.TB, e any) string {
	tb.Helper()
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b) + "\n"
}

func updateSamples(t *testing.T) {
	t.Helper()
	d := goldenDecoder(t)
	names, err := filepath.Glob(samplesDir + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range names {
		if strings.HasSuffix(path, ".decoded.json") {
			continue
		}
		value, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(path, ".json")
		kind, _, _ := strings.Cut(filepath.Base(base), "-")
		m, index := newMessageOf(kind + "s")
		if err := protojson.Unmarshal(value, m); err != nil {
			t.Fatal(err)
		}
		bare, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeAny(d, kind+"s", Record{Value: bytes.TrimSpace(value)})
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", base, err))
		}
		write(t, base+".pb", bare)
		write(t, base+".frame", confluent(samples.SchemaID, index, bare))
		write(t, base+".decoded.json", []byte(decodedForm(t, got)))
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
