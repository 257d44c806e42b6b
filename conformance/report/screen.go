package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
)

// screen is text for a person at a terminal that is being written.
type screen struct {
	b              bytes.Buffer
	color, verbose bool
	width          int
	// whole says that nothing is cut to a width, as no terminal is there.
	whole bool
	// again is the last command line that the check showed.
	again string
}

// newScreen returns a screen; a width of 0 stands for no terminal: prose is
// wrapped at 100, and nothing is cut. verbose shows every exchange and header.
func newScreen(color, verbose bool, width int) *screen {
	t := &screen{color: color, verbose: verbose, width: width, whole: width <= 0}
	if t.whole {
		t.width = 100
	}
	t.width = max(t.width, 40)
	return t
}

// shown returns what the screen shows.
func (t *screen) shown() string { return string(tameLog(t.b.Bytes())) }

// flush writes what the screen shows to w.
func (t *screen) flush(w io.Writer) error {
	_, err := io.WriteString(w, t.shown())
	return err
}

// screenChars bounds a text of the result on a screen.
const screenChars = 800

// oneLine is s on one line behind so many columns, cut to the terminal's width,
// though not to fewer columns than least.
func (t *screen) oneLine(s string, behind, least int) string {
	if t.whole {
		return line(s, screenChars)
	}
	return line(s, max(least, t.width-behind))
}

func (t *screen) printf(format string, args ...any) { fmt.Fprintf(&t.b, format, args...) }

// Colours, as ANSI SGR parameters.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
	cyan   = "36"
)

func (t *screen) paint(color, s string) string {
	if !t.color || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// title begins a block: a word in colour, an id, and what stands behind it.
func (t *screen) title(color, word, id, behind string) {
	t.printf("%s %s", t.paint(color, fmt.Sprintf("%-5s", word)), t.paint(bold, line(id, 200)))
	if behind != "" {
		t.printf("  %s", t.paint(dim, behind))
	}
	t.printf("\n")
}

// fact writes a named text, wrapped, with its further lines under the first.
func (t *screen) fact(label, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	t.wrapped(label, line(s, screenChars))
}

func (t *screen) wrapped(label, s string) {
	for i, l := range wrap(s, t.width-16) {
		if i > 0 {
			label = ""
		}
		t.printf("      %s %s\n", t.paint(dim, fmt.Sprintf("%-9s", label)), l)
	}
}

// indented writes a text behind a mark of six columns, wrapped.
func (t *screen) indented(mark, s, color string) {
	for _, l := range wrap(s, t.width-6) {
		t.printf("%s%s\n", mark, t.paint(color, l))
		mark = "      "
	}
}

// weight says why a failure counts.
func weight(r *conformance.Result, c *conformance.CheckResult) string {
	if r.Strict && c.Level == conformance.Should {
		return "should, counted as must (--strict)"
	}
	return visible(string(c.Level))
}

// facts writes what makes a failure or a warning: the clause, what was
// expected, what came, how often, and what is likely behind it.
func (t *screen) facts(r *conformance.Result, c *conformance.CheckResult) {
	t.fact("rule", c.Summary)
	t.fact("clause", place(r, c))
	t.fact("", c.Clause.Quote)
	t.fact("expected", c.Expected)
	t.fact("actual", c.Actual)
	t.fact("tries", tries(c))
	t.fact(noteLabel(c), c.Reason)
	if c.Cause != "" {
		t.fact("cause", "same as for "+c.Cause)
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
