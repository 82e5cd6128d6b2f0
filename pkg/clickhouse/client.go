package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Call is one round trip to ClickHouse, as an Observer sees it.
type Call struct {
	Op    string // "insert" or "query"
	Table string // "" for a query
	Rows  int    // rows sent
	Took  time.Duration
	Err   error
}

// Observer takes the time of each call, for metrics. It must be safe for concurrent use.
type Observer func(Call)

// Client is a pool of connections. Safe for concurrent use.
type Client struct {
	conn          driver.Conn
	insertTimeout time.Duration
	observe       Observer
}

// Connect makes a client without dialling: an address that nobody answers at shows
// on the first call. observe may be nil.
func Connect(cfg Config, observe Observer) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	conn, err := ch.Open(opts)
	if err != nil {
		return nil, fmt.Errorf("opening clickhouse: %w", err)
	}
	if observe == nil {
		observe = func(Call) {}
	}
	return &Client{conn: conn, insertTimeout: cfg.InsertTimeout, observe: observe}, nil
}

// Conn is the driver's own connection, for statements this package has no word for.
func (c *Client) Conn() driver.Conn { return c.conn }

// Ping asks whether ClickHouse answers.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.conn.Ping(ctx); err != nil {
		return fmt.Errorf("pinging clickhouse: %w", err)
	}
	return nil
}

// Close closes the connections.
func (c *Client) Close() error { return c.conn.Close() }

// Params are what every query of schemas/clickhouse/queries takes: a run and a range of
// event time, To excluded.
type Params struct {
	RunID    string
	From, To time.Time
}

// Query runs a SELECT with the dashboards' parameters.
func (c *Client) Query(ctx context.Context, sql string, p Params) (driver.Rows, error) {
	start := time.Now()
	rows, err := c.conn.Query(ch.Context(ctx, ch.WithParameters(p.values())), sql)
	c.observe(Call{Op: "query", Took: time.Since(start), Err: err})
	if err != nil {
		return nil, fmt.Errorf("querying clickhouse: %w", err)
	}
	return rows, nil
}

func (p Params) values() ch.Parameters {
	const layout = "2006-01-02 15:04:05.000"
	return ch.Parameters{"run_id": p.RunID, "from": p.From.UTC().Format(layout), "to": p.To.UTC().Format(layout)}
}
