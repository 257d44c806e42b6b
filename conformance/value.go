package conformance

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object whose members keep their order. Every other JSON
// value is held as encoding/json holds it, or as a literal.
type object []member

type member struct {
	name  string
	value any
}

// literal is a piece of JSON text, written as it is.
type literal string

// with returns a copy of o in which the member that path leads to has a value.
// A step is a property name, or an index into an array.
func (o object) with(path []string, v any) object {
	out := slices.Clone(o)
	for i := range out {
		if out[i].name == path[0] {
			out[i].value = withIn(out[i].value, path[1:], v)
			return out
		}
	}
	return append(out, member{path[0], withIn(nil, path[1:], v)})
}

func withIn(in any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	if items, ok := in.([]any); ok {
		out := slices.Clone(items)
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(out) {
			out[i] = withIn(out[i], path[1:], v)
		}
		return out
	}
	inner, _ := in.(object)
	return inner.with(path, v)
}

// without returns a copy of o that lacks the member that path leads to.
func (o object) without(path []string) object {
	out := make(object, 0, len(o))
	for _, m := range o {
		switch {
		case m.name != path[0]:
			out = append(out, m)
		case len(path) > 1:
			if inner, ok := m.value.(object); ok {
				out = append(out, member{m.name, inner.without(path[1:])})
			} else {
				out = append(out, m)
			}
		}
	}
	return out
}

// renamed returns a copy of o with one member under another name.
func (o object) renamed(from, to string) object {
	out := slices.Clone(o)
	for i := range out {
		if out[i].name == from {
			out[i].name = to
		}
	}
	return out
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// encode writes a value as JSON on one line, characters as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	encodeTo(&b, v)
	return b.Bytes()
}

func encodeTo(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case literal:
		b.WriteString(string(v))
	case object:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			encodeTo(b, m.name)
			b.WriteByte(':')
			encodeTo(b, m.value)
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

// ordered turns a decoded JSON value into one with ordered objects, the members
// in the order of the schema's properties, unknown ones behind.
func ordered(v any, s *schema) any {
	switch v := v.(type) {
	case map[string]any:
		var out object
		if s != nil {
			for _, p := range s.properties {
				if value, ok := v[p.name]; ok {
					out = append(out, member{p.name, ordered(value, p.schema)})
				}
			}
		}
		rest := make([]string, 0, len(v))
		for name := range v {
			if _, done := out.get(name); !done {
				rest = append(rest, name)
			}
		}
		slices.Sort(rest)
		for _, name := range rest {
			out = append(out, member{name, ordered(v[name], nil)})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var items *schema
			if s != nil {
				items = s.items
			}
			out[i] = ordered(v[i], items)
		}
		return out
	}
	return v
}

// escaped writes a string as JSON with every character as a \u escape, a legal
// way to write the same string (RFC 8259, section 7).
func escaped(s string) literal {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16Units(s) {
		b.WriteString(`\u`)
		b.WriteString(strings.ToLower(hex4(unit)))
	}
	b.WriteByte('"')
	return literal(b.String())
}

func hex4(u uint16) string {
	h := strconv.FormatUint(uint64(u), 16)
	return strings.Repeat("0", 4-len(h)) + h
}
