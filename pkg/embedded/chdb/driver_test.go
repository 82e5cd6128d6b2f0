package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

const typesDDL = `CREATE TABLE types (
	u8 UInt8, i64 Int64, f Float64, s String, fs FixedString(4), lc LowCardinality(String),
	d Date, dt DateTime, dt64 DateTime64(3, 'UTC'), id UUID, ip4 IPv4, ip6 IPv6,
	ns Nullable(String), arr Array(UInt32), lcarr Array(LowCardinality(String)), m Map(String, Float64),
	tup Tuple(a String, b Int32), e Enum8('x' = 1, 'y' = 2), b Bool
) ENGINE = MergeTree ORDER BY i64`

// typesRow has a value for each column, with what is easily lost on the way.
func typesRow(i int64) []any {
	name := fmt.Sprintf("it's a \"row\"\n\n%d\\", i)
	null := &name
	if i%2 == 0 {
		null = nil
	}
	at := time.UnixMilli(1_790_000_000_123 + i).UTC()
	return []any{
		uint8(i), i, float64(i) / 3, name, "ab\x00d", "lc" + fmt.Sprint(i%3),
		at.Truncate(24 * time.Hour), at.Truncate(time.Second), at, uuid.NewSHA1(uuid.Nil, []byte(name)),
		net.IPv4(10, 0, 0, byte(i)).To4(), net.ParseIP("2001:db8::1"),
		null, []uint32{1, 2, uint32(i)}, []string{"a", "b", "a"}, map[string]float64{"k": 1.5},
		map[string]any{"a": "t", "b": int32(i)}, []string{"x", "y"}[i%2], i%2 == 1,
	}
}

// Every type comes back as it was sent, under every compression that clickhouse-go has over HTTP.
func TestTypesRoundTrip(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	mustExec(t, open(t, s, nil), typesDDL)
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD,
		clickhouse.CompressionGZIP, clickhouse.CompressionDeflate, clickhouse.CompressionBrotli,
	} {
		t.Run(method.String(), func(t *testing.T) {
			conn := open(t, s, func(o *clickhouse.Options) {
				o.Compression = &clickhouse.Compression{Method: method, Level: 1}
			})
			mustExec(t, conn, "TRUNCATE TABLE types")
			const rows = 1000
			batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO types")
			if err != nil {
				t.Fatal(err)
			}
			for i := range int64(rows) {
				if err := batch.Append(typesRow(i)...); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			got, err := conn.Query(context.Background(), "SELECT * FROM types ORDER BY i64")
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close() //nolint:errcheck // checked through Err
			n := int64(0)
			for ; got.Next(); n++ {
				compareRow(t, got.Scan, typesRow(n))
			}
			if err := got.Err(); err != nil || n != rows {
				t.Fatalf("%d rows, %v", n, err)
			}
		})
	}
}

func compareRow(t *testing.T, scan func(...any) error, want []any) {
	t.Helper()
	dest := make([]any, len(want))
	for i, v := range want {
		dest[i] = reflect.New(reflect.TypeOf(v)).Interface()
	}
	if err := scan(dest...); err != nil {
		t.Fatal(err)
	}
	for i, v := range want {
		got := reflect.ValueOf(dest[i]).Elem().Interface()
		if ip, ok := v.(net.IP); ok && ip.Equal(got.(net.IP)) {
			continue
		}
		if at, ok := v.(time.Time); ok && at.Equal(got.(time.Time)) {
			continue
		}
		if !reflect.DeepEqual(got, v) {
			t.Fatalf("column %d: got %#v, want %#v", i, got, v)
		}
	}
}

// Binds on the client, typed parameters on the server, settings, and a database of one's own.
func TestParametersAndSettings(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	conn := open(t, s, nil)
	mustExec(t, conn, "CREATE DATABASE iolaus", "CREATE TABLE iolaus.p (k UInt32, v String) ENGINE = MergeTree ORDER BY k")

	nasty := "a'b\\c\td\n\n;e{x:String}?"
	if got := scalar[string](t, conn, "SELECT ?", nasty); got != nasty {
		t.Errorf("bind: got %q", got)
	}
	if got := scalar[string](t, conn, "SELECT {v:String}", clickhouse.Named("v", "plain ünï")); got != "plain ünï" {
		t.Errorf("parameter: got %q", got)
	}
	if err := conn.Exec(context.Background(), "INSERT INTO iolaus.p VALUES (?, ?)", uint32(1), nasty); err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(context.Background(), "INSERT INTO iolaus.p VALUES ({k:UInt32}, {v:String})",
		clickhouse.Named("k", "2"), clickhouse.Named("v", "two")); err != nil {
		t.Fatal(err)
	}
	mustExec(t, conn, "INSERT INTO iolaus.p SELECT number + 10, toString(number) FROM numbers(5)")
	if got := scalar[uint64](t, conn, "SELECT count() FROM iolaus.p"); got != 7 {
		t.Errorf("%d rows, want 7", got)
	}
	if got := scalar[string](t, conn, "SELECT v FROM iolaus.p WHERE k = {k:UInt32}", clickhouse.Named("k", "1")); got != nasty {
		t.Errorf("stored value: got %q", got)
	}
	inDB := open(t, s, func(o *clickhouse.Options) {
		o.Auth.Database = "iolaus"
		o.Settings = clickhouse.Settings{"max_threads": 3}
	})
	if got := scalar[uint64](t, inDB, "SELECT count() FROM p"); got != 7 {
		t.Errorf("database: %d rows", got)
	}
	if got := scalar[uint64](t, inDB, "SELECT toUInt64(getSetting('max_threads'))"); got != 3 {
		t.Errorf("setting: max_threads %d", got)
	}
	// No setting leaks from one request into the next.
	if got := scalar[uint64](t, conn, "SELECT toUInt64(getSetting('max_threads'))"); got == 3 {
		t.Error("a setting leaked into another client's request")
	}
}

// An error carries ClickHouse's code, wherever it happens.
func TestErrors(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4} {
		conn := open(t, s, func(o *clickhouse.Options) { o.Compression = &clickhouse.Compression{Method: method} })
		for _, c := range []struct {
			sql  string
			code int32
		}{
			{"SELECT * FROM nosuch", 60},               // unknown table
			{"SELECT nosuch", 47},                      // unknown identifier
			{"SELEC 1", 62},                            // syntax
			{"SELECT 1; SELECT 2", 62},                 // several statements
			{"SELECT throwIf(1)", 395},                 // before the first block
			{"DROP DATABASE nosuch", 81},               // unknown database
			{"SELECT 1 SETTINGS nosuch = 1", 115},      // unknown setting
			{"SELECT * FROM file('/etc/passwd')", 497}, // outside
			// After blocks have gone out: inside the result.
			{"SELECT throwIf(number = 3000000), repeat('x', 100) FROM numbers(4000000) SETTINGS max_threads = 1", 395},
		} {
			err := drain(conn.Query(context.Background(), c.sql))
			var ex *clickhouse.Exception
			if !errors.As(err, &ex) || ex.Code != c.code {
				t.Errorf("%v %s: got %v, want code %d", method, c.sql, err, c.code)
			}
		}
		// The connection is of use after an error.
		if got := scalar[uint8](t, conn, "SELECT 7"); got != 7 {
			t.Errorf("after the errors: %d", got)
		}
	}
}

type rows interface {
	Next() bool
	Err() error
	Close() error
}

func drain[R rows](r R, err error) error {
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // Err tells
	for r.Next() {
	}
	return r.Err()
}

// Statements of many clients run at once, with inserts among them.
func TestConcurrentQueries(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	conn := open(t, s, func(o *clickhouse.Options) { o.MaxOpenConns = 20; o.MaxIdleConns = 20 })
	mustExec(t, conn, "CREATE TABLE c (w UInt32, i UInt32) ENGINE = MergeTree ORDER BY (w, i)")
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 10 {
				batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO c")
				if err != nil {
					t.Error(err)
					return
				}
				_ = batch.Append(uint32(w), uint32(i))
				if err := batch.Send(); err != nil {
					t.Error(err)
				}
				var n uint64
				err = conn.QueryRow(context.Background(), "SELECT count() FROM c WHERE w = ?", w).Scan(&n)
				if err != nil || n != uint64(i+1) {
					t.Errorf("worker %d sees %d rows after %d, %v", w, n, i+1, err)
				}
			}
		})
	}
	wg.Wait()
	if got := scalar[uint64](t, conn, "SELECT count() FROM c"); got != 160 {
		t.Fatalf("%d rows", got)
	}
}

// A client that goes away takes its statement with it.
func TestDisconnectKillsQuery(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	conn := open(t, s, nil)
	const running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%processes%'"
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- drain(conn.Query(ctx, "SELECT count() FROM numbers(100000) WHERE sleepEachRow(0.01) = 0 SETTINGS max_block_size = 10, function_sleep_max_microseconds_per_block = 0"))
	}()
	eventually(t, "the statement runs", func() bool { return scalar[uint64](t, conn, running) == 1 })
	cancel()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Fatalf("got %v", err)
	}
	eventually(t, "the statement is gone", func() bool { return scalar[uint64](t, conn, running) == 0 })
}
