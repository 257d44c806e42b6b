package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/go-yaml"
)

// withoutContradictions leaves out rules that no value can fulfil together, where a value
// must be: neither half then demands what cannot be. Elsewhere nothing, or an empty list,
// fulfils them.
func (w *normalizer) withoutContradictions(n *yaml.Node, out []member) []member {
	drop := func(keyword string) {
		if w.isNeeded(n) {
			out = slices.DeleteFunc(out, func(m member) bool { return m.key == keyword })
		}
	}
	for _, pair := range [][2]string{{"minimum", "maximum"}, {"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minProperties", "maxProperties"}, {"minContains", "maxContains"}} {
		least, ok := w.number(n, pair[0])
		most, both := w.number(n, pair[1])
		if ok && both && least > most {
			w.contradiction(field(n, pair[0]), "%s is greater than %s: no value fits%s", pair[0], pair[1], w.unlessNeeded(n))
			drop(pair[0])
			drop(pair[1])
		}
	}
	if w.isEmptyRange(n) {
		w.contradiction(n, "no number is between these limits: no value fits%s", w.unlessNeeded(n))
		for _, keyword := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
			drop(keyword)
		}
	}
	if types := w.typesOf(n); types != nil {
		listed := field(n, "enum")
		if one := field(n, "const"); one != nil {
			listed = &yaml.Node{Kind: yaml.SequenceNode, Line: one.Line, Content: []*yaml.Node{one}}
		}
		if listed != nil && listed.Kind == yaml.SequenceNode && len(listed.Content) > 0 && !slices.ContainsFunc(listed.Content, func(v *yaml.Node) bool { return isOfTypes(v, types) }) {
			w.contradiction(listed.Content[0], "no value that is listed is of the type %s: no value fits%s", strings.Join(types, " or "), w.unlessNeeded(n))
			drop("enum")
			drop("const")
		}
	}
	if parts := field(n, "allOf"); parts != nil {
		common := w.typesOf(n)
		for _, part := range parts.Content {
			if types := w.typesOf(part); common == nil {
				common = types
			} else if types != nil {
				if common = commonTypes(common, types); len(common) == 0 {
					w.contradiction(part, "the parts of this allOf are of different types: no value fits%s", w.unlessNeeded(n))
					drop("allOf")
					break
				}
			}
		}
	}
	required := field(n, "required")
	if forbidden := w.forbidden(n, required); len(forbidden) > 0 {
		for _, name := range forbidden {
			w.contradiction(name, "%q is required, and additionalProperties forbids it: no value fits%s", name.Value, w.unlessNeeded(n))
		}
		drop("additionalProperties")
		for i := range out {
			if out[i].key == "required" && w.isNeeded(n) {
				kept := slices.DeleteFunc(slices.Clone(out[i].value.Content), func(name *yaml.Node) bool { return slices.Contains(forbidden, name) })
				out[i].value = &yaml.Node{Kind: yaml.SequenceNode, Line: required.Line, Content: kept}
			}
		}
	}
	for i := range out {
		if out[i].key == "allOf" && out[i].value.Kind == yaml.SequenceNode {
			parts, closed := w.together(n, out[i].value)
			if w.isNeeded(n) {
				out[i].value = parts
			}
			if closed {
				drop("additionalProperties")
				break
			}
		}
	}
	return out
}

// unlessNeeded ends the sentence about a contradiction that is left out.
func (w *normalizer) unlessNeeded(n *yaml.Node) string {
	if w.isNeeded(n) {
		return "; it is not judged"
	}
	return ""
}

// isNeeded reports whether some message must have a value of a schema: a body or a
// required parameter, what it requires, and their parts. Nothing is needed in a branch of
// several, in a list that may be empty, and where a property may be left out.
func (w *normalizer) isNeeded(n *yaml.Node) bool {
	if w.needed == nil {
		w.needed = map[*yaml.Node]bool{}
		w.findNeeded(w.root, map[*yaml.Node]bool{})
	}
	return w.needed[n]
}

func (w *normalizer) findNeeded(n *yaml.Node, seen map[*yaml.Node]bool) {
	if n == nil || n.Kind == yaml.ScalarNode || seen[n] {
		return
	}
	seen[n] = true
	if content := field(n, "content"); content != nil && content.Kind == yaml.MappingNode {
		for _, m := range members(content) {
			w.need(field(m.value, "schema"), 0)
		}
	}
	if scalar(n, "in") == "path" || scalar(n, "required") == "true" {
		w.need(field(n, "schema"), 0)
	}
	for _, child := range n.Content {
		w.findNeeded(child, seen)
	}
}

func (w *normalizer) need(n *yaml.Node, depth int) {
	for range maxReferences {
		ref := field(n, "$ref")
		if ref == nil || ref.Kind != yaml.ScalarNode {
			break
		}
		w.needed[n] = true // what stands beside it counts in 3.1
		pointer, _ := fragment(ref.Value)
		_, found, ok := w.find(pointer)
		if !ok {
			found = w.identified(ref)
		}
		n = found
	}
	if n == nil || n.Kind != yaml.MappingNode || w.needed[n] || depth > maxDepth {
		return
	}
	w.needed[n] = true
	if parts := field(n, "allOf"); parts != nil {
		for _, part := range parts.Content {
			w.need(part, depth+1)
		}
	}
	if required := field(n, "required"); required != nil {
		for _, name := range required.Content {
			_, property := child(field(n, "properties"), name.Value)
			w.need(property, depth+1)
		}
	}
	if least, ok := w.number(n, "minItems"); ok && least > 0 {
		w.need(field(n, "items"), depth+1)
	}
}

// forbidden lists the names that must be there and that a schema does not allow.
func (w *normalizer) forbidden(n, required *yaml.Node) (out []*yaml.Node) {
	if closed := field(n, "additionalProperties"); closed == nil || closed.Value != "false" || required == nil || required.Kind != yaml.SequenceNode || field(n, "patternProperties") != nil {
		return nil
	}
	for _, name := range required.Content {
		if field(field(n, "properties"), name.Value) == nil {
			out = append(out, name)
		}
	}
	return out
}

// together opens schemas that allOf joins where one forbids what another requires:
// additionalProperties does not see across allOf, which authors seldom know. whole
// reports whether the schema with the allOf is one of them.
func (w *normalizer) together(n, parts *yaml.Node) (out *yaml.Node, whole bool) {
	targets := make([]*yaml.Node, len(parts.Content))
	all := []*yaml.Node{n}
	for i, part := range parts.Content {
		if _, ours := w.made[field(part, "$ref")]; ours {
			continue
		}
		if targets[i] = w.target(part); targets[i] != nil && targets[i].Kind == yaml.MappingNode {
			all = append(all, targets[i])
		}
	}
	opened := map[*yaml.Node]bool{}
	for _, one := range all {
		for _, other := range all {
			for _, name := range w.forbidden(one, field(other, "required")) {
				if one != other && !opened[one] {
					opened[one] = true
					w.contradiction(field(one, "additionalProperties"), "additionalProperties forbids %q, which another part of the allOf requires (line %d): no value fits%s", name.Value, w.LineOfPage(name.Line), w.unlessNeeded(n))
				}
			}
		}
	}
	out = &yaml.Node{Kind: parts.Kind, Line: parts.Line}
	for i, part := range parts.Content {
		if target := targets[i]; opened[target] {
			part = &yaml.Node{Kind: target.Kind, Line: target.Line}
			for i := 0; i+1 < len(target.Content); i += 2 {
				if target.Content[i].Value != "additionalProperties" {
					part.Content = append(part.Content, target.Content[i], target.Content[i+1])
				}
			}
		}
		out.Content = append(out.Content, part)
	}
	return out, opened[n]
}

// isEmptyRange reports whether there is no number between exclusive limits.
func (w *normalizer) isEmptyRange(n *yaml.Node) bool {
	limit := func(inclusive, exclusive string) (value float64, open, ok bool) {
		value, ok = w.number(n, inclusive)
		open = scalar(n, exclusive) == "true"
		if other, is := w.number(n, exclusive); is && (!ok || (other >= value) == (exclusive == "exclusiveMinimum")) {
			return other, true, true
		}
		return value, open, ok
	}
	least, openLeast, ok := limit("minimum", "exclusiveMinimum")
	most, openMost, both := limit("maximum", "exclusiveMaximum")
	_, low := w.number(n, "minimum")
	_, high := w.number(n, "maximum")
	return ok && both && (least == most && (openLeast || openMost) || least > most && !(low && high))
}

// typesOf are the types that a schema names, or the one that it refers to; nil for any.
func (w *normalizer) typesOf(n *yaml.Node) (out []string) {
	n = w.target(n)
	named := field(n, "type")
	switch {
	case named == nil:
		return nil
	case named.Kind == yaml.SequenceNode:
		for _, each := range named.Content {
			out = append(out, each.Value)
		}
	default:
		out = []string{named.Value}
	}
	if slices.ContainsFunc(out, func(name string) bool { return !slices.Contains(jsonTypes(), name) }) {
		return nil
	}
	if scalar(n, "nullable") == "true" {
		out = append(out, "null")
	}
	return out
}

func commonTypes(a, b []string) (out []string) {
	for _, name := range a {
		if slices.Contains(b, name) || name == "integer" && slices.Contains(b, "number") || name == "number" && slices.Contains(b, "integer") {
			out = append(out, name)
		}
	}
	return out
}

// isOfTypes reports whether a value is of one of some JSON types.
func isOfTypes(v *yaml.Node, types []string) bool {
	name := "object"
	switch v = unalias(v); {
	case v.Kind == yaml.SequenceNode:
		name = "array"
	case v.Kind == yaml.ScalarNode:
		kind, text := resolve(v)
		name = map[scalarKind]string{isNull: "null", isBool: "boolean", isNumber: "number", isText: "string"}[kind]
		if number, err := strconv.ParseFloat(text, 64); kind == isNumber && err == nil && number == float64(int64(number)) {
			return slices.Contains(types, "number") || slices.Contains(types, "integer")
		}
	}
	return slices.Contains(types, name)
}
