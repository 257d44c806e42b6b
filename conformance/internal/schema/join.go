package schema

import (
	"maps"
	"math/big"
	"slices"
)

// Join makes the schema that a value fits when it fits both, as allOf asks.
// Neither is changed.
func Join(a, b *Schema) *Schema {
	out := *a
	out.MovedRules = maps.Clone(a.MovedRules)
	if out.MovedRules == nil {
		out.MovedRules = map[string]string{}
	}
	out.MatchesNothing = a.MatchesNothing || b.MatchesNothing
	out.IsTruncated = a.IsTruncated || b.IsTruncated
	out.IsOpaque = a.IsOpaque || b.IsOpaque
	out.ReadOnly = a.ReadOnly || b.ReadOnly
	out.Choices = slices.Concat(a.Choices, b.Choices)
	out.Not = slices.Concat(a.Not, b.Not)
	if !out.HasExample {
		out.Example, out.HasExample = b.Example, b.HasExample
	}
	if !out.HasDefault {
		out.DefaultValue, out.HasDefault = b.DefaultValue, b.HasDefault
	}
	out.joinTypes(b)
	out.joinScalars(b)
	out.joinArrays(b)
	out.joinObjects(a, b)
	return &out
}

// take notes that a rule of the joined schema is the one of a part.
func (s *Schema) take(keyword string, from *Schema) {
	s.MovedRules[keyword] = from.RulePointer(keyword)
}

func (s *Schema) joinTypes(b *Schema) {
	switch {
	case b.Types == nil:
	case s.Types == nil:
		s.Types = b.Types
		s.take("type", b)
	default:
		both := commonTypes(s.Types, b.Types)
		if len(both) < len(s.Types) {
			s.take("type", b)
		}
		s.Types = both
		s.MatchesNothing = s.MatchesNothing || len(both) == 0
	}
	switch {
	case b.Enum == nil:
	case s.Enum == nil:
		s.Enum = b.Enum
		s.take("enum", b)
	default:
		s.Enum = slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool { return !ContainsValue(b.Enum, v) })
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

func (s *Schema) joinScalars(b *Schema) {
	if s.Format == "" && b.Format != "" {
		s.Format = b.Format
		s.take("format", b)
	}
	if len(s.Patterns) == 0 && len(b.Patterns) > 0 {
		s.take("pattern", b)
	}
	s.Patterns = slices.Concat(s.Patterns, b.Patterns)
	s.stricter("minLength", &s.MinLength, b.MinLength, b, true)
	s.stricter("maxLength", &s.MaxLength, b.MaxLength, b, false)
	if l := b.Minimum; l != nil && (s.Minimum == nil || l.IsStricter(s.Minimum, 1)) {
		s.Minimum = l
		s.take("minimum", b)
	}
	if l := b.Maximum; l != nil && (s.Maximum == nil || l.IsStricter(s.Maximum, -1)) {
		s.Maximum = l
		s.take("maximum", b)
	}
	switch {
	case b.MultipleOf == nil:
	case s.MultipleOf == nil:
		s.MultipleOf = b.MultipleOf
		s.take("multipleOf", b)
	default:
		s.MultipleOf = leastCommonMultiple(s.MultipleOf, b.MultipleOf)
	}
}

// stricter takes a count from a part where it is the higher (of a minimum) or
// the lower one.
func (s *Schema) stricter(keyword string, have **int64, other *int64, from *Schema, higher bool) {
	if other == nil || *have != nil && (**have >= *other) == higher {
		return
	}
	*have = other
	s.take(keyword, from)
}

// IsStricter reports whether l leaves less room than other. inward is 1 for a
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

func (s *Schema) joinArrays(b *Schema) {
	s.stricter("minItems", &s.MinItems, b.MinItems, b, true)
	s.stricter("maxItems", &s.MaxItems, b.MaxItems, b, false)
	if b.UniqueItems && !s.UniqueItems {
		s.UniqueItems = true
		s.take("uniqueItems", b)
	}
	switch {
	case b.Items == nil:
	case s.Items == nil:
		s.Items = b.Items
	default:
		s.Items = Join(s.Items, b.Items)
	}
}

func (s *Schema) joinObjects(a, b *Schema) {
	s.stricter("minProperties", &s.MinProperties, b.MinProperties, b, true)
	s.stricter("maxProperties", &s.MaxProperties, b.MaxProperties, b, false)
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
		s.take("additionalProperties", b)
	}
	s.IsClosed = a.IsClosed || b.IsClosed
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
