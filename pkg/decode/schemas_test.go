package decode

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/schemas/samples"
)

const protoFile = "../../schemas/proto/iolaus/events/v1/events.proto"

// registry is a schema registry over HTTP: id 7 is our file, 8 has the messages in another
// order and nested ones, 9 is another package, 10 is Avro; every other id is unknown.
func registry(t *testing.T, down *atomic.Bool, asked *atomic.Int32) string {
	t.Helper()
	ours, err := os.ReadFile(protoFile)
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]map[string]string{
		"/schemas/ids/7":  {"schema": string(ours), "schemaType": "PROTOBUF"},
		"/schemas/ids/8":  {"schema": "package iolaus.events.v1; message Other { message In {} } /* message No {} */ message Request {}", "schemaType": "PROTOBUF"},
		"/schemas/ids/9":  {"schema": "package elsewhere.v1; message Signup {} message Request {}", "schemaType": "PROTOBUF"},
		"/schemas/ids/10": {"schema": `{"type":"string"}`, "schemaType": "AVRO"},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		s, ok := schemas[r.URL.Path]
		switch {
		case down.Load():
			w.WriteHeader(http.StatusInternalServerError)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error_code":40403,"message":"Schema not found"}`))
		default:
			if err := json.NewEncoder(w).Encode(s); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func registryDecoder(t *testing.T, url string) *Decoder {
	t.Helper()
	cfg := Default()
	cfg.Privacy.HMACKey = samples.HMACKey
	cfg.Registry.URL = url
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func goldenRequest(t *testing.T) []byte {
	t.Helper()
	all, err := samples.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s samples.Sample) bool { return s.Name == "request-full" })
	return all[i].Protobuf
}

// An id is asked for once, outside decoding; then frames pass or are rejected by what
// the registry holds under it.
func TestRegistry(t *testing.T) {
	var down atomic.Bool
	var asked atomic.Int32
	d := registryDecoder(t, registry(t, &down, &asked))
	bare := goldenRequest(t)
	for _, c := range []struct {
		name   string
		id     uint32
		index  int
		reason string
	}{
		{"our file", 7, 1, ""},
		{"our file, another message", 7, 0, ReasonWrongMessage},
		{"our file, no such message", 7, 9, ReasonWrongMessage},
		{"another order", 8, 1, ""},
		{"another order, another message", 8, 0, ReasonWrongMessage},
		{"another package", 9, 1, ReasonUnknownSchemaID},
		{"not Protobuf", 10, 1, ReasonUnknownSchemaID},
		{"unknown", 11, 1, ReasonUnknownSchemaID},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Record{Value: confluent(c.id, c.index, bare)}
			err := d.Request(r, new(event.Request))
			if errors.Is(err, ErrBusy) {
				if err := d.Resolve(t.Context(), err); err != nil {
					t.Fatal(err)
				}
				err = d.Clone().Request(r, new(event.Request)) // clones share what is known
			}
			var rej *Rejection
			switch {
			case c.reason == "" && err != nil:
				t.Error(err)
			case c.reason != "" && (!errors.As(err, &rej) || rej.Reason != c.reason):
				t.Errorf("got %v, want %s", err, c.reason)
			}
		})
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("asked %d times for 5 ids", n)
	}
}

// A registry that does not answer is busy: no rejection, however often; when it is
// back the same record passes.
func TestRegistryDown(t *testing.T) {
	var down atomic.Bool
	var asked atomic.Int32
	down.Store(true)
	d := registryDecoder(t, registry(t, &down, &asked))
	r := Record{Value: confluent(7, 1, goldenRequest(t))}
	for range 2 {
		err := d.Request(r, new(event.Request))
		var rej *Rejection
		if !errors.Is(err, ErrBusy) || errors.As(err, &rej) {
			t.Fatalf("got %v, want busy", err)
		}
		if d.Resolve(t.Context(), err) == nil {
			t.Fatal("resolved by a registry that is down")
		}
	}
	down.Store(false)
	if err := d.Resolve(t.Context(), d.Request(r, new(event.Request))); err != nil {
		t.Fatal(err)
	}
	if err := d.Request(r, new(event.Request)); err != nil {
		t.Fatal(err)
	}
}

// Without a registry and without ids any id that a registry could have given passes.
func TestNoRegistry(t *testing.T) {
	d := benchDecoder(t)
	if err := d.Request(Record{Value: confluent(424242, 1, goldenRequest(t))}, new(event.Request)); err != nil {
		t.Error(err)
	}
	err := d.Request(Record{Value: confluent(0, 1, goldenRequest(t))}, new(event.Request))
	var rej *Rejection
	if !errors.As(err, &rej) || rej.Reason != ReasonUnknownSchemaID {
		t.Errorf("id 0: %v", err)
	}
}

func TestTopLevel(t *testing.T) {
	src, err := os.ReadFile(protoFile)
	if err != nil {
		t.Fatal(err)
	}
	pkg, messages := topLevel(string(src))
	if pkg != "iolaus.events.v1" || !slices.Equal(messages, []string{"Signup", "Request", "Payment", "Label"}) {
		t.Errorf("got %s %v", pkg, messages)
	}
}

// Bad settings are refused by name; secrets are not printed.
func TestConfigValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*Config)
		want string
	}{
		{"no key", func(c *Config) { c.Privacy.HMACKey = "" }, "privacy.hmac_key:"},
		{"small records", func(c *Config) { c.Limits.MaxBytes = 10 }, "stage.max_bytes:"},
		{"negative future", func(c *Config) { c.Limits.MaxFuture = -1 }, "stage.max_future:"},
		{"no schema id", func(c *Config) { c.Registry.IDs = []int{0} }, "schema_registry.ids:"},
		{"no address", func(c *Config) { c.Registry.URL = "registry" }, "schema_registry.url:"},
		{"password in the address", func(c *Config) { c.Registry.URL = "http://u:hunter2@registry" }, "schema_registry.url:"},
		{"good", func(*Config) {}, ""},
	} {
		cfg := Default()
		cfg.Privacy.HMACKey = "sixteen bytes!!!"
		c.set(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.want == "") || (err != nil && (!strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2"))) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if _, newErr := New(cfg); (newErr == nil) != (err == nil) {
			t.Errorf("%s: New says %v", c.name, newErr)
		}
	}
}
