package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ByteOrderMark is U+FEFF in UTF-8.
var ByteOrderMark = []byte("\ufeff")

// JSONProblem says why bytes are not one JSON text in UTF-8 (RFC 8259), "" if
// they are. Duplicate names and lone surrogates in escapes, which the grammar
// allows, are no problem.
func JSONProblem(text []byte) string {
	problem, _ := scanJSON(text, 0, 0, 0)
	return problem
}

// DuplicateName returns a name that appears twice in one object, "" if none
// does (RFC 8259, section 4: names SHOULD be unique).
func DuplicateName(text []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowInvalidUTF8(true))
	for {
		_, err := d.ReadToken()
		if errors.Is(err, jsontext.ErrDuplicateName) {
			pointer := string(d.StackPointer())
			return pointer[strings.LastIndex(pointer, "/")+1:]
		}
		if err != nil {
			return ""
		}
	}
}

// DecodeJSON decodes a JSON text that [JSONProblem] found nothing wrong with.
func DecodeJSON(text []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, true
}

// ClampNumbers returns a JSON text in which each number is what nearly all readers
// make of it (RFC 8259, section 6): the largest float64 in place of one beyond, the
// nearest float64 in place of a fraction.
func ClampNumbers(text []byte, value any) []byte {
	clipped, changed := clip(value)
	if !changed {
		return text
	}
	out, err := json.Marshal(clipped)
	if err != nil {
		return text
	}
	return out
}

func clip(v any) (out any, changed bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return json.Number("1e308"), true
		}
		if near := strconv.FormatFloat(f, 'g', -1, 64); len(v) > len(near) && strings.ContainsAny(v.String(), ".eE") {
			return json.Number(near), true
		}
	case []any:
		for i, each := range v {
			if smaller, ok := clip(each); ok {
				if !changed {
					v, changed = slices.Clone(v), true
				}
				v[i] = smaller
			}
		}
		return v, changed
	case map[string]any:
		for name, each := range v {
			if smaller, ok := clip(each); ok {
				if !changed {
					v, changed = maps.Clone(v), true
				}
				v[name] = smaller
			}
		}
		return v, changed
	}
	return v, false
}

// MemberCodeUnits returns a member of a JSON object as UTF-16 code units. A Go
// string cannot hold a lone surrogate.
func MemberCodeUnits(text []byte, name string) ([]uint16, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil, false
	}
	raw := bytes.TrimSpace(members[name])
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	return unescape(string(raw[1 : len(raw)-1])), true
}

func unescape(s string) []uint16 {
	var out []uint16
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == 'u' && i+6 <= len(s) {
				var unit uint16
				if _, err := fmt.Sscanf(s[i+2:i+6], "%04x", &unit); err == nil {
					out = append(out, unit)
				}
				i += 6
				continue
			}
			out = append(out, uint16(map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[s[i+1]]))
			if out[len(out)-1] == 0 {
				out[len(out)-1] = uint16(s[i+1])
			}
			i += 2
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		out = utf16.AppendRune(out, r)
		i += size
	}
	return out
}

// Quote quotes a text so that its characters can be distinguished: those beyond
// ASCII with their code points.
func Quote(text string) string {
	ascii := fmt.Sprintf("%+q", text)
	if plain := fmt.Sprintf("%q", text); plain != ascii {
		return plain + " (" + ascii + ")"
	}
	return ascii
}
