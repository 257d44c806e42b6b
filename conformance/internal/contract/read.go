package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// Read reads a document in its normal form. An error is an [*spec.Error].
func Read(doc *spec.Document) (*Contract, error) {
	parsed, err := schema.Parse(doc.Normal())
	if err != nil {
		return nil, doc.Errorf("", "the contract cannot be read: %v", err)
	}
	root := asNode(parsed)
	r := &contractReader{doc: doc, root: root, is30: strings.HasPrefix(root.text("openapi"), "3.0"), components: map[string]node{}, paths: map[string]node{}}
	for _, m := range root.node("components").node("schemas") {
		r.components[m.Name] = asNode(m.Value)
	}
	for _, m := range root.node("paths") {
		r.paths[m.Name] = asNode(m.Value)
	}
	c := &Contract{Document: doc}
	for _, declared := range doc.Operations() {
		op := r.operation(declared)
		if slices.ContainsFunc(c.Operations, func(other *Operation) bool { return other.ID == op.ID }) {
			op.ID += "-" + strconv.Itoa(len(c.Operations)+1)
		}
		c.Operations = append(c.Operations, op)
	}
	c.connect()
	return c, nil
}

// contractReader reads the operations of one document.
type contractReader struct {
	doc        *spec.Document
	root       node
	is30       bool            // the version in which "nullable" has a meaning
	components map[string]node // schemas by name
	paths      map[string]node
}

func (r *contractReader) operation(declared spec.Operation) *Operation {
	op := &Operation{Operation: declared}
	op.ID = schema.IDWord(declared.ID)
	item := r.paths[declared.Path]
	n := item.node(strings.ToLower(declared.Method))
	op.summary = n.text("summary")
	for i, p := range item.list("parameters") {
		r.parameter(op, asNode(p), spec.Pointer("paths", declared.Path, "parameters", strconv.Itoa(i)))
	}
	for i, p := range n.list("parameters") {
		r.parameter(op, asNode(p), op.Pointer+spec.Pointer("parameters", strconv.Itoa(i)))
	}
	op.Body = r.requestBody(n.node("requestBody"), op.Pointer+"/requestBody")
	for _, m := range n.node("responses") {
		op.Responses = append(op.Responses, r.response(m.Name, asNode(m.Value), op.Pointer+spec.Pointer("responses", m.Name)))
	}
	r.security(op, n)
	op.Parameters = slices.DeleteFunc(op.Parameters, func(p Parameter) bool {
		return slices.ContainsFunc(op.Security, func(s SecurityScheme) bool { return s.isPlaceOf(p) })
	})
	if declared.Server != "" {
		op.Obstacle = "it has its own server, " + declared.Server + ": judge it with that base URL and a contract that names this server"
	}
	return op
}

// parameter adds a parameter to an operation; one of the operation takes the
// place of one of the path. Of two in one list the required one is sent, and
// neither is judged.
func (r *contractReader) parameter(op *Operation, n node, pointer string) {
	out := r.described(n, n.text("in"), pointer)
	i := slices.IndexFunc(op.Parameters, func(q Parameter) bool { return q.Name == out.Name && q.In == out.In })
	if i < 0 {
		op.Parameters = append(op.Parameters, out)
		return
	}
	have := &op.Parameters[i]
	if parentOf(have.Pointer) == parentOf(pointer) {
		if out.Twin = have.Pointer; have.Required && !out.Required {
			have.Twin = pointer
			return
		}
	}
	op.Parameters = append(slices.Delete(op.Parameters, i, i+1), out)
}

func parentOf(pointer string) string { return pointer[:strings.LastIndex(pointer, "/")] }

// lineOf is the line of what a pointer leads to, 0 for nothing.
func (r *contractReader) lineOf(pointer string) int {
	c, _ := r.doc.Clause(pointer)
	return c.Line
}

// described reads a parameter, or the header of a response.
func (r *contractReader) described(n node, in, pointer string) Parameter {
	out := Parameter{Name: n.text("name"), In: in, Required: n.flag("required"), style: n.text("style"), Pointer: pointer, SchemaPointer: pointer + "/schema"}
	if out.style == "" {
		out.style = defaultStyle(in)
	}
	out.explode = out.style == "form"
	if n.has("explode") {
		out.explode = n.flag("explode")
	}
	content, _ := n.value("schema")
	if name, media := firstJSON(n.node("content")); media != nil {
		out.asJSON = IsJSON(name)
		out.SchemaPointer = ""
		if content, _ = media.value("schema"); media.has("schema") {
			out.SchemaPointer = pointer + spec.Pointer("content", name, "schema")
		}
	}
	out.Schema = r.readSchema(content, out.SchemaPointer)
	if out.example, out.hasExample = n.example(); !out.hasExample {
		out.example, out.hasExample = out.Schema.Example, out.Schema.HasExample
	}
	return out
}

func (r *contractReader) requestBody(n node, pointer string) *RequestBody {
	content := n.node("content")
	if len(content) == 0 {
		return nil
	}
	first, media := firstJSON(content)
	out := r.bodyOf(n, first, media, pointer)
	out.documented = readContent(content, pointer)
	for _, m := range content {
		if m.Name != first && len(out.Others) < maxOthers {
			out.Others = append(out.Others, r.bodyOf(n, m.Name, asNode(m.Value), pointer))
		}
	}
	return out
}

// maxOthers bounds the media types of one body that are sent.
const maxOthers = 5

func (r *contractReader) bodyOf(n node, name string, media node, pointer string) *RequestBody {
	at := pointer + spec.Pointer("content", name)
	out := &RequestBody{Required: n.flag("required"), MediaType: concrete(name), Pointer: at}
	declared, hasSchema := media.value("schema")
	out.hasSchema = hasSchema
	out.Schema = r.readSchema(declared, at+"/schema")
	out.readFields(r, media, at)
	if out.Example, out.HasExample = media.example(); out.HasExample && !out.Schema.HasExample {
		out.Schema.Example, out.Schema.HasExample = out.Example, true
	}
	return out
}

func readContent(content node, pointer string) documented {
	out := documented{schemas: map[string]string{}}
	for _, m := range content {
		out.MediaTypes = append(out.MediaTypes, m.Name)
		if asNode(m.Value).has("schema") {
			out.schemas[m.Name] = pointer + spec.Pointer("content", m.Name, "schema")
		}
	}
	return out
}

func (r *contractReader) response(status string, n node, pointer string) *Response {
	out := &Response{Status: status, Pointer: pointer, Links: readLinks(n, pointer)}
	for _, m := range n.node("headers") {
		header := r.described(asNode(m.Value), "header", pointer+spec.Pointer("headers", m.Name))
		if header.Name = m.Name; !isReservedHeader(m.Name) {
			out.Headers = append(out.Headers, header)
		}
	}
	content := n.node("content")
	out.documented = readContent(content, pointer)
	for _, m := range content {
		text := &RequestBody{MediaType: m.Name, Pointer: pointer + spec.Pointer("content", m.Name), hasSchema: true}
		if declared, ok := asNode(m.Value).value("schema"); ok && (text.essence() == textType || text.essence() == formType) && out.Text == nil {
			out.Text, text.Schema = text, r.readOutline(declared, text.SchemaPointer())
		}
	}
	if name, media := firstJSON(content); media.has("schema") && MayBeJSON(name) {
		declared, _ := media.value("schema")
		out.Schema = r.readOutline(declared, pointer+spec.Pointer("content", name, "schema"))
	}
	return out
}

// isReservedHeader reports whether a documented header of a response is passed over
// (OpenAPI 3.0.3, "Response Object").
func isReservedHeader(name string) bool { return strings.EqualFold(name, "Content-Type") }

// firstJSON picks the JSON media type of a content map, or the first of any;
// nil where there is none.
func firstJSON(content node) (string, node) {
	for _, m := range content {
		if IsJSON(m.Name) {
			return m.Name, asNode(m.Value)
		}
	}
	for _, m := range content {
		return m.Name, asNode(m.Value)
	}
	return "", nil
}

// security reads how a key is to be sent: all schemes of the first requirement
// that can be met with one.
func (r *contractReader) security(op *Operation, n node) {
	requirements, at := n.list("security"), op.Pointer+"/security"
	if !n.has("security") {
		requirements, at = r.root.list("security"), "/security"
	}
	met := false
	for _, each := range requirements {
		requirement := asNode(each)
		if len(requirement) == 0 {
			op.Security, op.Alternatives, op.Obstacle = nil, nil, "" // anybody is let in
			return
		}
		schemes, problem := r.schemes(requirement, at)
		switch {
		case problem != "":
			if !met {
				op.Obstacle = problem
			}
		case !met:
			op.Security, op.Obstacle, met = schemes, "", true
		default:
			if len(schemes) > 0 {
				op.Alternatives = append(op.Alternatives, schemes)
			}
		}
	}
}

// schemes are those of one requirement; problem says why they cannot be met.
func (r *contractReader) schemes(requirement node, at string) (out []SecurityScheme, problem string) {
	for _, m := range requirement {
		scheme := r.root.node("components").node("securitySchemes").node(m.Name)
		if scheme == nil {
			return nil, fmt.Sprintf("the contract does not say what the security scheme %s is", m.Name)
		}
		s := SecurityScheme{m.Name, scheme.text("type"), scheme.text("in"), scheme.text("name"), strings.ToLower(scheme.text("scheme")), at}
		switch {
		case s.Kind == "mutualTLS":
			continue // a certificate, which is the connection's business
		case s.Kind == "http" && s.httpScheme != "basic" && s.httpScheme != "bearer":
			return nil, fmt.Sprintf("unsupported HTTP authentication scheme %q: a single key cannot satisfy it", s.httpScheme)
		}
		in, name := s.Field()
		i := slices.IndexFunc(out, func(have SecurityScheme) bool {
			haveIn, haveName := have.Field()
			return haveIn == in && strings.EqualFold(haveName, name)
		})
		switch {
		case i < 0:
			out = append(out, s)
		case out[i].isWrittenAs(s) || in == string(InHeader) && s.Kind == "apiKey":
		case in == string(InHeader) && out[i].Kind == "apiKey":
			out[i] = s // whose text is a key as well
		default:
			return nil, fmt.Sprintf("line %d: its security schemes %s and %s both need the %s %s, which a request has only once", r.lineOf(at), out[i].ID, s.ID, in, name)
		}
	}
	return out, ""
}
