package schema

import (
	"maps"
	"math/big"
	"slices"
)

// Join returns the schema of values that fit both schemas, as allOf asks. It
// changes neither.
func Join(a, b *Schema) *Schema {
	out := *a
	out.MovedRules = maps.Clone(a.MovedRules)
	if out.MovedRules == nil {
		out.MovedRules = map[string]string{}
	}
	out.MatchesNothing = a.MatchesNothing || b.MatchesNothing
	out.IsTruncated = a.IsTruncated || b.IsTruncated
	out.IsOpaque = a.IsOpaque || b.IsOpaque
	out.MayBeNull = a.MayBeNull || b.MayBeNull
	out.ReadOnly, out.WriteOnly = a.ReadOnly || b.ReadOnly, a.WriteOnly || b.WriteOnly
	out.Choices = slices.Concat(a.Choices, b.Choices)
	out.Not = slices.Concat(a.Not, b.Not)
	out.Outside = slices.Concat(a.Outside, b.Outside)
	out.Contains = slices.Concat(a.Contains, b.Contains)
	out.Patterned = slices.Concat(a.Patterned, b.Patterned)
	if !out.HasExample {
		out.Example, out.HasExample = b.Example, b.HasExample
	}
	if !out.HasDefault {
		out.DefaultValue, out.HasDefault = b.DefaultValue, b.HasDefault
	}
	joinTypes(&out, b)
	joinScalars(&out, b)
	joinArrays(&out, b)
	joinObjects(&out, a, b)
	return &out
}

// takeRule notes that a rule of the joined schema is the one of a part.
func takeRule(s *Schema, keyword string, from *Schema) {
	s.MovedRules[keyword] = from.RulePointer(keyword)
}

func joinTypes(s *Schema, b *Schema) {
	switch {
	case b.Types == nil:
	case s.Types == nil:
		s.Types = b.Types
		takeRule(s, "type", b)
	default:
		both := commonTypes(s.Types, b.Types)
		if len(both) < len(s.Types) {
			takeRule(s, "type", b)
		}
		s.Types = both
		s.MatchesNothing = s.MatchesNothing || len(both) == 0
	}
	switch {
	case b.Enum == nil:
	case s.Enum == nil:
		s.Enum = b.Enum
		takeRule(s, "enum", b)
	default:
		both := slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool { return !ContainsValue(b.Enum, v) })
		if len(both) < max(len(s.Enum), len(b.Enum)) {
			s.Outside = slices.DeleteFunc(slices.Concat(s.Outside, s.Enum, b.Enum), func(v any) bool { return ContainsValue(both, v) })
		}
		s.Enum = both
		s.MatchesNothing = s.MatchesNothing || len(s.Enum) == 0
	}
}

// commonTypes are the JSON types in both lists; an integer is a number too. It
// is never nil, which would mean any.
func commonTypes(a, b []string) []string {
	out := []string{}
	for _, t := range a {
		switch {
		case slices.Contains(b, t):
			out = append(out, t)
		case t == "integer" && slices.Contains(b, "number"):
			out = append(out, t)
		case t == "number" && slices.Contains(b, "integer"):
			out = append(out, "integer")
		}
	}
	return out
}

func joinScalars(s *Schema, b *Schema) {
	if s.Format == "" && b.Format != "" {
		s.Format = b.Format
		takeRule(s, "format", b)
	}
	if len(s.Patterns) == 0 && len(b.Patterns) > 0 {
		takeRule(s, "pattern", b)
	}
	s.Patterns = slices.Concat(s.Patterns, b.Patterns)
	joinLimit(s, "minLength", &s.MinLength, b.MinLength, b, true)
	joinLimit(s, "maxLength", &s.MaxLength, b.MaxLength, b, false)
	if l := b.Minimum; l != nil && (s.Minimum == nil || l.IsStricter(s.Minimum, 1)) {
		s.Minimum = l
		takeRule(s, "minimum", b)
	}
	if l := b.Maximum; l != nil && (s.Maximum == nil || l.IsStricter(s.Maximum, -1)) {
		s.Maximum = l
		takeRule(s, "maximum", b)
	}
	switch {
	case b.MultipleOf == nil:
	case s.MultipleOf == nil:
		s.MultipleOf = b.MultipleOf
		takeRule(s, "multipleOf", b)
	default:
		s.MultipleOf = leastCommonMultiple(s.MultipleOf, b.MultipleOf)
	}
}

// joinLimit takes a count from a part where it is the higher (of a minimum) or
// the lower one.
func joinLimit(s *Schema, keyword string, have **int64, other *int64, from *Schema, higher bool) {
	if other == nil || *have != nil && (**have >= *other) == higher {
		return
	}
	*have = other
	takeRule(s, keyword, from)
}

// IsStricter reports whether l allows less than other. inward is 1 for a
// minimum, -1 for a maximum.
func (l *Limit) IsStricter(other *Limit, inward int) bool {
	c := l.Value.Cmp(other.Value) * inward
	return c > 0 || c == 0 && l.Exclusive && !other.Exclusive
}

func leastCommonMultiple(a, b *big.Rat) *big.Rat {
	// Of fractions: the lcm of the numerators over the gcd of the denominators.
	gcd := new(big.Int).GCD(nil, nil, a.Num(), b.Num())
	num := new(big.Int).Div(new(big.Int).Mul(a.Num(), b.Num()), gcd)
	return new(big.Rat).SetFrac(num, new(big.Int).GCD(nil, nil, a.Denom(), b.Denom()))
}

func joinArrays(s *Schema, b *Schema) {
	joinLimit(s, "minItems", &s.MinItems, b.MinItems, b, true)
	joinLimit(s, "maxItems", &s.MaxItems, b.MaxItems, b, false)
	if b.UniqueItems && !s.UniqueItems {
		s.UniqueItems = true
		takeRule(s, "uniqueItems", b)
	}
	if len(s.Prefix) == 0 {
		s.Prefix = b.Prefix
	}
	switch {
	case b.Items == nil:
	case s.Items == nil:
		s.Items = b.Items
	default:
		s.Items = Join(s.Items, b.Items)
	}
}

func joinObjects(s *Schema, a, b *Schema) {
	joinLimit(s, "minProperties", &s.MinProperties, b.MinProperties, b, true)
	joinLimit(s, "maxProperties", &s.MaxProperties, b.MaxProperties, b, false)
	s.Properties = nil
	for _, p := range a.Properties {
		s.Properties = append(s.Properties, p.beside(b))
	}
	for _, p := range b.Properties {
		if a.Property(p.Name) == nil {
			s.Properties = append(s.Properties, p.beside(a))
		}
	}
	if b.IsClosed && !s.IsClosed || b.Additional != nil && s.Additional == nil {
		takeRule(s, "additionalProperties", b)
	}
	s.IsClosed = a.IsClosed || b.IsClosed
	switch {
	case b.Names == nil:
	case s.Names == nil:
		s.Names = b.Names
	default:
		s.Names = Join(s.Names, b.Names)
	}
	switch {
	case b.Additional == nil:
	case s.Additional == nil:
		s.Additional = b.Additional
	default:
		s.Additional = Join(s.Additional, b.Additional)
	}
}

// beside is a property joined with what another schema says of its name.
func (p Property) beside(other *Schema) Property {
	if q := other.Property(p.Name); q != nil {
		return Property{p.Name, p.Required || q.Required, Join(p.Schema, q.Schema)}
	}
	matched := false
	for _, each := range other.Patterned {
		if each.Pattern.MatchString(p.Name) {
			p.Schema, matched = Join(p.Schema, each.Schema), true
		}
	}
	if matched {
		return p
	}
	if other.Additional != nil {
		p.Schema = Join(p.Schema, other.Additional)
	}
	if other.IsClosed {
		forbidden := *p.Schema
		forbidden.MatchesNothing = true
		p.Schema = &forbidden
	}
	return p
}

// Negations are schemas that a value fits, one at least, if it does not fit s: one for
// each property that s speaks of, and one that says just that.
func (s *Schema) Negations() []*Schema {
	var out []*Schema
	for _, p := range s.Properties {
		if p.Required {
			out = append(out, &Schema{Pointer: s.Pointer, Properties: []Property{{p.Name, false, &Schema{Pointer: s.Pointer, MatchesNothing: true}}}})
		}
		if other := (&Schema{Pointer: s.Pointer, Not: []*Schema{p.Schema}}); !p.Schema.isAny() {
			out = append(out, &Schema{Pointer: s.Pointer, Properties: []Property{{p.Name, true, other}}})
		}
	}
	return append(out, &Schema{Pointer: s.Pointer, Not: []*Schema{s}})
}

// isAny reports whether the schema is one without rules, as far as is read here.
func (s *Schema) isAny() bool {
	return fits(s, nil) && fits(s, "") && fits(s, Literal("-0.5")) && fits(s, Object{}) && fits(s, []any{})
}
