package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Line is one undecoded line of an input folder. AccountID and TS are read leniently, for a
// line that is to be refused must reach the topics all the same: where it has no time it
// stands where the line before it stood. All of it is valid until the next.
type Line struct {
	Stream    event.Stream
	TS        int64
	AccountID []byte
	Value     []byte
}

// EachLine yields the lines of the four input files of a folder in merge order.
func EachLine(ctx context.Context, dir string, yield func(Line) error) error {
	var open []*lineFile
	defer func() {
		for _, f := range open {
			_ = f.f.Close() // only read
		}
	}()
	var heads []*lineFile
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		f, err := openLines(filepath.Join(dir, s.String()+".jsonl"), s)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		open = append(open, f)
		if err := f.advance(); err == nil {
			heads = append(heads, f)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
	}
	if len(open) == 0 {
		return fmt.Errorf("%s: holds none of signups.jsonl, requests.jsonl, payments.jsonl, labels.jsonl", dir)
	}
	for len(heads) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		first := 0
		for i := range heads { // four at most, in stream order
			if heads[i].line.TS < heads[first].line.TS {
				first = i
			}
		}
		if err := yield(heads[first].line); err != nil {
			return err
		}
		err := heads[first].advance()
		if errors.Is(err, io.EOF) {
			heads = append(heads[:first], heads[first+1:]...)
		} else if err != nil {
			return err
		}
	}
	return nil
}

type lineFile struct {
	f      *os.File
	reader file
	line   Line
}

func openLines(path string, s event.Stream) (*lineFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening an input file: %w", err)
	}
	return &lineFile{f: f, reader: file{name: path, f: f, r: bufio.NewReaderSize(f, 1<<18)}, line: Line{Stream: s}}, nil
}

// advance reads the next line that is not blank; io.EOF is the end.
func (l *lineFile) advance() error {
	for {
		raw, err := l.reader.line()
		if len(bytes.TrimSpace(raw)) > 0 {
			l.line.Value = raw
			l.line.AccountID = account(raw)
			if ts, ok := lenientTime(raw); ok {
				l.line.TS = ts
			}
			return nil
		}
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", l.reader.name, err)
		}
	}
}

func account(raw []byte) []byte {
	r := gjson.GetBytes(raw, "account_id")
	if r.Type == gjson.String {
		return []byte(r.Str)
	}
	return []byte{}
}

func lenientTime(raw []byte) (int64, bool) {
	r := gjson.GetBytes(raw, "ts")
	switch r.Type {
	case gjson.Number:
		return r.Int(), r.Int() > 0
	case gjson.String:
		t, err := time.Parse(time.RFC3339, r.Str)
		return t.UnixMilli(), err == nil
	}
	return 0, false
}
