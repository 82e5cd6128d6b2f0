package chdb

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse that the gateway itself answers with.
const (
	codeBadArguments     = 36
	codeMultiStatements  = 62
	codeAccessDenied     = 497
	codeUnknownException = 1002
)

// exception is an error in ClickHouse's words.
type exception struct {
	code int
	text string
}

func (e *exception) Error() string { return e.text }

func newException(code int, name, format string, args ...any) *exception {
	return &exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

func badRequest(format string, args ...any) error {
	return newException(codeBadArguments, "BAD_ARGUMENTS", format, args...)
}

func refused(err error) error {
	return newException(codeAccessDenied, "ACCESS_DENIED", "%v", err)
}

var exceptionCode = regexp.MustCompile(`Code: (\d+)\.`)

// toException turns any error into one with a code. The engine's text may have a prefix before "Code:".
func toException(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	text := err.Error()
	m := exceptionCode.FindStringSubmatchIndex(text)
	if m == nil {
		return newException(codeUnknownException, "UNKNOWN_EXCEPTION", "%s", text)
	}
	code, convErr := strconv.Atoi(text[m[2]:m[3]])
	if convErr != nil {
		code = codeUnknownException
	}
	return &exception{code: code, text: strings.TrimRight(text[m[0]:], "\n")}
}

// status is the HTTP status that a ClickHouse server answers with for a code.
func (e *exception) status() int {
	switch e.code {
	case 62, 43, 44, 46, 47, 27, 26, 6, 36, 38, 41, 53, 69, 70, 72, 73, 117, 456, 457: // syntax, types, parsing
		return http.StatusBadRequest
	case 60, 81: // unknown table, unknown database
		return http.StatusNotFound
	case 497, 291, 164: // access denied, read-only
		return http.StatusForbidden
	case 159: // timeout
		return http.StatusRequestTimeout
	case 241, 202: // memory limit, too many queries
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// newTag marks an exception inside a result that has already begun (X-ClickHouse-Exception-Tag).
func newTag() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// framed is the exception as ClickHouse writes it into the middle of a result.
func (e *exception) framed(tag string) string {
	text := e.text
	if len(text) > 16<<10 {
		text = text[:16<<10]
	}
	return fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", tag, text, len(text)+1, tag)
}
