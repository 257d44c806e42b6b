package conformance

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
)

// schema is what the checks need to know of a schema object: enough to make
// values that fit it, and values that break one rule of it. What allOf joins is
// one schema here. The last word on a value is the validator's.
type schema struct {
	pointer string            // where it stands in the contract, references not resolved
	moved   map[string]string // keyword to pointer, of a rule that stands in a part of an allOf
	types   []string          // JSON types, "null" among them; nil: any
	never   bool              // nothing fits it
	cut     bool              // it was not read: too deep, or within itself
	opaque  bool              // it has rules that are left to the validator alone

	enum       []any // the values of enum, or the one of const
	format     string
	patterns   []*regexp.Regexp
	minLength  *int64
	maxLength  *int64
	minimum    *limit
	maximum    *limit
	multipleOf *big.Rat

	minItems    *int64
	maxItems    *int64
	uniqueItems bool
	items       *schema // nil: any

	properties    []property
	minProperties *int64
	maxProperties *int64
	additional    *schema // of properties not declared; nil: any
	closed        bool    // no property but those declared

	choices []choice  // oneOf and anyOf
	not     []*schema // none of which may fit

	readOnly     bool
	example      any
	hasExample   bool
	defaultValue any
	hasDefault   bool
}

type property struct {
	name     string
	required bool
	schema   *schema
}

// limit is a minimum or maximum.
type limit struct {
	value     *big.Rat
	exclusive bool
}

// choice is a oneOf or anyOf.
type choice struct {
	keyword  string
	branches []*schema
}

// rule points to a keyword of the schema.
func (s *schema) rule(keyword string) string {
	if at, ok := s.moved[keyword]; ok {
		return at
	}
	return s.pointer + "/" + keyword
}

// is tells whether the schema names a JSON type as one of its own.
func (s *schema) is(jsonType string) bool { return s != nil && slices.Contains(s.types, jsonType) }

// accepts tells whether a value of a JSON type may fit.
func (s *schema) accepts(jsonType string) bool {
	switch {
	case s.never:
		return false
	case s.types == nil:
		return true
	case jsonType == "number":
		// A whole number is of both types, so that a schema of either takes it.
		return s.is("number") || s.is("integer")
	}
	return s.is(jsonType)
}

// isObject tells whether what fits the schema is, first of all, an object.
func (s *schema) isObject() bool {
	return s.is("object") || s.types == nil && (len(s.properties) > 0 || s.closed)
}

// takesMore tells whether any undeclared property with any value may stand in
// an object that fits.
func (s *schema) takesMore() bool {
	return s.isObject() && s.additional == nil && !s.closed && !s.opaque && s.maxProperties == nil && len(s.choices) == 0 && len(s.not) == 0
}

func (s *schema) property(name string) *property {
	if s == nil {
		return nil
	}
	for i := range s.properties {
		if s.properties[i].name == name {
			return &s.properties[i]
		}
	}
	return nil
}

// undeclaredName is a property name that the schema does not declare.
func (s *schema) undeclaredName() string {
	name := "undeclared"
	for s.property(name) != nil {
		name += "_"
	}
	return name
}

// views are the schemas that a value may fit to fit s: one for each branch of
// its first choice, joined with the rest, or s alone.
func (s *schema) views() []*schema {
	if len(s.choices) == 0 {
		return []*schema{s}
	}
	rest := *s
	rest.choices = s.choices[1:]
	var out []*schema
	for _, b := range s.choices[0].branches[:min(maxBranches, len(s.choices[0].branches))] {
		if joined := join(&rest, b); !joined.never && !joined.cut {
			out = append(out, joined.views()...)
		}
		if len(out) >= maxBranches {
			return out[:maxBranches]
		}
	}
	return out
}

// maxBranches bounds the branches of one oneOf or anyOf that are looked at.
const maxBranches = 8

// view is the branch that a value was made by, else the first.
func (s *schema) view(v any) *schema {
	if len(s.choices) == 0 {
		return s
	}
	views := s.views()
	for _, each := range views {
		if each.fits(v) {
			return each
		}
	}
	if len(views) == 0 {
		return s
	}
	return views[0]
}

// rational reads a JSON number exactly. ok is false for what is none, and for
// one whose exponent is beyond what anybody computes with.
func rational(v any) (*big.Rat, bool) {
	var text string
	switch v := v.(type) {
	case literal:
		text = string(v)
	case json.Number:
		text = string(v)
	default:
		return nil, false
	}
	if !jsonNumber.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// jsonNumber is the grammar of RFC 8259, section 6, with an exponent of at most
// three digits.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)
