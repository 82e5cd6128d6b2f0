// Package redisstore keeps the packed account states in Redis, fenced: a partition
// has one writer, and its states and input offset change together or not at all. It
// works on one server and on Redis Cluster: a partition's keys share a hash tag.
package redisstore

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Config is the section "redis".
type Config struct {
	URL    string `koanf:"url" desc:"redis://, rediss:// or unix:// address; further nodes of a Redis Cluster as ?addr=host:port"`
	Prefix string `koanf:"prefix" desc:"what every key begins with"`
}

// Default has no address: one must be set.
func Default() Config { return Config{Prefix: "iolaus:"} }

// Validate reports the first bad setting by its key. It never prints the address,
// which may hold a password.
func (c Config) Validate() error {
	switch {
	case c.URL == "":
		return errors.New("redis.url: is not set")
	case strings.ContainsAny(c.Prefix, "{}"):
		return errors.New("redis.prefix: must not hold braces, which mark the partition")
	}
	if _, err := c.client(); err != nil {
		return err
	}
	return nil
}

const (
	dialTimeout = 2 * time.Second
	ioTimeout   = 10 * time.Second
)

// client makes a client; it connects when first used. Nothing is ever sent twice by
// the client itself: on the fenced path a lost answer means an unknown outcome, which
// only Acquire may settle.
func (c Config) client() (redis.UniversalClient, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("redis.url: is no address")
	}
	if u.Query().Has("addr") {
		opt, err := redis.ParseClusterURL(c.URL)
		if err != nil {
			return nil, fmt.Errorf("redis.url: %w", withoutURL(err))
		}
		opt.MaxRetries, opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = -1, dialTimeout, ioTimeout, ioTimeout
		return redis.NewClusterClient(opt), nil
	}
	opt, err := redis.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("redis.url: %w", withoutURL(err))
	}
	opt.MaxRetries, opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = -1, dialTimeout, ioTimeout, ioTimeout
	return redis.NewClient(opt), nil
}

// withoutURL drops the address that net/url repeats in its errors.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
