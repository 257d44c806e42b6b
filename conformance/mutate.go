package conformance

import (
	"math/big"
	"slices"
	"strings"
)

// mutation is a body that breaks one rule of the request schema.
type mutation struct {
	name    string
	about   string // what is wrong with it, in words
	pointer string // of the rule that it breaks
	hold    firmness
	body    any
}

// firmness is how far a rule binds a target, and so how much a body weighs that
// breaks it or makes use of it.
type firmness int

const (
	firm      firmness = iota // the schema says so
	annotated                 // the schema says so in words that a target need not enforce: "format"
	slack                     // JSON or the schema says so, and mainstream readers do otherwise by default
)

// mutations lists bodies that each break one rule of the schema: a required
// property left out or under another name, a value of another type, past a
// limit, outside an enum; and whole bodies of another kind.
func mutations(s *schema) []mutation {
	full, ok := s.make(true)
	if !ok {
		if full, ok = s.make(false); !ok {
			return nil
		}
	}
	var out []mutation
	add := func(m mutation) {
		if !s.fits(m.body) || m.hold == annotated {
			out = append(out, m)
		}
	}
	whole, isObject := full.(object)
	if isObject {
		absences(s, whole, add)
	}
	visit(s, full, func(p spot) {
		if len(p.path) > 0 {
			for _, b := range p.wrongTypes() {
				add(p.broken(b))
			}
		}
		for _, b := range p.breaches() {
			add(p.broken(b))
		}
	})
	for _, m := range otherKinds(s, full) {
		add(m)
	}
	return out
}

// breach is a value that breaks one rule of a schema.
type breach struct {
	name, about, pointer string
	hold                 firmness
	value                any
}

// filler is a text that only has to be one.
const filler = "text"

const undeclaredProperty = "undeclared-property"

func (p spot) broken(b breach) mutation {
	name := p.id(b.name)
	if b.name == undeclaredProperty { // the name of a property of its own, as it were
		name = strings.TrimPrefix(p.label+"."+b.name, ".")
	}
	return mutation{name, p.called() + " " + b.about, b.pointer, b.hold, replaced(p.body, p.path, b.value)}
}

// absences leave out each required property, all of them, and rename each of
// the outermost in ways that a lax reader would overlook. JSON names are
// compared exactly (RFC 8259, section 8.3).
func absences(s *schema, whole object, add func(mutation)) {
	required := 0
	all := whole
	visit(s, whole, func(p spot) {
		if !p.required || len(p.path) == 0 || p.isItem() {
			return
		}
		rule := strings.TrimSuffix(p.schema.pointer, "/properties/"+p.path[len(p.path)-1]) + "/required"
		add(mutation{p.id("missing"), "without " + p.label, rule, firm, removed(p.body, p.path)})
		if len(p.path) > 1 || p.label != word(p.path[0]) {
			return
		}
		required++
		all = all.without(p.path)
		name := p.path[0]
		if swapped := otherCase(name); swapped != name {
			add(mutation{p.id("name-case"), name + " named " + swapped + " instead", rule, slack, whole.renamed(name, swapped)})
		}
		add(mutation{p.id("name-space"), name + " with a space in its name", rule, firm, whole.renamed(name, name+" ")})
	})
	if required > 1 {
		add(mutation{"all-missing", "without any required property", s.rule("required"), firm, all})
	}
}

// isItem tells whether the spot is an item of an array.
func (p spot) isItem() bool {
	parent, _ := valueAt(p.body, p.path[:len(p.path)-1])
	_, is := parent.([]any)
	return is
}

// otherCase writes a name in another case: each word with a capital.
func otherCase(name string) string {
	out := []rune(name)
	start := true
	for i, r := range out {
		if start && r >= 'a' && r <= 'z' {
			out[i] = r - 'a' + 'A'
		}
		start = r == '_' || r == '-'
	}
	return string(out)
}

// wrongTypes lists values of each JSON type that the spot does not take. Where
// a lax reader would convert one, it looks like the value that belongs there.
func (p spot) wrongTypes() []breach {
	text := string(encode(p.value))
	alike, isText := p.value.(string)
	if !isText {
		alike = text
	}
	var item any = filler
	if !p.view.is("array") && !p.view.isObject() {
		item = p.value
	}
	values := []struct {
		name, jsonType string
		value          any
	}{
		{"number", "number", likeNumber(p.value)},
		{"zero", "number", literal("0")},
		{"boolean", "boolean", true},
		{"false", "boolean", false},
		{"null", "null", nil},
		{"object", "object", object{{"key", item}}},
		{"empty-object", "object", object{}},
		{"array", "array", []any{item}},
		{"empty-array", "array", []any{}},
		{"string", "string", alike},
	}
	if p.view.is("array") {
		if items, ok := p.value.([]any); ok && len(items) > 0 {
			values = append(values, struct {
				name, jsonType string
				value          any
			}{"bare-item", "", items[0]})
		}
	}
	var out []breach
	for _, w := range values {
		if !p.schema.fits(w.value) && (w.jsonType == "" || !p.view.accepts(w.jsonType)) {
			out = append(out, breach{w.name, article(w.name), p.view.rule("type"), firm, w.value})
		}
	}
	if p.view.is("integer") && !p.view.is("number") {
		if n, ok := rational(p.value); ok {
			out = append(out, breach{"fraction", "with a fraction", p.view.rule("type"), firm, number(n.Add(n, big.NewRat(1, 2)))})
		}
	}
	return out
}

// likeNumber is a number that looks like a value: the digits of a text, 1 for
// true.
func likeNumber(v any) literal {
	switch v := v.(type) {
	case bool:
		return "1"
	case string:
		if _, ok := rational(literal(v)); ok {
			return literal(v)
		}
	}
	return "12345"
}

// breaches lists values of the right type that break one other rule each.
func (p spot) breaches() []breach {
	var out []breach
	s := p.view
	add := func(name, about, keyword string, hold firmness, v any) {
		if !p.schema.fits(v) {
			out = append(out, breach{name, about, s.rule(keyword), hold, v})
		}
	}
	for _, e := range s.beyond(true) {
		add(e.name, e.about, e.keyword, firm, e.value)
	}
	for _, b := range s.unlisted(p.value) {
		add(b.name, b.about, "enum", firm, b.value)
	}
	if v, ok := s.withDuplicate(); ok {
		add("duplicate-items", "with the same item twice", "uniqueItems", firm, v)
	}
	if v, ok := s.betweenMultiples(p.value); ok {
		add("not-multiple", "that is no multiple of what it must be", "multipleOf", firm, v)
	}
	if text, ok := p.value.(string); ok && s.enum == nil {
		for _, u := range s.unmatchedBy(text) {
			add(u.name, u.about, "pattern", u.hold, u.value)
		}
		s.offFormat(add)
	}
	if most := integerFormat(s.format); most != nil && s.enum == nil {
		// "format" is an annotation that a server may leave unchecked.
		past := literal(new(big.Int).Add(most, big.NewInt(1)).String())
		relaxed := *s
		relaxed.format = ""
		if relaxed.fits(past) {
			add("past-format", "one more than its format holds", "format", annotated, past)
		}
	}
	if o, ok := p.value.(object); ok && s.closed {
		add(undeclaredProperty, "with a property that the schema forbids", "additionalProperties", firm, append(o[:len(o):len(o)], member{s.undeclaredName(), "value"}))
	}
	return out
}

// offFormat adds a string that is nearly in the format, and one that is not at
// all. "format" is an annotation that a server may leave unchecked.
func (s *schema) offFormat(add func(name, about, keyword string, hold firmness, v any)) {
	near, wrong := brokenFormat(s.format)
	if wrong == "" {
		return
	}
	add("format-near", "nearly in its format", "format", annotated, near)
	add("format-wrong", "not at all in its format", "format", annotated, wrong)
}

// unlisted lists values that an enum does not hold: another of the same type,
// and listed ones written differently.
func (s *schema) unlisted(v any) []breach {
	if s.enum == nil {
		return nil
	}
	relaxed := *s
	relaxed.enum = nil
	var out []breach
	add := func(name, about string, v any) {
		if relaxed.fits(v) && !holds(s.enum, v) {
			out = append(out, breach{name: name, about: about, value: v})
		}
	}
	switch v := v.(type) {
	case string:
		add("enum", "with a value that its enum does not list", v+"-unlisted")
		for _, other := range []string{strings.ToUpper(v), strings.ToLower(v)} {
			if len(out) < 2 {
				add("enum-case", "with an enum value in other case", other)
			}
		}
		add("enum-space", "with a space behind an enum value", v+" ")
	case literal:
		for n := int64(1); len(out) == 0 && n < 1000; n++ {
			add("enum", "with a value that its enum does not list", number(whole(n)))
		}
	case bool:
		add("enum", "with a value that its enum does not list", !v)
	}
	return out
}

// withDuplicate is an array whose last item is its first once more.
func (s *schema) withDuplicate() (v []any, ok bool) {
	if !s.is("array") || !s.uniqueItems {
		return nil, false
	}
	n := max(2, s.plainLength())
	items, ok := s.makeArray(n-1, true)
	if !ok || len(items) == 0 {
		return nil, false
	}
	out := append(slices.Clone(items), items[0])
	relaxed := *s
	relaxed.uniqueItems = false
	return out, relaxed.fits(out)
}

// betweenMultiples is a number within the limits that is no multiple of
// multipleOf.
func (s *schema) betweenMultiples(v any) (any, bool) {
	n, ok := rational(v)
	if !ok || s.multipleOf == nil {
		return nil, false
	}
	relaxed := *s
	relaxed.multipleOf = nil
	for _, step := range []*big.Rat{whole(1), whole(-1), new(big.Rat).Quo(s.multipleOf, whole(2)), new(big.Rat).Quo(s.multipleOf, whole(-2))} {
		if other := number(new(big.Rat).Add(n, step)); relaxed.fits(other) && !s.fits(other) {
			return other, true
		}
	}
	return nil, false
}

// otherKinds are whole bodies of every kind of JSON text that the schema does
// not take.
func otherKinds(s *schema, full any) []mutation {
	inner, ok := s.make(false)
	if !ok {
		inner = full
	}
	kinds := []struct {
		name, jsonType string
		body           any
	}{
		{"body-array", "array", []any{inner}},
		{"body-array-of-text", "array", []any{filler}},
		{"body-empty-array", "array", []any{}},
		{"body-string", "string", filler},
		{"body-number", "number", literal("42")},
		{"body-boolean", "boolean", true},
		{"body-null", "null", nil},
		{"body-object", "object", object{{"key", filler}}},
	}
	var out []mutation
	for _, k := range kinds {
		if !s.accepts(k.jsonType) {
			kind := strings.TrimPrefix(k.name, "body-")
			out = append(out, mutation{k.name, "the whole body " + article(kind), s.rule("type"), firm, k.body})
		}
	}
	return out
}

func article(kind string) string {
	switch {
	case kind == "null", kind == "false":
		return kind
	case kind == "zero":
		return "the number 0"
	case kind == "bare-item":
		return "one item without the array around it"
	case strings.HasPrefix(kind, "empty-"):
		return "an " + strings.Replace(kind, "-", " ", 1)
	case strings.HasPrefix(kind, "a"), strings.HasPrefix(kind, "o"):
		return "an " + kind
	}
	return "a " + kind
}
