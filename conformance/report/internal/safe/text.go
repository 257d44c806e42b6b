// Package safe makes what a report shows safe, short and legible: what a target
// sent becomes one line without characters that hide or steer, and numbers are
// written for people.
package safe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes s safe to show: on one line, every character that is not
// printable (control characters, escapes, line ends, direction overrides,
// zero-width characters, bytes that are not UTF-8) is written as an escape in
// the manner of Go. Nothing else is changed, backslashes neither.
func Visible(s string) string {
	clean := true
	for _, r := range s {
		if r == utf8.RuneError || !shows(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shows(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// shows reports whether a character has a glyph or is an ordinary space. The
// Hangul fillers are letters by their category and show nothing; the sign for a
// space has a meaning of its own here.
func shows(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', SpaceSign:
		return false
	}
	return unicode.IsPrint(r)
}

// SpaceSign (U+2420) stands for a space that a reader would overlook, or that a
// browser would leave out.
const SpaceSign = '\u2420'

// ShowSpaces puts the sign in place of spaces that matter in a visible text: in
// quotes, those beside a quote and several in a row; outside, several in a row
// unless the text is laid out with them; and those at its end.
func ShowSpaces(s string, laidOut bool) string {
	if !strings.Contains(s, "  ") && !strings.Contains(s, `" `) && !strings.Contains(s, ` "`) && !strings.HasSuffix(s, " ") {
		return s
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && s[end] == ' ' {
			end++
		}
		if end == i {
			end++
			switch {
			case s[i] == '\\' && end < len(s):
				end++
			case s[i] == '"':
				quoted = !quoted
			}
			b.WriteString(s[i:end])
			i = end
			continue
		}
		several := end-i > 1 && (quoted || !laidOut)
		edge := quoted && (strings.HasSuffix(s[:i], `"`) && !strings.HasSuffix(s[:i], `\"`) || end < len(s) && s[end] == '"')
		if several || edge || end == len(s) {
			b.WriteString(strings.Repeat(string(SpaceSign), end-i))
		} else {
			b.WriteString(s[i:end])
		}
		i = end
	}
	return b.String()
}

// Shorten cuts s to at most n characters, the last of them an ellipsis where
// something was cut.
func Shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := 0
	for i := range s {
		if runes++; runes == n {
			if _, size := utf8.DecodeRuneInString(s[i:]); i+size == len(s) {
				return s
			}
			return s[:i] + "…"
		}
	}
	return s
}

// Line is s made visible, its spaces too where they matter, at most n characters
// of it before the escapes.
func Line(s string, n int) string {
	return ShowSpaces(Visible(Shorten(strings.TrimSpace(s), n)), false)
}
