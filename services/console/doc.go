// Package console is the page that people watch: charts and tables of the fixed queries in
// schemas/clickhouse/queries, each cluster with its members and evidence, each account
// with its decisions. It reads ClickHouse and nothing else, and writes nothing.
//
//	browser ──► handler ──► cache (one run of a query at a time) ──► ClickHouse
//
// No SQL comes from the browser: a request names a query and its parameters are bound. A page
// works without scripts from elsewhere, and while ClickHouse is empty or down.
package console
