// Package terminal writes lines for a person at a terminal: coloured, wrapped to
// its width, and with nothing in them that steers it.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Screen is text for a person at a terminal that is being written.
type Screen struct {
	// Verbose says that nothing is left out.
	Verbose bool

	b     bytes.Buffer
	color bool
	width int
	// whole says that nothing is cut to a width, as no terminal is there.
	whole bool
	// again is the last command line that the check showed.
	again string
}

// New returns an empty screen. A width of 0 stands for no terminal: prose is
// wrapped at 100, and nothing is cut.
func New(color, verbose bool, width int) *Screen {
	t := &Screen{color: color, Verbose: verbose, width: width, whole: width <= 0}
	if t.whole {
		t.width = 100
	}
	t.width = max(t.width, 40)
	return t
}

// Shown returns what the screen shows.
func (t *Screen) Shown() string { return string(safe.TameLog(t.b.Bytes())) }

// Flush writes what the screen shows to w.
func (t *Screen) Flush(w io.Writer) error {
	_, err := io.WriteString(w, t.Shown())
	return err
}

// FactChars bounds a text of the result on a screen.
const FactChars = 800

// OneLine is s on one line behind so many columns, cut to the terminal's width,
// though not to fewer columns than least.
func (t *Screen) OneLine(s string, behind, least int) string {
	if t.whole {
		return safe.Line(s, FactChars)
	}
	return safe.Line(s, max(least, t.width-behind))
}

// Printf writes as [fmt.Printf] does; what comes from a target was made visible.
func (t *Screen) Printf(format string, args ...any) { fmt.Fprintf(&t.b, format, args...) }

// Colours, as ANSI SGR parameters.
const (
	Bold   = "1"
	Dim    = "2"
	Red    = "1;31"
	Green  = "1;32"
	Yellow = "1;33"
	Cyan   = "36"
)

// Paint puts s in a colour, if the screen has some.
func (t *Screen) Paint(color, s string) string {
	if !t.color || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// Title begins a block: a word in colour, an id, and what stands behind it.
func (t *Screen) Title(color, word, id, behind string) {
	t.Printf("%s %s", t.Paint(color, fmt.Sprintf("%-5s", word)), t.Paint(Bold, safe.Line(id, 200)))
	if behind != "" {
		t.Printf("  %s", t.Paint(Dim, behind))
	}
	t.Printf("\n")
}

// Fact writes a named text, wrapped, with its further lines under the first.
func (t *Screen) Fact(label, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	t.Wrapped(label, safe.Line(s, FactChars))
}

// Wrapped is [Screen.Fact] for a text that was made visible and is long.
func (t *Screen) Wrapped(label, s string) {
	for i, l := range wrap(s, t.width-16) {
		if i > 0 {
			label = ""
		}
		t.Printf("      %s %s\n", t.Paint(Dim, fmt.Sprintf("%-9s", label)), l)
	}
}

// Indented writes a text behind a mark of six columns, wrapped.
func (t *Screen) Indented(mark, s, color string) {
	for _, l := range wrap(s, t.width-6) {
		t.Printf("%s%s\n", mark, t.Paint(color, l))
		mark = "      "
	}
}

// Facts writes what makes a failure or a warning: the clause, what was
// expected, what came, how often, and what is likely behind it.
func (t *Screen) Facts(r *conformance.Result, c *conformance.CheckResult) {
	t.Fact("rule", c.Summary)
	t.Fact("clause", findings.Place(r, c))
	t.Fact("", c.Clause.Quote)
	t.Fact("expected", c.Expected)
	t.Fact("actual", c.Actual)
	t.Fact("tries", findings.Tries(c))
	t.Fact(findings.NoteLabel(c), c.Reason)
	if c.Cause != "" {
		t.Fact("cause", "same as for "+c.Cause)
	}
}

// wrap breaks s at spaces into lines of at most width characters; a longer word
// stays whole. Other spaces are kept as they are.
func wrap(s string, width int) []string {
	var lines []string
	for utf8.RuneCountInString(s) > width {
		at, runes := -1, 0
		for i, r := range s {
			if runes++; r == ' ' && i > 0 {
				at = i
			}
			if runes > width && at > 0 {
				break
			}
		}
		if at < 0 {
			break
		}
		lines = append(lines, s[:at])
		s = strings.TrimLeft(s[at:], " ")
	}
	if s == "" && len(lines) > 0 {
		return lines
	}
	return append(lines, s)
}
