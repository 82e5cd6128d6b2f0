package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/term"
)

// progressLine shows how far a long command has come: redrawn in place on a terminal, a
// line every five seconds elsewhere, nothing for what takes under two seconds.
type progressLine struct {
	w     io.Writer
	start time.Time
	tty   bool
	last  time.Time
	drawn bool
}

func newProgressLine(w io.Writer, start time.Time) *progressLine {
	f, ok := w.(*os.File)
	return &progressLine{w: w, start: start, tty: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progressLine) show(done, total int64, what string) {
	now := time.Now()
	if !p.due(now) {
		return
	}
	share := float64(done) / float64(max(1, total))
	left := "?"
	if share > 0.01 {
		left = (time.Duration(float64(now.Sub(p.start)) * (1 - share) / share)).Round(time.Second).String()
	}
	p.write(fmt.Sprintf("%3.0f%%, %s left: %s", 100*share, left, what))
}

// note is show for what has no known end.
func (p *progressLine) note(what string) {
	if p.due(time.Now()) {
		p.write(what)
	}
}

func (p *progressLine) due(now time.Time) bool {
	every := 5 * time.Second
	if p.tty {
		every = 100 * time.Millisecond
	}
	if now.Sub(p.start) < 2*time.Second || now.Sub(p.last) < every {
		return false
	}
	p.last, p.drawn = now, true
	return true
}

func (p *progressLine) write(line string) {
	if p.tty {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.w, line)
}

func (p *progressLine) end() {
	if p.tty && p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
