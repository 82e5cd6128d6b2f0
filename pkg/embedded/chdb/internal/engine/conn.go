package engine

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Conn is one engine session. It runs one statement at a time and is not safe for
// concurrent use. After an error it must be closed, not used again.
type Conn struct {
	lib *Library
	box uintptr // chdb_connection*, what chdb_close_conn takes
	h   uintptr // chdb_connection, what everything else takes
}

// Error is an exception of the engine: its text begins with "Code: N. DB::Exception: ".
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// Param is the value of one {name:Type} placeholder, in ClickHouse's escaped form.
type Param struct{ Name, Value string }

// Stats are the counters of a finished statement.
type Stats struct {
	ReadRows, ReadBytes, WrittenRows, WrittenBytes, ResultRows, ResultBytes uint64
}

// Analysis says what a statement is, by the engine's own parser.
type Analysis struct {
	Statements uint32 // 0: empty or not parsed
	Class      Class
}

// Class is what a statement does to state that outlives it.
type Class uint32

// Classes as in chdb.h.
const (
	ClassReadOnly Class = iota
	ClassMutating
	ClassMutatingGlobal
	ClassControl
	ClassUnknown
)

// Connect opens a session.
func (l *Library) Connect() (*Conn, error) {
	var p runtime.Pinner
	defer p.Unpin()
	argv := make([]*byte, len(l.args))
	for i, a := range l.args {
		b := append([]byte(a), 0)
		p.Pin(&b[0])
		argv[i] = &b[0]
	}
	p.Pin(&argv[0])
	box := l.sym.connect(int32(len(argv)), &argv[0])
	if box == 0 {
		return nil, errors.New("connecting to the engine: it refused (see its log)")
	}
	h := *(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&box)))
	return &Conn{lib: l, box: box, h: h}, nil
}

// Close ends the session. Closing twice is harmless.
func (c *Conn) Close() {
	if c.box != 0 {
		c.lib.sym.closeConn(c.box)
		c.box, c.h = 0, 0
	}
}

// Classify parses a statement without running it.
func (c *Conn) Classify(sql string) (Analysis, error) {
	out := struct{ size, statements, flags, class uint32 }{size: 16}
	q, n := bytesArg(sql)
	if c.lib.sym.classify(c.h, q, n, nil, 0, unsafe.Pointer(&out)) != 0 {
		return Analysis{}, errors.New("classifying the statement: connection closed")
	}
	runtime.KeepAlive(sql)
	return Analysis{Statements: out.statements, Class: Class(out.class)}, nil
}

// Exec runs a statement whose result is small, and returns it in the given format.
func (c *Conn) Exec(sql, format string, params []Param) ([]byte, Stats, error) {
	r := c.call(c.lib.sym.queryParams, sql, format, params)
	defer c.lib.sym.destroyResult(r)
	if err := c.lib.resultErr(r); err != nil {
		return nil, Stats{}, err
	}
	out := append([]byte(nil), view(c.lib.sym.resultBuffer(r), c.lib.sym.resultLength(r))...)
	return out, c.lib.stats(r), nil
}

type paramCall func(uintptr, *byte, uintptr, *byte, uintptr, **byte, *uintptr, **byte, *uintptr, uintptr) uintptr

func (c *Conn) call(fn paramCall, sql, format string, params []Param) uintptr {
	var p runtime.Pinner
	defer p.Unpin()
	names, values := make([]string, len(params)), make([]string, len(params))
	for i, kv := range params {
		names[i], values[i] = kv.Name, kv.Value
	}
	np, nl := pinnedStrings(&p, names)
	vp, vl := pinnedStrings(&p, values)
	q, qn := bytesArg(sql)
	f, fn2 := bytesArg(format)
	r := fn(c.h, q, qn, f, fn2, np, nl, vp, vl, uintptr(len(params)))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	return r
}

func (l *Library) resultErr(r uintptr) error {
	if r == 0 {
		return &Error{Text: "Code: 1002. DB::Exception: the engine gave no result. (UNKNOWN_EXCEPTION)"}
	}
	if p := l.sym.resultError(r); p != 0 {
		return &Error{Text: cString(p)}
	}
	return nil
}

func (l *Library) stats(r uintptr) Stats {
	return Stats{
		ReadRows: l.sym.resultStorageRows(r), ReadBytes: l.sym.resultStorageBytes(r),
		WrittenRows: l.sym.resultRowsWritten(r), WrittenBytes: l.sym.resultBytesWritten(r),
		ResultRows: l.sym.resultRowsRead(r), ResultBytes: l.sym.resultBytesRead(r),
	}
}

// Rows is a running SELECT whose result comes in chunks.
type Rows struct {
	conn *Conn
	h    uintptr
	done bool
}

// Stream starts a SELECT. Close must follow.
func (c *Conn) Stream(sql, format string, params []Param) (*Rows, error) {
	h := c.call(c.lib.sym.streamQueryParams, sql, format, params)
	if err := c.lib.resultErr(h); err != nil {
		if h != 0 {
			c.lib.sym.destroyResult(h)
		}
		return nil, err
	}
	return &Rows{conn: c, h: h}, nil
}

// Next gives the next chunk to fn, whose argument is valid only during the call, and
// reports whether there was one.
func (r *Rows) Next(fn func(chunk []byte) error) (more bool, st Stats, err error) {
	lib := r.conn.lib
	chunk := lib.sym.streamFetch(r.conn.h, r.h)
	defer func() {
		if chunk != 0 {
			lib.sym.destroyResult(chunk)
		}
	}()
	if err := lib.resultErr(chunk); err != nil {
		r.done = true
		return false, Stats{}, err
	}
	n := lib.sym.resultLength(chunk)
	if n == 0 {
		r.done = true
		return false, Stats{}, nil
	}
	if err := fn(view(lib.sym.resultBuffer(chunk), n)); err != nil {
		return false, Stats{}, err
	}
	return true, lib.stats(chunk), nil
}

// Close ends the statement, cancelling it if it still runs.
func (r *Rows) Close() {
	if !r.done {
		r.conn.lib.sym.streamCancel(r.conn.h, r.h)
	}
	r.conn.lib.sym.destroyResult(r.h)
}

// Insert is a running INSERT that takes data in pieces.
type Insert struct {
	conn *Conn
	h    uintptr
}

// Insert starts an INSERT (statement without FORMAT and data). Done or Cancel must follow, then Close.
func (c *Conn) Insert(sql, format string, params []Param) (*Insert, error) {
	h := c.call(c.lib.sym.insertParams, sql, format, params)
	if h == 0 {
		return nil, fmt.Errorf("starting the insert: the engine gave no stream")
	}
	ins := &Insert{conn: c, h: h}
	if err := ins.err(); err != nil {
		ins.Close()
		return nil, err
	}
	return ins, nil
}

func (i *Insert) err() error {
	if p := i.conn.lib.sym.insertError(i.h); p != 0 {
		return &Error{Text: cString(p)}
	}
	return nil
}

// Write appends a piece; it blocks while the engine is behind.
func (i *Insert) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if i.conn.lib.sym.insertAppend(i.h, &b[0], uintptr(len(b))) != 0 {
		return 0, i.failure()
	}
	return len(b), nil
}

func (i *Insert) failure() error {
	if err := i.err(); err != nil {
		return err
	}
	return &Error{Text: "Code: 1002. DB::Exception: the insert stream was closed. (UNKNOWN_EXCEPTION)"}
}

// Done commits.
func (i *Insert) Done() (Stats, error) {
	r := i.conn.lib.sym.insertDone(i.h)
	if r == 0 {
		return Stats{}, i.failure()
	}
	defer i.conn.lib.sym.destroyResult(r)
	if err := i.conn.lib.resultErr(r); err != nil {
		return Stats{}, err
	}
	return i.conn.lib.stats(r), nil
}

// Cancel ends the insert without committing what was not yet written.
func (i *Insert) Cancel() { i.conn.lib.sym.insertCancel(i.h) }

// Close frees the stream.
func (i *Insert) Close() { i.conn.lib.sym.insertDestroy(i.h) }
