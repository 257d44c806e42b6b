package page

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/conformance/report/internal/safe"
)

// span is a piece of a text that is, or is not, in the other text as well.
type span struct {
	Text    string
	Differs bool
}

const (
	diffTokens = 400 // of a text; a longer one is compared at its ends only
	diffChars  = 4000
)

// diff marks in two texts what stands in one of them only. Texts that have
// little in common are left unmarked: a mark on everything shows nothing.
func diff(a, b string) (as, bs []span) {
	a, b = safe.Line(a, diffChars), safe.Line(b, diffChars)
	at, bt := tokens(a), tokens(b)
	keepA, keepB := ends(at, bt)
	if len(at) <= diffTokens && len(bt) <= diffTokens {
		keepA, keepB = longestCommon(at, bt)
	}
	if !akin(at, keepA) && !akin(bt, keepB) {
		return whole(a), whole(b)
	}
	return spans(at, keepA), spans(bt, keepB)
}

func whole(s string) []span {
	if s == "" {
		return nil
	}
	return []span{{Text: s}}
}

// tokens splits a text into words and the characters between them.
func tokens(s string) []string {
	var list []string
	start := -1
	for i, r := range s {
		word := isWord(r)
		if word && start < 0 {
			start = i
		}
		if !word {
			if start >= 0 {
				list = append(list, s[start:i])
			}
			start = -1
			list = append(list, string(r))
		}
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list
}

// ends tells which tokens are in a common beginning or end.
func ends(a, b []string) (keepA, keepB []bool) {
	keepA, keepB = make([]bool, len(a)), make([]bool, len(b))
	n := 0
	for ; n < min(len(a), len(b)) && a[n] == b[n]; n++ {
		keepA[n], keepB[n] = true, true
	}
	for i, j := len(a)-1, len(b)-1; i >= n && j >= n && a[i] == b[j]; i, j = i-1, j-1 {
		keepA[i], keepB[j] = true, true
	}
	return keepA, keepB
}

// longestCommon tells which tokens are in a longest common subsequence.
func longestCommon(a, b []string) (keepA, keepB []bool) {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	keepA, keepB = make([]bool, len(a)), make([]bool, len(b))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			keepA[i], keepB[j] = true, true
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return keepA, keepB
}

// akin tells whether a third of the words are kept.
func akin(tokens []string, keep []bool) bool {
	words, kept := 0, 0
	for i, t := range tokens {
		if strings.TrimFunc(t, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) == "" {
			continue
		}
		words++
		if keep[i] {
			kept++
		}
	}
	return words > 0 && kept*3 >= words
}

// spans joins tokens of a kind. A mark between two words that differ differs
// with them; a blank at the edge of what differs does not.
func spans(tokens []string, keep []bool) []span {
	var list []span
	for i, t := range tokens {
		differs := !keep[i]
		before, after := i > 0 && !keep[i-1], i+1 < len(tokens) && !keep[i+1]
		r, _ := utf8.DecodeRuneInString(t)
		switch {
		case before && after && !isWord(r):
			differs = true
		case t == " " && before != after:
			differs = false
		}
		if n := len(list); n > 0 && list[n-1].Differs == differs {
			list[n-1].Text += t
			continue
		}
		list = append(list, span{t, differs})
	}
	return list
}

// marksAtMost bounds how many words are looked for in an exchange.
const marksAtMost = 8

// differing returns the texts that differ, and of those of several words the
// ones that are no plain words, without what is too short to be looked for
// elsewhere.
func differing(spans []span) []string {
	var words []string
	for _, s := range spans {
		if !s.Differs {
			continue
		}
		words = addWord(words, s.Text)
		for _, w := range strings.Fields(s.Text) {
			if strings.ContainsFunc(trimWord(w), func(r rune) bool { return !unicode.IsLetter(r) }) {
				words = addWord(words, w)
			}
		}
	}
	return words
}

func trimWord(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func addWord(words []string, w string) []string {
	if w = trimWord(w); len(w) < 3 || len(words) == marksAtMost || slices.Contains(words, w) {
		return words
	}
	return append(words, w)
}

// telling are the words of a sentence that may stand in an exchange as they
// are: names of properties, quoted texts, statuses.
var telling = regexp.MustCompile(`[\pL\pN]+(?:_[\pL\pN]+)+|"[^"]{3,80}"|'[^']{3,80}'|\b[1-5][0-9]{2}\b`)

// toMark returns what to mark in an exchange for a fact that was compared with
// another.
func toMark(fact string, compared []span) []string {
	words := differing(compared)
	for _, w := range telling.FindAllString(safe.Line(fact, diffChars), marksAtMost) {
		words = addWord(words, w)
	}
	return words
}

// mark marks the words where they stand in s as whole words.
func mark(s string, words []string) []span {
	var list []span
	rest := s
	for rest != "" {
		at, length := len(rest), 0
		for _, w := range words {
			if i := wholeWord(rest, w, len(list) > 0); i >= 0 && i < at {
				at, length = i, len(w)
			}
		}
		if at > 0 {
			list = append(list, span{Text: rest[:at]})
		}
		if length > 0 {
			list = append(list, span{rest[at : at+length], true})
		}
		rest = rest[at+length:]
	}
	return list
}

// wholeWord finds w in s where no letter or digit stands beside it; inside
// says that s is what follows some such word.
func wholeWord(s, w string, inside bool) int {
	for from := 0; ; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return -1
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(w):])
		if (i > 0 || !inside) && !isWord(before) && !isWord(after) {
			return i
		}
		from = i + 1
	}
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
