package schema

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"

	"nox.energy/contract/spec"
)

// Schema is what the checks need to know of a schema object: enough to make
// values that fit it, and values that break one rule of it. What allOf joins is
// one schema here. The last word on a value is the validator's.
type Schema struct {
	Pointer        string            // where it stands in the contract, references not resolved
	MovedRules     map[string]string // keyword to pointer, of a rule that stands in a part of an allOf
	Types          []string          // JSON types, "null" among them; nil: any
	MatchesNothing bool              // nothing fits it
	IsTruncated    bool              // it was not read: too deep, or within itself
	IsOpaque       bool              // it has rules that are left to the validator alone
	MayBeNull      bool              // null is neither made for it nor against it: readers of "nullable" differ

	Enum       []any // the values of enum, or the one of const
	Format     string
	Patterns   []*spec.Pattern
	MinLength  *int64
	MaxLength  *int64
	Minimum    *Limit
	Maximum    *Limit
	MultipleOf *big.Rat

	MinItems    *int64
	MaxItems    *int64
	UniqueItems bool
	Items       *Schema   // nil: any
	Prefix      []*Schema // of the first items, by their place
	Contains    []Contained

	Properties    []Property
	MinProperties *int64
	MaxProperties *int64
	Patterned     []Patterned
	Names         *Schema // of all names of properties; nil: any
	Additional    *Schema // of properties not declared; nil: any
	IsClosed      bool    // no property but those declared

	Choices []Choice  // oneOf and anyOf, and what depends on a condition
	Outside []any     // values that the enum of a part has, and not all of them
	Not     []*Schema // none of which may fit

	ReadOnly     bool
	WriteOnly    bool
	Example      any
	HasExample   bool
	DefaultValue any
	HasDefault   bool
}

// Property is a declared property of an object.
type Property struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Patterned is what the properties must fit whose names match a pattern.
type Patterned struct {
	Pattern *spec.Pattern
	Schema  *Schema
}

// Contained is what some items of an array must fit: Least of them, and Most at most.
type Contained struct {
	*Schema
	Least int
	Most  *int64
}

// Limit is a minimum or maximum.
type Limit struct {
	Value     *big.Rat
	Exclusive bool
}

// Choice is a oneOf or anyOf, or the cases of a condition.
type Choice struct {
	Keyword  string
	Branches []*Schema
	Tag      string // the property that a discriminator names branches by
}

// IsNarrow reports whether the schema has rules on what a text may be.
func (s *Schema) IsNarrow() bool {
	return s.Enum != nil || s.Format != "" || len(s.Patterns) > 0 || s.MinLength != nil || s.MaxLength != nil || s.IsOpaque || len(s.Choices) > 0 || len(s.Not) > 0
}

// RulePointer returns the JSON pointer of a keyword of the schema.
func (s *Schema) RulePointer(keyword string) string {
	if at, ok := s.MovedRules[keyword]; ok {
		return at
	}
	return s.Pointer + "/" + keyword
}

// HasType reports whether the schema names a JSON type as one of its own.
func (s *Schema) HasType(jsonType string) bool { return s != nil && slices.Contains(s.Types, jsonType) }

// AcceptsType reports whether a value of a JSON type may fit.
func (s *Schema) AcceptsType(jsonType string) bool {
	switch {
	case s.MatchesNothing:
		return false
	case s.Types == nil:
		return true
	case jsonType == "number":
		// A whole number is of both types, so that a schema of either takes it.
		return s.HasType("number") || s.HasType("integer")
	}
	return s.HasType(jsonType)
}

// isObject reports whether what fits the schema is, first of all, an object.
func (s *Schema) isObject() bool {
	return s.HasType("object") || s.Types == nil && (len(s.Properties) > 0 || s.IsClosed || s.Patterned != nil || s.Names != nil)
}

// AllowsUndeclared reports whether an object that fits may contain any
// undeclared property with any value.
func (s *Schema) AllowsUndeclared() bool {
	return s.isObject() && s.Additional == nil && !s.IsClosed && !s.IsOpaque && s.MaxProperties == nil && len(s.Choices) == 0 && len(s.Not) == 0 && s.Names == nil && s.Patterned == nil
}

// Property returns the declared property of that name, nil if there is none.
func (s *Schema) Property(name string) *Property {
	if s == nil {
		return nil
	}
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return &s.Properties[i]
		}
	}
	return nil
}

// undeclaredName is a property name that the schema does not declare.
func (s *Schema) undeclaredName() string {
	name := "undeclared"
	for s.Property(name) != nil {
		name += "_"
	}
	return name
}

// Views are the schemas that a value may fit to fit s: one for each branch of
// its first choice, joined with the rest, or s alone.
func (s *Schema) Views() []*Schema {
	if len(s.Choices) == 0 {
		return []*Schema{s}
	}
	rest := *s
	rest.Choices = s.Choices[1:]
	var out []*Schema
	for _, b := range s.Choices[0].Branches[:min(maxBranches, len(s.Choices[0].Branches))] {
		if b.ReadOnly { // only responses have it
			continue
		}
		if joined := Join(&rest, b); !joined.MatchesNothing && !joined.IsTruncated {
			out = append(out, joined.Views()...)
		}
		if len(out) >= maxBranches {
			return out[:maxBranches]
		}
	}
	return out
}

// maxBranches bounds the branches of one oneOf or anyOf that are looked at.
const maxBranches = 8

// BranchFor returns the branch that a value was made by, else the first.
func (s *Schema) BranchFor(v any) *Schema {
	if len(s.Choices) == 0 {
		return s
	}
	views := s.Views()
	for _, each := range views {
		if fits(each, v) {
			return each
		}
	}
	if len(views) == 0 {
		return s
	}
	return views[0]
}

// ParseNumber returns the exact value of a JSON number. ok is false for a text
// that is no number, and for an exponent too large to compute with.
func ParseNumber(v any) (*big.Rat, bool) {
	var text string
	switch v := v.(type) {
	case Literal:
		text = string(v)
	case json.Number:
		text = string(v)
	default:
		return nil, false
	}
	if !JSONNumber.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// JSONNumber is the grammar of RFC 8259, section 6, with an exponent of at most
// three digits.
var JSONNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

// Fits reports whether a value fits the schema, as far as its rules are read
// here. Values are chosen by it; the validator confirms each again.
func (s *Schema) Fits(v any) bool { return fits(s, v) }
