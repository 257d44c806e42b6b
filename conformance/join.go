package conformance

import (
	"maps"
	"math/big"
	"slices"
)

// join makes the schema that a value fits when it fits both, as allOf asks.
// Neither is changed.
func join(a, b *schema) *schema {
	out := *a
	out.moved = maps.Clone(a.moved)
	if out.moved == nil {
		out.moved = map[string]string{}
	}
	out.never = a.never || b.never
	out.cut = a.cut || b.cut
	out.opaque = a.opaque || b.opaque
	out.readOnly = a.readOnly || b.readOnly
	out.choices = slices.Concat(a.choices, b.choices)
	out.not = slices.Concat(a.not, b.not)
	if !out.hasExample {
		out.example, out.hasExample = b.example, b.hasExample
	}
	if !out.hasDefault {
		out.defaultValue, out.hasDefault = b.defaultValue, b.hasDefault
	}
	out.joinTypes(b)
	out.joinScalars(b)
	out.joinArrays(b)
	out.joinObjects(a, b)
	return &out
}

// take notes that a rule of the joined schema is the one of a part.
func (s *schema) take(keyword string, from *schema) { s.moved[keyword] = from.rule(keyword) }

func (s *schema) joinTypes(b *schema) {
	switch {
	case b.types == nil:
	case s.types == nil:
		s.types = b.types
		s.take("type", b)
	default:
		both := commonTypes(s.types, b.types)
		if len(both) < len(s.types) {
			s.take("type", b)
		}
		s.types = both
		s.never = s.never || len(both) == 0
	}
	switch {
	case b.enum == nil:
	case s.enum == nil:
		s.enum = b.enum
		s.take("enum", b)
	default:
		s.enum = slices.DeleteFunc(slices.Clone(s.enum), func(v any) bool { return !holds(b.enum, v) })
		s.never = s.never || len(s.enum) == 0
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

func (s *schema) joinScalars(b *schema) {
	if s.format == "" && b.format != "" {
		s.format = b.format
		s.take("format", b)
	}
	if len(s.patterns) == 0 && len(b.patterns) > 0 {
		s.take("pattern", b)
	}
	s.patterns = slices.Concat(s.patterns, b.patterns)
	s.stricter("minLength", &s.minLength, b.minLength, b, true)
	s.stricter("maxLength", &s.maxLength, b.maxLength, b, false)
	if l := b.minimum; l != nil && (s.minimum == nil || l.stricter(s.minimum, 1)) {
		s.minimum = l
		s.take("minimum", b)
	}
	if l := b.maximum; l != nil && (s.maximum == nil || l.stricter(s.maximum, -1)) {
		s.maximum = l
		s.take("maximum", b)
	}
	switch {
	case b.multipleOf == nil:
	case s.multipleOf == nil:
		s.multipleOf = b.multipleOf
		s.take("multipleOf", b)
	default:
		s.multipleOf = leastCommonMultiple(s.multipleOf, b.multipleOf)
	}
}

// stricter takes a count from a part where it is the higher (of a minimum) or
// the lower one.
func (s *schema) stricter(keyword string, have **int64, other *int64, from *schema, higher bool) {
	if other == nil || *have != nil && (**have >= *other) == higher {
		return
	}
	*have = other
	s.take(keyword, from)
}

// stricter tells whether l leaves less room than other. inward is 1 for a
// minimum, -1 for a maximum.
func (l *limit) stricter(other *limit, inward int) bool {
	c := l.value.Cmp(other.value) * inward
	return c > 0 || c == 0 && l.exclusive && !other.exclusive
}

func leastCommonMultiple(a, b *big.Rat) *big.Rat {
	// Of fractions: the lcm of the numerators over the gcd of the denominators.
	gcd := new(big.Int).GCD(nil, nil, a.Num(), b.Num())
	num := new(big.Int).Div(new(big.Int).Mul(a.Num(), b.Num()), gcd)
	return new(big.Rat).SetFrac(num, new(big.Int).GCD(nil, nil, a.Denom(), b.Denom()))
}

func (s *schema) joinArrays(b *schema) {
	s.stricter("minItems", &s.minItems, b.minItems, b, true)
	s.stricter("maxItems", &s.maxItems, b.maxItems, b, false)
	if b.uniqueItems && !s.uniqueItems {
		s.uniqueItems = true
		s.take("uniqueItems", b)
	}
	switch {
	case b.items == nil:
	case s.items == nil:
		s.items = b.items
	default:
		s.items = join(s.items, b.items)
	}
}

func (s *schema) joinObjects(a, b *schema) {
	s.stricter("minProperties", &s.minProperties, b.minProperties, b, true)
	s.stricter("maxProperties", &s.maxProperties, b.maxProperties, b, false)
	s.properties = nil
	for _, p := range a.properties {
		s.properties = append(s.properties, p.beside(b))
	}
	for _, p := range b.properties {
		if a.property(p.name) == nil {
			s.properties = append(s.properties, p.beside(a))
		}
	}
	if b.closed && !s.closed || b.additional != nil && s.additional == nil {
		s.take("additionalProperties", b)
	}
	s.closed = a.closed || b.closed
	switch {
	case b.additional == nil:
	case s.additional == nil:
		s.additional = b.additional
	default:
		s.additional = join(s.additional, b.additional)
	}
}

// beside is a property joined with what another schema says of its name.
func (p property) beside(other *schema) property {
	if q := other.property(p.name); q != nil {
		return property{p.name, p.required || q.required, join(p.schema, q.schema)}
	}
	if other.additional != nil {
		p.schema = join(p.schema, other.additional)
	}
	if other.closed {
		forbidden := *p.schema
		forbidden.never = true
		p.schema = &forbidden
	}
	return p
}
