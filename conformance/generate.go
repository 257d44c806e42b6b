package conformance

import (
	"slices"
	"strconv"
	"strings"
)

const (
	maxGenerated     = 1 << 16 // characters of a string that is made
	maxGeneratedList = 1000    // items of an array that is made
)

// sample makes a value that fits a schema, nil where none is found: see
// [schema.make].
func sample(s *schema, optional bool) any {
	v, _ := s.make(optional)
	return v
}

// make makes a value that fits the schema: its first enum value, its example or
// default where it has one, else the plainest value of its type. With optional,
// objects hold all their properties, else the required ones. ok is false where
// none was found.
func (s *schema) make(optional bool) (v any, ok bool) {
	if s.never || s.cut {
		return nil, false
	}
	for _, v := range s.enum {
		if s.fits(v) {
			return v, true
		}
	}
	if len(s.choices) > 0 {
		return s.makeByBranch(optional)
	}
	if s.isObject() {
		if o, ok := s.makeObject(optional); ok {
			return o, true
		}
	}
	switch {
	case s.hasExample && s.fits(s.example):
		return s.example, true
	case s.hasDefault && s.defaultValue != nil && s.fits(s.defaultValue):
		return s.defaultValue, true
	}
	return s.makeOfType(optional)
}

// makeByBranch makes a value that fits one branch of a oneOf or anyOf, and s as
// a whole: of a oneOf no other branch.
func (s *schema) makeByBranch(optional bool) (any, bool) {
	for _, full := range []bool{optional, !optional} {
		for _, view := range s.views() {
			if v, ok := view.make(full); ok && s.fits(v) {
				return v, true
			}
		}
	}
	return nil, false
}

func (s *schema) makeOfType(optional bool) (any, bool) {
	types := s.types
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
			if items, ok := s.makeArray(s.plainLength(), optional); ok {
				return items, true
			}
		case "integer", "number":
			values = s.numbers(1)
		case "boolean":
			values = []any{true, false}
		case "string":
			values = s.strings(1)
		case "null":
			values = []any{nil}
		}
		for _, v := range values {
			if s.fits(v) {
				return v, true
			}
		}
	}
	return nil, false
}

func (s *schema) makeObject(optional bool) (object, bool) {
	example, _ := s.example.(object)
	out := object{}
	var left []member
	for _, p := range s.properties {
		if p.schema.readOnly || p.schema.never && !p.required {
			continue
		}
		v, ok := example.get(p.name)
		if !ok || !p.schema.fits(v) {
			v, ok = p.schema.make(optional)
		}
		switch {
		case ok && (p.required || optional):
			out = append(out, member{p.name, v})
		case ok:
			left = append(left, member{p.name, v})
		case p.required:
			return nil, false
		}
	}
	out = s.filled(out, left)
	for i := len(out) - 1; i >= 0 && s.maxProperties != nil && int64(len(out)) > *s.maxProperties; i-- {
		if !s.property(out[i].name).required {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out, s.fits(out)
}

// filled adds properties until there are as many as minProperties asks for:
// those declared that were left out, then others.
func (s *schema) filled(out object, left []member) object {
	if s.minProperties == nil {
		return out
	}
	for _, m := range left {
		if int64(len(out)) < *s.minProperties {
			out = append(out, m)
		}
	}
	return s.padded(out, int(min(*s.minProperties, maxGeneratedList)))
}

// padded adds undeclared properties until there are n, where they are allowed.
func (s *schema) padded(out object, n int) object {
	var v any = "value"
	if s.additional != nil {
		v, _ = s.additional.make(false)
	}
	for i := 1; len(out) < n && !s.closed; i++ {
		name := "property-" + strconv.Itoa(i)
		if _, has := out.get(name); !has && s.property(name) == nil {
			out = append(out[:len(out):len(out)], member{name, v})
		}
	}
	return out
}

// plainLength is how many items an array has where nothing asks for more.
func (s *schema) plainLength() int {
	n := 1
	if s.minItems != nil {
		n = int(min(max(*s.minItems, 1), maxGeneratedList+1))
	}
	if s.maxItems != nil {
		n = min(n, int(max(*s.maxItems, 0)))
	}
	return n
}

// makeArray makes an array of n items that fit, different ones where they must
// be. It may have a number of items that the schema forbids.
func (s *schema) makeArray(n int, optional bool) ([]any, bool) {
	if n > maxGeneratedList+1 {
		return nil, false
	}
	items := s.items
	if items == nil {
		items = &schema{types: []string{"string"}}
	}
	out := items.several(n, optional)
	if len(out) == 0 && n > 0 && s.minItems == nil {
		return []any{}, true // its items cannot be made
	}
	for i := 0; len(out) > 0 && len(out) < n && !s.uniqueItems; i++ {
		out = append(out, out[i])
	}
	return out, len(out) == n
}

// several makes up to n different values that fit, the sample first.
func (s *schema) several(n int, optional bool) []any {
	out := []any{}
	seen := map[string]bool{}
	add := func(v any) bool {
		if key := canonical(v); len(out) < n && !seen[key] && s.fits(v) {
			seen[key] = true
			out = append(out, v)
		}
		return len(out) == n
	}
	first, ok := s.make(optional)
	if !ok || n == 0 || add(first) {
		return out
	}
	for _, v := range s.enum {
		add(v)
	}
	for _, view := range s.views() {
		if len(out) < n {
			view.each(n+1, optional, add)
		}
	}
	return out
}

// each passes values of every type that the schema takes to add, until it says
// that it has enough.
func (s *schema) each(n int, optional bool, add func(any) bool) {
	if s.enum != nil {
		return
	}
	var values []any
	types := s.types
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
			values = append(values, s.numbers(n)...)
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
func (s *schema) arrays(n int, optional bool) []any {
	whole, ok := s.makeArray(s.plainLength()+n, optional)
	if !ok && s.items != nil {
		whole = s.items.several(n, optional)
	}
	length := s.plainLength()
	var out []any
	for i := 0; i+length <= len(whole) && length > 0; i++ {
		out = append(out, whole[i:i+length:i+length])
	}
	return out
}

// objects makes objects that differ in one property.
func (s *schema) objects(n int, optional bool) []any {
	base, ok := s.makeObject(optional)
	if !ok {
		return nil
	}
	var out []any
	for _, p := range s.properties {
		if _, has := base.get(p.name); !has {
			continue
		}
		for _, v := range p.schema.several(n, optional) {
			out = append(out, base.with([]string{p.name}, v))
		}
		if len(out) >= n {
			return out
		}
	}
	return out
}

// strings lists up to n different strings that fit.
func (s *schema) strings(n int) []any {
	if s.minLength != nil && *s.minLength > maxGenerated {
		return nil
	}
	var out []any
	seen := map[string]bool{}
	try := func(v string) {
		if len(out) < n && !seen[v] && s.fits(v) {
			seen[v] = true
			out = append(out, v)
		}
	}
	for i := range n {
		if v := formatSample(s.format, i); v != "" {
			try(v)
			try(s.ofAllowedLength(v))
		}
	}
	if s.minLength != nil {
		try(longInFormat(s.format, int(*s.minLength)))
	}
	if len(s.patterns) > 0 && len(out) < n {
		for _, v := range samplesOf(s.patterns, n, func(v string) bool { return s.fits(v) }) {
			try(v)
		}
	}
	if len(s.patterns) == 0 || len(out) == 0 {
		for i := range n {
			try(s.numberedText(i))
		}
	}
	return out
}

// numberedText is the i-th of texts of an allowed length that differ at their
// end.
func (s *schema) numberedText(i int) string {
	if i == 0 {
		return s.ofAllowedLength("sample")
	}
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var tail []byte
	for n := i; n > 0; n /= len(digits) {
		tail = append([]byte{digits[n%len(digits)]}, tail...)
	}
	end := string(tail)
	if s.maxLength != nil && int64(len(end)) > *s.maxLength {
		return ""
	}
	text := s.ofAllowedLength("sample-" + end)
	if strings.HasSuffix(text, end) {
		return text
	}
	return text[:len(text)-len(end)] + end
}

// text is a string of exactly so many characters that fits in all but its
// length; ok is false where none was found.
func (s *schema) text(length int64) (v string, ok bool) {
	if s.enum != nil || length < 0 || length > maxGenerated {
		return "", false
	}
	target := *s
	target.minLength, target.maxLength = &length, &length
	made := target.strings(1)
	if len(made) == 0 {
		return "", false
	}
	v, ok = made[0].(string)
	return v, ok
}
