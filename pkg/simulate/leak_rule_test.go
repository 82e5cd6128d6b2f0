package simulate

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// The one-rule learner: it looks at records only from outside (which fields are there, how
// their text is built, how fine their numbers and times are), makes every rule that one
// field allows, and says how well the best one tells campaigns from honest accounts.

// kv is a field of a record as it was written.
type kv struct{ name, value string }

// fieldsOf reads a generated JSON object: flat, strings without escapes.
func fieldsOf(value []byte) []kv {
	var out []kv
	for rest := value[1:]; len(rest) > 1; {
		end := bytes.IndexByte(rest[1:], '"') + 1
		name := string(rest[1:end])
		rest = rest[end+2:]
		var v string
		if rest[0] == '"' {
			n := bytes.IndexByte(rest[1:], '"') + 1
			v, rest = string(rest[1:n]), rest[n+1:]
		} else {
			n := bytes.IndexAny(rest, ",}")
			v, rest = string(rest[:n]), rest[n:]
		}
		out = append(out, kv{name, v})
		rest = rest[1:]
	}
	return out
}

// sampled is how many records of a stream count for an account, and how many it must have to
// count, so that who does more is not seen more.
const sampled = 6

func sampledOf(stream event.Stream) int {
	switch stream {
	case event.StreamRequest:
		return sampled
	case event.StreamPayment:
		return 2
	default:
		return 1
	}
}

// seen is what the learner knows of one account in one stream.
type seen struct {
	side    int // 0 honest, 1 campaign
	records int
	last    int64
	holds   map[int]int     // rule -> records in which it holds
	has     [32]int         // field -> records in which it is
	masks   [sampled]uint32 // which fields are there
}

// learner gathers rules. Rules have names of the form stream.field/kind:what.
type learner struct {
	rules    map[string]int
	names    []string
	of       []int          // rule -> field
	bits     map[string]int // stream.field -> bit of the stream's mask
	fields   [event.NumStreams][]string
	accounts [event.NumStreams]map[string]*seen
	reasons  map[string]string // stream.field or stream.field/kind that may differ, and why
}

func newLearner(reasons map[string]string) *learner {
	l := &learner{rules: map[string]int{}, bits: map[string]int{}, reasons: reasons}
	for i := range l.accounts {
		l.accounts[i] = map[string]*seen{}
	}
	return l
}

func (l *learner) excluded(field, kind string) bool {
	return l.reasons[field] != "" || l.reasons[field+"/"+kind] != ""
}

// observe takes in one record.
func (l *learner) observe(stream event.Stream, account string, side int, record []kv) {
	s := l.accounts[stream][account]
	if s == nil {
		s = &seen{side: side, holds: map[int]int{}}
		l.accounts[stream][account] = s
	}
	if s.records == sampledOf(stream) {
		return
	}
	var names []string
	for _, f := range record {
		full := stream.String() + "." + f.name
		bit, ok := l.bits[full]
		if !ok {
			bit = len(l.fields[stream])
			l.bits[full], l.fields[stream] = bit, append(l.fields[stream], full)
		}
		s.masks[s.records] |= 1 << bit
		s.has[bit]++
		names = append(names, f.name)
		for _, t := range marksOf(f) {
			if !l.excluded(full, t.kind) {
				s.hold(l.rule(full+"/"+t.kind+":"+t.what, bit))
			}
		}
	}
	s.hold(l.rule(stream.String()+"/order:"+strings.Join(orderOf(names), " "), 0))
	l.times(s, stream, record)
	s.records++
}

func (s *seen) hold(rule int) { s.holds[rule]++ }

// rule numbers a rule on a field.
func (l *learner) rule(name string, field int) int {
	i, ok := l.rules[name]
	if !ok {
		i = len(l.names)
		l.rules[name], l.names, l.of = i, append(l.names, name), append(l.of, field)
	}
	return i
}

// times adds what the grain of event time and of the time since the record before allows.
func (l *learner) times(s *seen, stream event.Stream, record []kv) {
	ts, field := int64(0), l.bits[stream.String()+".ts"]
	for _, f := range record {
		if f.name == "ts" {
			ts, _ = strconv.ParseInt(f.value, 10, 64)
		}
	}
	hold := func(format string, args ...any) {
		s.hold(l.rule(stream.String()+".ts/grain:"+fmt.Sprintf(format, args...), field))
	}
	for _, n := range []int64{2, 5, 10, 50, 100, 250, 1000} {
		if ts%n == 0 {
			hold("%%%d", n)
		}
		if s.last > 0 && (ts-s.last)%n == 0 {
			hold("gap%%%d", n)
		}
	}
	hold("ms%d", ts%1000/100)
	hold("last%d", ts%10)
	hold("sec%d", ts/1000%60/10)
	s.last = ts
}

// orderOf is where in a record the fields are that all records have.
func orderOf(names []string) []string {
	var out []string
	for _, n := range []string{"event_id", "account_id", "ts"} {
		out = append(out, n+strconv.Itoa(slices.Index(names, n)))
	}
	return out
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)

// mark is something that holds of a field's text, and of which kind it is.
type mark struct{ kind, what string }

// marksOf says how a field's text is built.
func marksOf(f kv) []mark {
	v := f.value
	var out []mark
	if wholeNumber.MatchString(v) && len(v) < 19 && f.name != "phone" && f.name != "bin" && !strings.HasSuffix(f.name, "hash") {
		n, _ := strconv.ParseInt(v, 10, 64)
		for _, m := range []int64{2, 5, 10, 100, 128} {
			if n%m == 0 {
				out = append(out, mark{"grain", "%" + strconv.FormatInt(m, 10)})
			}
		}
		return out
	}
	body := v
	if strings.HasSuffix(f.name, "_id") {
		body = v[strings.LastIndexByte(v, '_')+1:]
	}
	out = append(out, mark{"form", "len" + strconv.Itoa(len(v))}, mark{"form", "prefix " + v[:len(v)-len(body)]}, mark{"form", "alphabet " + alphabet(body)})
	if len(body) > 0 {
		out = append(out, mark{"digits", "first " + body[:1]}, mark{"digits", "last " + body[len(body)-1:]})
	}
	if len(v) <= 24 && !isID(f.name) {
		out = append(out, mark{"value", v})
	}
	return out
}

func isID(name string) bool {
	return strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_hash") || strings.HasSuffix(name, "_code") ||
		slices.Contains([]string{"ip", "phone", "email", "email_domain", "email_shape", "ts", "org_id", "cot_score", "bin", "ja4"}, name)
}

// alphabet is which kinds of character a text has: digits, a to f, other small letters,
// capitals, dots and colons, the rest.
func alphabet(v string) string {
	has := []byte("------")
	for i := range len(v) {
		switch c := v[i]; {
		case isDigit(c):
			has[0] = '0'
		case c >= 'a' && c <= 'f':
			has[1] = 'a'
		case c >= 'a' && c <= 'z':
			has[2] = 'z'
		case c >= 'A' && c <= 'Z':
			has[3] = 'A'
		case c == '.' || c == ':':
			has[4] = ':'
		default:
			has[5] = '?'
		}
	}
	return string(has)
}

// finding is a rule and how much more often it holds for one side than for the other.
type finding struct {
	rule      string
	advantage float64
}

// tell counts, by side, the accounts that a rule can be asked of and those for which it
// holds in any, in half, or in all of the records that have its field.
type tell struct {
	asked [2]float64
	holds [2][3]float64
}

func (t *tell) count(who, n, of int) {
	for i, ok := range []bool{n > 0, 2*n >= of, n == of} {
		if ok {
			t.holds[who][i]++
		}
	}
}

// advantage is how much more often the rule holds for one side than for the other.
func (t *tell) advantage() float64 {
	best := 0.0
	for i := range t.holds[0] {
		best = max(best, math.Abs(t.holds[0][i]/max(1, t.asked[0])-t.holds[1][i]/max(1, t.asked[1])))
	}
	return best
}

// fewest is how many accounts of each side must have a field for rules on its form.
const fewest = 300

// best ranks all rules.
func (l *learner) best() []finding {
	var out []finding
	for stream := range l.accounts {
		form, presence := map[int]*tell{}, map[string]*tell{}
		var asked [32][2]float64 // by field
		var size [2]float64
		for _, s := range l.accounts[stream] {
			if s.records < sampledOf(event.Stream(stream)) {
				continue
			}
			size[s.side]++
			for field, n := range s.has {
				if n > 0 {
					asked[field][s.side]++
				}
			}
			for rule, n := range s.holds {
				if form[rule] == nil {
					form[rule] = &tell{}
				}
				form[rule].count(s.side, n, s.has[l.of[rule]])
			}
			l.presence(event.Stream(stream), s, presence)
		}
		for rule, t := range form {
			if t.asked = asked[l.of[rule]]; min(t.asked[0], t.asked[1]) >= fewest {
				out = append(out, finding{l.names[rule], t.advantage()})
			}
		}
		for name, t := range presence {
			t.asked = size
			out = append(out, finding{name, t.advantage()})
		}
	}
	slices.SortFunc(out, func(a, b finding) int {
		return cmp.Or(-cmp.Compare(a.advantage, b.advantage), strings.Compare(a.rule, b.rule))
	})
	return out
}

// presence adds the rules on which fields are there, alone and by twos (one without the other).
func (l *learner) presence(stream event.Stream, s *seen, into map[string]*tell) {
	var here []int
	names := l.fields[stream]
	for bit, name := range names {
		if !l.excluded(name, "presence") {
			here = append(here, bit)
		}
	}
	var with [32][32]uint8
	for _, mask := range s.masks[:s.records] {
		for _, i := range here {
			if mask>>i&1 == 0 {
				continue
			}
			with[i][i]++
			for _, j := range here {
				if mask>>j&1 == 0 {
					with[i][j]++
				}
			}
		}
	}
	for _, i := range here {
		for _, j := range here {
			n, name := int(with[i][j]), names[i]+"/presence"
			if n == 0 {
				continue
			}
			if i != j {
				name += " without " + names[j]
			}
			if into[name] == nil {
				into[name] = &tell{}
			}
			into[name].count(s.side, n, s.records)
		}
	}
}
