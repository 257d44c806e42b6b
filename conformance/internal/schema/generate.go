package schema

import (
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/spec"
)

const (
	maxGenerated     = 1 << 16 // characters of a string that is made
	maxGeneratedList = 1000    // items of an array that is made
)

// Sample returns a value that fits a schema, nil if none is found: see
// [Schema.Make].
func Sample(s *Schema, optional bool) any {
	v, _ := s.Make(optional)
	return v
}

// Make returns a value that fits the schema: its first enum value, its example
// or default, else the plainest value of its type. With optional, objects have
// all their properties, else only the required ones. ok is false if none was
// found.
func (s *Schema) Make(optional bool) (v any, ok bool) {
	if s.MatchesNothing || s.IsTruncated {
		return nil, false
	}
	for _, v := range s.Enum {
		if fits(s, v) {
			return v, true
		}
	}
	if len(s.Choices) > 0 {
		return s.makeByBranch(optional)
	}
	if s.isObject() {
		if o, ok := s.makeObject(optional); ok {
			return o, true
		}
	}
	switch {
	case s.HasExample && fits(s, s.Example):
		return s.Example, true
	case s.HasDefault && s.DefaultValue != nil && fits(s, s.DefaultValue):
		return s.DefaultValue, true
	}
	return s.makeOfType(optional)
}

// makeByBranch makes a value that fits one branch of a oneOf or anyOf, and s as
// a whole: of a oneOf no other branch.
func (s *Schema) makeByBranch(optional bool) (any, bool) {
	for _, full := range []bool{optional, !optional} {
		for _, view := range s.Views() {
			if v, ok := view.Make(full); ok && fits(s, v) {
				return v, true
			}
		}
	}
	return nil, false
}

func (s *Schema) makeOfType(optional bool) (any, bool) {
	types := s.Types
	if types == nil {
		types = []string{"string", "object", "integer", "array", "boolean"}
	}
	for _, t := range types {
		var values []any
		switch t {
		case "object":
			if o, ok := s.makeObject(optional); ok {
				return o, true
			}
		case "array":
			if items, ok := s.makeArray(s.plainLength(), optional); ok && (len(s.Contains) == 0 || fits(s, items)) {
				return items, true
			}
		case "integer", "number":
			values = numbersOf(s, 1)
		case "boolean":
			values = []any{true, false}
		case "string":
			values = s.strings(1)
		case "null":
			values = []any{nil}
		}
		for _, v := range values {
			if fits(s, v) {
				return v, true
			}
		}
	}
	return nil, false
}

func (s *Schema) makeObject(optional bool) (Object, bool) {
	example, _ := s.Example.(Object)
	out := Object{}
	var left []Member
	for _, p := range s.Properties {
		if p.Schema.ReadOnly || p.Schema.MatchesNothing && !p.Required {
			continue
		}
		v, ok := example.Get(p.Name)
		if !ok || !fits(p.Schema, v) {
			v, ok = p.Schema.Make(optional)
		}
		switch {
		case ok && (p.Required || optional):
			out = append(out, Member{p.Name, v})
		case ok:
			left = append(left, Member{p.Name, v})
		case p.Required:
			return nil, false
		}
	}
	out = s.filled(out, left)
	if optional && len(s.Choices) == 0 && (s.Additional != nil || s.Patterned != nil) {
		out = s.padded(out, len(out)+1)
	}
	for i := len(out) - 1; i >= 0 && s.MaxProperties != nil && int64(len(out)) > *s.MaxProperties; i-- {
		if p := s.Property(out[i].Name); p == nil || !p.Required {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out, fits(s, out)
}

// filled adds properties until there are as many as minProperties asks for:
// those declared that were left out, then others.
func (s *Schema) filled(out Object, left []Member) Object {
	if s.MinProperties == nil {
		return out
	}
	for _, m := range left {
		if int64(len(out)) < *s.MinProperties {
			out = append(out, m)
		}
	}
	return s.padded(out, int(min(*s.MinProperties, maxGeneratedList)))
}

// padded adds undeclared properties until there are n, where they are allowed.
func (s *Schema) padded(out Object, n int) Object {
	var names []string
	for _, p := range s.Patterned {
		names = append(names, samplesOf(&Schema{Patterns: []*spec.Pattern{p.Pattern}}, n)...)
	}
	if s.Names != nil {
		for _, v := range s.Names.MakeSeveral(n+len(s.Properties), false) {
			name, _ := v.(string)
			names = append(names, name)
		}
	}
	for i := range n + len(s.Properties) {
		names = append(names, "property-"+strconv.Itoa(i+1))
	}
	for _, name := range names {
		of, allowed := s.undeclared(name)
		if _, has := out.Get(name); len(out) >= n || has || !allowed || s.Property(name) != nil || s.Names != nil && !fits(s.Names, name) {
			continue
		}
		var v any = "value"
		if of != nil {
			if v, allowed = of.Make(false); !allowed {
				continue
			}
		}
		out = append(out[:len(out):len(out)], Member{name, v})
	}
	return out
}

// plainLength is how many items an array has where nothing asks for more.
func (s *Schema) plainLength() int {
	n := 1
	if n += len(s.Prefix); len(s.Prefix) > 0 && (s.Items == nil || s.Items.MatchesNothing) {
		n--
	}
	if s.MinItems != nil {
		n = int(min(max(*s.MinItems, int64(n)), maxGeneratedList+1))
	}
	if s.MaxItems != nil {
		n = min(n, int(max(*s.MaxItems, 0)))
	}
	return n
}

// makeByPlace makes an array whose first items have schemas of their own.
func (s *Schema) makeByPlace(n int, optional bool) ([]any, bool) {
	out := []any{}
	for i := range n {
		of := s.itemSchema(i)
		if of == nil {
			of = &Schema{Types: []string{"string"}}
		}
		v, ok := of.Make(optional)
		if !ok {
			return out, s.MinItems == nil || int64(i) >= *s.MinItems
		}
		out = append(out, v)
	}
	return out, true
}

// makeArray makes an array of n items that fit, different ones where they must
// be. It may have a number of items that the schema forbids.
func (s *Schema) makeArray(n int, optional bool) ([]any, bool) {
	if n > maxGeneratedList+1 {
		return nil, false
	}
	if len(s.Prefix) > 0 {
		return s.makeByPlace(n, optional)
	}
	items := s.Items
	if len(s.Contains) > 0 {
		return s.makeContaining(n, optional)
	}
	if items == nil {
		items = &Schema{Types: []string{"string"}}
	}
	out := items.MakeSeveral(n, optional)
	if len(out) == 0 && n > 0 && s.MinItems == nil {
		return []any{}, true // its items cannot be made
	}
	for i := 0; len(out) > 0 && len(out) < n && !s.UniqueItems; i++ {
		out = append(out, out[i])
	}
	return out, len(out) == n
}

// makeContaining makes an array with as many items as its first contains asks for, and
// others that it does not count.
func (s *Schema) makeContaining(n int, optional bool) ([]any, bool) {
	items := s.Items
	if items == nil {
		items = &Schema{}
	}
	c := s.Contains[0]
	several := func(of *Schema, n int) []any {
		out := of.MakeSeveral(n, optional)
		for i := 0; len(out) > 0 && len(out) < n && !s.UniqueItems; i++ {
			out = append(out, out[i])
		}
		return out
	}
	out := several(Join(items, c.Schema), c.Least)
	if n > len(out) {
		out = append(out, several(Join(items, &Schema{Not: []*Schema{c.Schema}}), n-len(out))...)
	}
	if n > len(out) { // all that fit are counted
		out = several(Join(items, c.Schema), n)
	}
	return out, len(out) >= c.Least
}

// MakeSeveral returns up to n different values that fit, the sample first.
func (s *Schema) MakeSeveral(n int, optional bool) []any {
	out := []any{}
	seen := map[string]bool{}
	add := func(v any) bool {
		if key := canonical(v); len(out) < n && !seen[key] && fits(s, v) {
			seen[key] = true
			out = append(out, v)
		}
		return len(out) == n
	}
	first, ok := s.Make(optional)
	if !ok || n == 0 || add(first) {
		return out
	}
	for _, v := range s.Enum {
		add(v)
	}
	for _, view := range s.Views() {
		if len(out) < n {
			view.each(n+1, optional, add)
		}
	}
	return out
}

// each passes values of every type that the schema takes to add, until it says
// that it has enough.
func (s *Schema) each(n int, optional bool, add func(any) bool) {
	if s.Enum != nil {
		return
	}
	var values []any
	types := s.Types
	if types == nil {
		types = []string{"string"}
	}
	for _, t := range types {
		switch t {
		case "boolean":
			values = append(values, true, false)
		case "null":
			values = append(values, nil)
		case "integer", "number":
			values = append(values, numbersOf(s, n)...)
		case "string":
			values = append(values, s.strings(n)...)
		case "array":
			values = append(values, s.arrays(n, optional)...)
		case "object":
			values = append(values, s.objects(n, optional)...)
		}
	}
	for _, v := range values {
		if add(v) {
			return
		}
	}
}

// arrays makes arrays that differ in their first item.
func (s *Schema) arrays(n int, optional bool) []any {
	whole, ok := s.makeArray(s.plainLength()+n, optional)
	if !ok && s.Items != nil {
		whole = s.Items.MakeSeveral(n, optional)
	}
	length := s.plainLength()
	var out []any
	for i := 0; i+length <= len(whole) && length > 0; i++ {
		out = append(out, whole[i:i+length:i+length])
	}
	return out
}

// objects makes objects that differ in one property.
func (s *Schema) objects(n int, optional bool) []any {
	base, ok := s.makeObject(optional)
	if !ok {
		return nil
	}
	var out []any
	for _, p := range s.Properties {
		if _, has := base.Get(p.Name); !has {
			continue
		}
		for _, v := range p.Schema.MakeSeveral(n, optional) {
			out = append(out, base.With([]string{p.Name}, v))
		}
		if len(out) >= n {
			return out
		}
	}
	return out
}

// strings lists up to n different strings that fit.
func (s *Schema) strings(n int) []any {
	if s.MinLength != nil && *s.MinLength > maxGenerated {
		return nil
	}
	var out []any
	seen := map[string]bool{}
	try := func(v string) {
		if len(out) < n && !seen[v] && fits(s, v) {
			seen[v] = true
			out = append(out, v)
		}
	}
	for i := range n {
		if v := formatSample(s.Format, i); v != "" {
			try(v)
			try(ofAllowedLength(s, v))
		}
	}
	if s.MinLength != nil {
		try(longInFormat(s.Format, int(*s.MinLength)))
	}
	if len(s.Patterns) > 0 && len(out) < n {
		for _, v := range samplesOf(s, n) {
			try(v)
		}
	}
	if len(s.Patterns) == 0 || len(out) == 0 {
		for i := range n {
			try(s.numberedText(i))
		}
	}
	return out
}

// numberedText is the i-th of texts of an allowed length that differ at their
// end.
func (s *Schema) numberedText(i int) string {
	if i == 0 {
		return ofAllowedLength(s, "sample")
	}
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var tail []byte
	for n := i; n > 0; n /= len(digits) {
		tail = append([]byte{digits[n%len(digits)]}, tail...)
	}
	end := string(tail)
	if s.MaxLength != nil && int64(len(end)) > *s.MaxLength {
		return ""
	}
	text := ofAllowedLength(s, "sample-"+end)
	if strings.HasSuffix(text, end) {
		return text
	}
	return text[:len(text)-len(end)] + end
}

// text is a string of exactly so many characters that fits in all but its
// length; ok is false where none was found.
func (s *Schema) text(length int64) (v string, ok bool) {
	if s.Enum != nil || length < 0 || length > maxGenerated {
		return "", false
	}
	target := *s
	target.MinLength, target.MaxLength = &length, &length
	made := target.strings(1)
	if len(made) == 0 {
		return "", false
	}
	v, ok = made[0].(string)
	return v, ok
}
