package schema

import (
	"math/big"
	"slices"
	"unicode/utf8"

	"nox.energy/contract/spec"
)

func fits(s *Schema, v any) bool {
	switch {
	case s.MatchesNothing:
		return false
	case s.IsTruncated, s.MayBeNull && v == nil:
		return true
	case s.Types != nil && !slices.ContainsFunc(s.Types, func(t string) bool { return isOfType(v, t) }),
		s.Enum != nil && !ContainsValue(s.Enum, v):
		return false
	}
	switch v := v.(type) {
	case string:
		if !fitsString(s, v) {
			return false
		}
	case Literal:
		if n, ok := ParseNumber(v); ok && !fitsNumber(s, n) {
			return false
		}
	case []any:
		if !fitsArray(s, v) {
			return false
		}
	case Object:
		if !fitsObject(s, v) {
			return false
		}
	}
	return fitsChoices(s, v)
}

// isOfType reports whether a value is of a JSON type. A number without a fraction
// is an integer, however it is written.
func isOfType(v any, jsonType string) bool {
	switch v := v.(type) {
	case nil:
		return jsonType == "null"
	case bool:
		return jsonType == "boolean"
	case string:
		return jsonType == "string"
	case Literal:
		n, ok := ParseNumber(v)
		return ok && (jsonType == "number" || jsonType == "integer" && n.IsInt())
	case []any:
		return jsonType == "array"
	case Object:
		return jsonType == "object"
	}
	return false
}

func fitsString(s *Schema, v string) bool {
	n := int64(utf8.RuneCountInString(v))
	switch {
	case s.MinLength != nil && n < *s.MinLength, s.MaxLength != nil && n > *s.MaxLength:
		return false
	}
	return spec.FitsFormat(s.Format, v) && !slices.ContainsFunc(s.Patterns, func(p *spec.Pattern) bool { return !p.MatchString(v) })
}

func fitsNumber(s *Schema, n *big.Rat) bool {
	switch {
	case s.Minimum != nil && !isWithin(s.Minimum, n, 1), s.Maximum != nil && !isWithin(s.Maximum, n, -1):
		return false
	case s.MultipleOf != nil && !new(big.Rat).Quo(n, s.MultipleOf).IsInt():
		return false
	}
	return InIntegerFormat(s.Format, n)
}

// isWithin reports whether a number is on the right side of a limit. inward is 1
// for a minimum, -1 for a maximum.
func isWithin(l *Limit, n *big.Rat, inward int) bool {
	c := n.Cmp(l.Value) * inward
	return c > 0 || c == 0 && !l.Exclusive
}

func fitsArray(s *Schema, v []any) bool {
	n := int64(len(v))
	if s.MinItems != nil && n < *s.MinItems || s.MaxItems != nil && n > *s.MaxItems {
		return false
	}
	for _, c := range s.Contains {
		n := 0
		for _, item := range v {
			if fits(c.Schema, item) {
				n++
			}
		}
		if n < c.Least || c.Most != nil && int64(n) > *c.Most {
			return false
		}
	}
	seen := map[string]bool{}
	for i, item := range v {
		if of := s.itemSchema(i); of != nil && !fits(of, item) {
			return false
		}
		if s.UniqueItems {
			key := canonical(item)
			if seen[key] {
				return false
			}
			seen[key] = true
		}
	}
	return true
}

// itemSchema is the schema of the i-th item, nil for any.
func (s *Schema) itemSchema(i int) *Schema {
	if i < len(s.Prefix) {
		return s.Prefix[i]
	}
	return s.Items
}

func fitsObject(s *Schema, v Object) bool {
	n := int64(len(v))
	if s.MinProperties != nil && n < *s.MinProperties || s.MaxProperties != nil && n > *s.MaxProperties {
		return false
	}
	for _, p := range s.Properties {
		value, has := v.Get(p.Name)
		if !has && p.Required && !p.Schema.ReadOnly || has && !fits(p.Schema, value) {
			return false
		}
	}
	for _, m := range v {
		of, allowed := s.undeclared(m.Name)
		if s.Names != nil && !fits(s.Names, m.Name) || s.Property(m.Name) == nil && !allowed || of != nil && !fits(of, m.Value) {
			return false
		}
	}
	return true
}

// undeclared is the schema of the properties of a name apart from what is declared of
// it, nil for any; allowed reports whether there may be one that is not declared.
func (s *Schema) undeclared(name string) (of *Schema, allowed bool) {
	for _, p := range s.Patterned {
		switch {
		case !p.Pattern.MatchString(name):
		case of == nil:
			of = p.Schema
		default:
			of = Join(of, p.Schema)
		}
	}
	if of != nil || s.Property(name) != nil {
		return of, true
	}
	return s.Additional, !s.IsClosed
}

func fitsChoices(s *Schema, v any) bool {
	for _, c := range s.Choices {
		fit := 0
		for _, b := range c.Branches {
			if fits(b, v) {
				fit++
			}
		}
		if fit == 0 || c.Keyword == "oneOf" && fit > 1 {
			return false
		}
	}
	return !slices.ContainsFunc(s.Not, func(n *Schema) bool { return !n.IsTruncated && fits(n, v) })
}
