package chdb

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb/internal/engine"
)

// maxStatement is the longest statement text that is read, bytes; data of an INSERT does not count.
const maxStatement = 64 << 20

// request is an HTTP request understood.
type request struct {
	id       string
	database string
	sql      string
	stmt     statement
	body     io.Reader // data that follows the statement's own
	format   string    // output format where the statement names none
	settings []setting
	params   []engine.Param
	revision int // client_protocol_version
	readonly bool
	wait     bool // wait_end_of_query
	output   outputCoding
}

type setting struct{ name, value string }

// reserved are URL parameters that are no settings.
var reserved = []string{
	"query", "database", "default_format", "query_id", "quota_key", "user", "password", "role",
	"session_id", "session_timeout", "session_check", "close_session", "compress", "decompress",
	"client_protocol_version", "buffer_size", "wait_end_of_query", "stacktrace", "access_token",
}

// parseRequest reads the statement, and as much of the body as is needed for that.
func parseRequest(r *http.Request, newID func() string) (*request, error) {
	q := r.URL.Query()
	req := &request{
		id: q.Get("query_id"), database: firstOf(r.Header.Get("X-ClickHouse-Database"), q.Get("database")),
		format:   firstOf(r.Header.Get("X-ClickHouse-Format"), q.Get("default_format"), "TabSeparated"),
		wait:     isOn(q.Get("wait_end_of_query")),
		readonly: r.Method == http.MethodGet || r.Method == http.MethodHead,
		output:   chooseOutput(r, q),
	}
	if req.id == "" {
		req.id = newID()
	}
	req.revision, _ = strconv.Atoi(q.Get("client_protocol_version"))
	if err := req.parameters(q); err != nil {
		return nil, err
	}
	body, err := decodeBody(r, q)
	if err != nil {
		return nil, err
	}
	return req, req.readStatement(q, body)
}

func (req *request) parameters(q url.Values) error {
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		value := q.Get(name)
		switch p, isParam := strings.CutPrefix(name, "param_"); {
		case isParam:
			req.params = append(req.params, engine.Param{Name: p, Value: value})
		case slices.Contains(reserved, name):
		case strings.HasPrefix(strings.ToLower(name), settingsValues):
			return refused(errOutside)
		case !isSettingName(name):
			return badRequest("%q is not the name of a setting", name)
		default:
			req.settings = append(req.settings, setting{name, value})
		}
	}
	return nil
}

func isSettingName(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) || s[i] >= 0x80 {
			return false
		}
	}
	return s != ""
}

// readStatement finds the SQL: the query parameter, the body, or the one followed by the other.
// Where the statement is an INSERT with data, the data stays in the body, unread.
func (req *request) readStatement(q url.Values, body io.Reader) error {
	if inURL := q.Get("query"); inURL != "" {
		st, err := parseStatement(inURL)
		if err != nil {
			return refused(err)
		}
		if st.takes {
			req.sql, req.stmt, req.body = inURL, st, body
			return nil
		}
		rest, err := readAtMost(body, maxStatement)
		if err != nil {
			return err
		}
		req.sql = inURL
		if len(bytes.TrimSpace(rest)) > 0 {
			req.sql += "\n" + string(rest)
		}
		return req.parse()
	}
	return req.readFromBody(body)
}

// insertHead is how much of a body is looked at for the statement of an INSERT, bytes (the engine's max_query_size).
const insertHead = 256 << 10

func (req *request) readFromBody(body io.Reader) error {
	head, err := readUpTo(body, insertHead)
	if err != nil {
		return err
	}
	req.sql = string(head)
	if len(head) < insertHead {
		return req.parse()
	}
	if err := req.parse(); err != nil {
		return err
	}
	if req.stmt.takes {
		req.body = body
		return nil
	}
	rest, err := readAtMost(body, maxStatement)
	if err != nil {
		return err
	}
	req.sql += string(rest)
	return req.parse()
}

func (req *request) parse() error {
	st, err := parseStatement(req.sql)
	if err != nil {
		return refused(err)
	}
	req.stmt = st
	return nil
}

// outFormat is the format of the result.
func (req *request) outFormat() string { return firstOf(req.stmt.format, req.format) }

func readUpTo(r io.Reader, n int) ([]byte, error) {
	buf, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return nil, badRequest("reading the body: %v", err)
	}
	return buf, nil
}

func readAtMost(r io.Reader, n int) ([]byte, error) {
	buf, err := readUpTo(r, n+1)
	if err == nil && len(buf) > n {
		return nil, badRequest("the statement is longer than %d bytes", n)
	}
	return buf, err
}

// decodeBody undoes Content-Encoding and ClickHouse's own block compression (decompress=1).
func decodeBody(r *http.Request, q url.Values) (io.Reader, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, badRequest("external tables (multipart requests) are not served here")
	}
	var body io.Reader = r.Body
	if body == nil {
		body = strings.NewReader("")
	}
	body, err := contentDecoder(r.Header.Get("Content-Encoding"), body)
	if err != nil {
		return nil, badRequest("Content-Encoding: %v", err)
	}
	if isOn(q.Get("decompress")) {
		body = compress.NewReader(body)
	}
	return body, nil
}

func contentDecoder(encoding string, body io.Reader) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		return gzip.NewReader(body)
	case "deflate":
		// zlib by the standard and by clickhouse-go; raw deflate by some clients.
		buf := make([]byte, 2)
		n, _ := io.ReadFull(body, buf)
		whole := io.MultiReader(bytes.NewReader(buf[:n]), body)
		if n == 2 && buf[0]&0x0f == 8 && (int(buf[0])<<8|int(buf[1]))%31 == 0 {
			return zlib.NewReader(whole)
		}
		return flate.NewReader(whole), nil
	case "br":
		return brotli.NewReader(body), nil
	case "zstd":
		d, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%q is not known", encoding)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isOn(v string) bool { return v == "1" || strings.EqualFold(v, "true") }
