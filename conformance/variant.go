package conformance

import (
	"slices"
	"strings"
)

// variant is a valid body that differs from the plain one in one respect.
type variant struct {
	name    string
	about   string
	pointer string // of the rule it exercises
	hold    firmness
	body    any
}

// variants lists valid bodies that exercise each freedom the schema declares:
// optional properties present and absent, enum values, both ends of each limit,
// null where it is allowed, each branch of a oneOf or anyOf.
func variants(s *schema) []variant {
	minimal, ok := s.make(false)
	if !ok {
		return nil
	}
	var out []variant
	full, ok := s.make(true)
	if !ok {
		full = minimal
	} else if !equal(full, minimal) {
		out = append(out, variant{"all-properties", "every optional property present", s.pointer + "/properties", firm, full})
	}
	add := func(v variant) {
		if s.fits(v.body) {
			out = append(out, v)
		}
	}
	visit(s, full, func(p spot) {
		if !p.required {
			add(variant{p.id("absent"), p.called() + " left out, since it is optional", p.schema.pointer, firm, removed(p.body, p.path)})
		}
		for _, f := range p.freedoms() {
			add(variant{p.id(f.name), p.called() + " " + f.about, f.pointer, f.hold, replaced(p.body, p.path, f.value)})
		}
	})
	return out
}

// freedom is a value that a schema allows, and what it shows.
type freedom struct {
	name, about, pointer string
	hold                 firmness
	value                any
}

// freedoms lists the other values of a spot that are worth trying.
func (p spot) freedoms() []freedom {
	var out []freedom
	s := p.view
	add := func(name, about, pointer string, hold firmness, v any) {
		if p.schema.fits(v) && !equal(v, p.value) {
			out = append(out, freedom{name, about, pointer, hold, v})
		}
	}
	for _, v := range s.enum {
		if v != nil {
			add("enum-"+slug(v), "with another of its enum values", s.rule("enum"), firm, v)
		}
	}
	if s.is("null") {
		add("null", "null, which it may be", s.pointer, firm, nil)
	}
	if s.is("boolean") {
		add("false", "false", s.pointer, firm, false)
		add("true", "true", s.pointer, firm, true)
	}
	for _, e := range s.ends(true) {
		add(e.name, e.about, s.rule(e.keyword), firm, e.value)
	}
	if text, ok := s.multibyte(); ok && s.is("string") {
		add("at-max-length-multibyte", "at its maxLength, in letters of two bytes: length is counted in characters", s.rule("maxLength"), firm, text)
	}
	// What stands for nothing in many languages, and is a value all the same.
	if s.is("integer") || s.is("number") {
		add("zero", "zero", s.pointer, slack, literal("0"))
	}
	if s.is("array") {
		add("empty", "an empty array", s.pointer, slack, []any{})
	}
	for _, other := range p.alternatives() {
		name := other.label[strings.LastIndex(other.label, "alternative-"):]
		add(name, "of another kind that it may be", p.schema.pointer, firm, other.value)
	}
	return withoutTwins(out)
}

// withoutTwins keeps the first of values that are the same.
func withoutTwins(all []freedom) []freedom {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(f freedom) bool {
		key := canonical(f.value)
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

// slug makes a word of a value, for an id.
func slug(v any) string {
	text := strings.ToLower(strings.Trim(string(encode(v)), `"`))
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	return strings.Join(words, "-")
}
