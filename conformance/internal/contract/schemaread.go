package contract

import (
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// Bounds of one schema as it is read. One that goes on beyond them is cut: what
// lies there is left alone.
const (
	maxSchemaNodes = 2000
	maxRecursion   = 2 // times that a component is read within itself
)

// schemaReader reads one schema object and those within it.
type schemaReader struct {
	*contractReader
	depth  int  // levels that are read
	cut    bool // there are more
	nodes  int
	within map[string]int // references on the way down
}

// readSchema reads a schema object. None fits everything. A schema too large is read
// less deeply, so that its upper levels are whole.
func (r *contractReader) readSchema(v any, pointer string) *schema.Schema {
	return r.readAsDeep(v, pointer, []int{1, 2, 3, 4, 6, 8})
}

// readOutline reads the upper levels of a schema by which nothing is made.
func (r *contractReader) readOutline(v any, pointer string) *schema.Schema {
	return r.readAsDeep(v, pointer, []int{1, 2, 3})
}

func (r *contractReader) readAsDeep(v any, pointer string, depths []int) (s *schema.Schema) {
	for _, depth := range depths {
		r := &schemaReader{contractReader: r, depth: depth, within: map[string]int{}}
		deeper := r.read(v, pointer, 0)
		if s != nil && r.nodes > maxSchemaNodes {
			break
		}
		if s = deeper; !r.cut {
			break
		}
	}
	return s
}

// referenced is the component that a schema object is a reference to, and its name.
func (r *contractReader) referenced(n node) (target node, reference string) {
	reference = n.text("$ref")
	if reference == "" {
		return n, ""
	}
	return r.components[lastToken(reference)], reference
}

func (r *schemaReader) read(v any, pointer string, level int) *schema.Schema {
	n := asNode(v)
	if n == nil {
		return &schema.Schema{Pointer: pointer, MatchesNothing: v == false}
	}
	r.nodes++
	r.cut = r.cut || level > r.depth
	n, reference := r.referenced(n)
	if level > r.depth || r.nodes > maxSchemaNodes || reference != "" && r.within[reference] >= maxRecursion {
		return &schema.Schema{Pointer: pointer, IsTruncated: true}
	}
	r.within[reference]++
	defer func() { r.within[reference]-- }()
	s := &schema.Schema{Pointer: pointer, MovedRules: map[string]string{}}
	r.readTypes(s, n)
	readScalars(s, n)
	s.ReadOnly, s.WriteOnly = n.flag("readOnly"), n.flag("writeOnly")
	s.Example, s.HasExample = n.example()
	s.DefaultValue, s.HasDefault = n.value("default")
	r.readArray(s, n, level)
	r.readObject(s, n, level)
	for i, part := range n.list("allOf") {
		s = schema.Join(s, r.read(part, pointer+spec.Pointer("allOf", strconv.Itoa(i)), level+1))
	}
	r.readChoices(s, n, level)
	r.readConditions(s, n, level)
	r.readUnevaluated(s, n, level)
	return s
}

// readConditions reads what depends on a condition as a choice between the cases.
func (r *schemaReader) readConditions(s *schema.Schema, n node, level int) {
	none := &schema.Schema{Pointer: s.Pointer}
	add := func(keyword string, condition, then, otherwise *schema.Schema) {
		c := schema.Choice{Keyword: keyword, Branches: []*schema.Schema{schema.Join(condition, then)}}
		for _, not := range condition.Negations() {
			c.Branches = append(c.Branches, schema.Join(not, otherwise))
		}
		s.Choices = append(s.Choices, c)
	}
	part := func(keyword string) *schema.Schema {
		if v, ok := n.value(keyword); ok {
			return r.read(v, s.Pointer+"/"+keyword, level+1)
		}
		return none
	}
	if n.has("if") {
		add("if", part("if"), part("then"), part("else"))
	}
	with := func(pointer string, names ...any) *schema.Schema {
		out := &schema.Schema{Pointer: pointer}
		for _, each := range names {
			if name, ok := each.(string); ok {
				out.Properties = append(out.Properties, schema.Property{Name: name, Required: true, Schema: &schema.Schema{Pointer: pointer}})
			}
		}
		return out
	}
	for _, p := range n.node("dependentRequired") {
		names, _ := p.Value.([]any)
		pointer := s.Pointer + spec.Pointer("dependentRequired", p.Name)
		add("dependentRequired", with(pointer, p.Name), with(pointer, names...), none)
	}
	for _, p := range n.node("dependentSchemas") {
		pointer := s.Pointer + spec.Pointer("dependentSchemas", p.Name)
		add("dependentSchemas", with(pointer, p.Name), r.read(p.Value, pointer, level+1), none)
	}
}

// readUnevaluated reads what no other keyword has a word on. Where that depends on
// the value, it is left to the validator.
func (r *schemaReader) readUnevaluated(s *schema.Schema, n node, level int) {
	rest, ok := n.value("unevaluatedProperties")
	items, okItems := n.value("unevaluatedItems")
	if !ok && !okItems {
		return
	}
	if len(s.Choices) > 0 || okItems && len(s.Contains) > 0 {
		s.IsOpaque = true
		return
	}
	if ok && s.Additional == nil && !s.IsClosed {
		s.MovedRules["additionalProperties"] = s.Pointer + "/unevaluatedProperties"
		if s.Additional = r.read(rest, s.Pointer+"/unevaluatedProperties", level+1); s.Additional.MatchesNothing {
			s.Additional, s.IsClosed = nil, true
		}
	}
	if okItems && s.Items == nil {
		s.MovedRules["items"] = s.Pointer + "/unevaluatedItems"
		s.Items = r.read(items, s.Pointer+"/unevaluatedItems", level+1)
	}
}

func (r *schemaReader) readTypes(s *schema.Schema, n node) {
	if one := n.text("type"); one != "" {
		s.Types = []string{one}
	}
	for _, each := range n.list("type") {
		if name, ok := each.(string); ok {
			s.Types = append(s.Types, name)
		}
	}
	// It adds null to the type beside it, and means nothing without one (OpenAPI
	// 3.0.3, "Schema Object").
	if r.is30 && n.flag("nullable") && s.Types != nil && !s.HasType("null") {
		s.Types = append(s.Types, "null")
	}
	s.MayBeNull = r.is30 && n.flag("nullable") && slices.ContainsFunc([]string{"allOf", "anyOf", "oneOf"}, n.has)
	s.Enum = n.list("enum")
	if v, ok := n.value("const"); ok {
		if s.Enum != nil && !schema.ContainsValue(s.Enum, v) {
			s.MatchesNothing = true
		}
		s.Enum, s.MovedRules["enum"] = []any{v}, s.Pointer+"/const"
	}
}

func readScalars(s *schema.Schema, n node) {
	s.Format = n.text("format")
	s.MinLength, s.MaxLength = n.count("minLength"), n.count("maxLength")
	if text := n.text("pattern"); text != "" {
		if p, err := spec.CompilePattern(text); err == nil {
			s.Patterns = []*spec.Pattern{p}
		} else {
			s.IsOpaque = true
		}
	}
	s.Minimum = readLimit(n, "minimum", "exclusiveMinimum", 1)
	s.Maximum = readLimit(n, "maximum", "exclusiveMaximum", -1)
	if m := n.number("multipleOf"); m != nil && m.Sign() > 0 {
		s.MultipleOf = m
	}
}

// readLimit reads a minimum or maximum as OpenAPI 3.0 (exclusive is a boolean
// beside it) and 3.1 (exclusive is a number of its own) write it.
func readLimit(n node, inclusive, exclusive string, inward int) *schema.Limit {
	var out *schema.Limit
	if value := n.number(inclusive); value != nil {
		out = &schema.Limit{Value: value, Exclusive: n.flag(exclusive)}
	}
	if value := n.number(exclusive); value != nil {
		if l := (&schema.Limit{Value: value, Exclusive: true}); out == nil || l.IsStricter(out, inward) {
			out = l
		}
	}
	return out
}

func (r *schemaReader) readArray(s *schema.Schema, n node, level int) {
	s.MinItems, s.MaxItems = n.count("minItems"), n.count("maxItems")
	s.UniqueItems = n.flag("uniqueItems")
	if v, ok := n.value("contains"); ok {
		c := schema.Contained{Schema: r.read(v, s.Pointer+"/contains", level+1), Least: 1, Most: n.count("maxContains")}
		if least := n.count("minContains"); least != nil {
			c.Least = int(*least)
		}
		s.Contains = append(s.Contains, c)
	}
	for i, item := range n.list("prefixItems") {
		s.Prefix = append(s.Prefix, r.read(item, s.Pointer+spec.Pointer("prefixItems", strconv.Itoa(i)), level+1))
	}
	if items, ok := n.value("items"); ok {
		s.Items = r.read(items, s.Pointer+"/items", level+1)
	}
}

func (r *schemaReader) readObject(s *schema.Schema, n node, level int) {
	s.MinProperties, s.MaxProperties = n.count("minProperties"), n.count("maxProperties")
	switch additional, _ := n.value("additionalProperties"); additional := additional.(type) {
	case bool:
		s.IsClosed = !additional
	case schema.Object:
		if s.Additional = r.read(additional, s.Pointer+"/additionalProperties", level+1); s.Additional.MatchesNothing {
			s.Additional, s.IsClosed = nil, true
		}
	}
	for _, p := range n.node("patternProperties") {
		if pattern, err := spec.CompilePattern(p.Name); err == nil {
			s.Patterned = append(s.Patterned, schema.Patterned{Pattern: pattern, Schema: r.read(p.Value, s.Pointer+spec.Pointer("patternProperties", p.Name), level+1)})
		}
	}
	if v, ok := n.value("propertyNames"); ok {
		s.Names = schema.Join(&schema.Schema{Types: []string{"string"}}, r.read(v, s.Pointer+"/propertyNames", level+1))
	}
	required := n.list("required")
	for _, p := range n.node("properties") {
		child := r.read(p.Value, s.Pointer+spec.Pointer("properties", p.Name), level+1)
		s.Properties = append(s.Properties, schema.Property{Name: p.Name, Required: slices.Contains(required, any(p.Name)), Schema: child})
	}
	for _, each := range required {
		name, _ := each.(string)
		if s.Property(name) != nil {
			continue
		}
		undeclared := &schema.Schema{Pointer: s.Pointer + "/required", MatchesNothing: s.IsClosed}
		if s.Additional != nil {
			undeclared = s.Additional
		}
		s.Properties = append(s.Properties, schema.Property{Name: name, Required: true, Schema: undeclared})
	}
}

func (r *schemaReader) readChoices(s *schema.Schema, n node, level int) {
	for _, keyword := range []string{"oneOf", "anyOf"} {
		branches := n.list(keyword)
		if len(branches) == 0 {
			continue
		}
		c := schema.Choice{Keyword: keyword, Tag: n.node("discriminator").text("propertyName")}
		for i, each := range branches {
			branch := r.read(each, s.Pointer+spec.Pointer(keyword, strconv.Itoa(i)), level+1)
			c.Branches = append(c.Branches, discriminated(n.node("discriminator"), asNode(each).text("$ref"), branch))
		}
		s.Choices = append(s.Choices, c)
	}
	if not, ok := n.value("not"); ok {
		if rules, is := not.(schema.Object); not == true || is && len(rules) == 0 { // as false is written
			s.MatchesNothing = true
			return
		}
		s.Not = append(s.Not, r.read(not, s.Pointer+"/not", level+1))
	}
}

// discriminated joins a branch with the value by which a discriminator names
// it (OpenAPI 3.0.3, "Discriminator Object").
func discriminated(d node, reference string, branch *schema.Schema) *schema.Schema {
	property := d.text("propertyName")
	if property == "" || reference == "" {
		return branch
	}
	name := lastToken(reference)
	for _, m := range d.node("mapping") {
		if m.Value == reference || m.Value == name {
			name = m.Name
			break
		}
	}
	tag := &schema.Schema{Pointer: branch.Pointer, Enum: []any{name}}
	return schema.Join(branch, &schema.Schema{Pointer: branch.Pointer, Properties: []schema.Property{{Name: property, Required: true, Schema: tag}}})
}

func lastToken(pointer string) string { return pointer[strings.LastIndex(pointer, "/")+1:] }
