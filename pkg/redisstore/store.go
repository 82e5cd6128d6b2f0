package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// ErrFenced says that the partition has another owner by now, or that its stored
// position is not the one the writer goes on from. Nothing was written: drop all that is
// known of the partition and Acquire it again.
var ErrFenced = errors.New("fenced: the partition has another owner")

// Position is how far a partition has come.
type Position struct {
	// Next is the input offset to fold next, -1 where nothing is stored yet.
	Next int64
	// Told is at most Next: the activity of every event before it has been sent. An owner
	// that takes over looks at the accounts of the events from Told to Next again.
	Told int64
	// EventMS is the highest event time counted on the partition, Unix ms.
	EventMS int64
}

// None is the position of a partition of which nothing is stored.
func None() Position { return Position{Next: -1, Told: -1} }

// String returns the stored form.
func (p Position) String() string {
	if p.Next < 0 {
		return ""
	}
	return fmt.Sprintf("%d,%d,%d", p.Next, p.Told, p.EventMS)
}

func parsePosition(s string) (p Position, err error) {
	if s == "" {
		return None(), nil
	}
	parts := strings.Split(s, ",")
	if len(parts) == 3 {
		for i, field := range []*int64{&p.Next, &p.Told, &p.EventMS} {
			if *field, err = strconv.ParseInt(parts[i], 10, 64); err != nil {
				break
			}
		}
	}
	if p.String() != s || p.Told > p.Next || p.Told < 0 {
		return p, fmt.Errorf("stored position %q is none of this build's", s)
	}
	return p, nil
}

// State is one account's packed state.
type State struct {
	Account string
	Packed  []byte
}

// Store is the states of all accounts. Safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
}

// New returns a store; it connects when first used.
func New(cfg Config) (*Store, error) {
	client, err := cfg.client()
	if err != nil {
		return nil, err
	}
	return &Store{client: client, prefix: cfg.Prefix}, nil
}

// Close closes the connections.
func (s *Store) Close() error { return s.client.Close() }

// Ping reports whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("asking redis: %w", err)
	}
	return nil
}

// Acquire makes the caller the partition's owner: every earlier owner's Commit is
// fenced from now on. It returns the new epoch and where to go on.
func (s *Store) Acquire(ctx context.Context, stream event.Stream, partition int32) (epoch int64, pos Position, err error) {
	epochKey, posKey := s.ownerKeys(stream, partition)
	epoch, err = s.client.Incr(ctx, epochKey).Result()
	if err != nil {
		return 0, pos, fmt.Errorf("acquiring %s/%d: %w", stream, partition, err)
	}
	if pos, err = s.position(ctx, posKey); err != nil {
		return 0, pos, fmt.Errorf("acquiring %s/%d: %w", stream, partition, err)
	}
	return epoch, pos, nil
}

// Position reads how far a partition has come. Anybody may ask.
func (s *Store) Position(ctx context.Context, stream event.Stream, partition int32) (Position, error) {
	_, posKey := s.ownerKeys(stream, partition)
	pos, err := s.position(ctx, posKey)
	if err != nil {
		return pos, fmt.Errorf("reading the position of %s/%d: %w", stream, partition, err)
	}
	return pos, nil
}

func (s *Store) position(ctx context.Context, key string) (Position, error) {
	stored, err := s.client.Get(ctx, key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return None(), err
	}
	return parsePosition(stored)
}

// Lease is the right to write that Acquire gave.
type Lease struct {
	Stream    event.Stream
	Partition int32
	Epoch     int64
}

const (
	statesPerMSET = 1000 // a longer command would hold up Redis's other clients
	statesPerMGET = 1000
)

// Commit stores the states and moves the position from prev to next in one
// transaction. It returns ErrFenced, and stores nothing, when the lease is no longer the
// newest or the stored position is not prev. After any other error the outcome is
// unknown: Acquire says how it went.
func (s *Store) Commit(ctx context.Context, l Lease, prev, next Position, states []State) error {
	epochKey, posKey := s.ownerKeys(l.Stream, l.Partition)
	base := s.stateKey(l.Stream, l.Partition)
	err := s.client.Watch(ctx, func(tx *redis.Tx) error {
		held, err := tx.MGet(ctx, epochKey, posKey).Result()
		if err != nil {
			return err
		}
		if text(held[0]) != strconv.FormatInt(l.Epoch, 10) || text(held[1]) != prev.String() {
			return ErrFenced
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			setStates(ctx, p, base, states)
			p.Set(ctx, posKey, next.String(), 0)
			return nil
		})
		return err
	}, epochKey, posKey)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrFenced), errors.Is(err, redis.TxFailedErr):
		return fmt.Errorf("committing %s/%d: %w", l.Stream, l.Partition, ErrFenced)
	default:
		return fmt.Errorf("committing %s/%d: %w", l.Stream, l.Partition, err)
	}
}

func setStates(ctx context.Context, p redis.Pipeliner, base string, states []State) {
	for len(states) > 0 {
		n := min(len(states), statesPerMSET)
		args := make([]any, 0, 2*n)
		for i := range states[:n] {
			args = append(args, base+states[i].Account, states[i].Packed)
		}
		p.MSet(ctx, args...)
		states = states[n:]
	}
}

// Load reads the packed states of accounts of one partition, in their order; nil
// where an account has none. Anybody may read.
func (s *Store) Load(ctx context.Context, stream event.Stream, partition int32, accounts []string) ([][]byte, error) {
	base := s.stateKey(stream, partition)
	out := make([][]byte, 0, len(accounts))
	keys := make([]string, 0, min(len(accounts), statesPerMGET))
	for len(accounts) > 0 {
		n := min(len(accounts), statesPerMGET)
		keys = keys[:0]
		for _, a := range accounts[:n] {
			keys = append(keys, base+a)
		}
		values, err := s.client.MGet(ctx, keys...).Result()
		if err != nil {
			return nil, fmt.Errorf("loading %d states of %s/%d: %w", n, stream, partition, err)
		}
		for _, v := range values {
			out = append(out, packed(v))
		}
		accounts = accounts[n:]
	}
	return out, nil
}

// ownerKeys returns the keys of a partition's epoch and position.
func (s *Store) ownerKeys(stream event.Stream, partition int32) (epoch, pos string) {
	base := s.prefix + "{" + strconv.Itoa(int(partition)) + "}:" + stream.String()
	return base + ":epoch", base + ":offset"
}

// stateKey returns what an account's key begins with. The stream is a letter, because
// the key is stored once an account.
func (s *Store) stateKey(stream event.Stream, partition int32) string {
	return s.prefix + "{" + strconv.Itoa(int(partition)) + "}:" + stream.String()[:1] + ":"
}

func text(v any) string {
	t, _ := v.(string) // nil = absent
	return t
}

func packed(v any) []byte {
	if t, ok := v.(string); ok {
		return []byte(t)
	}
	return nil
}
