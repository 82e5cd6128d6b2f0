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
// written beside its place, and all four are moved there once the last is whole: a run that
// fails leaves the folder's earlier files as they were. A nil Files writes nothing.
type Files struct {
	dir   string
	tmp   *os.File
	buf   *bufio.Writer
	parts []string // names of the files that are written beside their place
}

// Create makes the folder and begins decisions.jsonl.
func Create(dir string) (*Files, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the output folder: %w", err)
	}
	f := &Files{dir: dir, parts: []string{"decisions.jsonl"}}
	tmp, err := os.Create(f.part("decisions.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("creating decisions.jsonl: %w", err)
	}
	f.tmp, f.buf = tmp, bufio.NewWriterSize(tmp, 1<<20)
	return f, nil
}

// Decision appends a line.
func (f *Files) Decision(d *wire.Decision) error {
	if f == nil {
		return nil
	}
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

// Close finishes all four files from the tally. After an error call Abort.
func (f *Files) Close(t *Tally) error {
	if f == nil {
		return nil
	}
	if err := errors.Join(f.buf.Flush(), f.tmp.Close()); err != nil {
		return fmt.Errorf("writing decisions.jsonl: %w", err)
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
	if err := f.write("report.html", func(w *bufio.Writer) error { return WriteHTML(w, t) }); err != nil {
		return err
	}
	for _, name := range f.parts {
		if err := os.Rename(f.part(name), filepath.Join(f.dir, name)); err != nil {
			return fmt.Errorf("finishing %s: %w", name, err)
		}
	}
	return nil
}

func (f *Files) part(name string) string { return filepath.Join(f.dir, name+".part") }

func (f *Files) write(name string, fill func(*bufio.Writer) error) error {
	file, err := os.Create(f.part(name))
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	f.parts = append(f.parts, name)
	w := bufio.NewWriterSize(file, 1<<16)
	if err := errors.Join(fill(w), w.Flush(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// Abort drops what was written. What is removed or closed already does not matter.
func (f *Files) Abort() {
	if f == nil {
		return
	}
	_ = f.tmp.Close()
	for _, name := range f.parts {
		_ = os.Remove(f.part(name))
	}
}
