package openapi

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"nox.energy/contract/spec"
)

// maxJoined bounds how deep allOf stands within allOf.
const maxJoined = 5

// joined is a schema with the parts of its allOf, and theirs, in one.
func joined(s *openapi3.Schema, depth int) *openapi3.Schema {
	if len(s.AllOf) == 0 || depth > maxJoined {
		return s
	}
	whole := *s
	whole.AllOf = nil
	whole.Properties = maps.Clone(s.Properties)
	whole.Required = slices.Clone(s.Required)
	for _, ref := range s.AllOf {
		if ref != nil && ref.Value != nil {
			join(&whole, joined(ref.Value, depth+1))
		}
	}
	return &whole
}

// closedParts are those of a schema and of its allOf that take no property that
// they do not declare.
func closedParts(s *openapi3.Schema, depth int) (closed []*openapi3.Schema) {
	if may := s.AdditionalProperties.Has; may != nil && !*may {
		closed = append(closed, s)
	}
	for _, ref := range s.AllOf {
		if ref != nil && ref.Value != nil && depth <= maxJoined {
			closed = append(closed, closedParts(ref.Value, depth+1)...)
		}
	}
	return closed
}

// join adds to a schema what another asks for as well.
func join(s, other *openapi3.Schema) {
	s.Type = commonTypes(s.Type, other.Type)
	s.Required = append(s.Required, other.Required...)
	if s.Properties == nil {
		s.Properties = openapi3.Schemas{}
	}
	for name, ref := range other.Properties {
		s.Properties[name] = both(s.Properties[name], ref)
	}
	s.Items = both(s.Items, other.Items)
	s.Not = first(s.Not, other.Not)
	s.Contains, s.If, s.Then, s.Else = first(s.Contains, other.Contains), first(s.If, other.If), first(s.Then, other.Then), first(s.Else, other.Else)
	s.PropertyNames = first(s.PropertyNames, other.PropertyNames)
	s.AdditionalProperties.Schema = both(s.AdditionalProperties.Schema, other.AdditionalProperties.Schema)
	switch {
	case len(s.Enum) == 0:
		s.Enum = other.Enum
	case len(other.Enum) > 0:
		s.Enum = slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool {
			return !slices.ContainsFunc(other.Enum, func(w any) bool { return same(v, w) })
		})
	}
	switch {
	case len(s.OneOf)+len(s.AnyOf) == 0:
		s.OneOf, s.AnyOf = other.OneOf, other.AnyOf
	case len(s.OneOf) == 0 && len(other.AnyOf) == 0:
		s.OneOf = other.OneOf
	case len(s.AnyOf) == 0 && len(other.OneOf) == 0:
		s.AnyOf = other.AnyOf
	}
	if len(s.PrefixItems) == 0 {
		s.PrefixItems = other.PrefixItems
	}
	if len(s.PatternProperties) == 0 {
		s.PatternProperties = other.PatternProperties
	}
	if len(s.DependentRequired) == 0 {
		s.DependentRequired = other.DependentRequired
	}
	if s.Const == nil {
		s.Const = other.Const
	}
	if s.Default == nil {
		s.Default = other.Default
	}
	if s.Format == "" {
		s.Format = other.Format
	}
	if s.Pattern == "" {
		s.Pattern = other.Pattern
	}
	s.UniqueItems = s.UniqueItems || other.UniqueItems
	s.MinLength, s.MinItems, s.MinProps = max(s.MinLength, other.MinLength), max(s.MinItems, other.MinItems), max(s.MinProps, other.MinProps)
	s.MaxLength, s.MaxItems, s.MaxProps = least(s.MaxLength, other.MaxLength), least(s.MaxItems, other.MaxItems), least(s.MaxProps, other.MaxProps)
	s.MinContains = first(s.MinContains, other.MinContains)
	if other.Min != nil && (s.Min == nil || *other.Min > *s.Min) {
		s.Min = other.Min
	}
	if other.Max != nil && (s.Max == nil || *other.Max < *s.Max) {
		s.Max = other.Max
	}
	if other.ExclusiveMin.Value != nil || other.ExclusiveMin.IsTrue() {
		s.ExclusiveMin = other.ExclusiveMin
	}
	if other.ExclusiveMax.Value != nil || other.ExclusiveMax.IsTrue() {
		s.ExclusiveMax = other.ExclusiveMax
	}
	s.MultipleOf = first(s.MultipleOf, other.MultipleOf)
	s.WriteOnly, s.ReadOnly = s.WriteOnly || other.WriteOnly, s.ReadOnly || other.ReadOnly
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// both is a schema that takes what two take.
func both(a, b *openapi3.SchemaRef) *openapi3.SchemaRef {
	if a == nil || b == nil || a == b {
		return first(a, b)
	}
	return &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{a, b}}}
}

func commonTypes(a, b *openapi3.Types) *openapi3.Types {
	if a.IsEmpty() || b.IsEmpty() {
		if a.IsEmpty() {
			return b
		}
		return a
	}
	common := openapi3.Types{}
	for _, name := range a.Slice() {
		switch {
		case b.Includes(name), name == "integer" && b.Includes("number"):
			common = append(common, name)
		case name == "number" && b.Includes("integer"):
			common = append(common, "integer")
		}
	}
	return &common
}

// same reports whether two values of the JSON data model are equal.
func same(a, b any) bool {
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && string(x) == string(y)
}

// undeclared is the schema of a property that is not declared by its name.
func undeclared(s *openapi3.Schema, name string) *openapi3.SchemaRef {
	for _, pattern := range slices.Sorted(maps.Keys(s.PatternProperties)) {
		if p, err := spec.CompilePattern(pattern); err == nil && p.MatchString(name) {
			return s.PatternProperties[pattern]
		}
	}
	return s.AdditionalProperties.Schema
}

// permits tells whether value is of one of the types.
func permits(types *openapi3.Types, value any) bool {
	switch v := value.(type) {
	case nil:
		return types.Includes("null")
	case bool:
		return types.Includes("boolean")
	case string:
		return types.Includes("string")
	case float64:
		return types.Includes("number") || types.Includes("integer") && v == math.Trunc(v)
	case []any:
		return types.Includes("array")
	default:
		return types.Includes("object")
	}
}
