package spec

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/go-yaml"
)

const schemaComponents = "#/components/schemas/"

// schema writes a schema object, or a reference to one.
func (w *normalizer) schema(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.MappingNode {
		text := ""
		if n != nil {
			text = n.Value
		}
		switch {
		case text == "false":
			w.out = append(w.out, `{"not":{}}`...)
		default:
			if text != "true" {
				w.warn(n, "a schema expected; any value is taken to fit")
			}
			w.out = append(w.out, '{', '}')
		}
		return true
	}
	_, ref := child(n, "$ref")
	if _, dynamic := child(n, "$dynamicRef"); ref == nil && dynamic != nil && !w.is30 {
		ref = dynamic
	}
	if ref == nil || ref.Kind != yaml.ScalarNode {
		return w.schemaObject(n, w.known(n, "schema", w.kinds["schema"]))
	}
	name, made := w.made[ref]
	if !made {
		name = w.component(ref)
	}
	if name == "" {
		return false
	}
	beside := slices.DeleteFunc(w.known(n, "schema", w.kinds["schema"]), func(m member) bool { return isAnnotation(m.key) })
	if len(beside) > 0 && w.is30 {
		w.warn(n, "what stands beside a $ref is ignored in OpenAPI 3.0: %s", beside[0].key)
		beside = nil
	}
	plain := textNode(schemaComponents + name)
	w.made[plain] = name
	target := mapNode(n.Line, member{"$ref", plain})
	if len(beside) == 0 {
		w.out = append(w.out, `{"$ref":`...)
		w.out = append(appendText(w.out, schemaComponents+name), '}')
		return true
	}
	// In 3.1 both bind. Not every library applies what stands beside.
	all := &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line, Content: []*yaml.Node{target}}
	for i, m := range beside {
		if m.key == "allOf" && m.value.Kind == yaml.SequenceNode {
			all.Content = append(all.Content, m.value.Content...)
			beside = slices.Delete(beside, i, i+1)
			break
		}
	}
	return w.schemaObject(n, append(beside, member{"allOf", all}))
}

// component is the name of the schema that a reference stands for, which is
// written under it once; "" where it leads nowhere.
func (w *normalizer) component(ref *yaml.Node) string {
	var target *yaml.Node
	if name, ok := strings.CutPrefix(ref.Value, schemaComponents); ok {
		target = w.schemas[name] // what most are
	}
	if target == nil {
		if target = w.refersTo(ref); target == nil {
			return ""
		}
	}
	for range maxReferences { // a reference to a reference, as long as it is nothing else
		_, next := child(target, "$ref")
		if next == nil || next.Kind != yaml.ScalarNode || !w.is30 && len(target.Content) > 2 {
			if family := w.family(target); family != nil {
				target = family
			}
			return w.named(target, ref.Value)
		}
		if target = w.refersTo(next); target == nil {
			return ""
		}
		ref = next
	}
	w.fail(w.errorAt(ref, "these references lead in a circle"))
	return ""
}

// named is the component name of a schema, which is written under it once.
func (w *normalizer) named(target *yaml.Node, ref string) string {
	name, known := w.names[target]
	if !known {
		name = w.newName(ref)
		w.names[target] = name
		w.queue = append(w.queue, target)
	}
	return name
}

// newName is the name of a component as it is, where it is one, else made of
// the reference.
func (w *normalizer) newName(ref string) string {
	pointer, _ := fragment(ref)
	name := strings.TrimPrefix("#"+pointer, schemaComponents)
	if strings.HasPrefix(pointer, "/"+filesField) { // the last name alone, without the ending of a file
		name = strings.ReplaceAll(pointer, "~1", "/")
		name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, name)
	base := name
	for i := 2; w.taken[name] || name == ""; i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

// schemaObject writes the keywords of a schema, put right where they are not
// what the version of the document has.
func (w *normalizer) schemaObject(n *yaml.Node, all []member) bool {
	known := w.kinds["schema"]
	out := make([]member, 0, len(all))
	for _, m := range all {
		switch m.key {
		case "type":
			if m.value = w.types(m.value); m.value != nil && !w.is30 {
				m.value = w.orNull(n, m.value)
			}
		case "exclusiveMinimum", "exclusiveMaximum":
			continue // below
		case "items":
			m = w.items(m)
		case "enum":
			if m.value.Kind != yaml.SequenceNode {
				w.warn(m.value, "a list expected; enum is left out")
				continue
			}
			if len(m.value.Content) == 0 {
				w.contradiction(m.value, "an empty enum: no value fits%s", w.unlessNeeded(n))
				if w.isNeeded(n) {
					continue
				}
				m = member{"not", plainNode("true")}
			}
		case "not":
			if m.value.Kind == yaml.MappingNode && len(m.value.Content) == 0 {
				m.value = plainNode("true") // {}, as readers know it
			}
		case "const":
			if w.is30 {
				w.warn(m.value, "\"const\" is no field of a schema object in OpenAPI 3.0; it is read as an enum of one value")
			}
			if w.is30 || isNullNode(m.value) {
				m = member{"enum", &yaml.Node{Kind: yaml.SequenceNode, Line: m.value.Line, Content: []*yaml.Node{m.value}}}
			}
		case "examples":
			if w.is30 || m.value.Kind != yaml.SequenceNode {
				continue
			}
		case "nullable":
			if !w.is30 {
				w.warn(m.value, "\"nullable\" has no meaning in OpenAPI 3.1; write type: [..., 'null']")
				continue
			}
		case "required":
			if m.value.Kind != yaml.SequenceNode {
				w.warn(m.value, "a list of names expected; required is left out")
				continue
			}
			m.value = w.distinct(m.value)
		case "pattern":
			if _, err := CompilePattern(m.value.Value); err != nil {
				w.warn(m.value, "the pattern %q cannot be read: it is not judged", m.value.Value)
				continue
			}
		case "discriminator":
			m.value = w.discriminator(n, m.value)
		case "allOf", "oneOf", "anyOf", "prefixItems":
			if m.key == "allOf" {
				w.inherit(n, m.value)
			}
			if m.value != nil && m.value.Kind == yaml.SequenceNode && len(m.value.Content) == 0 {
				w.warn(m.value, "%s is empty; it is left out", m.key)
				continue
			}
			if m.key == "allOf" && m.value != nil {
				m.value = w.withoutCircle(n, m.value)
			}
			if _, chosen := child(n, "discriminator"); m.key == "oneOf" && m.value != nil && chosen == nil {
				m.value = w.different(m.value)
			}
		}
		if m.value != nil && !slices.ContainsFunc(out, func(have member) bool { return have.key == m.key }) {
			out = append(out, m)
		}
	}
	out = w.exclusive(n, out)
	if w.is30 {
		out = w.nullable(n, out)
	}
	out = w.withoutContradictions(n, out)
	w.members(out, func(name string) string { return known[name] })
	return true
}

// distinct is a list of names without those that stand there twice.
func (w *normalizer) distinct(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line}
	for _, name := range n.Content {
		if slices.ContainsFunc(out.Content, func(have *yaml.Node) bool { return have.Value == name.Value }) {
			w.warn(name, "%q stands twice in required", name.Value)
			continue
		}
		out.Content = append(out.Content, name)
	}
	return out
}

// different lists the branches of a oneOf without those that take what one does that is
// there already: what fits one of two that are the same never fits exactly one.
func (w *normalizer) different(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Line: n.Line}
	seen := make([]*yaml.Node, 0, len(n.Content))
	for _, branch := range n.Content {
		target := branch
		if branch.Kind != yaml.MappingNode { // true and false
			out.Content = append(out.Content, branch)
			continue
		}
		if w.is30 || len(branch.Content) == 2 { // nothing stands beside a $ref
			if target = w.target(branch); target == nil {
				return n
			}
		}
		if slices.ContainsFunc(seen, func(have *yaml.Node) bool { return isSame(have, target, true) }) {
			w.contradiction(branch, "a branch of this oneOf takes what another does: no value fits exactly one; they are read as one branch")
			continue
		}
		seen = append(seen, target)
		out.Content = append(out.Content, branch)
	}
	return out
}

// isSame compares two values; of schemas, what decides about values.
func isSame(a, b *yaml.Node, schema bool) bool {
	switch {
	case a == b:
		return true
	case a.Kind != b.Kind:
		return false
	case a.Kind == yaml.ScalarNode:
		kindA, textA := resolve(a)
		kindB, textB := resolve(b)
		return kindA == kindB && textA == textB
	case a.Kind != yaml.MappingNode:
		return slices.EqualFunc(a.Content, b.Content, func(a, b *yaml.Node) bool { return isSame(a, b, schema) })
	}
	deciding := func(n *yaml.Node) []member {
		all := members(n)
		if schema {
			all = slices.DeleteFunc(all, func(m member) bool { return isAnnotation(m.key) })
		}
		return all
	}
	return slices.EqualFunc(deciding(a), deciding(b), func(a, b member) bool {
		switch {
		case a.key != b.key:
			return false
		case !schema || slices.Contains([]string{"enum", "const", "required"}, a.key):
			return isSame(a.value, b.value, false)
		case slices.Contains([]string{"properties", "patternProperties", "dependentSchemas"}, a.key) && a.value.Kind == yaml.MappingNode && b.value.Kind == yaml.MappingNode:
			return slices.EqualFunc(members(a.value), members(b.value), func(a, b member) bool { return a.key == b.key && isSame(a.value, b.value, true) })
		}
		return isSame(a.value, b.value, true)
	})
}

// nullable puts right where null fits a schema of OpenAPI 3.0. It adds null to the type
// beside it; a schema without a type takes null as any value that no part forbids
// (OpenAPI 3.0.3, "Schema Object"). Many write it beside a reference to what may be
// null here, and mean it.
func (w *normalizer) nullable(n *yaml.Node, out []member) []member {
	has := func(names ...string) bool {
		return slices.ContainsFunc(out, func(m member) bool { return slices.Contains(names, m.key) })
	}
	meant := scalar(n, "nullable") == "true"
	fits := meant || !has("type") && w.takesNull(n)
	if meant && !w.partsTakeNull(n) {
		w.warn(field(n, "nullable"), "\"nullable\" adds null to the type beside it, and another part of this schema takes no null; null is taken to fit all the same")
		if has("oneOf", "anyOf") { // the one combination that says "or null" to every reader is allOf
			part := mapNode(n.Line)
			out = slices.DeleteFunc(out, func(m member) bool {
				moves := slices.Contains([]string{"oneOf", "anyOf", "discriminator"}, m.key)
				if moves {
					part.Content = append(part.Content, textNode(m.key), m.value)
				}
				return moves
			})
			parts := &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line, Content: []*yaml.Node{part}}
			if i := slices.IndexFunc(out, func(m member) bool { return m.key == "allOf" }); i >= 0 {
				parts.Content = slices.Concat(out[i].value.Content, parts.Content)
				out = slices.Delete(out, i, i+1)
			}
			out = append(out, member{"allOf", parts})
		}
	}
	out = slices.DeleteFunc(out, func(m member) bool { return m.key == "nullable" })
	if fits {
		out = append(out, member{"nullable", plainNode("true")})
	}
	return out
}

// takesNull reports whether null fits a schema of OpenAPI 3.0.
func (w *normalizer) takesNull(n *yaml.Node) bool {
	if n = w.target(n); n == nil || n.Kind != yaml.MappingNode {
		return n == nil || n.Value != "false"
	}
	fits, known := w.nulls[n]
	if known {
		return fits
	}
	w.nulls[n] = false // to itself
	if _, typed := child(n, "type"); typed != nil {
		fits = scalar(n, "nullable") == "true" || typed.Kind == yaml.SequenceNode && slices.ContainsFunc(typed.Content, func(each *yaml.Node) bool { return each.Value == "null" })
	} else {
		fits = w.partsTakeNull(n)
	}
	w.nulls[n] = fits
	return fits
}

func (w *normalizer) partsTakeNull(n *yaml.Node) bool {
	count := func(keyword string) (taking, all int) {
		_, parts := child(n, keyword)
		if parts == nil || parts.Kind != yaml.SequenceNode {
			return 0, 0
		}
		for _, part := range parts.Content {
			if w.takesNull(part) {
				taking++
			}
		}
		return taking, len(parts.Content)
	}
	if taking, all := count("allOf"); taking < all {
		return false
	}
	if taking, all := count("anyOf"); taking == 0 && all > 0 {
		return false
	}
	if taking, all := count("oneOf"); taking != 1 && all > 0 {
		return false
	}
	if _, not := child(n, "not"); not != nil && w.takesNull(not) {
		return false
	}
	if _, one := child(n, "const"); one != nil {
		return isNullNode(one)
	}
	_, listed := child(n, "enum")
	return listed == nil || listed.Kind != yaml.SequenceNode || slices.ContainsFunc(listed.Content, isNullNode)
}

// withoutCircle lists the parts of a schema with those in place that choose between it and
// others, as a base type does that its subtypes refer back to: of these, all but the choice
// counts, which is made when a value gets here.
func (w *normalizer) withoutCircle(n, parts *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: parts.Kind, Line: parts.Line}
	for _, part := range parts.Content {
		_, ref := child(part, "$ref")
		if _, made := w.made[ref]; ref == nil || made {
			out.Content = append(out.Content, part)
			continue
		}
		base := w.target(part)
		isBranch := func(branch *yaml.Node) bool { return w.target(branch) == n }
		chooses := func(keyword string) bool {
			choice := field(base, keyword)
			return choice != nil && choice.Kind == yaml.SequenceNode && slices.ContainsFunc(choice.Content, isBranch)
		}
		if !chooses("oneOf") && !chooses("anyOf") {
			out.Content = append(out.Content, part)
			continue
		}
		out.Content = append(out.Content, mapNode(base.Line, slices.DeleteFunc(members(base), func(m member) bool {
			return slices.Contains([]string{"oneOf", "anyOf", "discriminator"}, m.key)
		})...))
	}
	return out
}

// meantType is the JSON type of what a programming language calls so, "" for anything
// else.
func meantType(name string) string {
	switch strings.ToLower(name) {
	case "int", "long", "int32", "int64":
		return "integer"
	case "bool":
		return "boolean"
	case "float", "double", "decimal":
		return "number"
	case "str", "text":
		return "string"
	}
	return ""
}

func jsonTypes() []string {
	return []string{"null", "boolean", "object", "array", "number", "string", "integer"}
}

// types is the type keyword with the types of JSON only.
func (w *normalizer) types(n *yaml.Node) *yaml.Node {
	names := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		names = n.Content
	}
	var out []*yaml.Node
	for _, each := range names {
		name := each.Value
		if isNullNode(each) && n.Kind == yaml.SequenceNode {
			w.warn(each, "null as a type is written in quotes: 'null'")
			name = "null"
		}
		if meant := meantType(name); meant != "" {
			w.warn(each, "%q is no type; it is read as %s", each.Value, meant)
			name = meant
		}
		if !slices.Contains(jsonTypes(), name) {
			w.warn(each, "%q is no type; it is left out", each.Value)
			continue
		}
		out = append(out, textNode(name))
	}
	switch {
	case len(out) == 0 || len(out) < len(names): // which others it may be is not known
		return nil
	case n.Kind != yaml.SequenceNode:
		return out[0]
	case w.is30:
		w.warn(n, "a list of types is no type in OpenAPI 3.0; it is read as in 3.1")
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line, Content: out}
}

// orNull adds null to the type beside a oneOf or anyOf that has it as a branch, which
// nothing else fulfils.
func (w *normalizer) orNull(n, types *yaml.Node) *yaml.Node {
	is := func(each *yaml.Node) bool { return each.Value == "null" }
	all := types.Content
	if types.Kind != yaml.SequenceNode {
		all = []*yaml.Node{types}
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		branches := field(n, keyword)
		if branches == nil || slices.ContainsFunc(all, is) {
			continue
		}
		for _, branch := range branches.Content {
			if one := field(branch, "type"); one != nil && is(one) {
				w.contradiction(branch, "the type beside this %s does not take its branch null; null is taken to fit", keyword)
				return &yaml.Node{Kind: yaml.SequenceNode, Line: types.Line, Content: append(slices.Clone(all), textNode("null"))}
			}
		}
	}
	return types
}

// items is a keyword items of one schema; a list of them, as older versions of
// JSON Schema have it, is what prefixItems says today.
func (w *normalizer) items(m member) member {
	switch {
	case m.value.Kind == yaml.SequenceNode && w.is30:
		w.warn(m.value, "a list of items is no schema; it is left out")
		return member{}
	case m.value.Kind == yaml.SequenceNode:
		w.warn(m.value, "a list of items is written as prefixItems in OpenAPI 3.1; it is read so")
		return member{"prefixItems", m.value}
	case m.value.Value == "true": // with which items count as evaluated
		return member{"items", mapNode(m.value.Line)}
	}
	return m
}

// exclusive writes exclusive limits as the version of the document has them:
// true beside the limit in 3.0, a limit of its own in 3.1.
func (w *normalizer) exclusive(n *yaml.Node, out []member) []member {
	for _, pair := range [][2]string{{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}} {
		_, value := child(n, pair[1])
		if value == nil || value.Kind != yaml.ScalarNode {
			continue
		}
		kind, text := resolve(value)
		limit := slices.IndexFunc(out, func(m member) bool { return m.key == pair[0] })
		switch {
		case kind == isBool && text == "false":
		case kind == isBool && limit < 0:
			w.warn(value, "%s without a %s says nothing", pair[1], pair[0])
		case kind == isBool && w.is30, kind == isNumber && !w.is30:
			out = append(out, member{pair[1], value})
		case kind == isBool:
			w.warn(value, "%s is a number in OpenAPI 3.1; %s is read as exclusive", pair[1], pair[0])
			out[limit].key = pair[1]
		case kind == isNumber:
			w.warn(value, "%s is true or false in OpenAPI 3.0; it is read as a limit of its own", pair[1])
			if limit >= 0 {
				out = slices.Delete(out, limit, limit+1)
			}
			out = append(out, member{pair[0], value}, member{pair[1], plainNode("true")})
		default:
			w.warn(value, "a number expected; %s is left out", pair[1])
		}
	}
	return out
}

// discriminator is one that names its property and leads to schemas; nil where
// there is nothing to choose between.
func (w *normalizer) discriminator(schema, n *yaml.Node) *yaml.Node {
	_, one := child(schema, "oneOf")
	_, any := child(schema, "anyOf")
	name := scalar(n, "propertyName")
	if name == "" {
		w.warn(n, "a discriminator names a property; this one is not judged")
		return nil
	}
	if one == nil && any == nil {
		if w.family(schema) == nil {
			w.warn(n, "a discriminator without oneOf or anyOf, and no component that is made of this one by allOf: it is not judged")
		}
		return nil
	}
	out := []member{{"propertyName", textNode(name)}}
	mapping := field(n, "mapping")
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		mapping = mapNode(n.Line)
	}
	var pairs []member
	for _, m := range members(mapping) {
		ref := m.value
		if ref.Kind != yaml.ScalarNode {
			continue
		}
		if !strings.Contains(ref.Value, "#") {
			ref = &yaml.Node{Kind: yaml.ScalarNode, Value: schemaComponents + ref.Value, Line: ref.Line}
		}
		if pointer, _ := fragment(ref.Value); pointer != "" {
			if _, _, ok := w.find(pointer); ok {
				pairs = append(pairs, member{m.key, textNode(schemaComponents + w.component(ref))})
				continue
			}
		}
		w.warn(m.value, "the discriminator maps %q to %q, which leads nowhere", m.key, m.value.Value)
	}
	own, tells := w.ownNames(n, name, pairs, one, any)
	if !tells {
		w.warn(n, "branches list the same %s: it does not tell them apart, and the discriminator is not judged", name)
		return nil
	}
	if pairs = append(pairs, own...); len(pairs) == 0 {
		return mapNode(n.Line, out...)
	}
	return mapNode(n.Line, append(out, member{"mapping", mapNode(mapping.Line, pairs...)})...)
}

// ownNames maps the values by which branches that no mapping names call
// themselves: what their own schema of the property lists, where it does not
// take the name of the component, which would be the value otherwise. It reports
// false where two of them list the same value.
func (w *normalizer) ownNames(n *yaml.Node, property string, mapped []member, choices ...*yaml.Node) (out []member, tells bool) {
	var plain []member
	for _, choice := range choices {
		if choice == nil || choice.Kind != yaml.SequenceNode {
			continue
		}
		for _, branch := range choice.Content {
			_, ref := child(branch, "$ref")
			if ref == nil || ref.Kind != yaml.ScalarNode {
				continue
			}
			component := w.component(ref)
			target := schemaComponents + component
			if component == "" || slices.ContainsFunc(mapped, func(m member) bool { return m.value.Value == target }) {
				continue
			}
			listed := w.listedValues(branch, property, 0)
			if len(listed) == 0 || slices.Contains(listed, component) {
				plain = append(plain, member{component, textNode(target)})
				continue
			}
			for _, value := range listed {
				same := func(have member) bool { return have.key == value }
				if slices.ContainsFunc(out, same) {
					return nil, false
				}
				if !slices.ContainsFunc(mapped, same) {
					out = append(out, member{value, textNode(target)})
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, true
	}
	w.warn(n, "this discriminator maps nothing to some branches, whose own schemas list another %s than their names; those are taken", property)
	for _, m := range plain { // beside a mapping, some libraries know nothing else
		if !slices.ContainsFunc(slices.Concat(mapped, out), func(have member) bool { return have.key == m.key }) {
			out = append(out, m)
		}
	}
	return out, true
}

// listedValues are the texts that a schema lists for one of its properties.
func (w *normalizer) listedValues(n *yaml.Node, property string, depth int) []string {
	if n = w.target(n); n == nil || depth > maxNested {
		return nil
	}
	_, declared := child(field(n, "properties"), property)
	declared = w.target(declared)
	if text := scalar(declared, "const"); text != "" {
		return []string{text}
	}
	var out []string
	if listed := field(declared, "enum"); listed != nil {
		for _, each := range listed.Content {
			if kind, text := resolve(each); kind == isText {
				out = append(out, text)
			}
		}
	}
	if parts := field(n, "allOf"); len(out) == 0 && parts != nil {
		for _, part := range parts.Content {
			if out = w.listedValues(part, property, depth+1); len(out) > 0 {
				break
			}
		}
	}
	return out
}

// maxNested bounds how deep parts of parts are looked into for a property.
const maxNested = 8

func (w *normalizer) number(n *yaml.Node, keyword string) (float64, bool) {
	v := field(n, keyword)
	if v == nil || v.Kind != yaml.ScalarNode {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.Value, 64)
	return f, err == nil
}
