package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// spot is where a value stands in a body, and the schema that it must fit.
type spot struct {
	body     any      // the whole, which fits
	path     []string // steps: property names, and indexes of items
	label    string   // the path as it stands in ids: "contact.email", "" for the whole body
	required bool
	schema   *schema
	view     *schema // schema joined with the branch of oneOf or anyOf that the value fits
	value    any
}

// called names the spot in a sentence.
func (p spot) called() string {
	if p.label == "" {
		return "the body"
	}
	return p.label
}

// id is the name of a check about the spot.
func (p spot) id(suffix string) string {
	if p.label == "" {
		return "body-" + suffix
	}
	return p.label + "-" + suffix
}

// visit passes each spot of a body to do: the whole, the properties, the first
// item of each array, and so on inwards; then those within the other branches
// of each oneOf and anyOf. What may not be sent is left out.
func visit(s *schema, body any, do func(spot)) {
	whole := spot{body: body, schema: s, view: s.view(body), required: true, value: body}
	whole.visit(func(p spot) {
		do(p)
		for _, other := range p.alternatives() {
			other.children(func(child spot) { child.visit(do) })
		}
	})
}

func (p spot) visit(do func(spot)) {
	do(p)
	p.children(func(child spot) { child.visit(do) })
}

// children passes the spots one step within to do.
func (p spot) children(do func(spot)) {
	switch v := p.value.(type) {
	case object:
		for _, m := range v {
			child := p.view.property(m.name)
			if child != nil && !child.schema.readOnly && !child.schema.cut {
				do(p.within(m.name, child.required, child.schema, m.value))
			}
		}
	case []any:
		if len(v) > 0 && p.view.items != nil && !p.view.items.cut {
			do(p.within("0", true, p.view.items, v[0]))
		}
	}
}

func (p spot) within(step string, required bool, s *schema, v any) spot {
	label := strings.TrimPrefix(p.label+"."+word(step), ".")
	return spot{p.body, append(slices.Clone(p.path), step), label, required, s, s.view(v), v}
}

// alternatives are the spot with values that fit the other branches of its
// oneOf or anyOf.
func (p spot) alternatives() []spot {
	var out []spot
	if len(p.schema.choices) == 0 {
		return nil
	}
	made := []any{p.value}
	for i, view := range p.schema.views() {
		v, ok := view.make(true)
		if !ok || !p.schema.fits(v) || holds(made, v) {
			continue
		}
		made = append(made, v)
		other := p
		other.label = strings.TrimPrefix(p.label+".alternative-"+strconv.Itoa(i+1), ".")
		other.body, other.view, other.value = replaced(p.body, p.path, v), view, v
		out = append(out, other)
	}
	return out
}

// word makes a name fit to stand in an id: what separates or selects there, and
// what cannot be seen, becomes a dash.
func word(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '/' || r == '*' || r == 0x7f {
			return '-'
		}
		return r
	}, name)
}
