package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Write puts eval.json and eval.html into a folder.
func (r *Report) Write(dir string, assets Assets) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the output folder: %w", err)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding eval.json: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "eval.json"), append(b, '\n'), 0o644); err != nil { //nolint:gosec // not secret
		return fmt.Errorf("writing eval.json: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "eval.html"))
	if err != nil {
		return fmt.Errorf("writing eval.html: %w", err)
	}
	if err := r.WriteHTML(f, assets); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing eval.html: %w", err)
	}
	return nil
}
