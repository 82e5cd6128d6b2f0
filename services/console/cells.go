package console

import (
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// cell is one value of a table, ready to be shown. Text is always there.
type cell struct {
	Text    string
	Kind    string   // "", "number", "time", "share", "action", "chips"
	Link    string   // page of the cluster or account named
	Percent float64  // 0..100, of kind share
	Chips   []string // of kind chips
}

// headings of columns whose name alone would not do.
func heading(column string) string {
	switch column {
	case "cluster_id":
		return "Cluster"
	case "account_id":
		return "Account"
	case "api_key_id":
		return "API key"
	case "lag_seconds":
		return "Behind"
	case "reason_codes":
		return "Reasons"
	case "policy_version":
		return "Policy"
	}
	text := strings.ReplaceAll(column, "_", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// newCell chooses by the column's name, then by the value's type.
func newCell(column string, v any, runID string) cell {
	switch column {
	case "cluster_id":
		return linked("clusters", fmt.Sprint(v), runID)
	case "account_id":
		return linked("accounts", fmt.Sprint(v), runID)
	case "action", "previous_action", "mode":
		return cell{Text: fmt.Sprint(v), Kind: "action"}
	case "score", "account_score", "cluster_score", "leakage":
		f := toFloat(v)
		return cell{Text: strconv.FormatFloat(f, 'f', 2, 64), Kind: "share", Percent: 100 * max(0, min(1, f))}
	case "lag_seconds":
		return cell{Text: duration(time.Duration(toFloat(v)) * time.Second), Kind: "number"}
	}
	return byType(v)
}

// duration in its two largest units.
func duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}

func linked(page, id, runID string) cell {
	if id == "" {
		return cell{}
	}
	return cell{Text: id, Link: pageURL(page, id, runID)}
}

// pageURL keeps an id that holds slashes in one path segment.
func pageURL(page, id, runID string) string {
	return "/" + page + "/" + url.PathEscape(id) + "?run=" + url.QueryEscape(runID)
}

func byType(v any) cell {
	switch v := v.(type) {
	case nil:
		return cell{}
	case time.Time:
		if v.Unix() <= 0 {
			return cell{Kind: "time"}
		}
		return cell{Text: v.UTC().Format("2006-01-02 15:04:05"), Kind: "time"}
	case string:
		return cell{Text: v}
	case bool:
		return cell{Text: map[bool]string{true: "yes", false: "no"}[v]}
	case float64, float32:
		return cell{Text: formatFloat(toFloat(v)), Kind: "number"}
	case []string:
		return cell{Text: strings.Join(v, ", "), Kind: "chips", Chips: v}
	}
	if f, ok := number(v); ok {
		return cell{Text: thousands(f), Kind: "number"}
	}
	return cell{Text: fmt.Sprint(v)}
}

func formatFloat(f float64) string {
	if f == math.Trunc(f) || math.Abs(f) >= 1000 {
		return thousands(f)
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

// thousands sets a thin space between groups of three digits.
func thousands(f float64) string {
	digits := strconv.FormatFloat(math.Abs(math.Round(f)), 'f', 0, 64)
	var b strings.Builder
	if f < 0 {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteRune('\u2009')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// toFloat is 0 for what is no number.
func toFloat(v any) float64 {
	f, _ := number(v)
	return f
}

func number(v any) (float64, bool) {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(rv.Int()), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return float64(rv.Uint()), true
	case reflect.Float32, reflect.Float64:
		return rv.Float(), true
	default:
		return 0, false
	}
}

// table is a query's result as it is shown.
type table struct {
	Headings []string
	Kinds    []string // of the columns, as of their first row
	Rows     [][]cell
}

func newTable(r *result, runID string) table {
	t := table{}
	for _, c := range r.Columns {
		t.Headings = append(t.Headings, heading(c))
	}
	for _, row := range r.Rows {
		cells := make([]cell, len(row))
		for i, v := range row {
			cells[i] = newCell(r.Columns[i], v, runID)
		}
		t.Rows = append(t.Rows, cells)
	}
	t.Kinds = make([]string, len(r.Columns))
	if len(t.Rows) > 0 {
		for i, c := range t.Rows[0] {
			t.Kinds[i] = c.Kind
		}
	}
	return t
}
