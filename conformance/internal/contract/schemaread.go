package contract

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	"github.com/pb33f/libopenapi/orderedmap"

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
	nullable bool // the document is of a version that knows "nullable"
	depth    int  // levels that are read
	cut      bool // there are more
	nodes    int
	within   map[string]int // references on the way down
}

// readSchema reads the schema object behind a proxy. None fits everything. A
// schema too large is read less deeply, so that its upper levels are whole.
func readSchema(proxy *base.SchemaProxy, pointer string, nullable bool) *schema.Schema {
	return readAsDeep(proxy, pointer, nullable, []int{1, 2, 3, 4, 6, 8})
}

// readOutline reads the upper levels of a schema by which nothing is made.
func readOutline(proxy *base.SchemaProxy, pointer string, nullable bool) *schema.Schema {
	return readAsDeep(proxy, pointer, nullable, []int{1, 2, 3})
}

func readAsDeep(proxy *base.SchemaProxy, pointer string, nullable bool, depths []int) (s *schema.Schema) {
	for _, depth := range depths {
		r := &schemaReader{nullable: nullable, depth: depth, within: map[string]int{}}
		deeper := r.read(proxy, pointer, 0)
		if s != nil && r.nodes > maxSchemaNodes {
			break
		}
		if s = deeper; !r.cut {
			break
		}
	}
	return s
}

func (r *schemaReader) read(proxy *base.SchemaProxy, pointer string, level int) *schema.Schema {
	if proxy == nil {
		return &schema.Schema{Pointer: pointer}
	}
	r.nodes++
	r.cut = r.cut || level > r.depth
	reference := proxy.GetReference()
	if level > r.depth || r.nodes > maxSchemaNodes || reference != "" && r.within[reference] >= maxRecursion {
		return &schema.Schema{Pointer: pointer, IsTruncated: true}
	}
	high := proxy.Schema()
	if high == nil {
		return &schema.Schema{Pointer: pointer, IsTruncated: true}
	}
	r.within[reference]++
	defer func() { r.within[reference]-- }()
	if high.BooleanSchema != nil {
		return &schema.Schema{Pointer: pointer, MatchesNothing: !*high.BooleanSchema}
	}
	s := &schema.Schema{Pointer: pointer, MovedRules: map[string]string{}}
	r.readTypes(s, high)
	readScalars(s, high)
	readExamples(s, high)
	r.readArray(s, high, level)
	r.readObject(s, high, level)
	for i, p := range high.AllOf {
		s = schema.Join(s, r.read(p, pointer+spec.Pointer("allOf", strconv.Itoa(i)), level+1))
	}
	r.readChoices(s, high, level)
	s.IsOpaque = s.IsOpaque || isOpaque(high)
	return s
}

func (r *schemaReader) readTypes(s *schema.Schema, high *base.Schema) {
	if len(high.Type) > 0 {
		s.Types = slices.Clone(high.Type)
		// It adds null to the type beside it, and means nothing without one
		// (OpenAPI 3.0.3, "Schema Object").
		if r.nullable && high.Nullable != nil && *high.Nullable && !s.HasType("null") {
			s.Types = append(s.Types, "null")
		}
	}
	for _, n := range high.Enum {
		if v, ok := nodeValue(n); ok {
			s.Enum = append(s.Enum, v)
		}
	}
	if v, ok := nodeValue(high.Const); ok {
		if s.Enum != nil && !schema.ContainsValue(s.Enum, v) {
			s.MatchesNothing = true
		}
		s.Enum, s.MovedRules["enum"] = []any{v}, s.Pointer+"/const"
	}
}

func readScalars(s *schema.Schema, high *base.Schema) {
	s.Format = high.Format
	s.MinLength, s.MaxLength = high.MinLength, high.MaxLength
	if high.Pattern != "" {
		if p, err := spec.CompilePattern(high.Pattern); err == nil {
			s.Patterns = []*spec.Pattern{p}
		} else {
			s.IsOpaque = true
		}
	}
	s.Minimum = readLimit(high.Minimum, high.ExclusiveMinimum, 1)
	s.Maximum = readLimit(high.Maximum, high.ExclusiveMaximum, -1)
	if m := high.MultipleOf; m != nil && *m > 0 {
		s.MultipleOf, _ = exactly10(*m)
	}
}

// readLimit reads a minimum or maximum as OpenAPI 3.0 (exclusive is a boolean
// beside it) and 3.1 (exclusive is a number of its own) write it.
func readLimit(inclusive *float64, exclusive *base.DynamicValue[bool, float64], inward int) *schema.Limit {
	var out *schema.Limit
	if inclusive != nil {
		if value, ok := exactly10(*inclusive); ok {
			out = &schema.Limit{Value: value, Exclusive: exclusive != nil && exclusive.IsA() && exclusive.A}
		}
	}
	if exclusive != nil && exclusive.IsB() {
		if value, ok := exactly10(exclusive.B); ok {
			if l := (&schema.Limit{Value: value, Exclusive: true}); out == nil || l.IsStricter(out, inward) {
				out = l
			}
		}
	}
	return out
}

// exactly10 is a number as its decimal digits say it, which is how the contract
// wrote it.
func exactly10(f float64) (*big.Rat, bool) {
	return schema.ParseNumber(schema.Literal(strconv.FormatFloat(f, 'g', -1, 64)))
}

func readExamples(s *schema.Schema, high *base.Schema) {
	s.ReadOnly = high.ReadOnly != nil && *high.ReadOnly
	s.WriteOnly = high.WriteOnly != nil && *high.WriteOnly
	s.Example, s.HasExample = nodeValue(high.Example)
	if !s.HasExample && len(high.Examples) > 0 {
		s.Example, s.HasExample = nodeValue(high.Examples[0])
	}
	s.DefaultValue, s.HasDefault = nodeValue(high.Default)
}

func (r *schemaReader) readArray(s *schema.Schema, high *base.Schema, level int) {
	s.MinItems, s.MaxItems = high.MinItems, high.MaxItems
	s.UniqueItems = high.UniqueItems != nil && *high.UniqueItems
	for i, p := range high.PrefixItems {
		s.Prefix = append(s.Prefix, r.read(p, s.Pointer+spec.Pointer("prefixItems", strconv.Itoa(i)), level+1))
	}
	switch {
	case high.Items == nil:
	case high.Items.IsA():
		s.Items = r.read(high.Items.A, s.Pointer+"/items", level+1)
	case !high.Items.B:
		s.Items = &schema.Schema{Pointer: s.Pointer + "/items", MatchesNothing: true}
	}
}

func (r *schemaReader) readObject(s *schema.Schema, high *base.Schema, level int) {
	s.MinProperties, s.MaxProperties = high.MinProperties, high.MaxProperties
	if a := high.AdditionalProperties; a != nil && a.IsB() {
		s.IsClosed = !a.B
	} else if a != nil {
		if s.Additional = r.read(a.A, s.Pointer+"/additionalProperties", level+1); s.Additional.MatchesNothing {
			s.Additional, s.IsClosed = nil, true
		}
	}
	for name, p := range high.Properties.FromOldest() {
		child := r.read(p, s.Pointer+spec.Pointer("properties", name), level+1)
		s.Properties = append(s.Properties, schema.Property{Name: name, Required: slices.Contains(high.Required, name), Schema: child})
	}
	for _, name := range high.Required {
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

func (r *schemaReader) readChoices(s *schema.Schema, high *base.Schema, level int) {
	for _, from := range []struct {
		keyword string
		proxies []*base.SchemaProxy
	}{{"oneOf", high.OneOf}, {"anyOf", high.AnyOf}} {
		if len(from.proxies) == 0 {
			continue
		}
		c := schema.Choice{Keyword: from.keyword}
		for i, p := range from.proxies {
			branch := r.read(p, s.Pointer+spec.Pointer(from.keyword, strconv.Itoa(i)), level+1)
			c.Branches = append(c.Branches, discriminated(high.Discriminator, p, branch))
		}
		s.Choices = append(s.Choices, c)
	}
	if high.Not != nil {
		s.Not = append(s.Not, r.read(high.Not, s.Pointer+"/not", level+1))
	}
}

// discriminated joins a branch with the value by which a discriminator names
// it (OpenAPI 3.0.3, "Discriminator Object").
func discriminated(d *base.Discriminator, proxy *base.SchemaProxy, branch *schema.Schema) *schema.Schema {
	reference := proxy.GetReference()
	if d == nil || d.PropertyName == "" || reference == "" {
		return branch
	}
	name := lastToken(reference)
	for key, target := range d.Mapping.FromOldest() {
		if target == reference || target == name {
			name = key
			break
		}
	}
	tag := &schema.Schema{Pointer: branch.Pointer, Enum: []any{name}}
	return schema.Join(branch, &schema.Schema{Pointer: branch.Pointer, Properties: []schema.Property{{Name: d.PropertyName, Required: true, Schema: tag}}})
}

// isOpaque reports whether a schema object has rules that are not read here.
func isOpaque(high *base.Schema) bool {
	return high.If != nil || high.Contains != nil || high.PropertyNames != nil || high.DynamicRef != "" ||
		high.UnevaluatedItems != nil || high.UnevaluatedProperties != nil || len(high.PrefixItems) > 0 ||
		orderedmap.Len(high.PatternProperties) > 0 || orderedmap.Len(high.DependentSchemas) > 0 || orderedmap.Len(high.DependentRequired) > 0
}

func lastToken(pointer string) string { return pointer[strings.LastIndex(pointer, "/")+1:] }
