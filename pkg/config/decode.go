package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// decode sets a field from a YAML value or from text. Its errors say what was wanted.
func decode(value any, field reflect.Value) error {
	if isText(field) {
		return decodeText(value, field.Addr().Interface().(encoding.TextUnmarshaler))
	}
	if field.Type() == reflect.TypeFor[time.Duration]() {
		return decodeDuration(value, field)
	}
	switch field.Kind() {
	case reflect.String:
		return decodeString(value, field)
	case reflect.Bool:
		return decodeBool(value, field)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt(value, field)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return decodeUint(value, field)
	case reflect.Float32, reflect.Float64:
		return decodeFloat(value, field)
	case reflect.Slice:
		return decodeSlice(value, field)
	case reflect.Map:
		return decodeMap(value, field)
	default:
		return fmt.Errorf("fields of type %s cannot be configured", field.Type())
	}
}

// text returns a scalar as the user typed it.
func text(value any) (string, error) {
	switch value.(type) {
	case string, bool, int, int64, uint64, float64:
		return strings.TrimSpace(fmt.Sprint(value)), nil
	default:
		return "", errors.New("want one value, not a list or a section")
	}
}

func decodeText(value any, into encoding.TextUnmarshaler) error {
	s, err := text(value)
	if err != nil {
		return err
	}
	return into.UnmarshalText([]byte(s))
}

func decodeString(value any, field reflect.Value) error {
	s, err := text(value)
	if err != nil {
		return err
	}
	field.SetString(s)
	return nil
}

func decodeDuration(value any, field reflect.Value) error {
	s, err := text(value)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("want a duration with its unit, such as 90s or 1h30m, not %q", s)
	}
	field.SetInt(int64(d))
	return nil
}

func decodeBool(value any, field reflect.Value) error {
	s, err := text(value)
	if err != nil {
		return err
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("want true or false, not %q", s)
	}
	field.SetBool(b)
	return nil
}

// units of a whole number: binary sizes.
var units = []struct {
	suffix string
	factor uint64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

// number splits "64KiB" into digits and factor.
func number(value any) (digits string, factor uint64, err error) {
	s, err := text(value)
	if err != nil {
		return "", 0, err
	}
	for _, u := range units {
		if d, ok := strings.CutSuffix(s, u.suffix); ok {
			return strings.TrimSpace(d), u.factor, nil
		}
	}
	return s, 1, nil
}

func decodeInt(value any, field reflect.Value) error {
	digits, factor, err := number(value)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	scaled := n * int64(factor)
	if err != nil || scaled/int64(factor) != n || field.OverflowInt(scaled) {
		return fmt.Errorf("want a whole number that fits %d bits, such as 5000 or 64KiB, not %q", field.Type().Bits(), fmt.Sprint(value))
	}
	field.SetInt(scaled)
	return nil
}

func decodeUint(value any, field reflect.Value) error {
	digits, factor, err := number(value)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	scaled := n * factor
	if err != nil || scaled/factor != n || field.OverflowUint(scaled) {
		return fmt.Errorf("want a whole number from 0 that fits %d bits, such as 5000 or 64KiB, not %q", field.Type().Bits(), fmt.Sprint(value))
	}
	field.SetUint(scaled)
	return nil
}

func decodeFloat(value any, field reflect.Value) error {
	s, err := text(value)
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != f {
		return fmt.Errorf("want a number, not %q", s)
	}
	field.SetFloat(f)
	return nil
}

// decodeSlice reads a YAML list, or text separated by commas.
func decodeSlice(value any, field reflect.Value) error {
	items, ok := value.([]any)
	if !ok {
		s, err := text(value)
		if err != nil {
			return err
		}
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				items = append(items, part)
			}
		}
	}
	out := reflect.MakeSlice(field.Type(), len(items), len(items))
	for i, item := range items {
		if err := decode(item, out.Index(i)); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	field.Set(out)
	return nil
}

// decodeMap reads a YAML section, or text such as "a=1,b=2"; it adds to the defaults.
func decodeMap(value any, field reflect.Value) error {
	items, ok := value.(map[string]any)
	if !ok {
		s, err := text(value)
		if err != nil {
			return err
		}
		items = map[string]any{}
		for part := range strings.SplitSeq(s, ",") {
			k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
			if !ok {
				return errors.New("want name=value, several separated by commas")
			}
			items[strings.TrimSpace(k)] = v
		}
	}
	out := reflect.MakeMap(field.Type())
	for _, k := range field.MapKeys() {
		out.SetMapIndex(k, field.MapIndex(k))
	}
	for name, item := range items {
		k, v := reflect.New(field.Type().Key()).Elem(), reflect.New(field.Type().Elem()).Elem()
		if err := decode(name, k); err != nil {
			return fmt.Errorf("name %q: %w", name, err)
		}
		if err := decode(item, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.SetMapIndex(k, v)
	}
	field.Set(out)
	return nil
}
