package chdb_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
)

type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, s *chdb.Server, method string, q url.Values, body io.Reader, header ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, s.DSN()+"/?"+q.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read-only
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func post(t *testing.T, s *chdb.Server, q url.Values, body string, header ...string) answer {
	return do(t, s, http.MethodPost, q, strings.NewReader(body), header...)
}

func get(t *testing.T, s *chdb.Server, sql string, kv ...string) answer {
	return do(t, s, http.MethodGet, values(append([]string{"query", sql}, kv...)...), nil)
}

func (a answer) want(t *testing.T, body string) {
	t.Helper()
	if a.status != http.StatusOK || a.body != body {
		t.Errorf("got %d %q, want %q", a.status, a.body, body)
	}
}

// What a person does with curl.
func TestCurl(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	get(t, s, "SELECT 1, 'a'").want(t, "1\ta\n") // TabSeparated unless told otherwise
	get(t, s, "SELECT 1 AS x FORMAT CSVWithNames").want(t, "\"x\"\n1\n")
	get(t, s, "SELECT 1 AS x FORMAT JSONEachRow SETTINGS max_threads = 1").want(t, "{\"x\":1}\n")
	get(t, s, "SELECT 1 AS x -- comment", "default_format", "JSONEachRow").want(t, "{\"x\":1}\n")
	get(t, s, "SELECT {a:UInt8} + 1", "param_a", "4").want(t, "5\n")
	get(t, s, "(SELECT 1) UNION ALL (SELECT 1)").want(t, "1\n1\n")
	post(t, s, nil, "SELECT 2").want(t, "2\n")
	post(t, s, values("query", "SELECT 3 +"), "4").want(t, "7\n") // URL and body together
	do(t, s, http.MethodGet, nil, nil).want(t, "Ok.\n")

	post(t, s, nil, "CREATE DATABASE iolaus").want(t, "")
	db := values("database", "iolaus")
	post(t, s, db, "CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a").want(t, "")
	// All the ways that data comes with an INSERT.
	post(t, s, db, "INSERT INTO t VALUES (1, 'x'), (2, 'y\n\nz')").want(t, "")
	post(t, s, db, "INSERT INTO t (a) FORMAT CSV\n3\n4\n").want(t, "")
	post(t, s, values("database", "iolaus", "query", "INSERT INTO t FORMAT JSONEachRow"), "{\"a\":5,\"b\":\"j\"}\n").want(t, "")
	post(t, s, values("database", "iolaus", "query", "INSERT INTO t VALUES"), "(6, 'v')").want(t, "")
	post(t, s, values("database", "iolaus", "query", "INSERT INTO t"), "(7, 'w')").want(t, "")
	post(t, s, values("database", "iolaus", "query", "INSERT INTO t FORMAT TSV"), gzipped(t, "8\tg\n"), "Content-Encoding", "gzip").want(t, "")
	get(t, s, "SELECT a, b FROM iolaus.t ORDER BY a FORMAT CSV").want(t,
		"1,\"x\"\n2,\"y\n\nz\"\n3,\"\"\n4,\"\"\n5,\"j\"\n6,\"v\"\n7,\"w\"\n8,\"g\"\n")
	get(t, s, "SHOW TABLES FROM iolaus").want(t, "t\n")
	get(t, s, "SELECT count() FROM iolaus.t WHERE a > 100").want(t, "0\n")
	get(t, s, "SELECT a FROM iolaus.t WHERE a > 100").want(t, "")

	if a := get(t, s, "SELECT 1 FORMAT JSON"); !strings.Contains(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("content type %q", a.header.Get("Content-Type"))
	}
	zipped := do(t, s, http.MethodGet, values("query", "SELECT 'zipped'"), nil, "Accept-Encoding", "gzip")
	if zr, err := gzip.NewReader(strings.NewReader(zipped.body)); err != nil {
		t.Errorf("not gzip: %v", err)
	} else if b, _ := io.ReadAll(zr); string(b) != "zipped\n" {
		t.Errorf("unzipped %q", b)
	}
	if a := post(t, s, values("query_id", "mine"), "SELECT 1"); a.header.Get("X-ClickHouse-Query-Id") != "mine" {
		t.Errorf("query id %q", a.header.Get("X-ClickHouse-Query-Id"))
	}
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, _ = io.WriteString(zw, s)
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A large insert whose statement and data come in one body, and a large result.
func TestLargeBodies(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	post(t, s, nil, "CREATE TABLE big (n UInt64, s String) ENGINE = MergeTree ORDER BY n").want(t, "")
	var b strings.Builder
	b.WriteString("INSERT INTO big FORMAT TSV\n")
	const n = 200_000
	for i := range n {
		fmt.Fprintf(&b, "%d\trow %d\n", i, i)
	}
	post(t, s, nil, b.String()).want(t, "")
	get(t, s, "SELECT count(), sum(n) FROM big").want(t, fmt.Sprintf("%d\t%d\n", n, n*(n-1)/2))
	a := get(t, s, "SELECT n, s FROM big ORDER BY n")
	if _, want, _ := strings.Cut(b.String(), "\n"); a.body != want {
		t.Errorf("result of %d bytes differs from the %d bytes inserted", len(a.body), len(want))
	}
	long := "SELECT length('" + strings.Repeat("x", 400_000) + "') SETTINGS max_query_size = 10000000"
	post(t, s, values("max_query_size", "10000000"), long).want(t, "400000\n")
}

// Nothing of this machine or its network is to be reached through the endpoint.
func TestNothingOutsideIsReached(t *testing.T) {
	s := testbackend.ClickHouseServer(t)
	post(t, s, nil, "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a").want(t, "")
	for _, sql := range []string{
		"SELECT * FROM file('/etc/passwd', 'LineAsString')",
		"SELECT * FROM `file`('/etc/passwd', 'LineAsString')",
		"SELECT file('/etc/passwd')", // the scalar function, which no grant covers
		"SELECT FILE /* x */ ('/etc/passwd')",
		"SELECT \"file\"('/etc/passwd')",
		"SELECT `f\\x69le`('/etc/passwd')",
		"SELECT * APPLY file FROM (SELECT '/etc/passwd')",
		"SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
		"CREATE VIEW v AS SELECT file('/etc/passwd')",
		"INSERT INTO t SELECT file('/etc/passwd')",
		"INSERT INTO t VALUES (file('/etc/passwd'))",
		"INSERT INTO t FORMAT Values (file('/etc/passwd'))",
		"INSERT INTO t FORMAT vALUES (`file`('/etc/passwd'))",
		"INSERT INTO t SETTINGS input_format_values_interpret_expressions = 1 VALUES ('a')",
		"SELECT hasColumnInTable('127.0.0.1:1', 'u', 'p', 'system', 'one', 'dummy')",
		"SELECT 1 FORMAT Template SETTINGS format_template_row = '/etc/passwd'",
		"SELECT formatRow('Template', 1) SETTINGS format_template_row = '/etc/passwd'",
		"SELECT 1 FORMAT Protobuf SETTINGS format_schema = '/etc/passwd:X'",
		"SELECT 1 SETTINGS additional_result_filter = 'file(\\'/etc/passwd\\') = \\'\\''",
		"SELECT 1 FORMAT Protobuf SETTINGS output_format_schema = '/tmp/chdb-test-schema'",
		"SET format_template_row = '/etc/passwd'",
		"CREATE TABLE r (a Int32) ENGINE = EmbeddedRocksDB(0, '/tmp/chdb-test-rocks') PRIMARY KEY a",
		"CREATE TABLE fl (a String) ENGINE = FileLog('/etc/passwd', 'LineAsString')",
		"CREATE TABLE ss (a String) ENGINE = SQLite('/tmp/a', 'b')",
		"CREATE DATABASE sq ENGINE = SQLite('/tmp/a')",
		"CREATE DATABASE bk ENGINE = Backup('x', File('/tmp/chdb-test-backup'))",
		"CREATE DATABASE dc ENGINE = DataLakeCatalog('http://127.0.0.1:1/')",
		"CREATE TABLE il (a String) ENGINE = IcebergLocal('/tmp/x')",
		"CREATE TABLE di (a String) ENGINE = Distributed('default', 'system', 'one')",
		"CREATE TABLE ka (a String) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
		"INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
		"SELECT 1 INTO OUTFILE '/tmp/chdb-test-outfile'",
		"INSERT INTO FUNCTION file('/tmp/chdb-test-file') SELECT 1",
		"SELECT * FROM default.`/etc/passwd`",
		"SELECT * FROM `/etc/passwd`",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"SELECT * FROM s3('http://bucket.s3.amazonaws.com/x', 'LineAsString')",
		"SELECT * FROM remote('127.0.0.1', 'system.one')",
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM executable('cat', 'TSV', 'a String')",
		"SELECT * FROM sqlite('/tmp/a', 'b')",
		"SELECT * FROM (SELECT * FROM filesystem('/etc'))",
		"CREATE TABLE f (a String) ENGINE = File(LineAsString, '/etc/passwd')",
		"CREATE TABLE u (a String) ENGINE = URL('http://127.0.0.1:1/', 'LineAsString')",
		"CREATE DATABASE fs ENGINE = Filesystem('/etc')",
		"CREATE DICTIONARY di (a UInt64, b String) PRIMARY KEY a SOURCE(FILE(PATH '/etc/passwd' FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE TABLE x (a Int32) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/')",
		"ATTACH TABLE x FROM '/etc' (a String) ENGINE = MergeTree ORDER BY a",
		"BACKUP TABLE t TO File('/tmp/chdb-test-backup')",
		"RESTORE TABLE t FROM File('/tmp/chdb-test-backup')",
		"CREATE USER x",
		"CREATE NAMED COLLECTION nc AS a = 1",
		"CREATE FUNCTION fn AS (x) -> x",
		"SYSTEM SHUTDOWN",
		"SYSTEM KILL",
	} {
		if a := post(t, s, nil, sql); a.status == http.StatusOK {
			t.Errorf("%s: was run, answered %.80q", sql, a.body)
		}
	}
	if a := get(t, s, "INSERT INTO t VALUES ('by GET')"); a.status == http.StatusOK {
		t.Error("a GET wrote")
	}
	inURL := values("query", "INSERT INTO t VALUES")
	if a := post(t, s, inURL, "(file('/etc/passwd'))"); a.status == http.StatusOK {
		t.Error("an expression in streamed VALUES was evaluated")
	}
	inURL.Set("input_format_values_interpret_expressions", "1")
	if a := post(t, s, inURL, "('a')"); a.status == http.StatusOK {
		t.Error("expressions in streamed VALUES were switched on")
	}
	if a := post(t, s, values("format_template_row", "/etc/passwd"), "SELECT 1"); a.status == http.StatusOK {
		t.Error("a constrained setting was changed")
	}
	post(t, s, nil, "INSERT INTO t VALUES (concat('expression', 's'))").want(t, "")
	post(t, s, nil, "DELETE FROM t WHERE a = 'expressions' SETTINGS mutations_sync = 2").want(t, "")
	if a := post(t, s, values("dialect", "kusto"), "print 1"); a.status == http.StatusOK {
		t.Error("another dialect was parsed")
	}
	// A page of another site in a person's browser.
	if a := post(t, s, nil, "SELECT 1", "Origin", "http://example.com"); a.status != http.StatusForbidden {
		t.Errorf("cross-origin request answered %d", a.status)
	}
	// What merely looks alike is served.
	get(t, s, "SELECT 'file(x) INTO OUTFILE' AS file").want(t, "file(x) INTO OUTFILE\n")
	post(t, s, nil, "CREATE TABLE names (file String, n Int8) ENGINE = MergeTree ORDER BY n").want(t, "")
	post(t, s, nil, "INSERT INTO names (file, n) VALUES ('file(', 1)").want(t, "")
	get(t, s, "SELECT upper(file) FROM names").want(t, "FILE(\n")
	get(t, s, "SELECT count() FROM t").want(t, "0\n")
}
