// Package textchange names what a server did to a text that it returned: which
// characters it dropped, converted or escaped.
package textchange

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalizer removes one difference between texts: two texts that are equal once
// normalized differ in that alone.
type Normalizer struct {
	Name   string // what is changed: "letter case"
	Effect string // how a text comes back: "in another letter case"
	Fix    string // what to change in the server
	apply  func(string) string
}

// Normalizers lists the ways in which servers change texts as a whole, the
// slightest first.
func Normalizers() []Normalizer {
	return []Normalizer{
		{"outer white space", "without its outer white space", "do not trim it", func(s string) string {
			return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
		}},
		{"letter case", "in another letter case", "do not convert it to lower or upper case, and compare it exactly", strings.ToLower},
		{"Unicode normal form", "in another Unicode normal form", "do not normalise it", norm.NFKC.String},
		{"inner white space", "with other white space inside", "do not collapse or drop spaces in it", func(s string) string { return strings.Join(strings.Fields(s), "") }},
		{"HTML escapes", "escaped for HTML, or unescaped", "do not escape it for HTML: it is JSON", func(s string) string { return html.UnescapeString(html.UnescapeString(s)) }},
		{"percent-encoding", "percent-encoded or percent-decoded", "do not encode or decode it as a URL", func(s string) string { return percentDecoded(percentDecoded(s)) }},
		{"backslashes", "with more or fewer backslashes", "escape it only once, with a JSON library", func(s string) string { return strings.ReplaceAll(s, `\`, "") }},
		{"invisible characters", "with other invisible characters", "do not filter characters", func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsPrint(r) && !unicode.IsSpace(r) {
					return r
				}
				return -1
			}, s)
		}},
		{"accents", "without its accents", "do not transliterate it", func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, norm.NFD.String(s))
		}},
		{"non-ASCII characters", "without its non-ASCII characters", "read and write UTF-8 everywhere, including the database column", func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > unicode.MaxASCII || r == '?' {
					return -1
				}
				return r
			}, s)
		}},
	}
}

// percentDecoded decodes what can be decoded, as lenient servers do.
// IsNormalizer reports whether a change is one of a text as a whole.
func IsNormalizer(change string) bool {
	return slices.ContainsFunc(Normalizers(), func(n Normalizer) bool { return n.Name == change })
}

func percentDecoded(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' {
			b.WriteByte(' ')
			continue
		}
		if i+3 <= len(s) {
			if text, err := url.PathUnescape(s[i : i+3]); err == nil && s[i] == '%' {
				b.WriteString(text)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Difference names the normalizer, or the two, that make two texts equal, nil if
// none do.
func Difference(a, b string) []string {
	all := Normalizers()
	for _, n := range all {
		if n.apply(a) == n.apply(b) {
			return []string{n.Name}
		}
	}
	for i, n := range all {
		for _, m := range all[:i] {
			if n.apply(m.apply(a)) == n.apply(m.apply(b)) {
				return []string{m.Name, n.Name}
			}
		}
	}
	return nil
}

// OtherText names a change that leaves too little to compare.
const OtherText = "another text"

// Changes names the changes between a user id as sent and as it came back.
func Changes(sent, got string) []string {
	if names := Difference(sent, got); names != nil {
		return names
	}
	switch n := len([]rune(got)); {
	case n > 0 && strings.HasPrefix(sent, got):
		return []string{fmt.Sprintf("%s %d characters", CutAfter, n)}
	case strings.HasSuffix(got, sent):
		return []string{replacement("", strings.TrimSuffix(got, sent))}
	case strings.HasPrefix(got, sent):
		return []string{replacement("", strings.TrimPrefix(got, sent))}
	}
	pairs, kept := replacements([]rune(sent), []rune(got))
	if 2*kept < max(len([]rune(sent)), len([]rune(got))) {
		return []string{OtherText}
	}
	return pairs
}

// CutAfter begins the name of a change that keeps only the beginning.
const CutAfter = "truncated after"

func replacement(removed, added string) string { return fmt.Sprintf("%q as %q", removed, added) }

// replacements lists what was put in place of what between two texts, and counts
// the characters that were kept in their order.
func replacements(from, to []rune) (pairs []string, kept int) {
	if len(from)*len(to) > 4<<20 {
		return []string{OtherText}, 0
	}
	longest := make([][]int32, len(from)+1) // common subsequence of the rests
	for i := range longest {
		longest[i] = make([]int32, len(to)+1)
	}
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); from[i] == to[j] {
				longest[i][j] = max(longest[i][j], longest[i+1][j+1]+1)
			}
		}
	}
	var removed, added []rune
	flush := func() {
		if len(removed)+len(added) > 0 {
			pairs = append(pairs, replacement(string(removed), string(added)))
			removed, added = nil, nil
		}
	}
	for i, j := 0, 0; i < len(from) || j < len(to); {
		switch {
		case i < len(from) && j < len(to) && from[i] == to[j]:
			flush()
			i, j, kept = i+1, j+1, kept+1
		case j == len(to) || i < len(from) && longest[i+1][j] >= longest[i][j+1]:
			removed = append(removed, from[i])
			i++
		default:
			added = append(added, to[j])
			j++
		}
	}
	flush()
	slices.Sort(pairs)
	return slices.Compact(pairs), kept
}
