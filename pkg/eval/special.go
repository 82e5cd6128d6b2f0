package eval

import (
	"cmp"
	"slices"
)

// Stolen is how stolen keys of one level of effort fared; Name "all" is all of them.
type Stolen struct {
	Name            string  `json:"name"`
	Keys            int     `json:"keys"`
	Revoked         int     `json:"revoked"`
	RevokedEarly    int     `json:"revoked_before_theft"` // counted in Revoked
	Share           float64 `json:"revoked_share"`
	Exchanges       uint64  `json:"exchanges"` // on the key, from the theft on
	Served          uint64  `json:"served_before_revocation"`
	Leakage         float64 `json:"leakage"`
	MedianSeconds   float64 `json:"median_seconds"` // theft to revocation
	OwnersSuspended int     `json:"owners_suspended"`
}

func (r *record) stolen() []Stolen {
	byName := map[string]*Stolen{}
	seconds := map[string][]float64{}
	for _, k := range r.keys {
		for _, name := range []string{"all", orDash(k.level)} {
			s := byName[name]
			if s == nil {
				s = &Stolen{Name: name}
				byName[name] = s
			}
			s.Keys++
			s.Exchanges += k.exchanges
			s.Served += k.served
			s.OwnersSuspended += one(r.account(k.account).Suspended)
			if k.revoked == 0 {
				continue
			}
			s.Revoked++
			s.RevokedEarly += one(k.revoked < k.from)
			seconds[name] = append(seconds[name], float64(max(0, k.revoked-k.from))/1000)
		}
	}
	out := make([]Stolen, 0, len(byName))
	for name, s := range byName {
		s.Share, s.Leakage = ratio(s.Revoked, s.Keys), ratio(s.Served, s.Exchanges)
		s.MedianSeconds = quantile(seconds[name], 0.5)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Stolen) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Second is how accounts of a second pool fared; Name is a level or "all".
type Second struct {
	Name        string  `json:"name"`
	Accounts    int     `json:"accounts"`
	BeforeFirst float64 `json:"before_first"` // share suspended before their 1st exchange
	BeforeTenth float64 `json:"before_tenth"` // share suspended before their 10th
	Suspended   float64 `json:"suspended"`    // share ever suspended
}

func secondPool(subjects []Subject) []Second {
	type counts struct{ all, first, tenth, ever int }
	byName := map[string]*counts{}
	for i := range subjects {
		s := &subjects[i]
		if s.Truth == nil || !s.Truth.second() {
			continue
		}
		for _, name := range []string{"all", levelOf(s.Truth)} {
			c := byName[name]
			if c == nil {
				c = &counts{}
				byName[name] = c
			}
			c.all++
			c.ever += one(s.Suspended)
			c.first += one(s.Suspended && s.Before < 1)
			c.tenth += one(s.Suspended && s.Before < 10)
		}
	}
	out := make([]Second, 0, len(byName))
	for name, c := range byName {
		out = append(out, Second{name, c.all, ratio(c.first, c.all), ratio(c.tenth, c.all), ratio(c.ever, c.all)})
	}
	slices.SortFunc(out, func(a, b Second) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func levelOf(t *Truth) string { return orDash(t.Level) }

// orDash names what a note leaves out.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
