package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// branchMark marks a branch that a discriminator names: its only part is the branch as
// the contract has it.
const branchMark = "x-branch"

// adapt puts schemas in words that the library reads whole.
func adapt(doc *openapi3.T) error {
	return doc.WalkSchemas(func(_ string, ref *openapi3.SchemaRef) error {
		s := ref.Value
		switch {
		case s.Discriminator != nil:
			writeOut(s, doc.Components.Schemas)
		case s.Not != nil && saysNothing(s.Not.Value): // which nothing fits, and the library takes for an empty one
			s.Always = new(bool)
		case doc.IsOpenAPI31OrLater() && saysNothing(s): // or it takes no null
			always := true
			s.Always = &always
		}
		return nil
	})
}

// saysNothing reports whether a schema takes everything.
func saysNothing(s *openapi3.Schema) bool {
	if s.Always != nil {
		return *s.Always
	}
	var said map[string]any
	if !s.IsEmpty() {
		return false
	}
	if data, err := json.Marshal(s); err != nil || json.Unmarshal(data, &said) != nil {
		return false
	}
	maps.DeleteFunc(said, func(keyword string, _ any) bool {
		return strings.HasPrefix(keyword, "x-") || slices.Contains([]string{"title", "description", "default", "example", "examples", "deprecated"}, keyword)
	})
	return len(said) == 0
}

// writeOut says with other keywords what a discriminator does, since the library reads it
// in part only: the branch that a value names must fit it, whatever else does. A value that
// names none fits any branch, unless the mapping names them all.
func writeOut(s *openapi3.Schema, components openapi3.Schemas) {
	d, branches := s.Discriminator, slices.Concat(s.OneOf, s.AnyOf)
	s.Discriminator = nil
	s.Required = append(s.Required, d.PropertyName)
	var names []string // what the contract calls them first
	named, targets := map[string]*openapi3.SchemaRef{}, map[string]bool{}
	add := func(name string, branch *openapi3.SchemaRef) {
		if branch != nil && named[name] == nil {
			names, named[name] = append(names, name), branch
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Mapping)) {
		ref := d.Mapping[name].Ref
		targets[ref] = true
		if target := components[lastToken(ref)]; target != nil {
			add(name, &openapi3.SchemaRef{Ref: ref, Value: target.Value})
		}
	}
	isComplete := true
	for _, branch := range branches {
		switch {
		case branch.Ref != "":
			if mayBe(branch.Value, d.PropertyName, lastToken(branch.Ref)) {
				add(lastToken(branch.Ref), branch)
			}
			isComplete = isComplete && targets[branch.Ref]
		case !branch.Value.Type.Is("null"):
			return // one that has no name
		}
	}
	if len(s.OneOf) > 0 && len(s.AnyOf) > 0 {
		return
	}
	s.OneOf, s.AnyOf = nil, nil
	for _, name := range names {
		tag := openapi3.Schemas{d.PropertyName: enumOf(name)}
		s.AnyOf = append(s.AnyOf, openapi3.NewSchemaRef("", &openapi3.Schema{
			Extensions: map[string]any{branchMark: true},
			Not:        not(tagged(tag)), // is decided before the branch
			Properties: tag, Required: []string{d.PropertyName}, AllOf: openapi3.SchemaRefs{named[name]},
		}))
	}
	all := openapi3.Schemas{}
	if !isComplete {
		all[d.PropertyName] = enumOf(names...)
	}
	for _, branch := range branches {
		other := not(tagged(all))
		other.Value.AllOf = openapi3.SchemaRefs{branch}
		other.Value.Extensions = map[string]any{branchMark: true}
		s.AnyOf = append(s.AnyOf, other)
	}
}

// mayBe reports whether an object's property may be a text, as far as lists say.
func mayBe(s *openapi3.Schema, property, text string) bool {
	ref := joined(s, 0).Properties[property]
	if ref == nil || ref.Value == nil {
		return true
	}
	own := joined(ref.Value, 0)
	return (own.Const == nil || own.Const == text) && (len(own.Enum) == 0 || slices.Contains(own.Enum, any(text)))
}

func lastToken(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func enumOf(names ...string) *openapi3.SchemaRef {
	s := &openapi3.Schema{}
	for _, name := range names {
		s.Enum = append(s.Enum, name)
	}
	return openapi3.NewSchemaRef("", s)
}

// tagged takes objects with these properties.
func tagged(properties openapi3.Schemas) *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("", &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: properties, Required: slices.Sorted(maps.Keys(properties))})
}

func not(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("", &openapi3.Schema{Not: ref})
}

// asDeclared is a branch as the contract has it.
func asDeclared(branch *openapi3.Schema) *openapi3.Schema {
	if branch.Extensions[branchMark] == true {
		return branch.AllOf[0].Value
	}
	return branch
}
