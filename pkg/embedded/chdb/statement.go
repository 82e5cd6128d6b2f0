package chdb

import (
	"errors"
	"strings"
)

// statement is what the gateway must know of a SQL text before the engine sees it.
type statement struct {
	keyword string // first word, upper case
	format  string // of the FORMAT clause; "" if there is none
	// Of an INSERT that carries or awaits data: the text up to the data, without FORMAT and VALUES.
	insert string
	data   string // what follows in the same text
	takes  bool   // the statement takes data
}

// errOutside refuses what reaches past the engine's data folder and which the engine's own
// grants do not cover, since it is the client part of the library that executes it.
var errOutside = errors.New("reading and writing files of this machine is not allowed here")

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // `x` or "x"
	tokString
	tokOther
)

type token struct {
	kind       tokenKind
	text       string // words as written; quoted without the quotes, not unescaped
	start, end int
	depth      int // of brackets, at the token
}

// lexer walks a ClickHouse text token by token. It knows just enough not to be misled by
// strings, comments, quoted identifiers and brackets.
type lexer struct {
	s     string
	pos   int
	depth int
}

func (l *lexer) next() token {
	l.skipSpace()
	t := token{start: l.pos, depth: l.depth}
	if l.pos >= len(l.s) {
		t.end = l.pos
		return t
	}
	switch c := l.s[l.pos]; {
	case c == '\'':
		t.kind = tokString
		l.quoted(c)
	case c == '`' || c == '"':
		t.kind = tokQuoted
		l.quoted(c)
	case c == '$' && l.heredoc():
		t.kind = tokString
	case isWord(c):
		t.kind = tokWord
		for l.pos < len(l.s) && isWord(l.s[l.pos]) {
			l.pos++
		}
	default:
		t.kind = tokOther
		l.bracket(c)
		t.depth = min(t.depth, l.depth)
		l.pos++
	}
	t.end = l.pos
	t.text = l.s[t.start:t.end]
	if t.kind == tokQuoted {
		t.text = strings.Trim(t.text, "`\"")
	}
	return t
}

func (l *lexer) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth--
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.s) {
		rest := l.s[l.pos:]
		switch {
		case rest[0] <= ' ':
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			l.pos += lineLength(rest)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				l.pos = len(l.s)
				return
			}
			l.pos += end + 4
		default:
			return
		}
	}
}

func lineLength(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

// quoted skips a quoted text; a backslash and a doubled quote escape.
func (l *lexer) quoted(q byte) {
	l.pos++
	for l.pos < len(l.s) {
		switch l.s[l.pos] {
		case '\\':
			l.pos++
		case q:
			if l.pos+1 >= len(l.s) || l.s[l.pos+1] != q {
				l.pos++
				return
			}
			l.pos++
		}
		l.pos++
	}
	l.pos = len(l.s)
}

// heredoc skips $tag$ … $tag$.
func (l *lexer) heredoc() bool {
	rest := l.s[l.pos:]
	end := strings.IndexByte(rest[1:], '$')
	if end < 0 {
		return false
	}
	tag := rest[:end+2]
	for i := 1; i < len(tag)-1; i++ {
		if !isWord(tag[i]) {
			return false
		}
	}
	close := strings.Index(rest[len(tag):], tag)
	if close < 0 {
		return false
	}
	l.pos += 2*len(tag) + close
	return true
}

// parseStatement looks at a text and refuses what reaches outside.
func parseStatement(sql string) (statement, error) {
	l := lexer{s: sql}
	first := l.next()
	for first.kind == tokOther && first.text == "(" {
		first = l.next()
	}
	st := statement{keyword: strings.ToUpper(first.text)}
	if first.kind == tokEnd {
		return st, nil
	}
	if st.keyword == "INSERT" {
		return parseInsert(&l, st)
	}
	return parseOther(&l, first, st)
}

// guard looks at neighbouring tokens for ways out that no grant covers: the scalar functions file()
// and hasColumnInTable() (which connects to a host), the client's INTO OUTFILE and FROM INFILE, the
// engine EmbeddedRocksDB (which takes any path), and the settings by which VALUES would be read as expressions after they were found to hold none.
type guard struct{ prev, before token }

func (g *guard) check(t token) error {
	prev, before := g.prev, g.before
	g.prev, g.before = t, prev
	name := t.kind == tokWord || t.kind == tokQuoted
	switch {
	case name && (strings.HasPrefix(strings.ToLower(t.text), settingsValues) || strings.EqualFold(t.text, "EmbeddedRocksDB")):
		return errOutside
	case t.kind == tokWord && (strings.EqualFold(t.text, "OUTFILE") || strings.EqualFold(t.text, "INFILE")) &&
		prev.kind == tokWord && (strings.EqualFold(prev.text, "INTO") || strings.EqualFold(prev.text, "FROM")):
		return errOutside
	case t.text == "(" && t.kind == tokOther && reachesOut(prev):
		return errOutside
	case name && reachesOut(t) && (isApply(prev) || prev.text == "(" && isApply(before)):
		return errOutside // the column transformers APPLY file and APPLY(file)
	}
	return nil
}

// settingsValues begins the names of the settings that say how the format Values is read.
const settingsValues = "input_format_values_"

// reachesOut says whether a name could be one of the functions. A quoted name with a backslash
// could be any name.
func reachesOut(t token) bool {
	if t.kind == tokQuoted && strings.ContainsRune(t.text, '\\') {
		return true
	}
	return (t.kind == tokWord || t.kind == tokQuoted) &&
		(strings.EqualFold(t.text, "file") || strings.EqualFold(t.text, "hasColumnInTable"))
}

// plainValues says whether the text after VALUES calls none of the functions, so that the engine
// may read expressions in it.
func plainValues(data string) bool {
	var g guard
	for l := (lexer{s: data}); ; {
		t := l.next()
		if t.kind == tokEnd {
			return true
		}
		if g.check(t) != nil {
			return false
		}
	}
}

func isApply(t token) bool { return t.kind == tokWord && strings.EqualFold(t.text, "APPLY") }

// parseOther finds the last FORMAT clause outside brackets.
func parseOther(l *lexer, first token, st statement) (statement, error) {
	g := guard{prev: first}
	expectName := false
	for {
		t := l.next()
		if t.kind == tokEnd {
			return st, nil
		}
		if err := g.check(t); err != nil {
			return st, err
		}
		if expectName && t.kind == tokWord {
			st.format = t.text
		}
		expectName = t.kind == tokWord && t.depth == 0 && strings.EqualFold(t.text, "FORMAT")
	}
}

// parseInsert splits an INSERT from its data. INSERT … SELECT takes none, unless a FORMAT follows
// (data for the input() function).
func parseInsert(l *lexer, st statement) (statement, error) {
	var g guard
	selects := false
	for {
		t := l.next()
		if t.kind == tokEnd {
			st.takes = !selects
			st.insert = l.s
			if !selects {
				st.format = "Values"
			}
			return st, nil
		}
		if err := g.check(t); err != nil {
			return st, err
		}
		if t.kind != tokWord || t.depth != 0 {
			continue
		}
		switch strings.ToUpper(t.text) {
		case "SELECT", "WITH":
			selects = true
		case "VALUES":
			if selects {
				continue
			}
			st.takes, st.format = true, "Values"
			st.insert, st.data = l.s[:t.start], l.s[t.end:]
			return st, nil
		case "FORMAT":
			name := l.next()
			st.takes, st.format = true, name.text
			st.insert, st.data = l.s[:t.start], inlineData(l.s[name.end:])
			return st, nil
		}
	}
}

// inlineData is what follows "FORMAT name": the blanks up to and with the line's end are no data.
func inlineData(s string) string {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	if i < len(s) && s[i] == '\n' {
		i++
	}
	return s[i:]
}
