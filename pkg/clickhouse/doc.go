// Package clickhouse reaches ClickHouse: it connects by DSN, runs the embedded
// migrations, inserts batches of typed columns that may be sent any number of times,
// and answers the dashboards' queries.
package clickhouse
