package conformance

import (
	"math/big"
	"regexp"
	"slices"
	"unicode/utf8"
)

// fits tells whether a value fits the schema, as far as its rules are read
// here. It is what values are chosen by; the validator confirms each again.
func (s *schema) fits(v any) bool {
	switch {
	case s.never:
		return false
	case s.cut:
		return true
	case s.types != nil && !slices.ContainsFunc(s.types, func(t string) bool { return isOfType(v, t) }),
		s.enum != nil && !holds(s.enum, v):
		return false
	}
	switch v := v.(type) {
	case string:
		if !s.fitsString(v) {
			return false
		}
	case literal:
		if n, ok := rational(v); ok && !s.fitsNumber(n) {
			return false
		}
	case []any:
		if !s.fitsArray(v) {
			return false
		}
	case object:
		if !s.fitsObject(v) {
			return false
		}
	}
	return s.fitsChoices(v)
}

// isOfType tells whether a value is of a JSON type. A number without a fraction
// is an integer, however it is written.
func isOfType(v any, jsonType string) bool {
	switch v := v.(type) {
	case nil:
		return jsonType == "null"
	case bool:
		return jsonType == "boolean"
	case string:
		return jsonType == "string"
	case literal:
		n, ok := rational(v)
		return ok && (jsonType == "number" || jsonType == "integer" && n.IsInt())
	case []any:
		return jsonType == "array"
	case object:
		return jsonType == "object"
	}
	return false
}

func (s *schema) fitsString(v string) bool {
	n := int64(utf8.RuneCountInString(v))
	switch {
	case s.minLength != nil && n < *s.minLength, s.maxLength != nil && n > *s.maxLength:
		return false
	}
	return isOfFormat(s.format, v) && !slices.ContainsFunc(s.patterns, func(p *regexp.Regexp) bool { return !p.MatchString(v) })
}

func (s *schema) fitsNumber(n *big.Rat) bool {
	switch {
	case s.minimum != nil && !s.minimum.within(n, 1), s.maximum != nil && !s.maximum.within(n, -1):
		return false
	case s.multipleOf != nil && !new(big.Rat).Quo(n, s.multipleOf).IsInt():
		return false
	}
	return inIntegerFormat(s.format, n)
}

// within tells whether a number is on the right side of a limit. inward is 1
// for a minimum, -1 for a maximum.
func (l *limit) within(n *big.Rat, inward int) bool {
	c := n.Cmp(l.value) * inward
	return c > 0 || c == 0 && !l.exclusive
}

func (s *schema) fitsArray(v []any) bool {
	n := int64(len(v))
	if s.minItems != nil && n < *s.minItems || s.maxItems != nil && n > *s.maxItems {
		return false
	}
	seen := map[string]bool{}
	for _, item := range v {
		if s.items != nil && !s.items.fits(item) {
			return false
		}
		if s.uniqueItems {
			key := canonical(item)
			if seen[key] {
				return false
			}
			seen[key] = true
		}
	}
	return true
}

func (s *schema) fitsObject(v object) bool {
	n := int64(len(v))
	if s.minProperties != nil && n < *s.minProperties || s.maxProperties != nil && n > *s.maxProperties {
		return false
	}
	for _, p := range s.properties {
		value, has := v.get(p.name)
		if !has && p.required && !p.schema.readOnly || has && !p.schema.fits(value) {
			return false
		}
	}
	for _, m := range v {
		if s.property(m.name) == nil && (s.closed || s.additional != nil && !s.additional.fits(m.value)) {
			return false
		}
	}
	return true
}

func (s *schema) fitsChoices(v any) bool {
	for _, c := range s.choices {
		fit := 0
		for _, b := range c.branches {
			if b.fits(v) {
				fit++
			}
		}
		if fit == 0 || c.keyword == "oneOf" && fit > 1 {
			return false
		}
	}
	return !slices.ContainsFunc(s.not, func(n *schema) bool { return !n.cut && n.fits(v) })
}
