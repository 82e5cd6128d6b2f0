// Package decode turns the records of the input topics into events: it tells the
// encoding, reads the record, checks every value and tokenises what is personal. What
// it rejects carries a reason and no personal data.
package decode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/token"
)

// Config is composed of the sections of the configuration that decoding needs.
type Config struct {
	Privacy  token.Config   `koanf:"privacy"`
	Registry RegistryConfig `koanf:"schema_registry"`
	Limits   Limits         `koanf:"stage"`
}

// Limits bound a record (section "stage").
type Limits struct {
	MaxBytes  int           `koanf:"max_bytes" desc:"largest record value in bytes"`
	MaxFuture time.Duration `koanf:"max_future" desc:"how far an event's time may lie ahead of the broker's clock"`
}

// DefaultLimits is 1 MiB, which is Kafka's own limit, and five minutes.
func DefaultLimits() Limits { return Limits{MaxBytes: 1 << 20, MaxFuture: 5 * time.Minute} }

// Validate reports the first bad setting by its key.
func (l Limits) Validate() error {
	if l.MaxBytes < 1024 {
		return fmt.Errorf("stage.max_bytes: is %d, must be at least 1024", l.MaxBytes)
	}
	if l.MaxFuture < 0 {
		return fmt.Errorf("stage.max_future: is %s, must not be negative", l.MaxFuture)
	}
	return nil
}

// Default has no HMAC key: one must be set.
func Default() Config { return Config{Privacy: token.Default(), Limits: DefaultLimits()} }

// Validate reports the first bad setting by its key.
func (c Config) Validate() error {
	if err := c.Privacy.Validate(); err != nil {
		return err
	}
	if err := c.Registry.Validate(); err != nil {
		return err
	}
	return c.Limits.Validate()
}

// Record is what there is to decode. It is read, never kept and never changed.
type Record struct {
	Key, Value  []byte
	ContentType string // header content-type
	BrokerMS    int64  // broker's timestamp, Unix ms; 0 = no clock, as in replay of files: no check against the future, and no key is no error
}

// HeaderContentType is the record header that marks bare Protobuf.
const HeaderContentType = "content-type"

// ContentTypeProtobuf is its value for bare Protobuf.
const ContentTypeProtobuf = "application/x-protobuf"

// Decoder decodes records. It is for one goroutine; Clone it for another.
type Decoder struct {
	limits  Limits
	schemas *schemas
	tokens  *token.Tokenizer
	signup  kind
	request kind
	payment kind
	label   kind
	fields  fields
	ids     []byte
	text    []byte
}

// kind is a message and the order in which its fields came last time.
type kind struct {
	*message
	next [maxFields]uint8
}

// New returns a decoder. The error names the bad setting.
func New(cfg Config) (*Decoder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tokens, err := token.New(cfg.Privacy)
	if err != nil {
		return nil, err
	}
	known, err := newSchemas(cfg.Registry)
	if err != nil {
		return nil, err
	}
	return newDecoder(cfg.Limits, known, tokens), nil
}

// Clone returns a decoder for another goroutine that shares the key and what is known
// of the schema registry.
func (d *Decoder) Clone() *Decoder { return newDecoder(d.limits, d.schemas, d.tokens.Clone()) }

func newDecoder(limits Limits, known *schemas, tokens *token.Tokenizer) *Decoder {
	return &Decoder{
		limits: limits, schemas: known, tokens: tokens,
		signup:  kind{message: signupMessage()},
		request: kind{message: requestMessage()},
		payment: kind{message: paymentMessage()},
		label:   kind{message: labelMessage()},
	}
}

// Signup decodes a record of topic "signups". The error is a *Rejection, or wraps
// ErrBusy; out is then undefined.
func (d *Decoder) Signup(r Record, out *event.Signup) error {
	if err := d.read(r, &d.signup); err != nil {
		return err
	}
	return d.buildSignup(r, out)
}

// Request decodes a record of topic "requests", as Signup does.
func (d *Decoder) Request(r Record, out *event.Request) error {
	if err := d.read(r, &d.request); err != nil {
		return err
	}
	return d.buildRequest(r, out)
}

// Payment decodes a record of topic "payments", as Signup does.
func (d *Decoder) Payment(r Record, out *event.Payment) error {
	if err := d.read(r, &d.payment); err != nil {
		return err
	}
	return d.buildPayment(r, out)
}

// Label decodes a record of topic "labels", as Signup does.
func (d *Decoder) Label(r Record, out *event.Label) error {
	if err := d.read(r, &d.label); err != nil {
		return err
	}
	return d.buildLabel(r, out)
}

// Resolve asks the schema registry about the schema id that made a decode return
// ErrBusy. Nil means: decode the record again. An error means that the registry does not
// answer: wait and call Resolve again. Another error than ErrBusy is returned as it is.
func (d *Decoder) Resolve(ctx context.Context, busy error) error {
	var p *pending
	if !errors.As(busy, &p) {
		return busy
	}
	return d.schemas.resolve(ctx, p.id)
}

// read tells the encoding by content and fills d.fields.
func (d *Decoder) read(r Record, k *kind) error {
	d.fields.reset()
	v := r.Value
	switch {
	case len(v) > d.limits.MaxBytes:
		return reject(ReasonTooLarge, "", "%d bytes, at most %d", len(v), d.limits.MaxBytes)
	case len(v) == 0:
		return reject(ReasonEmptyValue, "", "the record has no value")
	case v[0] == '{':
		s := scanner{buf: v, msg: k.message, out: &d.fields, next: &k.next}
		return s.object()
	case v[0] == 0:
		return d.readFramed(v, k.message)
	case isProtobuf(r.ContentType):
		return readProto(v, k.message, &d.fields)
	default:
		return reject(ReasonUnknownEncoding, "", "neither a JSON object, nor a Confluent frame, nor content-type %s", ContentTypeProtobuf)
	}
}

func (d *Decoder) readFramed(v []byte, m *message) error {
	fr, err := readFrame(v)
	if err != nil {
		return err
	}
	if err := d.schemas.check(fr.id, fr.index, m); err != nil {
		return err
	}
	return readProto(fr.payload, m, &d.fields)
}

// isProtobuf takes a media type in any case and with parameters.
func isProtobuf(contentType string) bool {
	if contentType == ContentTypeProtobuf {
		return true
	}
	media, _, _ := bytes.Cut([]byte(contentType), []byte{';'})
	return string(bytes.ToLower(bytes.TrimSpace(media))) == ContentTypeProtobuf
}
