package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// EnvPrefix begins every environment variable of Iolaus.
const EnvPrefix = "IOLAUS_"

// Key is one setting of a configuration struct.
type Key struct {
	Name    string // "kafka.brokers"
	Env     string // "IOLAUS_KAFKA_BROKERS"
	Type    string // "text", "number", "duration", "true|false", "list", "map"
	Default string // as the struct holds it when Keys is called
	Desc    string // the field's `desc` tag

	field reflect.Value
}

// Keys lists the settings of a struct (or pointer to one), in field order.
// It panics if two keys share a name or an environment variable: that is a mistake
// in the program, not in its configuration.
func Keys(cfg any) []Key {
	v := reflect.ValueOf(cfg)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	keys := appendKeys(nil, "", v)
	seen := map[string]string{}
	for _, k := range keys {
		if other, dup := seen[k.Env]; dup {
			panic(fmt.Sprintf("config: keys %s and %s share %s", other, k.Name, k.Env))
		}
		seen[k.Env] = k.Name
	}
	return keys
}

func appendKeys(keys []Key, prefix string, v reflect.Value) []Key {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		if !f.IsExported() || tag == "-" {
			continue
		}
		field := v.Field(i)
		if tag == "" {
			if f.Anonymous && field.Kind() == reflect.Struct {
				keys = appendKeys(keys, prefix, field)
			}
			continue
		}
		name := prefix + tag
		if field.Kind() == reflect.Struct && !isText(field) {
			keys = appendKeys(keys, name+".", field)
			continue
		}
		keys = append(keys, Key{Name: name, Env: envName(name), Type: typeName(field), Default: format(field), Desc: f.Tag.Get("desc"), field: field})
	}
	return keys
}

func envName(key string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func isText(v reflect.Value) bool {
	return v.CanAddr() && v.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func typeName(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "duration"
	case isText(v):
		return "text"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true|false"
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "map"
	case reflect.String:
		return "text"
	default:
		return "number"
	}
}

// format writes a default as a user would type it; the zero value of text and lists is "".
func format(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return formatDuration(v.Interface().(time.Duration))
	case v.Kind() == reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return strings.Join(parts, ",")
	case v.Kind() == reflect.Map:
		parts := make([]string, 0, v.Len())
		for _, k := range v.MapKeys() {
			parts = append(parts, fmt.Sprintf("%v=%v", k.Interface(), v.MapIndex(k).Interface()))
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	default:
		return fmt.Sprint(v.Interface())
	}
}

// formatDuration writes 1h0m0s as 1h.
func formatDuration(d time.Duration) string {
	switch {
	case d != 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d != 0 && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// nearest returns the known name most like an unknown one, or "" if none is close.
func nearest(name string, known []string) string {
	best, bestDist := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(name, k); d < bestDist {
			best, bestDist = k, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
