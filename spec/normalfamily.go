package spec

import (
	"maps"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

// maxFamily bounds the components that one discriminator chooses among.
const maxFamily = 100

// family is what a reference to a schema means whose discriminator has neither oneOf nor
// anyOf beside it: the components that are made of it by allOf, each under its name
// (OpenAPI 3.0.3, "Discriminator Object"), or the schema alone under a name that is none
// of theirs. It is nil for other schemas, and for one of which nothing is made.
func (w *normalizer) family(parent *yaml.Node) *yaml.Node {
	property := scalar(field(parent, "discriminator"), "propertyName")
	if property == "" || field(parent, "oneOf") != nil || field(parent, "anyOf") != nil {
		return nil
	}
	if made, known := w.families[parent]; known {
		return made
	}
	w.families[parent] = nil
	values := map[string][]string{} // of the property, by component
	for name, schema := range w.schemas {
		if schema != parent && w.isMadeOf(schema, parent, 0) {
			values[name] = nil
		}
	}
	if len(values) == 0 || len(values) > maxFamily {
		return nil
	}
	if mapping := field(field(parent, "discriminator"), "mapping"); mapping != nil && mapping.Kind == yaml.MappingNode {
		for _, m := range members(mapping) {
			name := strings.TrimPrefix(m.value.Value, schemaComponents)
			if _, is := values[name]; is {
				values[name] = append(values[name], m.key)
			}
		}
	}
	all := w.ownValues(parent, property, values)
	if len(all) == 0 {
		return nil
	}
	is := func(keyword string, names ...string) *yaml.Node {
		listed := &yaml.Node{Kind: yaml.SequenceNode}
		for _, name := range names {
			listed.Content = append(listed.Content, textNode(name))
		}
		rule := mapNode(parent.Line, member{"enum", listed})
		if keyword != "" {
			return mapNode(parent.Line, member{"properties", mapNode(parent.Line, member{property, mapNode(parent.Line, member{keyword, rule})})})
		}
		required := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{textNode(property)}}
		return mapNode(parent.Line, member{"required", required}, member{"properties", mapNode(parent.Line, member{property, rule})})
	}
	both := func(tag, schema *yaml.Node, name string) *yaml.Node {
		ref := textNode(schemaComponents + name)
		w.made[ref] = w.named(schema, ref.Value)
		return mapNode(parent.Line, member{"allOf", &yaml.Node{Kind: yaml.SequenceNode, Line: parent.Line, Content: []*yaml.Node{tag, mapNode(parent.Line, member{"$ref", ref})}}})
	}
	branches := &yaml.Node{Kind: yaml.SequenceNode, Line: parent.Line}
	whole := mapNode(parent.Line, member{"oneOf", branches})
	own := ""
	for name, schema := range w.schemas {
		if schema == parent {
			own = name
		}
	}
	w.names[whole] = w.newName(schemaComponents + own) // before its own parts take it
	w.queue = append(w.queue, whole)
	w.families[parent] = whole
	for _, name := range slices.Sorted(maps.Keys(values)) {
		branches.Content = append(branches.Content, both(is("", values[name]...), w.schemas[name], name))
	}
	other := both(is("not", all...), parent, own)
	other.Content = append(other.Content, textNode("readOnly"), plainNode("true")) // nobody sends what no component is named by
	branches.Content = append(branches.Content, other)
	return whole
}

// ownValues fills in the values by which components are named that no mapping names: those
// that the component lists itself, else its name. What the parent lists names none of them,
// and a component that no value of that list names is left out.
func (w *normalizer) ownValues(parent *yaml.Node, property string, values map[string][]string) (all []string) {
	inherited := w.listedValues(parent, property, 0)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) == 0 {
			values[name] = w.listedValues(w.schemas[name], property, 0)
			if taken := slices.ContainsFunc(values[name], func(value string) bool { return slices.Contains(all, value) }); taken || len(values[name]) == 0 || slices.Equal(values[name], inherited) {
				values[name] = []string{name}
			}
		}
		if len(inherited) > 0 && !slices.ContainsFunc(values[name], func(value string) bool { return slices.Contains(inherited, value) }) {
			delete(values, name)
			continue
		}
		all = append(all, values[name]...)
	}
	return all
}

// isMadeOf reports whether a component adds to another by allOf, by itself or through
// others.
func (w *normalizer) isMadeOf(schema, parent *yaml.Node, depth int) bool {
	parts := field(schema, "allOf")
	if parts == nil || depth > maxNested || len(parts.Content) < 2 && len(schema.Content) <= 2 {
		return false
	}
	return slices.ContainsFunc(parts.Content, func(part *yaml.Node) bool {
		name, is := strings.CutPrefix(scalar(part, "$ref"), schemaComponents)
		of := w.schemas[name]
		return is && of != nil && (of == parent || w.isMadeOf(of, parent, depth+1))
	})
}

// inherit lets the parts of a component of a family be the schemas alone.
func (w *normalizer) inherit(schema, parts *yaml.Node) {
	if parts == nil || parts.Kind != yaml.SequenceNode {
		return
	}
	for _, part := range parts.Content {
		_, ref := child(part, "$ref")
		if ref == nil {
			continue
		}
		name, is := strings.CutPrefix(ref.Value, schemaComponents)
		of := w.schemas[name]
		if is && of != nil && w.isMadeOf(schema, of, 0) && w.family(of) != nil {
			w.made[ref] = w.named(of, ref.Value)
		}
	}
}
