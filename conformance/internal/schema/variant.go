package schema

import (
	"slices"
	"strconv"
	"strings"
)

// Variant is a valid body that differs from the plain one in one respect.
type Variant struct {
	Name        string
	Description string
	Pointer     string // of the rule it exercises
	Firmness    Firmness
	Body        any
}

// Variants lists valid bodies that exercise each freedom the schema declares:
// optional properties present and absent, enum values, both ends of each limit,
// null where it is allowed, each branch of a oneOf or anyOf. It stops making them
// when there are more than most.
func Variants(s *Schema, most int) []Variant {
	minimal, ok := s.Make(false)
	if !ok {
		return nil
	}
	var out []Variant
	full, ok := s.Make(true)
	if !ok {
		full = minimal
	} else if !Equal(full, minimal) {
		out = append(out, Variant{"all-properties", "every optional property present", s.Pointer + "/properties", Firm, full})
	}
	return append(out, gather(s, full, most, func(p Spot) (all []Variant) {
		if !p.Required {
			all = append(all, Variant{p.id("absent"), p.called() + " left out", p.Schema.Pointer, Firm, removed(p.Body, p.Path)})
		}
		for _, f := range p.Alternatives() {
			all = append(all, Variant{p.id(f.Name), p.called() + " " + f.Description, f.Pointer, f.Firmness, Replace(p.Body, p.Path, f.Value)})
		}
		return slices.DeleteFunc(all, func(v Variant) bool { return !fits(s, v.Body) })
	})...)
}

// Alternative is a value that a schema allows, and what it shows.
type Alternative struct {
	Name, Description, Pointer string
	Firmness                   Firmness
	Value                      any
}

// Alternatives returns the other values of a spot that are worth trying.
func (p Spot) Alternatives() []Alternative {
	var out []Alternative
	s := p.Effective
	add := func(name, about, pointer string, hold Firmness, v any) {
		if fits(p.Schema, v) && !Equal(v, p.Value) {
			out = append(out, Alternative{name, about, pointer, hold, v})
		}
	}
	for _, v := range s.Enum {
		if v != nil {
			add("enum-"+slug(v), "with another of its enum values", s.RulePointer("enum"), Firm, v)
		}
	}
	if s.HasType("null") {
		add("null", "null, which the schema allows", s.Pointer, Firm, nil)
	}
	if s.HasType("boolean") {
		add("false", "false", s.Pointer, Firm, false)
		add("true", "true", s.Pointer, Firm, true)
	}
	for _, e := range endsOf(s, true) {
		add(e.name, e.about, s.RulePointer(e.keyword), Firm, e.value)
	}
	if text, ok := multibyteText(s); ok && s.HasType("string") {
		add("at-max-length-multibyte", "at its maxLength in two-byte letters (maxLength counts characters)", s.RulePointer("maxLength"), Firm, text)
	}
	if text, ok := p.Value.(string); ok && s.Enum == nil {
		for i, v := range matchedWithin(s, text) {
			add("pattern-within-"+strconv.Itoa(i+1), "with more around a match of its pattern", s.RulePointer("pattern"), Firm, v)
		}
	}
	// What stands for nothing in many languages, and is a value all the same.
	if s.HasType("integer") || s.HasType("number") {
		add("zero", "zero", s.Pointer, Lenient, Literal("0"))
	}
	if s.HasType("array") && s.MaxItems == nil && s.Items != nil && !s.Items.isObject() {
		if items, ok := s.makeArray(s.plainLength()+1, true); ok {
			add("several", "an array with more items", s.Pointer, Firm, items)
		}
	}
	if s.HasType("array") {
		add("empty", "an empty array", s.Pointer, Lenient, []any{})
	}
	for _, other := range p.alternatives() {
		name := other.Label[strings.LastIndex(other.Label, "alternative-"):]
		add(name, "of another type that the schema allows", p.Schema.Pointer, Firm, other.Value)
	}
	return withoutTwins(out)
}

// withoutTwins keeps the first of values that are the same.
func withoutTwins(all []Alternative) []Alternative {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(f Alternative) bool {
		key := canonical(f.Value)
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

// slug makes a word of a value, for an id.
func slug(v any) string {
	text := strings.ToLower(strings.Trim(string(Encode(v)), `"`))
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	return strings.Join(words, "-")
}
