package clickhouse_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// textRow scans a row into what ClickHouse would print.
func textRow(t testing.TB, rows driver.Rows) []string {
	t.Helper()
	types := rows.ColumnTypes()
	dest := make([]any, len(types))
	for i, ct := range types {
		dest[i] = reflect.New(ct.ScanType()).Interface()
	}
	if err := rows.Scan(dest...); err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(types))
	for i, ct := range types {
		out[i] = textOf(reflect.ValueOf(dest[i]).Elem(), ct.DatabaseTypeName())
	}
	return out
}

func textOf(v reflect.Value, kind string) string {
	if at, ok := v.Interface().(time.Time); ok {
		if kind == "Date" {
			return at.UTC().Format(time.DateOnly)
		}
		return at.UTC().Format("2006-01-02 15:04:05.000")
	}
	switch v.Kind() {
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = quoted(v.Index(i))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case reflect.Map: // a named tuple
		return fmt.Sprint(v.Interface())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', 12, 64)
	default:
		return fmt.Sprint(v.Interface())
	}
}

func quoted(v reflect.Value) string {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return "'" + v.String() + "'"
	case reflect.Map:
		return tuple(v)
	default:
		return textOf(v, "")
	}
}

// tuple prints the named tuples of reasons and evidence in the order of their fields.
func tuple(v reflect.Value) string {
	var parts []string
	for _, name := range []string{"code", "family", "value", "baseline", "contribution", "kind", "token", "accounts"} {
		if f := v.MapIndex(reflect.ValueOf(name)); f.IsValid() {
			parts = append(parts, quoted(f))
		}
	}
	return "(" + strings.Join(parts, ",") + ")"
}

func text[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func ms(t testing.TB, rfc3339 string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// granules adds up what the last index of each read in an EXPLAIN leaves.
func granules(t testing.TB, plan [][]string) int {
	t.Helper()
	last := -1
	re := regexp.MustCompile(`Granules: (\d+)/`)
	for _, line := range plan {
		if m := re.FindStringSubmatch(line[0]); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			last = n
		}
	}
	if last < 0 {
		t.Fatalf("no index was used: %v", plan)
	}
	return last
}
