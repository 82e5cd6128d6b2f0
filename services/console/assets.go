package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var static embed.FS

type templates struct{ t *template.Template }

// parseTemplates panics on a template that does not parse: a mistake of the build.
func parseTemplates() templates {
	funcs := template.FuncMap{
		"pageURL": pageURL, "dict": dict,
		"parts":     func(page string) string { return below(page, "parts") },
		"seriesURL": func(page string) string { return below(page, "series") },
	}
	return templates{template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/*.html"))}
}

// below is the address of a part of a page.
func below(page, part string) string {
	return strings.Replace(page, "?", "/"+part+"?", 1) // an id's own ? is escaped
}

// dict gives a template several values under names.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: want names and values in turn")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}

// render writes a template only if all of it could be made.
func (t templates) render(w http.ResponseWriter, name string, data any) error {
	var buf bytes.Buffer
	if err := t.t.ExecuteTemplate(&buf, name, data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = buf.WriteTo(w) // the reader has gone: nobody to tell
	return nil
}

// staticFiles serves what is embedded; a browser asks each time whether its copy is current.
func staticFiles() http.Handler {
	tags := map[string]string{}
	_ = fs.WalkDir(static, "static", func(name string, d fs.DirEntry, _ error) error { // an embedded tree can be read
		if body, err := static.ReadFile(name); err == nil && !d.IsDir() {
			sum := sha256.Sum256(body)
			tags[name] = `"` + hex.EncodeToString(sum[:12]) + `"`
		}
		return nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		body, err := static.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", tags[name])
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}
