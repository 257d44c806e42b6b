package defect

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// What lax parsers make of a text that is not JSON. Each takes such a text and
// returns what the parser understood; the caller uses it only if it is JSON.

var (
	trailingComma = regexp.MustCompile(`,\s*([}\]])`)
	comment       = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|#[^\n]*`)
	lineComment   = regexp.MustCompile(`//[^\n]*`)
	missingComma  = regexp.MustCompile(`("\s*:\s*"[^"]*")(\s+")`)
	leadingZero   = regexp.MustCompile(`([:\[,]\s*)0+([1-9])`)
	nakedName     = regexp.MustCompile(`([{,]\s*)([A-Za-z_$][\w$-]*)(\s*:)`)
	nakedValue    = regexp.MustCompile(`(:\s*|^\s*)([A-Za-z_][\w-]*)(\s*[,}]|\s*$)`)
	notANumber    = regexp.MustCompile(`[-+]?(NaN|Infinity|nan|inf)\b`)
	badEscape     = regexp.MustCompile(`\\u[0-9A-Fa-f]{0,3}(?:[^0-9A-Fa-f])|\\[^"\\/bfnrtu]`)
	loneSurrogate = regexp.MustCompile(`\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)
	surrogatePair = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
)

func dropTrailingCommas(s string) string { return trailingComma.ReplaceAllString(s, "$1") }
func dropComments(s string) string       { return comment.ReplaceAllString(s, "") }
func dropLineComments(s string) string   { return lineComment.ReplaceAllString(s, "") }
func addCommas(s string) string          { return missingComma.ReplaceAllString(s, "$1,$2") }
func dropLeadingZeros(s string) string   { return leadingZero.ReplaceAllString(s, "$1$2") }
func doubleQuotes(s string) string       { return strings.ReplaceAll(s, "'", `"`) }
func quoteNames(s string) string         { return nakedName.ReplaceAllString(s, `$1"$2"$3`) }
func quoteNaN(s string) string           { return notANumber.ReplaceAllString(s, `"$1"`) }

// quoteBareWords takes a bare word for a string; a body that is one bare word
// is the user's id.
func quoteBareWords(s string) string {
	fixed := nakedValue.ReplaceAllString(s, `$1"$2"$3`)
	if strings.HasPrefix(strings.TrimSpace(fixed), `"`) {
		return `{"` + userName + `":` + fixed + `}`
	}
	return fixed
}

// escapeControls takes control characters in strings as they are.
func escapeControls(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < ' ' {
			q := quote(string(r))
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func replaceInvalid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// latin1 takes a text that is not UTF-8 for ISO 8859-1.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// fromUTF16 reads a text that begins with the byte order mark of UTF-16.
func fromUTF16(s string) string {
	if !strings.HasPrefix(s, "\xff\xfe") {
		return s
	}
	var units []uint16
	for i := 2; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])|uint16(s[i+1])<<8)
	}
	return string(utf16.Decode(units))
}

// dropBackslashes takes a bad escape for the character escaped.
func dropBackslashes(s string) string {
	return badEscape.ReplaceAllStringFunc(s, func(m string) string { return m[1:] })
}

// firstText reads one JSON text and leaves the rest unread.
func firstText(s string) string {
	var first json.RawMessage
	if json.NewDecoder(strings.NewReader(s)).Decode(&first) != nil {
		return s
	}
	return string(first)
}

// lastText reads the last of several JSON texts.
func lastText(s string) string {
	dec, last := json.NewDecoder(strings.NewReader(s)), s
	for {
		var next json.RawMessage
		if dec.Decode(&next) != nil {
			return last
		}
		last = string(next)
	}
}

// closeAll adds the brackets and quotes that a text cut short lacks.
func closeAll(s string) string {
	for _, end := range []string{"}", `"}`, `":""}`, `:""}`, `""}`} {
		if valid([]byte(s + end)) {
			return s + end
		}
	}
	return s
}

func dropMark(s string) string { return strings.TrimPrefix(s, byteOrderMark) }

// replaceSurrogates takes a surrogate without its other half for U+FFFD.
func replaceSurrogates(s string) string {
	return loneSurrogates(s, func(string) string { return `\ufffd` })
}

// loneSurrogates replaces the escapes of surrogates that have no other half.
func loneSurrogates(s string, by func(escape string) string) string {
	var b strings.Builder
	for {
		pair := surrogatePair.FindStringIndex(s)
		end := len(s)
		if pair != nil {
			end = pair[0]
		}
		b.WriteString(loneSurrogate.ReplaceAllStringFunc(s[:end], by))
		if pair == nil {
			return b.String()
		}
		b.WriteString(s[pair[0]:pair[1]])
		s = s[pair[1]:]
	}
}

// oneOfTwice keeps one of the members that share a name.
func oneOfTwice(last bool) func(string) string {
	return func(s string) string {
		all := members([]byte(s))
		kept := map[string]int{}
		for i, m := range all {
			if _, again := kept[m.name]; !again || last {
				kept[m.name] = i
			}
		}
		var b bytes.Buffer
		for i, m := range all {
			if kept[m.name] != i {
				continue
			}
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(s[m.nameStart:m.end])
		}
		return "{" + b.String() + "}"
	}
}

// What careless servers make of a user's id.

// rightToLeft holds for letters that are written from right to left.
func rightToLeft(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac) }

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// cut keeps the first characters.
func cut(characters int) func(string) string {
	return func(s string) string {
		if r := []rune(s); len(r) > characters {
			return string(r[:characters])
		}
		return s
	}
}

// until keeps what stands before a text.
func until(text string) func(string) string {
	return func(s string) string { before, _, _ := strings.Cut(s, text); return before }
}

// mapRunes replaces each character for which is holds by another text.
func mapRunes(is func(rune) bool, by string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if is(r) {
				b.WriteString(by)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
}

func replace(oldNew ...string) func(string) string {
	return strings.NewReplacer(oldNew...).Replace
}
