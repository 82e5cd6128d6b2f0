package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Batch holds rows of one table, column by column. The Rows types of this package
// are batches. A batch is for one goroutine.
type Batch interface {
	Table() string
	Len() int
	Reset() // keeps the room
	columns() []column
}

// column is one column of a batch. kind is the type it is sent as, which the
// server converts: plain String where the table says LowCardinality, since the driver
// builds dictionaries through reflection.
type column struct {
	name, kind string
	values     any // a slice
}

// insertSettings make an insert one that can be repeated. Batches are made here, so the
// server must not gather them; a hostile clock may spread one over many months.
func insertSettings(token string) ch.Settings {
	return ch.Settings{
		"insert_deduplication_token":               token,
		"insert_deduplicate":                       1,
		"async_insert":                             0,
		"throw_on_max_partitions_per_insert_block": 0,
	}
}

// Insert sends a batch once. The token names what is in it: if a batch with the token
// went in before, the server leaves it as it is. After an error the outcome is
// unknown: send the same rows with the same token again.
func (c *Client) Insert(ctx context.Context, b Batch, token string) error {
	if b.Len() == 0 {
		return nil
	}
	start := time.Now()
	err := c.insert(ctx, b, token)
	c.observe(Call{Op: "insert", Table: b.Table(), Rows: b.Len(), Took: time.Since(start), Err: err})
	if err != nil {
		return fmt.Errorf("inserting %d rows into %s: %w", b.Len(), b.Table(), err)
	}
	return nil
}

func (c *Client) insert(ctx context.Context, b Batch, token string) error {
	ctx, cancel := context.WithTimeout(ctx, c.insertTimeout)
	defer cancel()
	cols := b.columns()
	types := make([]ch.ColumnNameAndType, len(cols))
	names := make([]string, len(cols))
	for i, col := range cols {
		types[i] = ch.ColumnNameAndType{Name: col.name, Type: col.kind}
		names[i] = col.name
	}
	ctx = ch.Context(ctx, ch.WithSettings(insertSettings(token)), ch.WithColumnNamesAndTypes(types))
	out, err := c.conn.PrepareBatch(ctx, "INSERT INTO "+b.Table()+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return err
	}
	for i, col := range cols {
		if err := out.Column(i).Append(col.values); err != nil {
			_ = out.Abort() // the error above is the one to tell
			return fmt.Errorf("column %s: %w", col.name, err)
		}
	}
	return out.Send()
}

// Backoff between the tries of InsertUntil.
const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
)

// InsertUntil sends a batch, with the same rows and the same token, until it is in or ctx
// ends. busy (may be nil) hears of each failure, and of nil once it is in after one.
func (c *Client) InsertUntil(ctx context.Context, b Batch, token string, busy func(error)) error {
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		err := c.Insert(ctx, b, token)
		if err == nil {
			if wait > firstWait && busy != nil {
				busy(nil)
			}
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		if busy != nil {
			busy(err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}
