package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Files writes a run's decisions as they come and the rest at the end. Each file is
// written beside its place and moved there by Close, so a folder never holds half a run.
type Files struct {
	dir string
	tmp *os.File
	buf *bufio.Writer
}

// Create makes the folder and begins decisions.jsonl.
func Create(dir string) (*Files, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the output folder: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "decisions.jsonl.part"))
	if err != nil {
		return nil, fmt.Errorf("creating decisions.jsonl: %w", err)
	}
	return &Files{dir: dir, tmp: f, buf: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Decision appends a line.
func (f *Files) Decision(d *wire.Decision) error {
	if err := writeLine(f.buf, d); err != nil {
		return fmt.Errorf("writing decisions.jsonl: %w", err)
	}
	return nil
}

func writeLine(w *bufio.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	return w.WriteByte('\n')
}

// Close finishes all four files from the tally.
func (f *Files) Close(t *Tally) error {
	if err := errors.Join(f.buf.Flush(), f.tmp.Close()); err != nil {
		return fmt.Errorf("writing decisions.jsonl: %w", err)
	}
	if err := os.Rename(f.tmp.Name(), filepath.Join(f.dir, "decisions.jsonl")); err != nil {
		return fmt.Errorf("finishing decisions.jsonl: %w", err)
	}
	err := f.write("clusters.jsonl", func(w *bufio.Writer) error {
		for _, m := range t.Members() {
			if err := writeLine(w, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = f.write("metrics.json", func(w *bufio.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(t.Metrics())
	})
	if err != nil {
		return err
	}
	return f.write("report.html", func(w *bufio.Writer) error { return WriteHTML(w, t) })
}

func (f *Files) write(name string, fill func(*bufio.Writer) error) error {
	part := filepath.Join(f.dir, name+".part")
	file, err := os.Create(part)
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	w := bufio.NewWriterSize(file, 1<<16)
	if err := errors.Join(fill(w), w.Flush(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.Rename(part, filepath.Join(f.dir, name)); err != nil {
		return fmt.Errorf("finishing %s: %w", name, err)
	}
	return nil
}

// Abort drops what was written.
func (f *Files) Abort() {
	f.tmp.Close()
	os.Remove(f.tmp.Name())
}
