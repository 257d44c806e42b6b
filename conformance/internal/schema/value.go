package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object whose members keep their order. The other JSON values
// are nil, bool, string, []any, and literal for a number.
type Object []Member

// Member is one property of an [Object].
type Member struct {
	Name  string
	Value any
}

// Literal is a piece of JSON text, written as it is.
type Literal string

// Parse reads a JSON text: members in their order, numbers digit by digit.
func Parse(text []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	v, err := parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errors.New("more than one JSON text")
	}
	return v, nil
}

func parseValue(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		out := Object{}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			m := Member{Name: name.String()}
			if m.Value, err = parseValue(d); err != nil {
				return nil, err
			}
			out = append(out, m)
		}
		_, err := d.ReadToken()
		return out, err
	case '[':
		out := []any{}
		for d.PeekKind() != ']' {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := d.ReadToken()
		return out, err
	case '0':
		return Literal(token.String()), nil
	case '"':
		return token.String(), nil
	case 'n':
		return nil, nil
	}
	return token.Kind() == 't', nil
}

// With returns a copy of o with a value at a path. A step of the path is a
// property name or an index.
func (o Object) With(path []string, v any) Object {
	out, _ := Replace(o, path, v).(Object)
	return out
}

// without returns a copy of o that lacks the member that path leads to.
func (o Object) without(path []string) Object {
	out, _ := removed(o, path).(Object)
	return out
}

// Replace returns a copy of a value with v at a path. It adds a missing
// property, but no item.
func Replace(in any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	if items, ok := in.([]any); ok {
		out := slices.Clone(items)
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(out) {
			out[i] = Replace(out[i], path[1:], v)
		}
		return out
	}
	have, _ := in.(Object)
	out := slices.Clone(have)
	for i := range out {
		if out[i].Name == path[0] {
			out[i].Value = Replace(out[i].Value, path[1:], v)
			return out
		}
	}
	return append(out, Member{path[0], Replace(nil, path[1:], v)})
}

// removed returns a copy of a value without the property that path leads to.
func removed(in any, path []string) any {
	switch in := in.(type) {
	case []any:
		out := slices.Clone(in)
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(out) && len(path) > 1 {
			out[i] = removed(out[i], path[1:])
		}
		return out
	case Object:
		out := make(Object, 0, len(in))
		for _, m := range in {
			switch {
			case m.Name != path[0]:
				out = append(out, m)
			case len(path) > 1:
				out = append(out, Member{m.Name, removed(m.Value, path[1:])})
			}
		}
		return out
	}
	return in
}

// valueAt returns what stands at the place that path leads to.
func valueAt(in any, path []string) (any, bool) {
	for _, step := range path {
		switch have := in.(type) {
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(have) {
				return nil, false
			}
			in = have[i]
		case Object:
			v, ok := have.Get(step)
			if !ok {
				return nil, false
			}
			in = v
		default:
			return nil, false
		}
	}
	return in, true
}

// renamed returns a copy of o with one member under another name.
func (o Object) renamed(from, to string) Object {
	out := slices.Clone(o)
	for i := range out {
		if out[i].Name == from {
			out[i].Name = to
		}
	}
	return out
}

// Get returns the value of a member, and whether there is one.
func (o Object) Get(name string) (any, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// Encode returns a value as JSON on one line, without escapes that JSON does
// not need.
func Encode(v any) []byte {
	var b bytes.Buffer
	encodeTo(&b, v)
	return b.Bytes()
}

func encodeTo(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case Literal:
		b.WriteString(string(v))
	case Object:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			encodeTo(b, m.Name)
			b.WriteByte(':')
			encodeTo(b, m.Value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			encodeTo(b, item)
		}
		b.WriteByte(']')
	default:
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			b.WriteString("null")
			return
		}
		b.Truncate(b.Len() - 1) // the newline that Encode adds
	}
}

// Equal reports whether two values are equal to JSON: numbers by value, objects
// in any order.
func Equal(a, b any) bool { return canonical(a) == canonical(b) }

// ContainsValue reports whether one of values is the same as v to JSON.
func ContainsValue(values []any, v any) bool {
	if text, is := v.(string); is { // as most are
		return slices.Contains(values, any(text))
	}
	key := canonical(v)
	return slices.ContainsFunc(values, func(each any) bool { return canonical(each) == key })
}

// canonical is the same text for values that are the same to JSON.
func canonical(v any) string {
	switch v := v.(type) {
	case Literal:
		if n, ok := ParseNumber(v); ok {
			return n.RatString()
		}
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = canonical(v[i])
		}
		return "[" + strings.Join(items, ",") + "]"
	case Object:
		members := make([]string, len(v))
		for i, m := range v {
			members[i] = string(Encode(m.Name)) + ":" + canonical(m.Value)
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ",") + "}"
	}
	return string(Encode(v))
}

// EncodeEscaped writes a string as JSON with every character as a \u escape, a legal
// way to write the same string (RFC 8259, section 7).
func EncodeEscaped(s string) Literal {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range UTF16Units(s) {
		b.WriteString(`\u`)
		b.WriteString(strings.ToLower(hex4(unit)))
	}
	b.WriteByte('"')
	return Literal(b.String())
}

func hex4(u uint16) string {
	h := strconv.FormatUint(uint64(u), 16)
	return strings.Repeat("0", 4-len(h)) + h
}

// UTF16Units returns the UTF-16 code units of a string.
func UTF16Units(s string) []uint16 { return utf16.Encode([]rune(s)) }
