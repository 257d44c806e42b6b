package schema

import (
	"math/big"
	"slices"
	"strings"
)

// Mutation is a body that breaks one rule of the request schema.
type Mutation struct {
	Name        string
	Description string // what is wrong with it, in words
	Pointer     string // of the rule that it breaks
	Firmness    Firmness
	Body        any
}

// Firmness says how strictly a rule binds a target, and so how much a check of
// it weighs.
type Firmness int

const (
	Firm      Firmness = iota // the schema says so
	Annotated                 // the schema says so in words that a target need not enforce: "format"
	Lenient                   // JSON or the schema says so, and mainstream readers do otherwise by default
)

// Mutations lists bodies that each break one rule of the schema: a required
// property left out or under another name, a value of another type, past a
// limit, outside an enum; and whole bodies of another kind. It stops making them
// when there are more than most.
func Mutations(s *Schema, most int) []Mutation {
	full, ok := s.Make(true)
	if !ok {
		if full, ok = s.Make(false); !ok {
			return nil
		}
	}
	breaking := func(all []Mutation) []Mutation {
		return slices.DeleteFunc(all, func(m Mutation) bool { return m.Firmness != Annotated && fits(s, m.Body) })
	}
	var out []Mutation
	if whole, isObject := full.(Object); isObject {
		out = breaking(absences(s, whole, most))
	}
	out = append(out, gather(s, full, most-len(out), func(p Spot) (all []Mutation) {
		if len(p.Path) > 0 {
			for _, b := range wrongTypes(p) {
				all = append(all, mutationOf(p, b))
			}
		}
		for _, b := range p.Breaches() {
			all = append(all, mutationOf(p, b))
		}
		return breaking(all)
	})...)
	return append(out, breaking(otherKinds(s, full))...)
}

// Breach is a value that breaks one rule of a schema.
type Breach struct {
	Name, Description, Pointer string
	Firmness                   Firmness
	Value                      any
}

// Filler is a text without a meaning.
const Filler = "text"

const undeclaredProperty = "undeclared-property"

func mutationOf(p Spot, b Breach) Mutation {
	name := p.id(b.Name)
	if b.Name == undeclaredProperty { // the name of a property of its own, as it were
		name = strings.TrimPrefix(p.Label+"."+b.Name, ".")
	}
	return Mutation{name, p.called() + " " + b.Description, b.Pointer, b.Firmness, Replace(p.Body, p.Path, b.Value)}
}

// absences leave out each required property, all of them, and rename each of
// the outermost in ways that a lax reader would overlook. JSON names are
// compared exactly (RFC 8259, section 8.3). Mainstream readers put in the default of
// what is not there.
func absences(s *Schema, whole Object, most int) []Mutation {
	required, hardest := 0, Lenient
	none := whole
	out := gather(s, whole, most, func(p Spot) []Mutation {
		if !p.Required || len(p.Path) == 0 || isItem(p) {
			return nil
		}
		rule := strings.TrimSuffix(p.Schema.Pointer, "/properties/"+p.Path[len(p.Path)-1]) + "/required"
		hold := p.Schema.FirmnessOfAbsence()
		all := []Mutation{{p.id("missing"), "without " + p.Label, rule, hold, removed(p.Body, p.Path)}}
		if len(p.Path) > 1 || p.Label != IDWord(p.Path[0]) {
			return all
		}
		required++
		if hold == Firm {
			hardest = Firm
		}
		none = none.without(p.Path)
		name := p.Path[0]
		if swapped := otherCase(name); swapped != name {
			all = append(all, Mutation{p.id("name-case"), name + " named " + swapped + " instead", rule, Lenient, whole.renamed(name, swapped)})
		}
		return append(all, Mutation{p.id("name-space"), name + " with a trailing space in its name", rule, hold, whole.renamed(name, name+" ")})
	})
	if required > 1 {
		out = append(out, Mutation{"all-missing", "without any required property", s.RulePointer("required"), hardest, none})
	}
	return out
}

// FirmnessOfAbsence is how strictly a target is bound to miss what is required.
func (s *Schema) FirmnessOfAbsence() Firmness {
	if s.HasDefault {
		return Lenient
	}
	return Firm
}

// isItem reports whether the spot is an item of an array.
func isItem(p Spot) bool {
	parent, _ := valueAt(p.Body, p.Path[:len(p.Path)-1])
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
func wrongTypes(p Spot) []Breach {
	text := string(Encode(p.Value))
	alike, isText := p.Value.(string)
	if !isText {
		alike = text
	}
	var item any = Filler
	if !p.Effective.HasType("array") && !p.Effective.isObject() {
		item = p.Value
	}
	values := []struct {
		name, jsonType string
		value          any
	}{
		{"number", "number", likeNumber(p.Value)},
		{"zero", "number", Literal("0")},
		{"boolean", "boolean", true},
		{"false", "boolean", false},
		{"null", "null", nil},
		{"object", "object", Object{{"key", item}}},
		{"empty-object", "object", Object{}},
		{"array", "array", []any{item}},
		{"empty-array", "array", []any{}},
		{"string", "string", alike},
	}
	if p.Effective.HasType("array") {
		if items, ok := p.Value.([]any); ok && len(items) > 0 {
			values = append(values, struct {
				name, jsonType string
				value          any
			}{"bare-item", "", items[0]})
		}
	}
	var out []Breach
	for _, w := range values {
		if !fits(p.Schema, w.value) && (w.jsonType == "" || !p.Effective.AcceptsType(w.jsonType)) {
			out = append(out, Breach{w.name, "as " + article(w.name), p.Effective.RulePointer("type"), Firm, w.value})
		}
	}
	if p.Effective.HasType("integer") && !p.Effective.HasType("number") {
		if n, ok := ParseNumber(p.Value); ok {
			out = append(out, Breach{"fraction", "with a fraction", p.Effective.RulePointer("type"), Firm, number(n.Add(n, big.NewRat(1, 2)))})
		}
	}
	return out
}

// likeNumber is a number that looks like a value: the digits of a text, 1 for
// true.
func likeNumber(v any) Literal {
	switch v := v.(type) {
	case bool:
		return "1"
	case string:
		if _, ok := ParseNumber(Literal(v)); ok {
			return Literal(v)
		}
	}
	return "12345"
}

// Breaches returns values of the right type that each break one other rule.
func (p Spot) Breaches() []Breach {
	var out []Breach
	s := p.Effective
	add := func(name, about, keyword string, hold Firmness, v any) {
		if !fits(p.Schema, v) {
			out = append(out, Breach{name, about, s.RulePointer(keyword), hold, v})
		}
	}
	for _, e := range beyondOf(s, true) {
		add(e.name, e.about, e.keyword, Firm, e.value)
	}
	for _, b := range unlisted(s, p.Value) {
		add(b.Name, b.Description, "enum", Firm, b.Value)
	}
	if v, ok := withDuplicate(s); ok {
		add("duplicate-items", "with the same item twice", "uniqueItems", Firm, v)
	}
	if v, ok := betweenMultiples(s, p.Value); ok {
		add("not-multiple", "not a multiple of its multipleOf", "multipleOf", Firm, v)
	}
	if text, ok := p.Value.(string); ok && s.Enum == nil {
		for _, u := range unmatchedBy(s, text) {
			add(u.name, u.about, "pattern", u.hold, u.value)
		}
		offFormat(s, add)
	}
	if most := integerFormat(s.Format); most != nil && s.Enum == nil {
		// "format" is an annotation that a server may leave unchecked.
		past := Literal(new(big.Int).Add(most, big.NewInt(1)).String())
		relaxed := *s
		relaxed.Format = ""
		if fits(&relaxed, past) {
			add("past-format", "one above the range of its format", "format", Annotated, past)
		}
	}
	for _, n := range s.Not {
		relaxed := *s
		relaxed.Not = slices.DeleteFunc(slices.Clone(s.Not), func(other *Schema) bool { return other == n })
		if v, ok := Join(&relaxed, n).Make(true); ok {
			add("not", "as its not forbids", "not", Firm, v)
		}
	}
	for _, v := range p.Schema.underOtherNames() {
		add("other-branch", "as the branch has it that its discriminator does not name", "discriminator", Firm, v)
	}
	for _, v := range p.Schema.ofTwoBranches() {
		add("two-branches", "as two branches of its oneOf have it", "oneOf", Firm, v)
	}
	switch v := p.Value.(type) {
	case Object:
		more := func(name string, value any) Object { return append(v[:len(v):len(v)], Member{name, value}) }
		if s.IsClosed {
			add(undeclaredProperty, "with a property that the schema forbids", "additionalProperties", Firm, more(s.undeclaredName(), "value"))
		}
		if s.Names != nil {
			unnamed := *s
			unnamed.Names = nil
			name := s.unfitName()
			if whole := unnamed.padded(v, len(v)+1); len(whole) > len(v) {
				of, _ := s.undeclared(name)
				value := whole[len(v)].Value
				if of != nil {
					value = Sample(of, false)
				}
				add("property-name", "with a name that its propertyNames forbids", "propertyNames", Firm, more(name, value))
			}
		}
		for _, each := range s.Properties {
			if _, has := v.Get(each.Name); each.Schema.MatchesNothing && !has {
				add("forbidden-"+IDWord(each.Name), "with a property that no value fits", "properties", Firm, more(each.Name, "value"))
			}
		}
	case []any:
		if len(s.Prefix) > 0 && s.MaxItems == nil {
			for _, item := range []any{Filler, Literal("12345"), true} {
				add("further-item", "with an item more than it may have", "items", Firm, append(v[:len(v):len(v)], item))
			}
		}
		for _, c := range s.Contains {
			for i, n := range []int64{int64(c.Least) - 1, count(c.Most, -2) + 1} {
				relaxed := *s
				relaxed.Contains = []Contained{{c.Schema, int(n), nil}}
				if items, ok := relaxed.makeArray(max(int(n), s.plainLength()), true); ok && n >= 0 && n < maxGeneratedList {
					add([]string{"contains-few", "contains-many"}[i], "with another number of the items that it must contain", "contains", Firm, items)
				}
			}
		}
	}
	return out
}

func count(n *int64, unset int64) int64 {
	if n == nil {
		return unset
	}
	return *n
}

// underOtherNames lists objects that fit a branch but for the value of the
// discriminator, which names another.
func (s *Schema) underOtherNames() (out []any) {
	for _, c := range s.Choices {
		for i, b := range c.Branches[:min(len(c.Branches), maxBranches)] {
			o, isObject := Sample(b, true).(Object)
			other := c.Branches[(i+1)%len(c.Branches)].Property(c.Tag)
			if c.Tag == "" || !isObject || other == nil || len(other.Schema.Enum) == 0 {
				continue
			}
			out = append(out, o.With([]string{c.Tag}, other.Schema.Enum[0]))
		}
	}
	return out
}

// ofTwoBranches lists values that fit two branches of a oneOf, one for each pair.
func (s *Schema) ofTwoBranches() (out []any) {
	for i, c := range s.Choices {
		if c.Keyword != "oneOf" {
			continue
		}
		rest := *s
		rest.Choices = slices.Delete(slices.Clone(s.Choices), i, i+1)
		for j, a := range c.Branches[:min(len(c.Branches), maxBranches)] {
			for _, b := range c.Branches[:j] {
				if v, ok := Join(&rest, Join(b, a)).Make(true); ok && len(out) < maxBranches {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// unfitName is a name that propertyNames forbids, if one is found.
func (s *Schema) unfitName() string {
	names := []string{"NOT a name!", "undeclared", "UNDECLARED", "0", ""}
	if n := count(s.Names.MaxLength, maxGenerated); n < maxGenerated {
		names = append(names, strings.Repeat("x", int(n)+1))
	}
	for _, name := range names {
		if !fits(s.Names, name) {
			return name
		}
	}
	return s.undeclaredName()
}

// offFormat adds a string that is nearly in the format, and one that is not at
// all. "format" is an annotation that a server may leave unchecked.
func offFormat(s *Schema, add func(name, about, keyword string, hold Firmness, v any)) {
	near, wrong := brokenFormat(s.Format)
	if wrong == "" {
		return
	}
	add("format-near", "almost in its format", "format", Annotated, near)
	add("format-wrong", "not at all in its format", "format", Annotated, wrong)
}

// unlisted lists values that an enum does not hold: another of the same type,
// and listed ones written differently.
func unlisted(s *Schema, v any) []Breach {
	if s.Enum == nil {
		return nil
	}
	relaxed := *s
	relaxed.Enum = nil
	var out []Breach
	add := func(name, about string, v any) {
		if fits(&relaxed, v) && !ContainsValue(s.Enum, v) {
			out = append(out, Breach{Name: name, Description: about, Value: v})
		}
	}
	switch v := v.(type) {
	case string:
		add("enum", "with a value outside its enum", v+"-unlisted")
		for _, other := range []string{strings.ToUpper(v), strings.ToLower(v)} {
			if len(out) < 2 {
				add("enum-case", "with an enum value in another letter case", other)
			}
		}
		add("enum-space", "with a space after an enum value", v+" ")
	case Literal:
		for n := int64(1); len(out) == 0 && n < 1000; n++ {
			add("enum", "with a value outside its enum", number(whole(n)))
		}
	case bool:
		add("enum", "with a value outside its enum", !v)
	case Object:
		add("enum", "with a value outside its enum", append(v[:len(v):len(v)], Member{"unlisted", true}))
	case []any:
		add("enum", "with a value outside its enum", append(v[:len(v):len(v)], "unlisted"))
	case nil:
		add("enum", "with a value outside its enum", "null")
	}
	for _, other := range s.Outside {
		add("enum-of-a-part", "with a value that only a part of it lists", other)
	}
	return out
}

// withDuplicate is an array whose last item is its first once more.
func withDuplicate(s *Schema) (v []any, ok bool) {
	if !s.HasType("array") || !s.UniqueItems {
		return nil, false
	}
	n := max(2, s.plainLength())
	items, ok := s.makeArray(n-1, true)
	if !ok || len(items) == 0 {
		return nil, false
	}
	out := append(slices.Clone(items), items[0])
	relaxed := *s
	relaxed.UniqueItems = false
	return out, fits(&relaxed, out)
}

// betweenMultiples is a number within the limits that is no multiple of
// multipleOf.
func betweenMultiples(s *Schema, v any) (any, bool) {
	n, ok := ParseNumber(v)
	if !ok || s.MultipleOf == nil {
		return nil, false
	}
	relaxed := *s
	relaxed.MultipleOf = nil
	for _, step := range []*big.Rat{whole(1), whole(-1), new(big.Rat).Quo(s.MultipleOf, whole(2)), new(big.Rat).Quo(s.MultipleOf, whole(-2))} {
		if other := number(new(big.Rat).Add(n, step)); fits(&relaxed, other) && !fits(s, other) {
			return other, true
		}
	}
	return nil, false
}

// otherKinds are whole bodies of every kind of JSON text that the schema does
// not take.
func otherKinds(s *Schema, full any) []Mutation {
	inner, ok := s.Make(false)
	if !ok {
		inner = full
	}
	kinds := []struct {
		name, jsonType string
		body           any
	}{
		{"body-array", "array", []any{inner}},
		{"body-array-of-text", "array", []any{Filler}},
		{"body-empty-array", "array", []any{}},
		{"body-string", "string", Filler},
		{"body-number", "number", Literal("42")},
		{"body-boolean", "boolean", true},
		{"body-null", "null", nil},
		{"body-object", "object", Object{{"key", Filler}}},
	}
	var out []Mutation
	for _, k := range kinds {
		if !s.AcceptsType(k.jsonType) {
			kind := strings.TrimPrefix(k.name, "body-")
			out = append(out, Mutation{k.name, article(kind) + " as the whole body", s.RulePointer("type"), Firm, k.body})
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
		return "one item without its array"
	case strings.HasPrefix(kind, "empty-"):
		return "an " + strings.ReplaceAll(kind, "-", " ")
	case strings.HasPrefix(kind, "a"), strings.HasPrefix(kind, "o"):
		return "an " + strings.ReplaceAll(kind, "-", " ")
	}
	return "a " + kind
}
