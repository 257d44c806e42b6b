package schema

import (
	"regexp/syntax"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/spec"
)

// Bounds of the search for a string that a pattern matches.
const (
	maxPatternExtra = 300     // repetitions beyond those that a pattern demands
	maxPatternPicks = 40      // ways to choose from its classes and alternatives
	maxPatternText  = 1 << 20 // characters that are written in all
)

// samplesOf lists up to n different strings that all patterns of a schema match
// and that fit it. Each is made by walking the syntax of a pattern, and tried
// against all: anchors in odd places, word boundaries and the like cost a
// sample, never yield a wrong one.
func samplesOf(s *Schema, n int) []string {
	var out []string
	classes := map[*syntax.Regexp][]rune{}
	spent := 0
	for _, p := range s.Patterns {
		tree, err := syntax.Parse(p.Outline(), syntax.Perl)
		if err != nil {
			continue
		}
		for pick := range maxPatternPicks {
			write := func(extra int) (text string, length int64, used bool) {
				w := walker{pick: pick, extra: extra, classes: classes}
				w.walk(tree, 0)
				text = w.text.String()
				spent += len(text) + 1
				return text, int64(utf8.RuneCountInString(text)), w.extra == 0
			}
			// The more repetitions, the longer: those that are too few are passed over.
			least := 0
			if s.MinLength != nil {
				least = sort.Search(maxPatternExtra-1, func(extra int) bool {
					_, length, used := write(extra)
					return length >= *s.MinLength || !used
				})
			}
			for extra := least; extra < maxPatternExtra; extra++ {
				text, length, used := write(extra)
				if length > maxGenerated || spent > maxPatternText {
					return out
				}
				if utf8.ValidString(text) && !slices.Contains(out, text) && fits(s, text) {
					if out = append(out, text); len(out) == n {
						return out
					}
				}
				if !used || s.MaxLength != nil && length > *s.MaxLength {
					break // more repetitions change nothing, or make it longer still
				}
			}
		}
	}
	return out
}

// walker writes one string along the syntax of a pattern.
type walker struct {
	text  strings.Builder
	pick  int // which member of a class, and which alternative
	extra int // repetitions to spend beyond the least

	classes map[*syntax.Regexp][]rune // members, once they are known
}

// maxPatternDepth ends the walk of a pattern nested beyond all use.
const maxPatternDepth = 200

func (w *walker) walk(re *syntax.Regexp, depth int) {
	if depth > maxPatternDepth || w.text.Len() > maxGenerated {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.text.WriteRune(r)
		}
	case syntax.OpCharClass:
		w.text.WriteRune(w.member(re))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		const any = "abcdefghijklmnopqrstuvwxyz0123456789"
		w.text.WriteByte(any[w.pick%len(any)])
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			w.walk(sub, depth+1)
		}
	case syntax.OpAlternate:
		w.walk(re.Sub[w.pick%len(re.Sub)], depth+1)
	case syntax.OpStar:
		w.repeat(re.Sub[0], 0, -1, depth)
	case syntax.OpPlus:
		w.repeat(re.Sub[0], 1, -1, depth)
	case syntax.OpQuest:
		w.repeat(re.Sub[0], 0, 1, depth)
	case syntax.OpRepeat:
		w.repeat(re.Sub[0], re.Min, re.Max, depth)
	}
}

func (w *walker) repeat(sub *syntax.Regexp, least, most, depth int) {
	n := least + w.extra
	if most >= 0 {
		n = min(n, most)
	}
	w.extra -= n - least
	for range n {
		w.walk(sub, depth+1)
	}
}

// member picks from a class.
func (w *walker) member(class *syntax.Regexp) rune {
	all, known := w.classes[class]
	if !known {
		all = membersOf(class.Rune)
		w.classes[class] = all
	}
	return pickOf(all, w.pick)
}

func pickOf(all []rune, pick int) rune { return all[pick%len(all)] }

// membersOf lists some that are in the ranges, at least one: letters and digits
// first, so that what is sent can be read.
func membersOf(ranges []rune) []rune {
	var plain, other []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < ranges[i]+128; r++ {
			switch {
			case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
				plain = append(plain, r)
			case r >= ' ' && utf8.ValidRune(r):
				other = append(other, r)
			}
		}
	}
	all := append(plain, other...)
	if len(all) == 0 {
		if len(ranges) > 0 {
			return ranges[:1]
		}
		return []rune{'x'}
	}
	return all
}

// unmatched is a string that a pattern does not match, and how it was made.
type unmatched struct {
	name, about, value string
	hold               Firmness
}

// unmatchedBy lists strings that a schema's patterns do not all match: one far
// from them, and near misses that a careless comparison lets through.
func unmatchedBy(s *Schema, sample string) []unmatched {
	lower, upper := strings.ToLower(sample), strings.ToUpper(sample)
	other := lower
	if other == sample {
		other = upper
	}
	near := []unmatched{
		{"pattern-before", "with one character more before a match of its pattern", "?" + sample, Firm},
		{"pattern-behind", "with one character more after a match of its pattern", sample + "?", Firm},
		{"pattern-case", "with a match of its pattern in another letter case", other, Firm},
		// Readers differ on whether $ looks past it.
		{"pattern-line-feed", "with a line feed after a match of its pattern", sample + "\n", Annotated},
	}
	out := []unmatched{}
	for _, v := range []string{"!", "?? ??", " ", "~~~~~~~~", "ÄÖÜ", "x", ""} {
		if v = ofAllowedLength(s, v); breaksPatternOnly(s, v) {
			out = append(out, unmatched{"pattern", "outside its pattern", v, Firm})
			break
		}
	}
	for _, u := range near {
		if breaksPatternOnly(s, u.value) {
			out = append(out, u)
		}
	}
	outlines := *s // without what looks ahead or behind
	outlines.Patterns = nil
	for _, p := range s.Patterns {
		if outline, err := spec.CompilePattern(p.Outline()); err == nil && p.Outline() != p.String() {
			outlines.Patterns = append(outlines.Patterns, outline)
		}
	}
	for i, v := range samplesOf(&outlines, maxGeneratedList) {
		if breaksPatternOnly(s, v) && len(out) < 2*len(near) {
			out = append(out, unmatched{"pattern-around-" + strconv.Itoa(i+1), "in which its pattern looks ahead or behind in vain", v, Firm})
		}
	}
	return out
}

// matchedWithin lists strings with more around a match than a pattern asks for.
func matchedWithin(s *Schema, sample string) []string {
	if len(s.Patterns) == 0 {
		return nil
	}
	return []string{"x" + sample, sample + "x", "?" + sample, sample + "?"}
}

func breaksPatternOnly(s *Schema, v string) bool {
	relaxed := *s
	relaxed.Patterns = nil
	return !fitsString(s, v) && fitsString(&relaxed, v)
}

// ofAllowedLength cuts or fills a string to the limits of the schema.
func ofAllowedLength(s *Schema, v string) string {
	runes := []rune(v)
	if s.MaxLength != nil && int64(len(runes)) > *s.MaxLength {
		runes = runes[:max(0, *s.MaxLength)]
	}
	if s.MinLength != nil {
		for n := min(*s.MinLength, maxGenerated); int64(len(runes)) < n; {
			runes = append(runes, 'x')
		}
	}
	return string(runes)
}
