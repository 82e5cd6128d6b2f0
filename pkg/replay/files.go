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
	"sync/atomic"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
)

// file reads one JSON-lines file. The line number is the offset.
type file struct {
	name   string
	f      *os.File
	r      *bufio.Reader
	dec    decoder
	offset int64
	size   int64
	done   atomic.Int64
	long   []byte // a line longer than the reader's buffer
}

// openFiles opens the four input files of a folder. A missing file is an empty stream,
// but a folder without any of them is an error.
func openFiles(dir string, dec *decode.Decoder) ([]source, error) {
	var sources []source
	for s := event.StreamSignup; s < event.NumStreams; s++ {
		path := filepath.Join(dir, s.String()+".jsonl")
		f, err := openFile(path, s, dec)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			closeAll(sources)
			return nil, err
		}
		sources = append(sources, f)
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s: holds none of signups.jsonl, requests.jsonl, payments.jsonl, labels.jsonl", dir)
	}
	return sources, nil
}

func openFile(path string, s event.Stream, dec *decode.Decoder) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening an input file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening an input file: %w", err)
	}
	return &file{name: path, f: f, r: bufio.NewReaderSize(f, 1<<18),
		dec: decoder{stream: s, dec: dec.Clone()}, size: info.Size()}, nil
}

func (f *file) read(context.Context) ([]Event, error) {
	f.dec.begin()
	for len(f.dec.events) < batchSize {
		line, err := f.line()
		if len(bytes.TrimSpace(line)) > 0 {
			f.dec.add(decode.Record{Value: line}, 0, f.offset)
		}
		f.offset++
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s, line %d: %w", f.name, f.offset, err)
		}
	}
	return f.dec.events, nil
}

// line returns the next line without its end. It is valid until the next call.
func (f *file) line() ([]byte, error) {
	f.long = f.long[:0]
	for {
		part, err := f.r.ReadSlice('\n')
		f.done.Add(int64(len(part)))
		if errors.Is(err, bufio.ErrBufferFull) {
			f.long = append(f.long, part...)
			continue
		}
		if len(f.long) > 0 {
			f.long = append(f.long, part...)
			part = f.long
		}
		return bytes.TrimSuffix(part, []byte("\n")), err
	}
}

func (f *file) progress() (int64, int64) { return f.done.Load(), f.size }
func (f *file) close()                   { _ = f.f.Close() } // only read

// Labels reads a file of labels, in its order. Records that cannot be read are passed over.
func Labels(ctx context.Context, path string, cfg decode.Config, label func(*event.Label)) error {
	dec, err := decode.New(cfg)
	if err != nil {
		return err
	}
	return eachLabel(ctx, path, dec, label)
}

func eachLabel(ctx context.Context, path string, dec *decode.Decoder, label func(*event.Label)) error {
	f, err := openFile(path, event.StreamLabel, dec)
	if err != nil {
		return err
	}
	defer f.close()
	for {
		events, err := f.read(ctx)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			if events[i].Label != nil {
				label(events[i].Label)
			}
		}
	}
}
