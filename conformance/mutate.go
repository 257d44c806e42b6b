package conformance

import (
	"slices"
	"strings"
)

// mutation is a body that breaks one rule of the request schema.
type mutation struct {
	name    string
	about   string // what is wrong with it, in words
	pointer string // of the rule that it breaks
	level   Level
	body    any
}

// mutations lists bodies that each break one rule of the schema: a required
// property left out or under another name, a value of another type, past a
// limit, outside an enum; and whole bodies of another kind.
func mutations(s *schema) []mutation {
	if s == nil || s.composite {
		return nil
	}
	var out []mutation
	base, isObject := sample(s, true).(object)
	if isObject {
		out = append(out, missing(s, base)...)
		eachProperty(s, nil, func(path []string, p property) {
			out = append(out, brokenValues(base, path, p)...)
			if p.schema.closed {
				out = append(out, undeclared(p.schema, base, path))
			}
			if p.schema.is("array") && p.schema.items != nil && lowest(p.schema.maxItems, 1) > 0 {
				item := property{name: "0", required: true, schema: p.schema.items}
				at := append(slices.Clone(path), "0")
				whole := base.with(path, sampleArray(p.schema, max(1, lowest(p.schema.minItems, 1)), true))
				out = append(out, brokenValues(whole, at, item)...)
			}
		})
		if s.closed {
			out = append(out, undeclared(s, base, nil))
		}
	}
	return append(out, otherKinds(s)...)
}

// missing leaves out each required property, all of them, and renames each in
// ways that a lax reader would overlook. JSON names are compared exactly
// (RFC 8259, section 8.3).
func missing(s *schema, base object) []mutation {
	var out []mutation
	required := 0
	all := base
	eachProperty(s, nil, func(path []string, p property) {
		if !p.required {
			return
		}
		name := strings.Join(path, ".")
		rule := strings.TrimSuffix(p.schema.pointer, "/properties/"+p.name) + "/required"
		add := func(suffix, about string, body any) {
			out = append(out, mutation{name + "-" + suffix, about, rule, Must, body})
		}
		add("missing", "without "+name, base.without(path))
		if len(path) > 1 {
			return
		}
		required++
		all = all.without(path)
		if swapped := otherCase(p.name); swapped != p.name {
			add("name-case", name+" named "+swapped+" instead", base.renamed(p.name, swapped))
		}
		add("name-space", name+" with a space in its name", base.renamed(p.name, p.name+" "))
	})
	if required > 1 {
		out = append(out, mutation{"all-missing", "without any required property", s.pointer + "/required", Must, all})
	}
	return out
}

// otherCase writes a name in another case: each word with a capital.
func otherCase(name string) string {
	out := []rune(name)
	start := true
	for i, r := range out {
		if start && r >= 'a' && r <= 'z' {
			out[i] = r - 'a' + 'A'
		}
		start = r == '_' || r == '-'
	}
	return string(out)
}

func undeclared(s *schema, base object, path []string) mutation {
	name := strings.Join(append(slices.Clone(path), "undeclared-property"), ".")
	body := base.with(append(slices.Clone(path), "undeclared"), "value")
	return mutation{name, "with a property that the schema forbids", s.pointer + "/additionalProperties", Must, body}
}

// wrongTypes are values of each JSON type, for properties of another.
func wrongTypes() []struct {
	name, jsonType string
	value          any
} {
	return []struct {
		name, jsonType string
		value          any
	}{
		{"number", "number", literal("12345")},
		{"boolean", "boolean", true},
		{"null", "null", nil},
		{"object", "object", object{{"key", "value"}}},
		{"empty-object", "object", object{}},
		{"array", "array", []any{"value"}},
		{"empty-array", "array", []any{}},
		{"string", "string", "12345"},
	}
}

func brokenValues(base object, path []string, p property) []mutation {
	if p.schema.composite {
		return nil
	}
	name, s := strings.Join(path, "."), p.schema
	var out []mutation
	add := func(suffix, about, keyword string, level Level, v any) {
		out = append(out, mutation{name + "-" + suffix, about, s.pointer + keyword, level, base.with(path, v)})
	}
	for _, w := range wrongTypes() {
		if !s.accepts(w.jsonType) {
			add(w.name, name+" "+article(w.name), "/type", Must, w.value)
		}
	}
	if s.is("integer") && !s.is("number") {
		add("fraction", name+" with a fraction", "/type", Must, literal("1.5"))
	}
	for _, e := range beyond(s) {
		add(e.name, name+" "+e.about, e.keyword, Must, e.value)
	}
	if len(s.enum) > 0 {
		out = append(out, brokenEnum(base, path, s)...)
	}
	if s.is("array") && s.uniqueItems && lowest(s.maxItems, 2) >= 2 {
		first := nth(s.items, 0, true)
		add("duplicate-items", name+" with the same item twice", "/uniqueItems", Must, []any{first, first})
	}
	if s.multipleOf != nil {
		add("not-multiple", name+" that is no multiple of what it must be", "/multipleOf", Must, sampleNumber(s)+*s.multipleOf/2)
	}
	if s.pattern != "" {
		if v, ok := notMatching(s); ok {
			add("pattern", name+" that its pattern does not match", "/pattern", Must, v)
		}
	}
	if near, wrong := brokenFormat(s.format); s.is("string") && wrong != "" && len(s.enum) == 0 {
		// "format" is an annotation that a server may leave unchecked.
		add("format-near", name+" nearly in its format", "/format", Should, near)
		add("format-wrong", name+" not at all in its format", "/format", Should, wrong)
	}
	return out
}

func brokenEnum(base object, path []string, s *schema) []mutation {
	name := strings.Join(path, ".")
	text, isText := s.enum[0].(string)
	if !isText {
		return nil
	}
	out := []mutation{{name + "-enum", name + " with a value that its enum does not list", s.pointer + "/enum", Must, base.with(path, text+"-unlisted")}}
	for _, other := range []string{strings.ToUpper(text), strings.ToLower(text)} {
		if !slices.Contains(s.enum, any(other)) {
			out = append(out, mutation{name + "-enum-case", name + " with an enum value in other case", s.pointer + "/enum", Must, base.with(path, other)})
			break
		}
	}
	return out
}

func notMatching(s *schema) (string, bool) {
	plain := &schema{pattern: s.pattern, minLength: s.minLength, maxLength: s.maxLength}
	for _, v := range []string{"!", "?? ??", " ", "~~~~~~~~", "ÄÖÜ", "x"} {
		v = withLength(v, plain)
		if !matches(s.pattern, v) {
			return v, true
		}
	}
	return "", false
}

func brokenFormat(format string) (near, wrong string) {
	switch format {
	case "date":
		return "2026-02-30", "soon"
	case "date-time":
		return "2026-03-01 12:00", "soon"
	case "time":
		return "25:00:00Z", "noon"
	case "email":
		return "somebody@", "nobody"
	case "uuid":
		return "6f1c1d4e-8d5b-4c59-9a55-0b7f3a9f3b1", "no uuid"
	case "uri", "url":
		return "//example.com/path", "not a uri at all"
	case "ipv4":
		return "192.0.2.256", "here"
	case "ipv6":
		return "2001:db8::1::2", "here"
	}
	return "", ""
}

// otherKinds are whole bodies of every kind of JSON text that the schema does
// not take.
func otherKinds(s *schema) []mutation {
	inner := sample(s, false)
	kinds := []struct {
		name, jsonType string
		body           any
	}{
		{"body-array", "array", []any{inner}},
		{"body-string", "string", "text"},
		{"body-number", "number", literal("42")},
		{"body-boolean", "boolean", true},
		{"body-null", "null", nil},
		{"body-object", "object", object{{"key", "value"}}},
	}
	var out []mutation
	for _, k := range kinds {
		if !s.accepts(k.jsonType) {
			kind := strings.TrimPrefix(k.name, "body-")
			out = append(out, mutation{k.name, "the whole body " + article(kind), s.pointer + "/type", Must, k.body})
		}
	}
	return out
}

func article(kind string) string {
	switch {
	case kind == "null":
		return "null"
	case strings.HasPrefix(kind, "empty-"):
		return "an " + strings.Replace(kind, "-", " ", 1)
	case strings.HasPrefix(kind, "a"), strings.HasPrefix(kind, "o"):
		return "an " + kind
	}
	return "a " + kind
}
