package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// generator makes values that fit the contract, always the same ones: examples
// where the contract gives them, else the plainest value of the schema.
type generator struct {
	doc          *openapi3.T
	response     bool // no property that is only written; else none that is only read
	requiredOnly bool
}

// maxGenerated bounds the nesting of generated values: deeper, only what is
// required is made, and twice as deep nothing is.
const maxGenerated = 5

var errTooDeep = errors.New("the schema requires endless nesting")

// content makes a body: the example, the first of the examples by name, or a
// value made from the schema. What it returns fits, or is an error.
func (g generator) content(media *openapi3.MediaType) (any, error) {
	if media.Example != nil {
		return clone(media.Example)
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if ref := media.Examples[name]; ref != nil && ref.Value != nil && ref.Value.Value != nil {
			return clone(ref.Value.Value)
		}
	}
	return g.fitting(media.Schema)
}

// fitting is value, checked.
func (g generator) fitting(ref *openapi3.SchemaRef) (any, error) {
	made, err := g.value(ref, 0)
	if err != nil {
		return nil, err
	}
	if made, err = clone(made); err != nil {
		return nil, err
	}
	if !g.fits(ref, made) {
		return nil, errors.New("no value that fits the schema could be made")
	}
	return made, nil
}

// fits tells whether value is valid by the schema.
func (g generator) fits(ref *openapi3.SchemaRef, value any) bool {
	if ref == nil || ref.Value == nil {
		return true
	}
	options := []openapi3.SchemaValidationOption{openapi3.VisitAsRequest(), openapi3.FailFast()}
	if g.response {
		options[0] = openapi3.VisitAsResponse()
	}
	if g.doc.IsOpenAPI31OrLater() {
		options = append(options, openapi3.EnableJSONSchema2020())
	}
	return ref.Value.VisitJSON(value, options...) == nil
}

func (g generator) value(ref *openapi3.SchemaRef, depth int) (any, error) {
	if ref == nil || ref.Value == nil {
		return map[string]any{}, nil
	}
	if depth > 2*maxGenerated {
		return nil, errTooDeep
	}
	s := ref.Value
	switch {
	case s.Example != nil && g.fits(ref, s.Example):
		return s.Example, nil
	case len(s.Examples) > 0:
		return s.Examples[0], nil
	case s.Const != nil:
		return s.Const, nil
	case s.Default != nil:
		return s.Default, nil
	case len(s.Enum) > 0:
		return s.Enum[0], nil
	case len(s.AllOf) > 0:
		return g.merged(s, depth)
	case len(s.OneOf) > 0:
		return g.oneOf(s.OneOf, depth)
	case len(s.AnyOf) > 0:
		return g.oneOf(s.AnyOf, depth)
	}
	return g.typed(s, depth)
}

func (g generator) typed(s *openapi3.Schema, depth int) (any, error) {
	switch kind := kindOf(s); kind {
	case "object":
		return g.object(s, depth)
	case "array":
		return g.array(s, depth)
	case "string":
		return makeString(s)
	case "integer", "number":
		return makeNumber(s, kind == "integer"), nil
	case "boolean":
		return true, nil
	default:
		return nil, nil
	}
}

// kindOf is the type to make, guessed from the keywords where none is declared.
func kindOf(s *openapi3.Schema) string {
	for _, kind := range s.Type.Slice() {
		if kind != "null" {
			return kind
		}
	}
	switch {
	case s.Type.Includes("null"):
		return "null"
	case s.Items != nil:
		return "array"
	case s.Pattern != "" || s.Format != "" || s.MinLength > 0:
		return "string"
	case s.Min != nil || s.Max != nil:
		return "number"
	}
	return "object"
}

func (g generator) object(s *openapi3.Schema, depth int) (any, error) {
	made := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		ref := s.Properties[name]
		required := slices.Contains(s.Required, name)
		hidden := ref.Value != nil && (g.response && ref.Value.WriteOnly || !g.response && ref.Value.ReadOnly)
		if hidden || !required && (g.requiredOnly || depth >= maxGenerated) {
			continue
		}
		value, err := g.value(ref, depth+1)
		if err != nil && required {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err == nil && (required || g.fits(ref, value)) {
			made[name] = value
		}
	}
	for _, name := range s.Required {
		if _, known := s.Properties[name]; known {
			continue
		}
		value, err := g.value(s.AdditionalProperties.Schema, depth+1)
		if err != nil {
			return nil, err
		}
		made[name] = value
	}
	for i := 0; uint64(len(made)) < s.MinProps; i++ {
		value, err := g.value(s.AdditionalProperties.Schema, depth+1)
		if err != nil {
			return nil, err
		}
		made[fmt.Sprintf("property%d", i+1)] = value
	}
	return made, nil
}

func (g generator) array(s *openapi3.Schema, depth int) (any, error) {
	n := max(int(s.MinItems), 1)
	if s.MaxItems != nil {
		n = min(n, int(*s.MaxItems))
	}
	made := []any{}
	for i := range n {
		item, err := g.value(s.Items, depth+1)
		if err != nil && uint64(i) < s.MinItems {
			return nil, err
		}
		if err != nil {
			return made, nil
		}
		if s.UniqueItems && i > 0 {
			item = another(s.Items, item, i)
		}
		made = append(made, item)
	}
	return made, nil
}

// another varies the i-th item of an array whose items must differ.
func another(ref *openapi3.SchemaRef, item any, i int) any {
	if ref != nil && ref.Value != nil && i < len(ref.Value.Enum) {
		return ref.Value.Enum[i]
	}
	switch v := item.(type) {
	case string:
		return fmt.Sprintf("%s%d", v, i)
	case float64:
		return v + float64(i)
	}
	return item
}

// merged makes an object of all the schemas of an allOf, or a value of the first
// of them that is not about objects.
func (g generator) merged(s *openapi3.Schema, depth int) (any, error) {
	whole := &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{}}
	if other := flatten(whole, s, 0); other != nil {
		return g.value(&openapi3.SchemaRef{Value: other}, depth+1)
	}
	return g.object(whole, depth)
}

// flatten adds what s says of an object to whole. It returns the first schema
// that is about something else.
func flatten(whole, s *openapi3.Schema, depth int) (other *openapi3.Schema) {
	if depth > maxGenerated {
		return nil
	}
	if kind := kindOf(s); kind != "object" {
		return s
	}
	maps.Copy(whole.Properties, s.Properties)
	whole.Required = append(whole.Required, s.Required...)
	whole.MinProps = max(whole.MinProps, s.MinProps)
	parts := slices.Clone(s.AllOf)
	if len(s.OneOf) > 0 {
		parts = append(parts, s.OneOf[0])
	}
	if len(s.AnyOf) > 0 {
		parts = append(parts, s.AnyOf[0])
	}
	for _, ref := range parts {
		if ref == nil || ref.Value == nil {
			continue
		}
		if other := flatten(whole, ref.Value, depth+1); other != nil {
			return other
		}
	}
	return nil
}

func (g generator) oneOf(refs openapi3.SchemaRefs, depth int) (any, error) {
	var first error
	for _, ref := range refs {
		value, err := g.value(ref, depth+1)
		if err == nil {
			return value, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// clone copies a value of the JSON data model.
func clone(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	var copied any
	return copied, json.Unmarshal(data, &copied)
}

// body makes the bytes of a body of a media type: JSON, or the text of a value
// for anything else.
func (g generator) body(mediaType string, media *openapi3.MediaType) ([]byte, error) {
	value, err := g.content(media)
	if err != nil {
		return nil, err
	}
	if text, ok := value.(string); ok && !isJSON(concrete(mediaType)) {
		return []byte(text), nil
	}
	return EncodeJSON(value)
}
