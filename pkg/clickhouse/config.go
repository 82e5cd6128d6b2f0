package clickhouse

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Config is the section "clickhouse".
type Config struct {
	DSN           string        `koanf:"dsn" desc:"http://, https:// or clickhouse://user:password@host:port"`
	DialTimeout   time.Duration `koanf:"dial_timeout" desc:"longest wait for a connection"`
	InsertTimeout time.Duration `koanf:"insert_timeout" desc:"longest wait for one insert; it is then sent again with the same token"`
	Conns         int           `koanf:"conns" desc:"connections at most"`
}

// Default has no DSN: where ClickHouse is must be said.
func Default() Config {
	return Config{DialTimeout: 5 * time.Second, InsertTimeout: 30 * time.Second, Conns: 8}
}

// Validate names the key that is wrong; it never repeats the DSN, which holds a password.
func (c Config) Validate() error {
	if _, err := c.options(); err != nil {
		return err
	}
	switch {
	case c.DialTimeout <= 0:
		return errors.New("clickhouse.dial_timeout: must be above zero")
	case c.InsertTimeout <= 0:
		return errors.New("clickhouse.insert_timeout: must be above zero")
	case c.Conns < 1:
		return errors.New("clickhouse.conns: must be at least 1")
	}
	return nil
}

// noDatabase is the database of a connection whose DSN names none. Every statement of
// Iolaus names its own; "default" would overlay the file system on the embedded engine.
const noDatabase = "system"

func (c Config) options() (*ch.Options, error) {
	if c.DSN == "" {
		return nil, errors.New("clickhouse.dsn: missing; want http://, https:// or clickhouse://user:password@host:port")
	}
	u, err := url.Parse(c.DSN)
	if err != nil || u.Host == "" {
		return nil, errors.New("clickhouse.dsn: not an address; want http://, https:// or clickhouse://user:password@host:port")
	}
	switch u.Scheme {
	case "http", "clickhouse", "tcp":
	case "https":
		q := u.Query()
		q.Set("secure", "true") // the driver wants to be told twice
		u.RawQuery = q.Encode()
	default:
		return nil, fmt.Errorf("clickhouse.dsn: scheme %q is none of http, https, clickhouse", u.Scheme)
	}
	opts, err := ch.ParseDSN(u.String())
	if err != nil {
		return nil, errors.New("clickhouse.dsn: a setting in it is not understood")
	}
	if opts.Auth.Database == "" {
		opts.Auth.Database = noDatabase
	}
	if opts.Compression == nil {
		opts.Compression = &ch.Compression{Method: ch.CompressionNone}
		if u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" {
			opts.Compression.Method = ch.CompressionLZ4
		}
	}
	opts.DialTimeout = c.DialTimeout
	opts.MaxOpenConns, opts.MaxIdleConns = c.Conns, c.Conns
	opts.ClientInfo.Products = append(opts.ClientInfo.Products, struct{ Name, Version string }{"iolaus", "1"})
	return opts, nil
}
