package chdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb/internal/engine"
)

// gateway serves ClickHouse's HTTP interface on the engine: one engine session a request, so that
// no setting, database or temporary table leaks into another.
type gateway struct {
	lib     *engine.Library
	name    string // display name
	version string
	slots   chan struct{} // bounds running statements
	seq     atomic.Uint64
	boot    int64
}

// maxRunning is how many statements run at once; more wait for their turn.
const maxRunning = 64

func newGateway(lib *engine.Library, name string) (*gateway, error) {
	conn, err := lib.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	version, _, err := conn.Exec("SELECT version()", "TabSeparated", nil)
	if err != nil {
		return nil, fmt.Errorf("asking the engine's version: %w", err)
	}
	return &gateway{
		lib: lib, name: name, version: strings.TrimSpace(string(version)),
		slots: make(chan struct{}, maxRunning), boot: time.Now().UnixNano(),
	}, nil
}

// handler is the public endpoint. A page in a browser on another site may not post to it.
func (g *gateway) handler() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Ok.\n") }
	mux.HandleFunc("/ping", ok)
	mux.HandleFunc("/replicas_status", ok)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if r.Method == http.MethodGet && r.URL.Query().Get("query") == "" {
			ok(w, r)
			return
		}
		g.serve(w, r)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

func (g *gateway) newID() string { return fmt.Sprintf("%x-%d", g.boot, g.seq.Add(1)) }

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	req, err := parseRequest(r, g.newID)
	if err != nil {
		newResponse(w, &request{}, g.name).fail(err)
		return
	}
	resp := newResponse(w, req, g.name)
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-r.Context().Done():
		return
	}
	if err := g.run(r.Context(), req, resp); err != nil {
		resp.fail(err)
		return
	}
	resp.finish()
}

func (g *gateway) run(ctx context.Context, req *request, resp *response) error {
	if req.revision > 0 && isHello(req.sql) {
		req.stmt.format = "Native"
		_, err := resp.Write(helloBlock(g.name, g.version, req.revision))
		return err
	}
	conn, err := g.lib.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	tag := g.newID()
	if err := prepare(conn, req, tag); err != nil {
		return err
	}
	defer g.killWhenGone(ctx, tag)()
	return execute(conn, req, resp)
}

// prepare brings a fresh session into the state that the request asks for.
func prepare(conn *engine.Conn, req *request, tag string) error {
	if req.database != "" {
		if err := execSQL(conn, "USE "+quoteName(req.database)); err != nil {
			return err
		}
	}
	var set strings.Builder
	comment := tag
	for _, s := range req.settings {
		if s.name == "log_comment" {
			comment += " " + s.value
			continue
		}
		fmt.Fprintf(&set, "%s = %s, ", s.name, quoteString(s.value))
	}
	set.WriteString("log_comment = " + quoteString(comment))
	if err := execSQL(conn, "SET "+set.String()); err != nil {
		return err
	}
	if req.readonly {
		return execSQL(conn, "SET readonly = 2") // as a server does for GET
	}
	return nil
}

func execSQL(conn *engine.Conn, sql string) error {
	_, _, err := conn.Exec(sql, "Null", nil)
	return err
}

func quoteString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(s) + "`"
}

// killWhenGone ends the statement when its client goes away. The returned function, called when
// the statement has ended, waits for a kill under way.
func (g *gateway) killWhenGone(ctx context.Context, tag string) func() {
	ended := make(chan struct{})
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		g.kill(tag, ended)
	})
	return func() {
		close(ended)
		if !stop() {
			<-killed
		}
	}
}

// kill asks again until the statement has ended: it may not have begun at the first time.
func (g *gateway) kill(tag string, ended <-chan struct{}) {
	sql := "KILL QUERY WHERE startsWith(Settings['log_comment'], " + quoteString(tag) +
		") AND query NOT LIKE 'KILL QUERY%' ASYNC"
	for {
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
		conn, err := g.lib.Connect()
		if err != nil {
			continue // the statement runs on to its end; asked again in a moment
		}
		_ = execSQL(conn, sql)
		conn.Close()
	}
}

func execute(conn *engine.Conn, req *request, resp *response) error {
	if req.stmt.takes {
		return insert(conn, req, resp)
	}
	what, err := conn.Classify(req.sql)
	if err != nil {
		return err
	}
	if what.Statements > 1 {
		return newException(codeMultiStatements, "SYNTAX_ERROR", "Multi-statements are not allowed")
	}
	selects := req.stmt.keyword == "SELECT" || req.stmt.keyword == "WITH"
	if selects && what.Class == engine.ClassReadOnly && streamable(req.outFormat()) && !req.wait {
		return stream(conn, req, resp)
	}
	out, st, err := conn.Exec(req.sql, req.format, req.params)
	if err != nil {
		return err
	}
	resp.summary(st)
	if len(out) == 0 {
		return nil
	}
	_, err = resp.Write(out)
	return ignoreGone(err)
}

func stream(conn *engine.Conn, req *request, resp *response) error {
	rows, err := conn.Stream(req.sql, req.format, req.params)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		more, _, err := rows.Next(func(chunk []byte) error {
			_, err := resp.Write(chunk)
			return err
		})
		if err != nil || !more {
			return ignoreGone(err)
		}
	}
}

// ignoreGone drops the error of writing to a client that has gone: nobody is there to be told.
func ignoreGone(err error) error {
	var e *engine.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return nil
}

// insert feeds the data to the engine in pieces. Data in the text itself comes first.
func insert(conn *engine.Conn, req *request, resp *response) error {
	if strings.EqualFold(req.stmt.format, "Values") {
		if err := limitValues(conn, req); err != nil {
			return err
		}
	}
	if len(req.params) > 0 && strings.EqualFold(req.stmt.format, "Values") && req.body == nil {
		return insertInline(conn, req, resp)
	}
	data := io.Reader(strings.NewReader(req.stmt.data))
	if req.body != nil {
		data = io.MultiReader(data, req.body)
	}
	ins, err := conn.Insert(req.stmt.insert, req.stmt.format, req.params)
	if err != nil {
		return err
	}
	defer ins.Close()
	if err := feed(ins, data); err != nil {
		ins.Cancel()
		return err
	}
	st, err := ins.Done()
	if err != nil {
		return err
	}
	resp.summary(st)
	return nil
}

// limitValues has VALUES read as plain literals where their text is not all here to be looked at;
// expressions in them could call what parseStatement refuses.
func limitValues(conn *engine.Conn, req *request) error {
	if req.body == nil {
		if !plainValues(req.stmt.data) {
			return refused(errOutside)
		}
		return nil
	}
	return execSQL(conn, "SET input_format_values_interpret_expressions = 0, input_format_values_deduce_templates_of_expressions = 0")
}

// insertInline runs INSERT … VALUES with {name:Type} placeholders among its values, which are
// bound only in a statement's text.
func insertInline(conn *engine.Conn, req *request, resp *response) error {
	_, st, err := conn.Exec(req.sql, "Null", req.params)
	if err == nil {
		resp.summary(st)
	}
	return err
}

// insertPiece is how much data goes to the engine in one call, bytes.
const insertPiece = 1 << 20

// feed copies all data. Data that ends too early (the client went away) is an error, so that the
// insert is cancelled rather than committed in part.
func feed(ins *engine.Insert, data io.Reader) error {
	buf := bytes.NewBuffer(make([]byte, 0, 64<<10))
	for {
		buf.Reset()
		_, readErr := io.CopyN(buf, data, insertPiece)
		if _, err := ins.Write(buf.Bytes()); err != nil {
			return err
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil:
			return badRequest("reading the data: %v", readErr)
		}
	}
}
