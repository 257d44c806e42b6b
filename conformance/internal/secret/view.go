package secret

import (
	"bytes"
	"html"
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRounds is how many times a text is decoded: JSON within HTML takes two,
// and bytes of UTF-16 one more.
const maxRounds = 3

// longestEscape is how many bytes one character of a secret takes, generously:
// &amp;#x63; is ten.
const longestEscape = 16

// view is a text as its reader sees it, and where each byte of it stands in the
// text as it came.
type view struct {
	text     []byte
	from, to []int32 // nil: the same place
}

// place tells where a part of a view stands in the text.
func (v *view) place(from, to int) (first, last int) {
	if v.from == nil {
		return from, to
	}
	return int(v.from[from]), int(v.to[to-1])
}

// views yields a text as it is and then, as long as that changes it, decoded
// once more.
func views(text string) iter.Seq[*view] {
	return func(yield func(*view) bool) {
		v := &view{text: []byte(text)}
		for round := 0; v != nil && yield(v) && round < maxRounds; round++ {
			v = v.decode()
		}
	}
}

// decode undoes the escapes of JSON, JavaScript, C, URLs and HTML, whichever
// stand there, and takes out what breaks a text apart: line breaks, and the NULs
// of UTF-16. It returns nil where nothing is to be undone.
func (v *view) decode() *view {
	if !bytes.ContainsAny(v.text, "\\%&\r\n\x00") {
		return nil
	}
	out := &view{text: make([]byte, 0, len(v.text)), from: make([]int32, 0, len(v.text)), to: make([]int32, 0, len(v.text))}
	changed := false
	for i := 0; i < len(v.text); {
		var decoded []byte
		length := 1
		switch c := v.text[i]; c {
		case 0, '\r', '\n':
			changed = true
			i++
			continue
		case '\\':
			decoded, length = afterBackslash(v.text[i:])
		case '%':
			decoded, length = afterPercent(v.text[i:])
		case '&':
			decoded, length = afterAmpersand(v.text[i:])
		}
		if length == 0 || decoded == nil && length == 1 {
			decoded, length = v.text[i:i+1], 1
		} else {
			changed = true
		}
		first, last := v.place(i, i+length)
		for _, b := range decoded {
			if b != 0 && b != '\r' && b != '\n' {
				out.text = append(out.text, b)
				out.from = append(out.from, int32(first))
				out.to = append(out.to, int32(last))
			}
		}
		i += length
	}
	if !changed {
		return nil
	}
	return out
}

// afterBackslash reads \n, \/, \x63, \u0063, \u{63}, \U00000063 and \143.
func afterBackslash(s []byte) (decoded []byte, length int) {
	if len(s) < 2 {
		return nil, 0
	}
	switch c := s[1]; c {
	case 'n', 'r':
		return []byte{'\n'}, 2
	case 't':
		return []byte{'\t'}, 2
	case 'b':
		return []byte{'\b'}, 2
	case 'f':
		return []byte{'\f'}, 2
	case 'x':
		if n, ok := numberIn(s, 2, 2, 16); ok {
			return []byte{byte(n)}, 4
		}
	case 'u':
		return afterBackslashU(s)
	case 'U':
		if n, ok := numberIn(s, 2, 8, 16); ok {
			return utf8.AppendRune(nil, n), 10
		}
	case '0', '1', '2', '3':
		if n, ok := numberIn(s, 1, 3, 8); ok {
			return []byte{byte(n)}, 4
		}
	default:
		if c > ' ' && c < 0x7f && !wordByte(c|0x20) {
			return s[1:2], 2
		}
	}
	return nil, 0
}

func afterBackslashU(s []byte) (decoded []byte, length int) {
	if len(s) > 2 && s[2] == '{' {
		if end := bytes.IndexByte(s[:min(len(s), 11)], '}'); end > 3 {
			if n, ok := numberIn(s, 3, end-3, 16); ok {
				return utf8.AppendRune(nil, n), end + 1
			}
		}
		return nil, 0
	}
	n, ok := numberIn(s, 2, 4, 16)
	if !ok {
		return nil, 0
	}
	if utf16.IsSurrogate(n) && len(s) > 7 && s[6] == '\\' && s[7] == 'u' {
		if second, ok := numberIn(s, 8, 4, 16); ok {
			return utf8.AppendRune(nil, utf16.DecodeRune(n, second)), 12
		}
	}
	return utf8.AppendRune(nil, n), 6
}

// afterPercent reads %63 and %u0063.
func afterPercent(s []byte) (decoded []byte, length int) {
	if n, ok := numberIn(s, 1, 2, 16); ok {
		return []byte{byte(n)}, 3
	}
	if len(s) > 1 && (s[1] == 'u' || s[1] == 'U') {
		if n, ok := numberIn(s, 2, 4, 16); ok {
			return utf8.AppendRune(nil, n), 6
		}
	}
	return nil, 0
}

// longestEntity bounds the name of an entity, with its & and ;.
const longestEntity = 33

// afterAmpersand reads &amp;, &#99; and &#x63;, the latter without ; too.
func afterAmpersand(s []byte) (decoded []byte, length int) {
	if len(s) < 3 {
		return nil, 0
	}
	if s[1] != '#' {
		end := bytes.IndexByte(s[:min(len(s), longestEntity)], ';')
		if end < 0 {
			return nil, 0
		}
		entity := string(s[:end+1])
		if text := html.UnescapeString(entity); text != entity && text != "" {
			return []byte(text), end + 1
		}
		return nil, 0
	}
	at, base := 2, 10
	if s[2] == 'x' || s[2] == 'X' {
		at, base = 3, 16
	}
	end := at
	for end < len(s) && end < at+8 && isDigit(s[end], base) {
		end++
	}
	n, ok := numberIn(s, at, end-at, base)
	if !ok {
		return nil, 0
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	return utf8.AppendRune(nil, n), end
}

// numberIn reads the digits of a number, all of which must be there.
func numberIn(s []byte, at, digits, base int) (rune, bool) {
	if digits <= 0 || at+digits > len(s) {
		return 0, false
	}
	for _, c := range s[at : at+digits] {
		if !isDigit(c, base) {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(string(s[at:at+digits]), base, 32)
	return rune(n), err == nil
}

func isDigit(c byte, base int) bool {
	switch {
	case base == 8:
		return c >= '0' && c <= '7'
	case c >= '0' && c <= '9':
		return true
	}
	return base == 16 && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
}
