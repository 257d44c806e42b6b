package conformance

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// sample makes a value that fits a schema: its const, first enum value,
// default or example where it has one, else the plainest value of its type.
// With optional, objects hold all their properties, else the required ones.
func sample(s *schema, optional bool) any {
	switch {
	case s == nil:
		return object{}
	case s.hasConst:
		return s.constant
	case len(s.enum) > 0:
		return s.enum[0]
	case s.is("object") || len(s.properties) > 0:
		return sampleObject(s, optional)
	case s.hasExample:
		return ordered(s.example, s)
	case s.hasDefault && s.defaultValue != nil:
		return ordered(s.defaultValue, s)
	case s.is("array"):
		return sampleArray(s, lowest(s.minItems, 1), optional)
	case s.is("integer"), s.is("number"):
		return sampleNumber(s)
	case s.is("boolean"):
		return true
	case len(s.types) == 0 || s.is("string"):
		return sampleString(s)
	}
	return nil
}

func sampleObject(s *schema, optional bool) object {
	example, _ := s.example.(map[string]any)
	out := object{}
	for _, p := range s.properties {
		if p.schema.readOnly || !p.required && !optional {
			continue
		}
		if v, ok := example[p.name]; ok {
			out = append(out, member{p.name, ordered(v, p.schema)})
			continue
		}
		out = append(out, member{p.name, sample(p.schema, optional)})
	}
	return out
}

// sampleArray makes n items; where they must differ, as far as they can.
func sampleArray(s *schema, n int, optional bool) []any {
	out := make([]any, 0, n)
	for i := range n {
		out = append(out, nth(s.items, i, optional))
	}
	return out
}

// nth makes the i-th of several values that differ from each other.
func nth(s *schema, i int, optional bool) any {
	if s != nil && len(s.enum) > i {
		return s.enum[i]
	}
	v := sample(s, optional)
	if i == 0 {
		return v
	}
	switch v := v.(type) {
	case string:
		if len(s.enum) == 0 && s.pattern == "" && s.format == "" {
			return withLength(v+"-"+itoa(i), s)
		}
	case float64:
		return v + float64(i)*step(s)
	case int:
		return float64(v) + float64(i)*step(s)
	}
	return v
}

func step(s *schema) float64 {
	if s.multipleOf != nil {
		return *s.multipleOf
	}
	return 1
}

func sampleNumber(s *schema) float64 {
	n := 1.0
	switch {
	case s.minimum != nil:
		n = s.minimum.value
		if s.minimum.exclusive {
			n += step(s)
		}
	case s.maximum != nil && s.maximum.value < 1:
		n = s.maximum.value
		if s.maximum.exclusive {
			n -= step(s)
		}
	}
	if s.multipleOf != nil {
		n = math.Ceil(n / *s.multipleOf) * *s.multipleOf
	}
	if s.is("integer") {
		n = math.Ceil(n)
	}
	return n
}

// formatSamples are values of the formats of OpenAPI 3.0.3 ("Data Types") and
// of JSON Schema (validation, section 7.3).
func formatSample(format string) string {
	switch format {
	case "date":
		return "2026-03-01"
	case "date-time":
		return "2026-03-01T12:00:00Z"
	case "time":
		return "12:00:00Z"
	case "email":
		return "somebody@example.com"
	case "uuid":
		return "6f1c1d4e-8d5b-4c59-9a55-0b7f3a9f3b10"
	case "uri", "url", "iri":
		return "https://example.com/path"
	case "hostname":
		return "host.example.com"
	case "ipv4":
		return "192.0.2.1"
	case "ipv6":
		return "2001:db8::1"
	case "byte":
		return "c29tZXRoaW5n"
	}
	return ""
}

func sampleString(s *schema) string {
	if v := formatSample(s.format); v != "" {
		return v
	}
	if s.pattern != "" {
		if v, ok := matching(s.pattern); ok {
			return v
		}
	}
	return withLength("sample", s)
}

// withLength cuts or fills a string to the limits of a schema.
func withLength(v string, s *schema) string {
	if s.maxLength != nil && int64(len(v)) > *s.maxLength {
		v = v[int64(len(v))-*s.maxLength:]
	}
	if s.minLength != nil && int64(len(v)) < *s.minLength {
		v += strings.Repeat("x", int(*s.minLength)-len(v))
	}
	return v
}

func lowest(limit *int64, otherwise int) int {
	if limit == nil {
		return otherwise
	}
	return int(*limit)
}

// matches tells whether a pattern matches a string; a pattern that Go cannot
// compile matches everything, so that nothing is blamed on it.
func matches(pattern, v string) bool {
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(v)
}

// matching looks for a string that a pattern matches, among shapes that
// patterns in contracts have; ok is false where none of them fits.
func matching(pattern string) (string, bool) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", false
	}
	candidates := []string{"a", "A", "1", "abc", "ABC", "sample", "SAMPLE", "Sample", "123", "a1", "A1", "abc-123", "ABC-123", "abc_123", "0000", "+4915112345678", "DE", "de", "EUR", "de-DE", "1.0.0", "00000000-0000-4000-8000-000000000000"}
	for _, c := range candidates {
		for n := 1; n <= 64; n++ {
			for _, v := range []string{c, strings.Repeat(c, n)} {
				if re.MatchString(v) {
					return v, true
				}
			}
		}
	}
	return "", false
}

// variant is a valid body that differs from the minimal one in one respect.
type variant struct {
	name    string
	about   string
	pointer string // of the rule it exercises
	body    any
}

// variants lists valid bodies that exercise each freedom the schema declares:
// optional properties, enum values, both ends of each limit, null where it is
// allowed.
func variants(s *schema) []variant {
	var out []variant
	if !s.is("object") {
		return nil
	}
	minimal, _ := sample(s, false).(object)
	full, _ := sample(s, true).(object)
	if len(full) > len(minimal) {
		out = append(out, variant{"all-properties", "every optional property present", s.pointer + "/properties", full})
	}
	eachProperty(s, nil, func(path []string, p property) {
		name := strings.Join(path, ".")
		add := func(suffix, about, keyword string, v any) {
			out = append(out, variant{name + "-" + suffix, about, p.schema.pointer + keyword, full.with(path, v)})
		}
		if !p.required && len(full) > len(minimal) {
			out = append(out, variant{name + "-absent", name + " left out, since it is optional", p.schema.pointer, full.without(path)})
		}
		if p.schema.readOnly || p.schema.composite {
			return
		}
		for i, v := range p.schema.enum {
			if i > 0 && v != nil {
				add("enum-"+slug(v), name+" with another of its enum values", "/enum", v)
			}
		}
		if p.schema.nullable {
			add("null", name+" null, which it may be", "", nil)
		}
		for _, e := range ends(p.schema) {
			add(e.name, name+" "+e.about, e.keyword, e.value)
		}
	})
	return out
}

// eachProperty visits the properties of an object schema, and those of the
// objects within it.
func eachProperty(s *schema, path []string, visit func(path []string, p property)) {
	for _, p := range s.properties {
		at := append(slices.Clone(path), p.name)
		if p.schema.readOnly {
			continue
		}
		visit(at, p)
		if p.schema.is("object") {
			eachProperty(p.schema, at, visit)
		}
	}
}

// end is a value at, or one beyond, a limit of a schema.
type end struct {
	name, about, keyword string
	value                any
}

// ends are the values at the limits of a schema, which still fit it.
func ends(s *schema) []end { return limits(s, 0) }

// beyond are the values one past the limits of a schema.
func beyond(s *schema) []end { return limits(s, 1) }

// limits lists the value at each limit of a schema (past 0), or the one past
// it (past 1).
func limits(s *schema, past int) []end {
	word := [...]string{"at", "past"}[past]
	var out []end
	add := func(name, keyword string, v any) {
		out = append(out, end{word + "-" + name, word + " its " + keyword, "/" + keyword, v})
	}
	if len(s.enum) > 0 || s.hasConst {
		return nil
	}
	if s.is("string") && s.pattern == "" && s.format == "" {
		if n := s.maxLength; n != nil && *n < 1<<16 {
			add("max-length", "maxLength", strings.Repeat("x", int(*n)+past))
		}
		if n := s.minLength; n != nil && int(*n)-past >= 0 {
			add("min-length", "minLength", strings.Repeat("x", int(*n)-past))
		}
	}
	if s.is("integer") || s.is("number") {
		if l := s.maximum; l != nil {
			add("maximum", "maximum", atLimit(s, l, -1, past))
		}
		if l := s.minimum; l != nil {
			add("minimum", "minimum", atLimit(s, l, 1, past))
		}
	}
	if s.is("array") {
		if n := s.maxItems; n != nil && *n < 1000 && enough(s, int(*n)+past) {
			add("max-items", "maxItems", sampleArray(s, int(*n)+past, false))
		}
		if n := s.minItems; n != nil && int(*n)-past >= 0 {
			add("min-items", "minItems", sampleArray(s, int(*n)-past, false))
		}
	}
	return out
}

// atLimit is the last value inside a limit, or the first outside it. inward is
// the direction from the limit into the range.
func atLimit(s *schema, l *limit, inward float64, past int) float64 {
	unit := step(s)
	switch {
	case past == 0 && l.exclusive:
		return l.value + inward*unit
	case past == 1 && !l.exclusive:
		return l.value - inward*unit
	}
	return l.value
}

// enough tells whether n items can be made that differ, where they must.
func enough(s *schema, n int) bool {
	return !s.uniqueItems || s.items == nil || len(s.items.enum) == 0 || n <= len(s.items.enum)
}

func slug(v any) string {
	text := strings.ToLower(strings.Trim(string(encode(v)), `"`))
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	return strings.Join(slices.Compact(words), "-")
}
