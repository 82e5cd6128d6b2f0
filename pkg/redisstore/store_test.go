package redisstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

// The same contract holds on one server and on a cluster of three masters.
func TestStore(t *testing.T) {
	for _, backend := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"server", testbackend.Redis},
		{"cluster", func(t testing.TB) string { return testbackend.RedisCluster(t).URL() }},
	} {
		t.Run(backend.name, func(t *testing.T) {
			cfg := redisstore.Default()
			cfg.URL = backend.url(t)
			s, err := redisstore.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			t.Run("one owner", func(t *testing.T) { oneOwner(t, s) })
			t.Run("fencing", func(t *testing.T) { fencing(t, s) })
			t.Run("many states", func(t *testing.T) { manyStates(t, s) })
		})
	}
}

func lease(t *testing.T, s *redisstore.Store, partition int32) (redisstore.Lease, redisstore.Position) {
	t.Helper()
	epoch, pos, err := s.Acquire(t.Context(), event.StreamRequest, partition)
	if err != nil {
		t.Fatal(err)
	}
	return redisstore.Lease{Stream: event.StreamRequest, Partition: partition, Epoch: epoch}, pos
}

// What one owner stores is what the next one finds: states, position, and nothing for
// accounts that were never stored.
func oneOwner(t *testing.T, s *redisstore.Store) {
	l, pos := lease(t, s, 0)
	if pos != redisstore.None() {
		t.Errorf("position of a new partition = %+v", pos)
	}
	next := redisstore.Position{Next: 7, Told: 3, EventMS: 1_775_000_000_000}
	states := []redisstore.State{{Account: "a", Packed: []byte{1, 0, 255}}, {Account: "b|{x}", Packed: []byte("é")}}
	if err := s.Commit(t.Context(), l, pos, next, states); err != nil {
		t.Fatal(err)
	}
	_, got := lease(t, s, 0)
	if got != next {
		t.Errorf("position = %+v, want %+v", got, next)
	}
	packed, err := s.Load(t.Context(), event.StreamRequest, 0, []string{"b|{x}", "nobody", "a"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]byte{[]byte("é"), nil, {1, 0, 255}}, packed); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
}

// An earlier owner, and one that begins at another position than the stored one, are
// refused and change nothing.
func fencing(t *testing.T, s *redisstore.Store) {
	old, pos := lease(t, s, 1)
	newer, _ := lease(t, s, 1)
	state := []redisstore.State{{Account: "a", Packed: []byte("old")}}
	if err := s.Commit(t.Context(), old, pos, redisstore.Position{Next: 5}, state); !errors.Is(err, redisstore.ErrFenced) {
		t.Errorf("commit of the earlier owner: %v, want ErrFenced", err)
	}
	if err := s.Commit(t.Context(), newer, redisstore.Position{Next: 4}, redisstore.Position{Next: 5}, state); !errors.Is(err, redisstore.ErrFenced) {
		t.Errorf("commit from another position: %v, want ErrFenced", err)
	}
	packed, err := s.Load(t.Context(), event.StreamRequest, 1, []string{"a"})
	if err != nil || packed[0] != nil {
		t.Errorf("a fenced commit stored %q, %v", packed[0], err)
	}
	if got, err := s.Position(t.Context(), event.StreamRequest, 1); err != nil || got != pos {
		t.Errorf("a fenced commit moved the position to %+v, %v", got, err)
	}
}

// More states than fit one command go in one transaction all the same.
func manyStates(t *testing.T, s *redisstore.Store) {
	const n = 3500
	l, pos := lease(t, s, 2)
	states, accounts := make([]redisstore.State, n), make([]string, n)
	for i := range n {
		accounts[i] = fmt.Sprint("acct-", i)
		states[i] = redisstore.State{Account: accounts[i], Packed: []byte(accounts[i])}
	}
	if err := s.Commit(t.Context(), l, pos, redisstore.Position{Next: n}, states); err != nil {
		t.Fatal(err)
	}
	packed, err := s.Load(t.Context(), event.StreamRequest, 2, accounts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if string(packed[i]) != accounts[i] {
			t.Fatalf("state %d = %q", i, packed[i])
		}
	}
}

// Bad settings are named by their key, and a password is never shown.
func TestConfigValidate(t *testing.T) {
	for _, c := range []struct {
		url, prefix, want string
	}{
		{"", "iolaus:", "redis.url: is not set"},
		{"redis://h:1", "a{b}:", "redis.prefix: must not hold braces, which mark the partition"},
		{"ftp://user:secret@h:1", "", "redis.url: redis: invalid URL scheme: ftp"}, // no such scheme
		{"redis://user:secret@h:x y", "", "redis.url: is no address"},              // no port
		{"redis://user:secret@h:1", "iolaus:", ""},
		{"redis://user:secret@h:1?addr=h2:1", "iolaus:", ""}, // a cluster
		{"unix:///run/redis.sock", "iolaus:", ""},
	} {
		got := ""
		if err := (redisstore.Config{URL: c.url, Prefix: c.prefix}).Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.url, c.prefix, got, c.want)
		}
	}
}
