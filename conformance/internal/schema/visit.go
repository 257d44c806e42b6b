package schema

import (
	"slices"
	"strconv"
	"strings"
)

// Spot is the place of a value in a body, and the schema that the value must
// fit.
type Spot struct {
	Body      any      // the whole, which fits
	Path      []string // steps: property names, and indexes of items
	Label     string   // the path as it stands in ids: "contact.email", "" for the whole body
	Required  bool
	Schema    *Schema
	Effective *Schema // schema joined with the branch of oneOf or anyOf that the value fits
	Value     any
}

// called names the spot in a sentence.
func (p Spot) called() string {
	if p.Label == "" {
		return "the body"
	}
	return p.Label
}

// id is the name of a check about the spot.
func (p Spot) id(suffix string) string {
	if p.Label == "" {
		return "body-" + suffix
	}
	return p.Label + "-" + suffix
}

// spotNode is a spot and those within it, in the order they are visited.
type spotNode struct {
	Spot
	isAlternative bool // it lies in another value than the body
	within        []*spotNode
}

// Visit passes spots of a body to do: the whole, the properties, the first item
// of each array, and so on inwards; then those within the other branches of each
// oneOf and anyOf. What may not be sent is left out. Of more than most spots the
// outer ones are visited.
func Visit(s *Schema, body any, most int, do func(Spot)) {
	whole, _ := spotsOf(s, body, most)
	whole.visit(func(n *spotNode) { do(n.Spot) })
}

// spotsOf finds the spots of a body, the outer ones first. The first one is the
// body itself.
func spotsOf(s *Schema, body any, most int) (whole *spotNode, found []*spotNode) {
	whole = &spotNode{Spot: Spot{Body: body, Schema: s, Effective: s.BranchFor(body), Required: true, Value: body}}
	found = []*spotNode{whole}
	for i := 0; i < len(found) && len(found) < most; i++ {
		n := found[i]
		add := func(isAlternative bool) func(Spot) {
			return func(child Spot) {
				if len(found) < most {
					found = append(found, &spotNode{Spot: child, isAlternative: isAlternative})
					n.within = append(n.within, found[len(found)-1])
				}
			}
		}
		if !n.isAlternative {
			for _, other := range n.alternatives() {
				other.children(add(true))
			}
		}
		n.children(add(n.isAlternative))
	}
	return whole, found
}

func (n *spotNode) visit(do func(*spotNode)) {
	do(n)
	for _, each := range n.within {
		each.visit(do)
	}
}

// gather lists what each spot of a body gives rise to, in the order of [Visit].
// It stops, with the outer spots done, when there is more than most.
func gather[T any](s *Schema, body any, most int, of func(Spot) []T) []T {
	whole, found := spotsOf(s, body, most)
	each := map[*spotNode][]T{}
	n := 0
	for _, spot := range found {
		if n > most {
			break
		}
		each[spot] = of(spot.Spot)
		n += len(each[spot])
	}
	var out []T
	whole.visit(func(spot *spotNode) { out = append(out, each[spot]...) })
	return out
}

// children passes the spots one step within to do.
func (p Spot) children(do func(Spot)) {
	switch v := p.Value.(type) {
	case Object:
		for _, m := range v {
			child := p.Effective.Property(m.Name)
			if of, _ := p.Effective.undeclared(m.Name); child == nil && of != nil {
				child = &Property{m.Name, false, of}
			}
			if child != nil && !child.Schema.ReadOnly && !child.Schema.IsTruncated {
				do(p.within(m.Name, child.Required, child.Schema, m.Value))
			}
		}
	case []any:
		for i := range v[:min(len(v), len(p.Effective.Prefix)+1)] { // one of those that are alike
			if of := p.Effective.itemSchema(i); of != nil && !of.IsTruncated {
				do(p.within(strconv.Itoa(i), true, of, v[i]))
			}
		}
	}
}

func (p Spot) within(step string, required bool, s *Schema, v any) Spot {
	label := strings.TrimPrefix(p.Label+"."+IDWord(step), ".")
	return Spot{p.Body, append(slices.Clone(p.Path), step), label, required, s, s.BranchFor(v), v}
}

// alternatives are the spot with values that fit the other branches of its
// oneOf or anyOf.
func (p Spot) alternatives() []Spot {
	var out []Spot
	if len(p.Schema.Choices) == 0 {
		return nil
	}
	made := []any{p.Value}
	for i, view := range p.Schema.Views() {
		v, ok := view.Make(true)
		if !ok || !fits(p.Schema, v) || ContainsValue(made, v) {
			continue
		}
		made = append(made, v)
		other := p
		other.Label = strings.TrimPrefix(p.Label+".alternative-"+strconv.Itoa(i+1), ".")
		other.Body, other.Effective, other.Value = Replace(p.Body, p.Path, v), view, v
		out = append(out, other)
	}
	return out
}

// IDWord returns a name as an id can contain it: separators, wildcards and
// invisible characters become dashes.
func IDWord(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '/' || r == '*' || r == 0x7f {
			return '-'
		}
		return r
	}, name)
}
