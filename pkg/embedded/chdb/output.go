package chdb

import (
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb/internal/engine"
)

// outputCoding is how a result is compressed: by ClickHouse's blocks (compress=1) or by HTTP.
type outputCoding struct {
	native  bool
	method  compress.Method
	content string // Content-Encoding
}

func chooseOutput(r *http.Request, q url.Values) outputCoding {
	if isOn(q.Get("compress")) {
		method := compress.LZ4
		if strings.EqualFold(q.Get("network_compression_method"), "ZSTD") {
			method = compress.ZSTD
		}
		return outputCoding{native: true, method: method}
	}
	if v := q.Get("enable_http_compression"); v != "" && !isOn(v) {
		return outputCoding{}
	}
	accept := r.Header.Get("Accept-Encoding")
	for _, coding := range []string{"zstd", "br", "gzip", "deflate"} {
		for offered := range strings.SplitSeq(accept, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(offered), ";")
			if name == coding && strings.TrimSpace(weight) != "q=0" {
				return outputCoding{content: coding}
			}
		}
	}
	return outputCoding{}
}

// contentType of a format.
func contentType(format string) string {
	switch format {
	case "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "TabSeparatedWithNames", "TSVWithNames",
		"TabSeparatedWithNamesAndTypes", "TSVWithNamesAndTypes":
		return "text/tab-separated-values; charset=UTF-8"
	case "CSV", "CSVWithNames", "CSVWithNamesAndTypes":
		return "text/csv; charset=UTF-8"
	case "JSON", "JSONCompact", "JSONStrings", "JSONColumns":
		return "application/json; charset=UTF-8"
	case "JSONEachRow", "JSONCompactEachRow":
		return "application/x-ndjson; charset=UTF-8"
	case "Native", "RowBinary", "RowBinaryWithNames", "RowBinaryWithNamesAndTypes", "Parquet", "Arrow", "ORC":
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}

// streamable are the formats whose output in pieces is the pieces put together: those without
// header, footer and separators between chunks.
func streamable(format string) bool {
	switch format {
	case "Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "JSONEachRow", "JSONCompactEachRow",
		"RowBinary", "LineAsString", "TSKV", "RawBLOB":
		return true
	}
	return false
}

// response writes a result, and an error wherever it happens: as a status while nothing is out,
// inside the result after that.
type response struct {
	w       http.ResponseWriter
	req     *request
	name    string // display name
	tag     string
	out     io.Writer
	closers []io.Closer
	begun   bool
}

func newResponse(w http.ResponseWriter, req *request, name string) *response {
	h := w.Header()
	h.Set("X-ClickHouse-Query-Id", req.id)
	h.Set("X-ClickHouse-Server-Display-Name", name)
	h.Set("X-ClickHouse-Timezone", "UTC")
	return &response{w: w, req: req, name: name, tag: newTag()}
}

func (r *response) begin() {
	r.begun = true
	format := r.req.outFormat()
	h := r.w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("X-ClickHouse-Exception-Tag", r.tag)
	h.Set("Content-Type", contentType(format))
	r.out = r.w
	if r.req.output.native {
		r.out = &blockWriter{out: r.w, comp: compress.NewWriter(compress.LevelZero, r.req.output.method)}
		return
	}
	if c := encoder(r.req.output.content, r.w); c != nil {
		h.Set("Content-Encoding", r.req.output.content)
		h.Add("Vary", "Accept-Encoding")
		r.out = c
		r.closers = append(r.closers, c)
	}
}

func encoder(coding string, w io.Writer) io.WriteCloser {
	switch coding {
	case "gzip":
		gz, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		return gz
	case "deflate":
		z, _ := zlib.NewWriterLevel(w, zlib.BestSpeed)
		return z
	case "br":
		return brotli.NewWriterLevel(w, brotli.BestSpeed)
	case "zstd":
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil
		}
		return z
	}
	return nil
}

// Write sends a piece of the result.
func (r *response) Write(b []byte) (int, error) {
	if !r.begun {
		r.begin()
	}
	return r.out.Write(b)
}

// summary goes out with the headers, so it is known only for what was run to its end before.
func (r *response) summary(st engine.Stats) {
	text, err := json.Marshal(map[string]string{
		"read_rows": num(st.ReadRows), "read_bytes": num(st.ReadBytes),
		"written_rows": num(st.WrittenRows), "written_bytes": num(st.WrittenBytes),
		"result_rows": num(st.ResultRows), "result_bytes": num(st.ResultBytes),
	})
	if err == nil && !r.begun {
		r.w.Header().Set("X-ClickHouse-Summary", string(text))
	}
}

func num(n uint64) string { return strconv.FormatUint(n, 10) }

// finish ends a result well.
func (r *response) finish() {
	if !r.begun {
		// Nothing to send: without a body and so without an encoding of it.
		r.req.output = outputCoding{}
		r.begin()
		r.w.WriteHeader(http.StatusOK)
		return
	}
	r.close()
}

func (r *response) close() {
	for _, c := range r.closers {
		_ = c.Close()
	}
}

// fail reports an error of the statement.
func (r *response) fail(err error) {
	ex := toException(err)
	if r.begun {
		_, _ = io.WriteString(r.out, ex.framed(r.tag))
		r.close()
		return
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(ex.code))
	r.w.WriteHeader(ex.status())
	_, _ = io.WriteString(r.w, ex.text+"\n")
}

// blockWriter wraps pieces in ClickHouse's compressed blocks of at most 1 MiB.
type blockWriter struct {
	out  io.Writer
	comp *compress.Writer
}

func (b *blockWriter) Write(p []byte) (int, error) {
	const piece = 1 << 20
	for off := 0; off < len(p); off += piece {
		if err := b.comp.Compress(p[off:min(off+piece, len(p))]); err != nil {
			return off, err
		}
		if _, err := b.out.Write(b.comp.Data); err != nil {
			return off, err
		}
	}
	return len(p), nil
}
