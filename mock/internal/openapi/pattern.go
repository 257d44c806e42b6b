package openapi

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"nox.energy/contract/spec"
)

// maxTries bounds how many texts of a pattern's outline, each longer than the one
// before, are tried.
const maxTries = 64

// matching makes a short string that a pattern matches: alternatives are
// decided for the first, repetitions for the least that reaches minLength.
func matching(pattern string, minLength uint64) (string, error) {
	compiled, err := spec.CompilePattern(pattern)
	if err != nil {
		return "", err
	}
	// What must stand in front of a match is made as well.
	outline := compiled.Outline()
	if in, err := spec.CompilePattern(strings.ReplaceAll(pattern, "(?<=", "(?:")); err == nil {
		outline = in.Outline()
	}
	parsed, err := syntax.Parse(outline, syntax.Perl)
	if err != nil {
		return "", err
	}
	last, tries := "", 0
	for extra := 0; extra < 1<<10 && tries < maxTries; extra++ {
		var b strings.Builder
		expand(&b, parsed, extra, 0)
		made := b.String()
		if extra > 0 && made == last {
			break
		}
		last = made
		if short := int(min(minLength, maxText)) - utf8.RuneCountInString(made); short > 0 {
			more := strings.Repeat("x", short)
			for _, longer := range []string{made + more, more + made} { // of a pattern without an end, or a beginning
				if extra == 0 && compiled.MatchString(longer) {
					return longer, nil
				}
			}
			continue
		}
		if tries++; compiled.MatchString(made) {
			return made, nil
		}
		for turn := 1; turn < len(plainCharacters); turn++ { // what looks ahead may want one of each
			var mixed strings.Builder
			if expand(&mixed, parsed, extra, turn); compiled.MatchString(mixed.String()) {
				return mixed.String(), nil
			}
		}
	}
	return "", fmt.Errorf("no string that matches the pattern %s could be made", pattern)
}

// expand writes a string for one node; a repetition without an end is made
// extra times longer than it must be.
func expand(b *strings.Builder, node *syntax.Regexp, extra, turn int) {
	switch node.Op {
	case syntax.OpLiteral:
		b.WriteString(string(node.Rune))
	case syntax.OpCharClass:
		if turn > 0 {
			turn += b.Len()
		}
		b.WriteRune(plainest(node.Rune, turn))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune('a')
	case syntax.OpStar:
		repeat(b, node.Sub[0], extra, turn)
	case syntax.OpPlus:
		repeat(b, node.Sub[0], 1+extra, turn)
	case syntax.OpRepeat:
		times := node.Min + extra
		if node.Max >= 0 {
			times = min(times, node.Max)
		}
		repeat(b, node.Sub[0], times, turn)
	case syntax.OpCapture:
		expand(b, node.Sub[0], extra, turn)
	case syntax.OpAlternate:
		expand(b, node.Sub[0], extra, turn)
	case syntax.OpConcat:
		for _, sub := range node.Sub {
			expand(b, sub, extra, turn)
		}
	}
}

// maxText bounds a text that is made, in bytes.
const maxText = 1 << 20

func repeat(b *strings.Builder, node *syntax.Regexp, times, turn int) {
	for range times {
		if b.Len() > maxText {
			return
		}
		expand(b, node, 0, turn)
	}
}

// plainCharacters are those that a text is made of where it may be.
const plainCharacters = "a1A"

// plainest picks a character of a class, a letter or digit if it has one, from
// another turn on another. ranges holds pairs of bounds.
func plainest(ranges []rune, turn int) rune {
	turn %= len(plainCharacters)
	for _, wanted := range plainCharacters[turn:] + plainCharacters[:turn] {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wanted && wanted <= ranges[i+1] {
				return wanted
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := ranges[i]; c <= ranges[i+1] && c < ranges[i]+128; c++ {
			if unicode.IsPrint(c) {
				return c
			}
		}
	}
	if len(ranges) == 0 {
		return 'a' // matches nothing anyway
	}
	return ranges[0]
}

// compilePattern reads patterns in the dialect of OpenAPI, which the library
// does not.
func compilePattern(pattern string) (openapi3.RegexMatcher, error) {
	return spec.CompilePattern(pattern)
}
