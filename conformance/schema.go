package conformance

import (
	"encoding/json"
	"slices"

	"github.com/pb33f/go-yaml"
	"github.com/pb33f/libopenapi/datamodel/high/base"

	"nox.energy/contract/spec"
)

// schema is what the checks need to know of a schema object: enough to make
// values that fit it, and values that break one rule of it. Judging is left to
// the validator.
type schema struct {
	pointer      string // where it stands in the contract, references not resolved
	types        []string
	nullable     bool
	enum         []any
	constant     any
	hasConst     bool
	format       string
	pattern      string
	minLength    *int64
	maxLength    *int64
	minimum      *limit
	maximum      *limit
	multipleOf   *float64
	minItems     *int64
	maxItems     *int64
	uniqueItems  bool
	items        *schema
	properties   []property
	closed       bool // no other properties than those
	composite    bool // oneOf, anyOf or not: what breaks it cannot be told from the outside
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
	value     float64
	exclusive bool
}

// maxSchemaDepth ends the reading of a schema that contains itself.
const maxSchemaDepth = 12

// readSchema reads the schema object behind a proxy. It returns nil for none,
// and for one nested too deeply.
func readSchema(proxy *base.SchemaProxy, pointer string, depth int) *schema {
	if proxy == nil || depth > maxSchemaDepth {
		return nil
	}
	high := proxy.Schema()
	if high == nil {
		return nil
	}
	s := &schema{
		pointer:     pointer,
		format:      high.Format,
		pattern:     high.Pattern,
		minLength:   high.MinLength,
		maxLength:   high.MaxLength,
		multipleOf:  high.MultipleOf,
		minItems:    high.MinItems,
		maxItems:    high.MaxItems,
		uniqueItems: high.UniqueItems != nil && *high.UniqueItems,
		nullable:    high.Nullable != nil && *high.Nullable,
		readOnly:    high.ReadOnly != nil && *high.ReadOnly,
		composite:   len(high.OneOf) > 0 || len(high.AnyOf) > 0 || high.Not != nil,
	}
	for _, t := range high.Type {
		if t == "null" {
			s.nullable = true
			continue
		}
		s.types = append(s.types, t)
	}
	s.minimum = readLimit(high.Minimum, high.ExclusiveMinimum)
	s.maximum = readLimit(high.Maximum, high.ExclusiveMaximum)
	for _, n := range high.Enum {
		if v, ok := nodeValue(n); ok {
			s.enum = append(s.enum, v)
		}
	}
	s.constant, s.hasConst = nodeValue(high.Const)
	s.example, s.hasExample = nodeValue(high.Example)
	if !s.hasExample && len(high.Examples) > 0 {
		s.example, s.hasExample = nodeValue(high.Examples[0])
	}
	s.defaultValue, s.hasDefault = nodeValue(high.Default)
	if high.Items != nil && high.Items.IsA() {
		s.items = readSchema(high.Items.A, pointer+"/items", depth+1)
	}
	if a := high.AdditionalProperties; a != nil && a.IsB() {
		s.closed = !a.B
	}
	for name, p := range high.Properties.FromOldest() {
		child := readSchema(p, pointer+spec.Pointer("properties", name), depth+1)
		if child == nil {
			continue
		}
		s.properties = append(s.properties, property{name, slices.Contains(high.Required, name), child})
	}
	for i, p := range high.AllOf {
		s.merge(readSchema(p, pointer+spec.Pointer("allOf", itoa(i)), depth+1), high.Required)
	}
	for i, alternatives := range [][]*base.SchemaProxy{high.OneOf, high.AnyOf} {
		if len(alternatives) > 0 {
			keyword := []string{"oneOf", "anyOf"}[i]
			s.merge(readSchema(alternatives[0], pointer+spec.Pointer(keyword, "0"), depth+1), high.Required)
		}
	}
	if len(s.types) == 0 && len(s.properties) > 0 {
		s.types = []string{"object"}
	}
	return s
}

// readLimit reads a minimum or maximum as OpenAPI 3.0 (exclusive is a boolean
// beside it) and 3.1 (exclusive is a number of its own) write it.
func readLimit(inclusive *float64, exclusive *base.DynamicValue[bool, float64]) *limit {
	switch {
	case exclusive != nil && exclusive.IsB():
		return &limit{exclusive.B, true}
	case inclusive != nil:
		return &limit{*inclusive, exclusive != nil && exclusive.IsA() && exclusive.A}
	}
	return nil
}

// merge adds the rules of a part (allOf, or the alternative chosen) to s.
func (s *schema) merge(part *schema, required []string) {
	if part == nil {
		return
	}
	if len(s.types) == 0 {
		s.types = part.types
	}
	if len(s.enum) == 0 {
		s.enum = part.enum
	}
	if s.format == "" {
		s.format = part.format
	}
	if s.pattern == "" {
		s.pattern = part.pattern
	}
	for _, pair := range []struct{ to, from **int64 }{
		{&s.minLength, &part.minLength}, {&s.maxLength, &part.maxLength},
		{&s.minItems, &part.minItems}, {&s.maxItems, &part.maxItems},
	} {
		if *pair.to == nil {
			*pair.to = *pair.from
		}
	}
	if s.minimum == nil {
		s.minimum = part.minimum
	}
	if s.maximum == nil {
		s.maximum = part.maximum
	}
	if s.items == nil {
		s.items = part.items
	}
	if !s.hasExample {
		s.example, s.hasExample = part.example, part.hasExample
	}
	s.closed = s.closed || part.closed
	s.composite = s.composite || part.composite
	s.nullable = s.nullable || part.nullable
	for _, p := range part.properties {
		p.required = p.required || slices.Contains(required, p.name)
		s.properties = append(s.properties, p)
	}
}

func (s *schema) is(jsonType string) bool { return s != nil && slices.Contains(s.types, jsonType) }

// accepts tells whether a value of a JSON type may fit.
func (s *schema) accepts(jsonType string) bool {
	switch {
	case jsonType == "null":
		return s.nullable || len(s.types) == 0
	case len(s.types) == 0:
		return true
	case jsonType == "number":
		// A whole number is of both types, so that a schema of either takes it.
		return s.is("number") || s.is("integer")
	}
	return s.is(jsonType)
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

// nodeValue turns a YAML node into the JSON value that it stands for.
func nodeValue(n *yaml.Node) (any, bool) {
	if n == nil {
		return nil, false
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, false
	}
	text, err := json.Marshal(v) // dates and integers become what JSON has
	if err != nil {
		return nil, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		return n.Value, true
	}
	if json.Unmarshal(text, &v) != nil {
		return nil, false
	}
	return v, true
}
