package spec

import (
	"regexp"
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
