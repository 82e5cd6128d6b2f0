// Package engine binds libchdb, the ClickHouse engine as a shared library, without cgo.
//
// It must be used from one process only, and from a process of its own: the engine starts
// threads, allocates as it likes and ends the process on a fatal error.
package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// symbols are the functions of chdb.h that the gateway uses. Pointers into the engine are
// uintptr; Go memory is passed as *byte or unsafe.Pointer and only borrowed during the call.
type symbols struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv **byte) uintptr
	closeConn         func(conn uintptr)
	shutdown          func() int32

	query             func(conn uintptr, q *byte, qlen uintptr, format *byte, flen uintptr) uintptr
	queryParams       func(conn uintptr, q *byte, qlen uintptr, format *byte, flen uintptr, names **byte, nlens *uintptr, values **byte, vlens *uintptr, n uintptr) uintptr
	streamQueryParams func(conn uintptr, q *byte, qlen uintptr, format *byte, flen uintptr, names **byte, nlens *uintptr, values **byte, vlens *uintptr, n uintptr) uintptr
	streamFetch       func(conn uintptr, stream uintptr) uintptr
	streamCancel      func(conn uintptr, stream uintptr)
	destroyResult     func(result uintptr)

	insertParams  func(conn uintptr, q *byte, qlen uintptr, format *byte, flen uintptr, names **byte, nlens *uintptr, values **byte, vlens *uintptr, n uintptr) uintptr
	insertAppend  func(stream uintptr, data *byte, n uintptr) int32
	insertDone    func(stream uintptr) uintptr
	insertCancel  func(stream uintptr)
	insertError   func(stream uintptr) uintptr
	insertDestroy func(stream uintptr)

	resultBuffer       func(result uintptr) uintptr
	resultLength       func(result uintptr) uintptr
	resultError        func(result uintptr) uintptr
	resultRowsRead     func(result uintptr) uint64
	resultBytesRead    func(result uintptr) uint64
	resultStorageRows  func(result uintptr) uint64
	resultStorageBytes func(result uintptr) uint64
	resultRowsWritten  func(result uintptr) uint64
	resultBytesWritten func(result uintptr) uint64

	classify func(conn uintptr, q *byte, qlen uintptr, db *byte, dblen uintptr, out unsafe.Pointer) int32
}

// Library is a loaded libchdb. A process loads it once.
type Library struct {
	sym  symbols
	args []string
}

// Load opens the shared library at path. args are the engine's command-line arguments
// (--path=…, --config-file=…); every connection is opened with them, as the engine has
// one storage path a process.
func Load(path string, args []string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", path, err)
	}
	lib := &Library{args: append([]string{"clickhouse"}, args...)}
	if err := lib.sym.bind(handle); err != nil {
		return nil, fmt.Errorf("binding %s: %w", path, err)
	}
	// Before the first connection: otherwise the engine takes over Go's signal handlers.
	lib.sym.setSignalHandlers(0)
	return lib, nil
}

func (s *symbols) bind(handle uintptr) error {
	for _, b := range []struct {
		fn   any
		name string
	}{
		{&s.setSignalHandlers, "chdb_set_signal_handlers_enabled"},
		{&s.connect, "chdb_connect"},
		{&s.closeConn, "chdb_close_conn"},
		{&s.shutdown, "chdb_shutdown"},
		{&s.query, "chdb_query_n"},
		{&s.queryParams, "chdb_query_with_params_n"},
		{&s.streamQueryParams, "chdb_stream_query_with_params_n"},
		{&s.streamFetch, "chdb_stream_fetch_result"},
		{&s.streamCancel, "chdb_stream_cancel_query"},
		{&s.destroyResult, "chdb_destroy_query_result"},
		{&s.insertParams, "chdb_stream_insert_with_params_n"},
		{&s.insertAppend, "chdb_stream_append"},
		{&s.insertDone, "chdb_stream_done"},
		{&s.insertCancel, "chdb_stream_cancel_insert"},
		{&s.insertError, "chdb_stream_insert_error"},
		{&s.insertDestroy, "chdb_destroy_insert_stream"},
		{&s.resultBuffer, "chdb_result_buffer"},
		{&s.resultLength, "chdb_result_length"},
		{&s.resultError, "chdb_result_error"},
		{&s.resultRowsRead, "chdb_result_rows_read"},
		{&s.resultBytesRead, "chdb_result_bytes_read"},
		{&s.resultStorageRows, "chdb_result_storage_rows_read"},
		{&s.resultStorageBytes, "chdb_result_storage_bytes_read"},
		{&s.resultRowsWritten, "chdb_result_rows_written"},
		{&s.resultBytesWritten, "chdb_result_bytes_written"},
		{&s.classify, "chdb_classify_query_n"},
	} {
		sym, err := purego.Dlsym(handle, b.name)
		if err != nil {
			return err
		}
		purego.RegisterFunc(b.fn, sym)
	}
	return nil
}

// Shutdown stops the engine's threads. All connections must be closed first; afterwards
// the library is of no further use in this process.
func (l *Library) Shutdown() error {
	if l.sym.shutdown() != 0 {
		return fmt.Errorf("stopping the engine: a connection is still open")
	}
	return nil
}

// bytesArg lends a string to a call. An empty string is a nil pointer with length 0.
func bytesArg(s string) (*byte, uintptr) {
	return unsafe.StringData(s), uintptr(len(s))
}

// pinnedStrings lends C an array of strings with lengths while the pinner holds.
func pinnedStrings(p *runtime.Pinner, in []string) (**byte, *uintptr) {
	if len(in) == 0 {
		return nil, nil
	}
	ptrs, lens := make([]*byte, len(in)), make([]uintptr, len(in))
	for i, s := range in {
		b := append([]byte(s), 0) // never empty, so that the pointer is valid
		p.Pin(&b[0])
		ptrs[i], lens[i] = &b[0], uintptr(len(s))
	}
	p.Pin(&ptrs[0])
	p.Pin(&lens[0])
	return &ptrs[0], &lens[0]
}

// cString copies a NUL-terminated string out of the engine; "" for a null pointer.
func cString(p uintptr) string {
	if p == 0 {
		return ""
	}
	base := *(*unsafe.Pointer)(unsafe.Pointer(&p))
	n := 0
	for *(*byte)(unsafe.Add(base, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(base), n))
}

// view is engine memory as a slice, valid until the owner is destroyed.
func view(p, n uintptr) []byte {
	if p == 0 || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), int(n))
}
