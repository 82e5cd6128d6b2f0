package decode

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
)

// ErrBusy says that a record cannot be judged yet, because the schema registry has not
// been asked for its schema id or does not answer. It is no Rejection: pause the
// partition, call Resolve until it returns nil, then decode the record again.
var ErrBusy = errors.New("schema not resolved yet")

// pending is the ErrBusy of one schema id.
type pending struct{ id int }

func (p *pending) Error() string { return fmt.Sprintf("schema id %d: %v", p.id, ErrBusy) }
func (p *pending) Unwrap() error { return ErrBusy }

// RegistryConfig says which schema ids Confluent frames may carry (section
// "schema_registry"). With neither ids nor url any id is taken, and the message index
// alone says what the record is.
type RegistryConfig struct {
	URL      string `koanf:"url" desc:"schema registry that is asked for schema ids not listed in ids"`
	Username string `koanf:"username" desc:"user at the schema registry"`
	Password string `koanf:"password" desc:"password at the schema registry"`
	IDs      []int  `koanf:"ids" desc:"schema ids of iolaus.events.v1 that are accepted without asking the registry"`
}

// Validate reports the first bad setting by its key.
func (c RegistryConfig) Validate() error {
	for _, id := range c.IDs {
		if id < 1 || id > 1<<31-1 {
			return fmt.Errorf("schema_registry.ids: %d is no schema id (1..2147483647)", id)
		}
	}
	if c.URL == "" {
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("schema_registry.url: is no http or https address")
	}
	if u.User != nil {
		return errors.New("schema_registry.url: must not hold a password, set schema_registry.username and schema_registry.password")
	}
	return nil
}

const (
	registryTimeout = 5 * time.Second
	unknownFor      = 30 * time.Second // then an unknown id is asked for again
	maxRemembered   = 10_000           // unknown ids; a producer of random ids cannot fill the memory
)

// schemas knows schema ids. It is shared by decoders: reading is one atomic load.
type schemas struct {
	fixed  []int
	client *sr.Client // nil: no registry
	known  atomic.Pointer[map[int]schema]
	mu     sync.Mutex // one writer of known
}

// schema is what a schema id stands for: the top-level messages of iolaus.events.v1
// in its file, in order; none where the id is unknown or of something else.
type schema struct {
	messages []string
	until    time.Time // zero = for good
}

func newSchemas(cfg RegistryConfig) (*schemas, error) {
	s := &schemas{fixed: cfg.IDs}
	s.known.Store(&map[int]schema{})
	if cfg.URL == "" {
		return s, nil
	}
	opts := []sr.ClientOpt{sr.URLs(cfg.URL), sr.HTTPClient(&http.Client{Timeout: registryTimeout}), sr.UserAgent("iolaus")}
	if cfg.Username != "" {
		opts = append(opts, sr.BasicAuth(cfg.Username, cfg.Password))
	}
	client, err := sr.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("schema_registry.url: %w", err)
	}
	s.client = client
	return s, nil
}

// check says whether a frame of this id and index holds the wanted message. The
// error is a *Rejection, or wraps ErrBusy.
func (s *schemas) check(id, index int, want *message) error {
	if slices.Contains(s.fixed, id) || (s.client == nil && len(s.fixed) == 0) {
		if index != want.index {
			return reject(ReasonWrongMessage, "", "message index %d, this topic takes %d (%s)", index, want.index, want.name)
		}
		return nil
	}
	known, ok := (*s.known.Load())[id]
	if s.client != nil && (!ok || (!known.until.IsZero() && time.Now().After(known.until))) {
		return &pending{id: id}
	}
	if len(known.messages) == 0 {
		return reject(ReasonUnknownSchemaID, "", "schema id %d is not known as one of iolaus.events.v1", id)
	}
	if index < 0 || index >= len(known.messages) || known.messages[index] != want.name {
		return reject(ReasonWrongMessage, "", "message index %d of schema id %d, this topic takes %s", index, id, want.name)
	}
	return nil
}

// resolve asks the registry. Nil means that check now has an answer.
func (s *schemas) resolve(ctx context.Context, id int) error {
	got, err := s.client.SchemaByID(ctx, id)
	var refused *sr.ResponseError
	switch {
	case err == nil:
		s.remember(id, schema{messages: eventMessages(got)})
		return nil
	case errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound:
		s.remember(id, schema{until: time.Now().Add(unknownFor)})
		return nil
	default:
		return fmt.Errorf("asking the schema registry for id %d: %w", id, err)
	}
}

func (s *schemas) remember(id int, v schema) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(*s.known.Load())
	if len(next) >= maxRemembered {
		maps.DeleteFunc(next, func(_ int, v schema) bool { return !v.until.IsZero() })
	}
	next[id] = v
	s.known.Store(&next)
}

// eventMessages lists the top-level messages of a registered file, in order, or
// nothing where the file is not ours.
func eventMessages(s sr.Schema) []string {
	if s.Type != sr.TypeProtobuf {
		return nil
	}
	pkg, messages := topLevel(s.Schema)
	if pkg != "iolaus.events.v1" {
		return nil
	}
	return messages
}
