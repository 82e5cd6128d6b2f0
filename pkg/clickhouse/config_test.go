package clickhouse

import (
	"strings"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

func TestDSN(t *testing.T) {
	cases := map[string]struct {
		dsn      string
		protocol ch.Protocol
		addr     string
		tls      bool
		database string
	}{
		"http, as the embedded engine has it": {"http://127.0.0.1:8123", ch.HTTP, "127.0.0.1:8123", false, noDatabase},
		"https needs no second word":          {"https://u:p@db.example:8443", ch.HTTP, "db.example:8443", true, noDatabase},
		"native":                              {"clickhouse://u:p@db:9000/iolaus", ch.Native, "db:9000", false, "iolaus"},
		"native with TLS":                     {"clickhouse://db:9440?secure=true", ch.Native, "db:9440", true, noDatabase},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			cfg.DSN = c.dsn
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			o, err := cfg.options()
			if err != nil {
				t.Fatal(err)
			}
			if o.Protocol != c.protocol || o.Addr[0] != c.addr || (o.TLS != nil) != c.tls || o.Auth.Database != c.database {
				t.Errorf("got %v %v tls %v database %q", o.Protocol, o.Addr, o.TLS != nil, o.Auth.Database)
			}
		})
	}
}

// Each error names the key and never the password.
func TestValidate(t *testing.T) {
	const secret = "hunter2"
	cases := map[string]struct {
		change func(*Config)
		key    string
	}{
		"no DSN":               {func(c *Config) { c.DSN = "" }, "clickhouse.dsn"},
		"a scheme of others":   {func(c *Config) { c.DSN = "mysql://u:" + secret + "@h:1" }, "clickhouse.dsn"},
		"no host":              {func(c *Config) { c.DSN = "http://" }, "clickhouse.dsn"},
		"not an address":       {func(c *Config) { c.DSN = "http://u:" + secret + "@h:1:2/%zz" }, "clickhouse.dsn"},
		"a setting of no type": {func(c *Config) { c.DSN = "http://u:" + secret + "@h:1?dial_timeout=soon" }, "clickhouse.dsn"},
		"no dial timeout":      {func(c *Config) { c.DialTimeout = 0 }, "clickhouse.dial_timeout"},
		"no insert timeout":    {func(c *Config) { c.InsertTimeout = -time.Second }, "clickhouse.insert_timeout"},
		"no connections":       {func(c *Config) { c.Conns = 0 }, "clickhouse.conns"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			cfg.DSN = "http://localhost:8123"
			c.change(&cfg)
			err := cfg.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), c.key+":") || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v", err)
			}
		})
	}
}
