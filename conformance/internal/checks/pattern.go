package checks

import (
	"regexp"
	"strings"
)

// CompilePattern compiles a pattern of check ids. A pattern without an
// operation matches each of them: "401/*" is "*/401/*".
func CompilePattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^(?:[^/]+/)?`)
	for len(pattern) > 0 {
		switch {
		case strings.HasPrefix(pattern, "**"):
			b.WriteString(".*")
			pattern = pattern[2:]
		case pattern[0] == '*':
			b.WriteString("[^/]*")
			pattern = pattern[1:]
		default:
			next := strings.IndexByte(pattern, '*')
			if next < 0 {
				next = len(pattern)
			}
			b.WriteString(regexp.QuoteMeta(strings.ToValidUTF8(pattern[:next], "?")))
			pattern = pattern[next:]
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}
