package spec

import (
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Pattern decides whether a text matches a regular expression of a schema.
type Pattern struct {
	source string
	linear *regexp.Regexp
	ecma   *regexp2.Regexp
}

// patternTime bounds one match by the engine that backtracks.
const patternTime = 100 * time.Millisecond

// CompilePattern reads a regular expression in the dialect that OpenAPI names,
// that of ECMA 262. What Go's own engine understands means the same to it, and
// takes time in proportion to the text; only look-arounds, back references and
// the like are left to one that backtracks.
func CompilePattern(pattern string) (*Pattern, error) {
	if linear, err := regexp.Compile(pattern); err == nil {
		return &Pattern{source: pattern, linear: linear}, nil
	}
	ecma, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		if ecma, err = regexp2.Compile(pattern, regexp2.ECMAScript); err != nil {
			return nil, err
		}
	}
	ecma.MatchTimeout = patternTime
	return &Pattern{source: pattern, ecma: ecma}, nil
}

// MatchString reports whether text has a match. A match that takes too long to
// decide counts as one.
func (p *Pattern) MatchString(text string) bool {
	if p.linear != nil {
		return p.linear.MatchString(text)
	}
	matches, err := p.ecma.MatchString(text)
	return matches || err != nil
}

// String returns the pattern as the document writes it.
func (p *Pattern) String() string { return p.source }

// Outline returns a pattern in Go's own syntax that is the same but for what
// that does not have: look-arounds and back references are left out. It serves
// to make texts that may match.
func (p *Pattern) Outline() string {
	if p.linear != nil {
		return p.source
	}
	var b strings.Builder
	for i := 0; i < len(p.source); i++ {
		rest := p.source[i:]
		switch {
		case strings.HasPrefix(rest, `\u`) && len(rest) >= 6:
			b.WriteString(`\x{` + rest[2:6] + "}")
			i += 5
		case rest[0] == '\\' && len(rest) > 1 && rest[1] >= '1' && rest[1] <= '9':
			i++
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i++
		case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") || strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
			i += groupLength(rest) - 1
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// groupLength is how long the group is that a pattern begins with.
func groupLength(pattern string) int {
	open, inClass := 0, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
		case c == '(':
			open++
		case c == ')':
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return len(pattern)
}
