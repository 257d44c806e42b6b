package conformance

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	"github.com/pb33f/libopenapi/orderedmap"

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
	nodes    int
	within   map[string]int // references on the way down
}

// readSchema reads the schema object behind a proxy. None fits everything. A
// schema too large is read less deeply, so that its upper levels are whole.
func readSchema(proxy *base.SchemaProxy, pointer string, nullable bool) *schema {
	var s *schema
	for _, depth := range []int{8, 6, 4, 3, 2, 1} {
		r := &schemaReader{nullable: nullable, depth: depth, within: map[string]int{}}
		s = r.read(proxy, pointer, 0)
		if r.nodes <= maxSchemaNodes {
			break
		}
	}
	return s
}

func (r *schemaReader) read(proxy *base.SchemaProxy, pointer string, level int) *schema {
	if proxy == nil {
		return &schema{pointer: pointer}
	}
	r.nodes++
	reference := proxy.GetReference()
	if level > r.depth || r.nodes > maxSchemaNodes || reference != "" && r.within[reference] >= maxRecursion {
		return &schema{pointer: pointer, cut: true}
	}
	high := proxy.Schema()
	if high == nil {
		return &schema{pointer: pointer, cut: true}
	}
	r.within[reference]++
	defer func() { r.within[reference]-- }()
	if high.BooleanSchema != nil {
		return &schema{pointer: pointer, never: !*high.BooleanSchema}
	}
	s := &schema{pointer: pointer, moved: map[string]string{}}
	r.readTypes(s, high)
	readScalars(s, high)
	readExamples(s, high)
	r.readArray(s, high, level)
	r.readObject(s, high, level)
	for i, p := range high.AllOf {
		s = join(s, r.read(p, pointer+spec.Pointer("allOf", itoa(i)), level+1))
	}
	r.readChoices(s, high, level)
	s.opaque = s.opaque || isOpaque(high)
	return s
}

func (r *schemaReader) readTypes(s *schema, high *base.Schema) {
	if len(high.Type) > 0 {
		s.types = slices.Clone(high.Type)
		// It adds null to the type beside it, and means nothing without one
		// (OpenAPI 3.0.3, "Schema Object").
		if r.nullable && high.Nullable != nil && *high.Nullable && !s.is("null") {
			s.types = append(s.types, "null")
		}
	}
	for _, n := range high.Enum {
		if v, ok := nodeValue(n); ok {
			s.enum = append(s.enum, v)
		}
	}
	if v, ok := nodeValue(high.Const); ok {
		if s.enum != nil && !holds(s.enum, v) {
			s.never = true
		}
		s.enum, s.moved["enum"] = []any{v}, s.pointer+"/const"
	}
}

func readScalars(s *schema, high *base.Schema) {
	s.format = high.Format
	s.minLength, s.maxLength = high.MinLength, high.MaxLength
	if high.Pattern != "" {
		if re, err := regexp.Compile(high.Pattern); err == nil {
			s.patterns = []*regexp.Regexp{re}
		} else {
			s.opaque = true
		}
	}
	s.minimum = readLimit(high.Minimum, high.ExclusiveMinimum, 1)
	s.maximum = readLimit(high.Maximum, high.ExclusiveMaximum, -1)
	if m := high.MultipleOf; m != nil && *m > 0 {
		s.multipleOf, _ = exactly10(*m)
	}
}

// readLimit reads a minimum or maximum as OpenAPI 3.0 (exclusive is a boolean
// beside it) and 3.1 (exclusive is a number of its own) write it.
func readLimit(inclusive *float64, exclusive *base.DynamicValue[bool, float64], inward int) *limit {
	var out *limit
	if inclusive != nil {
		if value, ok := exactly10(*inclusive); ok {
			out = &limit{value, exclusive != nil && exclusive.IsA() && exclusive.A}
		}
	}
	if exclusive != nil && exclusive.IsB() {
		if value, ok := exactly10(exclusive.B); ok {
			if l := (&limit{value, true}); out == nil || l.stricter(out, inward) {
				out = l
			}
		}
	}
	return out
}

// exactly10 is a number as its decimal digits say it, which is how the contract
// wrote it.
func exactly10(f float64) (*big.Rat, bool) {
	return rational(literal(strconv.FormatFloat(f, 'g', -1, 64)))
}

func readExamples(s *schema, high *base.Schema) {
	s.readOnly = high.ReadOnly != nil && *high.ReadOnly
	s.example, s.hasExample = nodeValue(high.Example)
	if !s.hasExample && len(high.Examples) > 0 {
		s.example, s.hasExample = nodeValue(high.Examples[0])
	}
	s.defaultValue, s.hasDefault = nodeValue(high.Default)
}

func (r *schemaReader) readArray(s *schema, high *base.Schema, level int) {
	s.minItems, s.maxItems = high.MinItems, high.MaxItems
	s.uniqueItems = high.UniqueItems != nil && *high.UniqueItems
	switch {
	case high.Items == nil:
	case high.Items.IsA():
		s.items = r.read(high.Items.A, s.pointer+"/items", level+1)
	case !high.Items.B:
		s.items = &schema{pointer: s.pointer + "/items", never: true}
	}
}

func (r *schemaReader) readObject(s *schema, high *base.Schema, level int) {
	s.minProperties, s.maxProperties = high.MinProperties, high.MaxProperties
	if a := high.AdditionalProperties; a != nil && a.IsB() {
		s.closed = !a.B
	} else if a != nil {
		if s.additional = r.read(a.A, s.pointer+"/additionalProperties", level+1); s.additional.never {
			s.additional, s.closed = nil, true
		}
	}
	for name, p := range high.Properties.FromOldest() {
		child := r.read(p, s.pointer+spec.Pointer("properties", name), level+1)
		s.properties = append(s.properties, property{name, slices.Contains(high.Required, name), child})
	}
	for _, name := range high.Required {
		if s.property(name) != nil {
			continue
		}
		undeclared := &schema{pointer: s.pointer + "/required", never: s.closed}
		if s.additional != nil {
			undeclared = s.additional
		}
		s.properties = append(s.properties, property{name, true, undeclared})
	}
}

func (r *schemaReader) readChoices(s *schema, high *base.Schema, level int) {
	for _, from := range []struct {
		keyword string
		proxies []*base.SchemaProxy
	}{{"oneOf", high.OneOf}, {"anyOf", high.AnyOf}} {
		if len(from.proxies) == 0 {
			continue
		}
		c := choice{keyword: from.keyword}
		for i, p := range from.proxies {
			branch := r.read(p, s.pointer+spec.Pointer(from.keyword, itoa(i)), level+1)
			c.branches = append(c.branches, discriminated(high.Discriminator, p, branch))
		}
		s.choices = append(s.choices, c)
	}
	if high.Not != nil {
		s.not = append(s.not, r.read(high.Not, s.pointer+"/not", level+1))
	}
}

// discriminated joins a branch with the value by which a discriminator names
// it (OpenAPI 3.0.3, "Discriminator Object").
func discriminated(d *base.Discriminator, proxy *base.SchemaProxy, branch *schema) *schema {
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
	tag := &schema{pointer: branch.pointer, enum: []any{name}}
	return join(branch, &schema{pointer: branch.pointer, properties: []property{{d.PropertyName, true, tag}}})
}

// isOpaque tells whether a schema object has rules that are not read here.
func isOpaque(high *base.Schema) bool {
	return high.If != nil || high.Contains != nil || high.PropertyNames != nil || high.DynamicRef != "" ||
		high.UnevaluatedItems != nil || high.UnevaluatedProperties != nil || len(high.PrefixItems) > 0 ||
		orderedmap.Len(high.PatternProperties) > 0 || orderedmap.Len(high.DependentSchemas) > 0 || orderedmap.Len(high.DependentRequired) > 0
}

func lastToken(pointer string) string { return pointer[strings.LastIndex(pointer, "/")+1:] }
