package chdb_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

// A point query over an open connection.
func BenchmarkSelectOne(b *testing.B) {
	conn := openB(b)
	for b.Loop() {
		var n uint8
		if err := conn.QueryRow(context.Background(), "SELECT 1").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

// Rows a second of Send, in batches of 50,000 rows of 10 columns.
func BenchmarkInsert(b *testing.B) {
	conn := openB(b)
	if err := conn.Exec(context.Background(), `CREATE TABLE bench (run_id LowCardinality(String), ts DateTime64(3, 'UTC'),
		a String, b String, c UInt64, d UInt64, e Float64, f Float64, g UInt32, h LowCardinality(String)) ENGINE = MergeTree ORDER BY ts`); err != nil {
		b.Fatal(err)
	}
	const rows = 50_000
	for b.Loop() {
		b.StopTimer()
		batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO bench")
		if err != nil {
			b.Fatal(err)
		}
		for i := range int64(rows) {
			if err := batch.Append("live", 1_790_000_000_000+i, "account-1234", "cluster-99", uint64(i), uint64(7), 0.5, 1.5, uint32(i), "observe"); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if err := batch.Send(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func openB(b *testing.B) clickhouse.Conn {
	b.Helper()
	opt, err := clickhouse.ParseDSN(testbackend.ClickHouse(b))
	if err != nil {
		b.Fatal(err)
	}
	conn, err := clickhouse.Open(opt)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}
