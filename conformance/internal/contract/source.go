package contract

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// Link is a documented way from a response to a request of another operation.
type Link struct {
	Name    string
	Pointer string
	Target  *Operation
	Values  map[int]string // runtime expressions, by the place of the target's parameter
	id, ref string         // of the target, as written
	named   map[string]string
}

// Source is where the values of an operation's path come from: the response of
// another operation, which names what there is.
type Source struct {
	From   *Operation
	Values map[int]string // runtime expressions, by the place of the parameter
}

// Creates reports whether what the source names was made by its own request.
func (s *Source) Creates() bool { return s != nil && s.From.Method == http.MethodPost }

// NamesExamples reports whether the contract gives an example of each variable of an
// operation's path, which the target may know.
func (op *Operation) NamesExamples() bool {
	return !slices.ContainsFunc(op.Parameters, func(p Parameter) bool { return p.In == "path" && !p.hasExample })
}

// Depth is how many requests come before the first that an operation can take its
// path from.
func (op *Operation) Depth() int {
	depth := 0
	for s := op.Source; s != nil && depth < maxDepth; s = s.From.Source {
		depth++
	}
	return depth
}

// maxDepth bounds how far a path is traced back: links may lead in circles.
const maxDepth = 8

func readLinks(response node, pointer string) []*Link {
	var out []*Link
	for _, m := range response.node("links") {
		n := asNode(m.Value)
		link := &Link{Name: m.Name, Pointer: pointer + spec.Pointer("links", m.Name), id: schema.IDWord(n.text("operationId")), ref: n.text("operationRef"), named: map[string]string{}}
		for _, p := range n.node("parameters") {
			if link.named[p.Name], _ = p.Value.(string); link.named[p.Name] == "" {
				link.named[p.Name] = string(schema.Encode(p.Value))
			}
		}
		out = append(out, link)
	}
	return out
}

// connect finds the targets of links, and for each operation the one that its path
// can be taken from: by a link, else by the shape of paths and responses.
func (c *Contract) connect() {
	for _, op := range c.Operations {
		for _, r := range op.Responses {
			r.Links = slices.DeleteFunc(r.Links, func(l *Link) bool { return !c.resolve(l) })
		}
	}
	for _, op := range c.Operations {
		if slices.ContainsFunc(op.Parameters, func(p Parameter) bool { return p.In == "path" }) {
			op.Source = c.sourceOf(op)
		}
	}
}

// resolve finds the operation that a link leads to and the parameters that it names.
func (c *Contract) resolve(l *Link) bool {
	i := slices.IndexFunc(c.Operations, func(op *Operation) bool {
		return l.id != "" && op.ID == l.id || l.ref != "" && strings.TrimPrefix(l.ref, "#") == op.Pointer
	})
	if i < 0 {
		return false
	}
	l.Target, l.Values = c.Operations[i], map[int]string{}
	for i, p := range l.Target.Parameters {
		for _, name := range []string{p.Name, p.In + "." + p.Name} {
			if expression, ok := l.named[name]; ok {
				l.Values[i] = expression
			}
		}
	}
	return true
}

func (c *Contract) sourceOf(op *Operation) *Source {
	for _, from := range c.Operations {
		for _, r := range from.Responses {
			for _, l := range r.Links {
				if s := (&Source{from, l.Values}); l.Target == op && from != op && strings.HasPrefix(r.Status, "2") && s.completes(op) {
					return s
				}
			}
		}
	}
	var best *Source
	for _, from := range c.Operations {
		if s := byShape(op, from); s != nil && (best == nil || len(from.Path) > len(best.From.Path) || len(from.Path) == len(best.From.Path) && s.Creates() && !best.Creates()) {
			best = s
		}
	}
	return best
}

// completes takes the variables that both paths have from the source's own
// request, and reports whether none is left open.
func (s *Source) completes(op *Operation) bool {
	for i, p := range op.Parameters {
		if p.In != "path" || s.Values[i] != "" {
			continue
		}
		if !slices.ContainsFunc(s.From.Parameters, func(q Parameter) bool { return q.In == "path" && q.Name == p.Name }) {
			return false
		}
		s.Values[i] = "$request.path." + p.Name
	}
	return true
}

// byShape takes a path such as /things/{id}/parts from what POST or GET /things
// returns: from a property that is named like the variable, or "id" where the
// variable is named like an id or as one of the collection. nil where the two do not belong together.
func byShape(op, from *Operation) *Source {
	rest, under := strings.CutPrefix(op.Path, strings.TrimSuffix(from.Path, "/")+"/{")
	if !under || from == op || from.Method != http.MethodPost && from.Method != http.MethodGet {
		return nil
	}
	name, _, _ := strings.Cut(rest, "}")
	success := from.ResponseFor(statusNumber(from.SuccessStatus()))
	i := slices.IndexFunc(op.Parameters, func(p Parameter) bool { return p.In == "path" && p.Name == name })
	if i < 0 || success == nil || success.Schema == nil {
		return nil
	}
	collection := from.Path[strings.LastIndex(strings.TrimSuffix(from.Path, "/"), "/")+1:]
	names := []string{name}
	if isOneOf(name, collection) { // {coupon} of /coupons is the id of one
		names = append(names, name+"Id")
	}
	pointer := ""
	for _, name := range names {
		pointer = cmp.Or(pointer, idPointer(success.Schema, name, from.Method == http.MethodGet))
		if wrapper := wrapperOf(success.Schema, collection); wrapper != nil {
			pointer = cmp.Or(pointer, prefixed(spec.Pointer(wrapper.Name), idPointer(wrapper.Schema, name, false)))
		}
	}
	if pointer == "" {
		return nil
	}
	s := &Source{from, map[int]string{i: "$response.body#" + pointer}}
	if !s.completes(op) {
		return nil
	}
	return s
}

// statusNumber is a documented status as a number, of a range its first.
func statusNumber(status string) int {
	n := 0
	for _, r := range strings.ToUpper(status) {
		n = n*10 + int(max(0, min(9, r-'0')))
		if r == 'X' {
			n -= n % 10
		}
	}
	if n < 100 || n > 599 {
		return http.StatusOK
	}
	return n
}

// idPointer finds the property of a success that names what there is, in a list the
// first item's.
func idPointer(s *schema.Schema, variable string, listed bool) string {
	if listed {
		if s.Items != nil {
			return prefixed("/0", idPointer(s.Items, variable, false))
		}
		for _, p := range s.Properties {
			if p.Schema.Items != nil {
				if at := idPointer(p.Schema.Items, variable, false); at != "" {
					return spec.Pointer(p.Name) + "/0" + at
				}
			}
		}
		return ""
	}
	for _, same := range []func(string) bool{
		func(name string) bool { return name == variable },
		func(name string) bool { return plain(name) == plain(variable) },
		func(name string) bool { // id and gid for task_gid, name for repo_name
			name = plain(name)
			return (strings.HasSuffix(name, "id") || slices.Contains([]string{"key", "name", "slug", "code", "number"}, name)) && strings.HasSuffix(plain(variable), name)
		},
	} {
		for _, p := range s.Properties {
			if same(p.Name) && (p.Schema.AcceptsType("string") || p.Schema.AcceptsType("integer")) {
				return spec.Pointer(p.Name)
			}
		}
	}
	return ""
}

// wrapperOf is the property of a success that holds what was created: one that is named
// "data" or as one of the collection, such as "user" of /users; nil for none.
func wrapperOf(s *schema.Schema, collection string) *schema.Property {
	for i, p := range s.Properties {
		if p.Schema.HasType("object") && (p.Name == "data" || isOneOf(p.Name, collection)) {
			return &s.Properties[i]
		}
	}
	return nil
}

// isOneOf reports whether a name is that of one in a collection: "user" of users,
// "company" of companies, "item" of value_list_items.
func isOneOf(name, collection string) bool {
	name, collection = plain(name), plain(collection)
	return len(name) > 2 && (strings.HasPrefix(collection, strings.TrimSuffix(name, "y")) || strings.HasSuffix(strings.TrimSuffix(collection, "s"), name))
}

// plain is a name without what different spellings of it differ in.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

func prefixed(prefix, rest string) string {
	if rest == "" {
		return ""
	}
	return prefix + rest
}
