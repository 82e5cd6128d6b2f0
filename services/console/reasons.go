package console

import (
	"math"
	"time"
)

// reason is one contribution to a score, in log-odds.
type reason struct {
	Code, Family string
	Value, Usual string // empty where only the contribution is known
	Contribution string
	Width        float64 // of its bar, percent of the largest
	Exonerating  bool    // speaks for the account
}

// shared is a thing that accounts have in common.
type shared struct {
	Kind, Token string
	Accounts    string
}

// record is a row by column name.
type record map[string]any

func records(r *result) []record {
	out := make([]record, len(r.Rows))
	for i, row := range r.Rows {
		out[i] = record{}
		for j, c := range r.Columns {
			out[i][c] = row[j]
		}
	}
	return out
}

func (r record) text(column string) string {
	s, _ := r[column].(string)
	return s
}

func (r record) texts(column string) []string {
	s, _ := r[column].([]string)
	return s
}

func (r record) floats(column string) []float64 {
	f, _ := r[column].([]float64)
	return f
}

func (r record) time(column string) string {
	t, _ := r[column].(time.Time)
	return byType(t).Text
}

// reasonsOf reads the parallel arrays that a row holds; families, values and baselines may be absent.
func reasonsOf(codes, families []string, contributions, values, usual []float64) []reason {
	largest := 0.0
	for _, c := range contributions {
		largest = max(largest, math.Abs(c))
	}
	var out []reason
	for i, code := range codes {
		r := reason{Code: code, Family: at(families, i)}
		if i < len(contributions) {
			c := contributions[i]
			r.Contribution, r.Exonerating = signed(c), c < 0
			if largest > 0 {
				r.Width = 100 * math.Abs(c) / largest
			}
		}
		if i < len(values) && i < len(usual) {
			r.Value, r.Usual = formatFloat(values[i]), formatFloat(usual[i])
		}
		out = append(out, r)
	}
	return out
}

func signed(f float64) string {
	if f >= 0 {
		return "+" + formatFloat(f)
	}
	return formatFloat(f)
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}

func sharedOf(kinds, tokens []string, accounts []float64) []shared {
	var out []shared
	for i, kind := range kinds {
		s := shared{Kind: kind, Token: at(tokens, i)}
		if i < len(accounts) {
			s.Accounts = thousands(accounts[i])
		}
		out = append(out, s)
	}
	return out
}
