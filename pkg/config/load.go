package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Sources says where settings come from, in rising order of precedence.
type Sources struct {
	File    string            // path of a YAML file; "" for none
	Environ []string          // "NAME=value" as os.Environ gives; an empty value counts as not set
	Ignore  []string          // IOLAUS_* variables that are no settings, as those of the build
	Flags   map[string]string // key -> value, only the flags that were given
}

// Error is a mistake in the configuration: it prints as one line that names the key
// and, where known, where the value came from.
type Error struct {
	Key    string // "kafka.brokers", the name of a variable, or the file's path
	Detail string
	From   string // "file x.yaml", "environment", "flag"; may be empty
}

// Error returns "key: detail (from)".
func (e *Error) Error() string {
	if e.From == "" {
		return e.Key + ": " + e.Detail
	}
	return e.Key + ": " + e.Detail + " (" + e.From + ")"
}

// Load fills cfg, a pointer to a struct that holds the defaults, from the sources.
// Every mistake is an *Error. It does not call Validate: which sections a command needs
// is the command's to say.
func Load(cfg any, src Sources) error {
	l := loader{k: koanf.New("."), keys: Keys(cfg), from: map[string]string{}}
	if err := l.loadFile(src.File); err != nil {
		return err
	}
	if err := l.loadEnv(src.Environ, src.Ignore); err != nil {
		return err
	}
	if err := l.loadFlags(src.Flags); err != nil {
		return err
	}
	return l.apply()
}

type loader struct {
	k    *koanf.Koanf
	keys []Key
	from map[string]string // key -> where its last value came from
}

func (l *loader) loadFile(path string) error {
	if path == "" {
		return nil
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return &Error{Key: "--config", Detail: err.Error()}
	}
	var doc map[string]any
	if err := yaml.Unmarshal(body, &doc); err != nil {
		return &Error{Key: path, Detail: "is no valid YAML: " + firstLine(err)}
	}
	flat := map[string]any{}
	if err := flatten(flat, "", doc, path); err != nil {
		return err
	}
	return l.merge(flat, "file "+path)
}

// flatten turns nested sections into dotted keys; "a.b: 1" and "a: {b: 1}" mean the same.
func flatten(out map[string]any, prefix string, section map[string]any, path string) error {
	for name, v := range section {
		key := prefix + name
		switch v := v.(type) {
		case nil: // "kafka:" with nothing below
		case map[string]any:
			if err := flatten(out, key+".", v, path); err != nil {
				return err
			}
		case map[any]any: // some key is a number
			sub := make(map[string]any, len(v))
			for k, item := range v {
				sub[fmt.Sprint(k)] = item
			}
			if err := flatten(out, key+".", sub, path); err != nil {
				return err
			}
		default:
			if _, dup := out[key]; dup {
				return &Error{Key: key, Detail: "is set twice", From: "file " + path}
			}
			out[key] = v
		}
	}
	return nil
}

func (l *loader) loadEnv(environ, ignore []string) error {
	flat := map[string]any{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, EnvPrefix) || value == "" || slices.Contains(ignore, name) {
			continue
		}
		key, ok := l.byEnv(name)
		if !ok {
			return &Error{Key: name, Detail: "matches no setting" + l.suggest(name, func(k Key) string { return k.Env }), From: "environment"}
		}
		flat[key] = value
	}
	return l.merge(flat, "environment")
}

// byEnv finds the key of a variable; below a map any name is a key.
func (l *loader) byEnv(name string) (string, bool) {
	for _, k := range l.keys {
		if k.Env == name {
			return k.Name, true
		}
		if rest, ok := strings.CutPrefix(name, k.Env+"_"); ok && k.Type == "map" && rest != "" {
			return k.Name + "." + strings.ToLower(rest), true
		}
	}
	return "", false
}

func (l *loader) loadFlags(flags map[string]string) error {
	flat := make(map[string]any, len(flags))
	for key, v := range flags {
		flat[key] = v
	}
	return l.merge(flat, "flag")
}

// merge checks that every key is known and lays the values over those before.
func (l *loader) merge(flat map[string]any, from string) error {
	for _, key := range sortedKeys(flat) {
		if !l.known(key) {
			if l.isSection(key) {
				return &Error{Key: key, Detail: "is a section: put its settings below it", From: from}
			}
			return &Error{Key: key, Detail: "is no known setting" + l.suggest(key, func(k Key) string { return k.Name }), From: from}
		}
		l.from[key] = from
	}
	if err := l.k.Load(confmap.Provider(flat, "."), nil); err != nil {
		return fmt.Errorf("merging settings from %s: %w", from, err)
	}
	return nil
}

func (l *loader) known(key string) bool {
	return slices.ContainsFunc(l.keys, func(k Key) bool {
		return k.Name == key || k.Type == "map" && strings.HasPrefix(key, k.Name+".")
	})
}

func (l *loader) isSection(key string) bool {
	return slices.ContainsFunc(l.keys, func(k Key) bool { return strings.HasPrefix(k.Name, key+".") })
}

func (l *loader) suggest(name string, of func(Key) string) string {
	known := make([]string, len(l.keys))
	for i, k := range l.keys {
		known[i] = of(k)
	}
	if best := nearest(name, known); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// apply decodes what was merged into the fields, key by key, so that an error names one.
func (l *loader) apply() error {
	for _, k := range l.keys {
		if !l.k.Exists(k.Name) {
			continue
		}
		if err := decode(l.k.Get(k.Name), k.field); err != nil {
			return &Error{Key: k.Name, Detail: err.Error(), From: l.from[k.Name]}
		}
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// firstLine gives the first of what the YAML library found.
func firstLine(err error) string {
	msg := err.Error()
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		msg = several.Errors[0]
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(msg, "yaml: "), "\n")
	return line
}
