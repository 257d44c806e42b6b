package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// generator makes values that fit the contract, always the same ones: examples
// where the contract gives them, else the plainest value of the schema.
type generator struct {
	doc          *openapi3.T
	response     bool   // no property that is only written; else none that is only read
	requiredOnly bool   // objects have their required properties alone, arrays their required items
	named        string // the example to answer with, of several
	inventing    bool   // examples and defaults are passed over
	branch       int    // which of a oneOf or anyOf is tried first
	anyFormat    bool   // formats of texts are passed over
	branches     *int   // the most that one of them was seen to have
	apart        bool   // what is made for a branch of a oneOf is none of the others, and no closed part of an allOf refuses it
	nearest      bool   // what cannot be made is made as near as it can be
	left         *int   // how many values may still be made that nothing requires
	within       []*openapi3.Schema
}

const (
	// maxGenerated bounds the nesting of generated values: deeper, only what is
	// required is made, and four times as deep nothing is.
	maxGenerated = 5
	// maxOptional bounds how many values are made that nothing requires.
	maxOptional = 2000
)

var errTooDeep = errors.New("the schema requires endless nesting")

// content makes a body: the example, the first of the examples by name, or a
// value made from the schema. What it returns fits, or is an error. An example
// that does not fit is passed over.
func (g generator) content(media *openapi3.MediaType) (any, error) {
	var examples []any
	if media.Example != nil {
		examples = append(examples, media.Example)
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if ref := media.Examples[name]; ref != nil && ref.Value != nil && ref.Value.Value != nil {
			if name == g.named {
				examples = slices.Insert(examples, 0, ref.Value.Value)
			} else {
				examples = append(examples, ref.Value.Value)
			}
		}
	}
	for _, example := range examples {
		if made, err := clone(example); err == nil && !g.inventing && g.fits(media.Schema, made) {
			return made, nil
		}
	}
	return g.fitting(media.Schema)
}

// fitting makes a value that fits. It tries the plainest way first, then others.
func (g generator) fitting(ref *openapi3.SchemaRef) (any, error) {
	failure := errors.New("no value that fits the schema could be made")
	branches := minBranches
	for attempt := 0; attempt < 3*min(branches, maxBranches); attempt++ {
		try := g
		left := maxOptional
		try.left, try.branches = &left, &branches
		try.branch = attempt / 3
		try.requiredOnly = g.requiredOnly || attempt%3 == 2
		try.inventing = g.inventing || attempt%3 != 0
		try.apart = attempt%3 != 0
		made, err := try.value(ref, 0)
		if err == nil {
			made, err = clone(made)
		}
		if err != nil {
			failure = err
			continue
		}
		if g.fits(ref, made) {
			return made, nil
		}
	}
	if !g.anyFormat { // which the rest of the schema may contradict
		g.anyFormat = true
		return g.fitting(ref)
	}
	return nil, failure
}

// How many branches of a choice are tried, at least and at most.
const minBranches, maxBranches = 4, 16

// near makes a value for a schema that no value fits: much like what it describes.
func (g generator) near(ref *openapi3.SchemaRef) (any, error) {
	left := maxOptional
	g.left, g.nearest = &left, true
	made, err := g.value(ref, 0)
	if err != nil {
		return nil, err
	}
	return clone(made)
}

// fits tells whether value is valid by the schema.
func (g generator) fits(ref *openapi3.SchemaRef, value any) bool {
	if ref == nil || ref.Value == nil {
		return true
	}
	options := []openapi3.SchemaValidationOption{openapi3.VisitAsRequest(), openapi3.FailFast(), openapi3.SetSchemaRegexCompiler(compilePattern)}
	if g.response {
		options[0] = openapi3.VisitAsResponse()
	}
	if !g.anyFormat {
		options = append(options, g.doc.GetSchemaValidationOptions()...)
	}
	if g.doc.IsOpenAPI31OrLater() {
		options = append(options, openapi3.EnableJSONSchema2020())
	}
	return ref.Value.VisitJSON(value, options...) == nil
}

// value makes a value of the schema. It need not fit: see fitting.
func (g generator) value(ref *openapi3.SchemaRef, depth int) (any, error) {
	if ref == nil || ref.Value == nil {
		return map[string]any{}, nil
	}
	if depth > 4*maxGenerated || g.nearest && depth > maxGenerated && ref.Value.Type.Includes("object") {
		if g.nearest {
			return map[string]any{}, nil
		}
		return nil, errTooDeep
	}
	g.within = append(g.within[:len(g.within):len(g.within)], ref.Value)
	s := g.joined(ref.Value)
	if !g.inventing {
		switch {
		case s.Example != nil && mayFit(s, s.Example) && (g.doc.IsOpenAPI31OrLater() || g.fits(ref, s.Example)):
			return s.Example, nil
		case len(s.Examples) > 0 && mayFit(s, s.Examples[0]):
			return s.Examples[0], nil
		}
	}
	switch {
	case s.Const != nil:
		return s.Const, nil
	case !g.inventing && s.Default != nil && mayFit(s, s.Default):
		return s.Default, nil
	case len(s.Enum) > 0:
		return g.listed(s), nil
	case len(s.OneOf) > 0:
		return g.chosen(s, s.OneOf, depth)
	case len(s.AnyOf) > 0:
		return g.chosen(s, s.AnyOf, depth)
	case s.If != nil:
		return g.conditional(s, depth)
	}
	return g.typed(s, depth)
}

// joined is a schema with the parts of its allOf in one. Of what nothing requires
// it leaves out what one of the parts takes no further properties for, if what is
// made must be apart.
func (g generator) joined(s *openapi3.Schema) *openapi3.Schema {
	whole := joined(s, 0)
	if !g.apart || whole == s {
		return whole
	}
	for _, part := range closedParts(s, 0) {
		maps.DeleteFunc(whole.Properties, func(name string, _ *openapi3.SchemaRef) bool {
			return part.Properties[name] == nil && undeclared(part, name) == nil && !slices.Contains(whole.Required, name)
		})
	}
	return whole
}

// mayFit compares the JSON type and the enum, which is what most examples that do
// not fit fail by.
func mayFit(s *openapi3.Schema, value any) bool {
	return (s.Type.IsEmpty() || permits(s.Type, value) || value == nil && s.Nullable) &&
		(len(s.Enum) == 0 || slices.ContainsFunc(s.Enum, func(each any) bool { return same(each, value) }))
}

// listed is the first enum value that the rest of the schema permits.
func (g generator) listed(s *openapi3.Schema) any {
	rest := *s
	rest.Enum = nil
	for _, v := range s.Enum {
		if mayFit(&rest, v) && (s.Not == nil || !g.fits(s.Not, v)) {
			return v
		}
	}
	return s.Enum[0]
}

// chosen makes a value of one branch, joined with what stands beside the choice.
func (g generator) chosen(s *openapi3.Schema, branches openapi3.SchemaRefs, depth int) (any, error) {
	rest := *s
	if len(s.OneOf) > 0 {
		rest.OneOf = nil
	} else {
		rest.AnyOf = nil
	}
	if g.branches != nil {
		*g.branches = max(*g.branches, len(branches))
	}
	var first error
	for i := range branches {
		branch := branches[(i+g.branch)%len(branches)]
		if branch == nil || branch.Value == nil || slices.Contains(g.within, asDeclared(branch.Value)) && i+1 < len(branches) {
			continue // one that leads back here
		}
		inner := g
		inner.within = append(g.within[:len(g.within):len(g.within)], asDeclared(branch.Value))
		both := g.joined(&openapi3.Schema{AllOf: openapi3.SchemaRefs{{Value: &rest}, branch}})
		if g.apart && len(s.OneOf) > 1 {
			others := slices.DeleteFunc(slices.Clone(branches), func(other *openapi3.SchemaRef) bool { return other == branch })
			if both.Not != nil {
				others = append(others, both.Not)
			}
			both.Not = openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: others})
		}
		value, err := inner.value(&openapi3.SchemaRef{Value: both}, depth+1)
		if err == nil {
			return value, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errTooDeep
	}
	return nil, first
}

// conditional makes a value that meets a condition and what follows from it, or
// in a second attempt one that does not.
func (g generator) conditional(s *openapi3.Schema, depth int) (any, error) {
	rest := *s
	rest.If, rest.Then, rest.Else = nil, nil, nil
	parts := openapi3.SchemaRefs{{Value: &rest}}
	if g.branch%2 == 0 {
		parts = append(parts, s.If, s.Then)
	} else {
		parts = append(parts, s.Else)
	}
	parts = slices.DeleteFunc(parts, func(ref *openapi3.SchemaRef) bool { return ref == nil || ref.Value == nil })
	return g.value(&openapi3.SchemaRef{Value: joined(&openapi3.Schema{AllOf: parts}, 0)}, depth+1)
}

func (g generator) typed(s *openapi3.Schema, depth int) (any, error) {
	kinds := []string{kindOf(s)}
	if s.Type.IsEmpty() && s.Not != nil {
		kinds = append(kinds, "string", "boolean", "integer", "array", "object")
	}
	var value any
	var err error
	for _, kind := range kinds {
		switch kind {
		case "object":
			value, err = g.object(s, depth)
		case "array":
			value, err = g.array(s, depth)
		case "string":
			if value, err = makeString(s); err != nil && g.nearest {
				if value, err = matching(s.Pattern, 0); err != nil {
					value, err = usualString(s.Format), nil
				}
			}
		case "integer", "number":
			value, err = makeNumber(s, kind == "integer"), nil
		case "boolean":
			value, err = true, nil
		default:
			value, err = nil, nil
		}
		if err == nil && (s.Not == nil || !g.fits(s.Not, value)) {
			return value, nil
		}
	}
	if err == nil && s.Not != nil {
		value = g.otherThan(s, value)
	}
	return value, err
}

// otherThan is a value much like another that fits a schema, for which that one was
// made regardless of its "not".
func (g generator) otherThan(s *openapi3.Schema, value any) any {
	others := variants(value)
	if object, is := value.(map[string]any); is {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			for _, other := range variants(object[name]) {
				changed := maps.Clone(object)
				changed[name] = other
				others = append(others, changed)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			less := maps.Clone(object)
			delete(less, name)
			others = append(others, less)
		}
		more := maps.Clone(object)
		more["property1"], more["property2"] = "string", "string"
		others = append(others, more)
	}
	for _, other := range others {
		if g.fits(openapi3.NewSchemaRef("", s), other) {
			return other
		}
	}
	return value
}

func variants(value any) []any {
	switch v := value.(type) {
	case string:
		return []any{v + "x", "x" + v, "other", ""}
	case float64:
		return []any{v + 1, v - 1, 0.0, v * 2, v + 0.5}
	case bool:
		return []any{!v}
	}
	return nil
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
	case len(s.Properties) > 0 || len(s.Required) > 0:
		return "object"
	case s.Items != nil || len(s.PrefixItems) > 0 || s.Contains != nil:
		return "array"
	case s.Pattern != "" || s.Format != "" || s.MinLength > 0 || s.MaxLength != nil:
		return "string"
	case s.Min != nil || s.Max != nil || s.MultipleOf != nil:
		return "number"
	}
	return "object"
}

// optional reports whether one more value may be made that nothing requires, of
// a schema that is not being made already.
func (g generator) optional(ref *openapi3.SchemaRef, depth int) bool {
	if g.requiredOnly || depth >= maxGenerated || ref != nil && slices.Contains(g.within, ref.Value) {
		return false
	}
	if g.left != nil {
		*g.left--
		return *g.left >= 0
	}
	return true
}

func (g generator) object(s *openapi3.Schema, depth int) (any, error) {
	made := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		ref := s.Properties[name]
		required := slices.Contains(s.Required, name)
		hidden := ref.Value != nil && (g.response && ref.Value.WriteOnly || !g.response && ref.Value.ReadOnly)
		if hidden || !required && !g.optional(ref, depth) {
			continue
		}
		value, err := g.value(ref, depth+1)
		if err != nil && required {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err == nil && (required || g.doc.IsOpenAPI31OrLater() || g.fits(ref, value)) {
			made[name] = value
		}
	}
	names := slices.Clone(s.Required)
	for name, others := range s.DependentRequired {
		if _, has := made[name]; has || slices.Contains(names, name) {
			names = append(names, others...)
		}
	}
	for _, name := range names {
		ref := s.Properties[name]
		if _, has := made[name]; has || ref != nil && ref.Value != nil && (g.response && ref.Value.WriteOnly || !g.response && ref.Value.ReadOnly) {
			continue
		}
		if ref == nil {
			ref = undeclared(s, name)
		}
		value, err := g.value(ref, depth+1)
		if err != nil {
			return nil, err
		}
		made[name] = value
	}
	for i := 0; uint64(len(made)) < s.MinProps && i < maxOptional; i++ {
		name := g.newName(s, i)
		if _, has := made[name]; has { // a pattern that one text meets at any length
			name += strconv.Itoa(i)
		}
		value, err := g.value(undeclared(s, name), depth+1)
		if err != nil {
			return nil, err
		}
		made[name] = value
	}
	if s.MaxProps != nil {
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(made))) {
			if uint64(len(made)) > *s.MaxProps && !slices.Contains(s.Required, name) {
				delete(made, name)
			}
		}
	}
	return made, nil
}

// newName is a name of a property that is not declared.
func (g generator) newName(s *openapi3.Schema, i int) string {
	if names := s.PropertyNames; names != nil && names.Value != nil && (names.Value.Pattern != "" || len(names.Value.Enum) > i) {
		if text, ok := itemAt(names.Value.Enum, i).(string); ok {
			return text
		}
		if made, err := matching(names.Value.Pattern, uint64(i+1)); err == nil {
			return made
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(s.PatternProperties)) {
		for _, least := range []uint64{uint64(i + 1), 0} {
			if made, err := matching(pattern, least); err == nil {
				return made
			}
		}
	}
	return fmt.Sprintf("property%d", i+1)
}

func itemAt(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func (g generator) array(s *openapi3.Schema, depth int) (any, error) {
	made := []any{}
	n := max(int(s.MinItems), 1)
	if g.requiredOnly {
		n = int(s.MinItems)
	}
	if s.Contains == nil && !g.requiredOnly {
		n = max(n, len(s.PrefixItems))
	}
	if s.MaxItems != nil {
		n = min(n, int(*s.MaxItems))
	}
	if s.Contains != nil && s.Contains.Value != nil {
		wanted := 1
		if s.MinContains != nil {
			wanted = int(*s.MinContains)
		}
		for range min(wanted, maxOptional) {
			item, err := g.value(s.Contains, depth+1)
			if err != nil {
				return nil, err
			}
			if s.Items != nil {
				if both, err := g.value(&openapi3.SchemaRef{Value: joined(&openapi3.Schema{AllOf: openapi3.SchemaRefs{s.Items, s.Contains}}, 0)}, depth+1); err == nil {
					item = both
				}
			}
			made = append(made, item)
		}
		n = max(int(s.MinItems), len(made))
	}
	for i := len(made); i < n; i++ {
		ref := s.Items
		if i < len(s.PrefixItems) {
			ref = s.PrefixItems[i]
		}
		must := uint64(i) < s.MinItems
		if ref != nil && ref.Value != nil && isNever(ref.Value) || !must && !g.mayHold(ref, depth) {
			break
		}
		item, err := g.value(ref, depth+1)
		if err != nil && must {
			return nil, err
		}
		if err != nil {
			return made, nil
		}
		if s.UniqueItems && i > 0 {
			item = another(ref, item, i)
		}
		made = append(made, item)
	}
	return made, nil
}

// mayHold reports whether an array gets an item that nothing requires.
func (g generator) mayHold(ref *openapi3.SchemaRef, depth int) bool {
	if ref == nil {
		return true
	}
	return !slices.Contains(g.within, ref.Value) && (g.left == nil || *g.left > 0)
}

// isNever reports whether a schema takes no value, as false is written.
func isNever(s *openapi3.Schema) bool {
	return s.Not != nil && s.Not.Value != nil && s.Type.IsEmpty() && s.Not.Value.IsEmpty()
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
	case bool:
		return v == (i%2 == 0)
	case map[string]any:
		changed := maps.Clone(v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if other := another(nil, v[name], i); !same(other, v[name]) {
				changed[name] = other
				return changed
			}
		}
	}
	return item
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
	return encode(mediaType, value)
}

// nearBody makes a body for a schema that no value fits.
func (g generator) nearBody(mediaType string, media *openapi3.MediaType) ([]byte, error) {
	value, err := g.near(media.Schema)
	if err != nil {
		return nil, err
	}
	return encode(mediaType, value)
}

func encode(mediaType string, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		if !isJSON(concrete(mediaType)) {
			return []byte(v), nil
		}
	case map[string]any:
		if essence(mediaType) == formType {
			form := url.Values{}
			for name, each := range v {
				items, isList := each.([]any)
				if !isList {
					items = []any{each}
				}
				for _, item := range items {
					form.Add(name, headerText(item, false))
				}
			}
			return []byte(form.Encode()), nil
		}
	}
	return EncodeJSON(value)
}
