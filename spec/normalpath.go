package spec

import (
	"maps"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

// methods are the operation fields of a path item (OpenAPI 3.0.3, section
// "Path Item Object").
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// normalize writes the document anew and fills in what it declares.
func (d *Document) normalize(version string) error {
	w := &normalizer{Document: d, is30: strings.HasPrefix(version, "3.0"), kinds: grammar(), names: map[*yaml.Node]string{}, made: map[*yaml.Node]string{}, taken: map[string]bool{}, nulls: map[*yaml.Node]bool{}, families: map[*yaml.Node]*yaml.Node{}, bases: map[*yaml.Node]string{}}
	if !w.is30 {
		maps.Copy(w.kinds["schema"], w.kinds["schema31"])
	}
	w.schemas = map[string]*yaml.Node{}
	if all := field(field(d.root, "components"), "schemas"); all != nil && all.Kind == yaml.MappingNode {
		for _, m := range members(all) {
			w.schemas[m.key] = m.value
		}
	}
	w.out = appendText(append(w.out, `{"openapi":`...), version)
	w.out = appendText(append(w.out, `,"info":{"title":`...), d.title)
	w.out = appendText(append(w.out, `,"version":`...), d.version)
	w.out = append(w.out, `},"servers":[`...)
	for i, url := range d.servers {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(appendText(append(w.out, `{"url":`...), url), '}')
	}
	w.out = append(w.out, ']')
	if security := field(d.root, "security"); !isNullNode(security) {
		w.out = append(w.out, `,"security":`...)
		if !w.value(security, "[requirement") {
			w.out = append(w.out, '[', ']')
		}
	}
	w.out = append(w.out, ",\n\"paths\":{"...)
	w.paths()
	w.out = append(w.out, "},\n\"components\":{\"schemas\":{"...)
	for i := 0; i < len(w.queue); i++ {
		if i > 0 {
			w.out = append(w.out, ',', '\n')
		}
		w.out = append(appendText(w.out, w.names[w.queue[i]]), ':')
		if !w.value(w.queue[i], "schema") {
			w.out = append(w.out, '{', '}')
		}
	}
	w.out = append(w.out, '}')
	w.securitySchemes()
	w.out = append(w.out, "}}\n"...)
	if w.err != nil {
		return w.err
	}
	d.normal = w.out
	return nil
}

// securitySchemes writes those that some operation asks for.
func (w *normalizer) securitySchemes() {
	declared := field(field(w.root, "components"), "securitySchemes")
	var used []member
	for _, name := range w.schemes {
		if _, scheme := child(declared, name); scheme != nil {
			used = append(used, member{name, scheme})
		} else {
			w.warn(declared, "the security scheme %q is not declared: how a key is sent under it is not known", name)
		}
	}
	w.out = append(w.out, `,"securitySchemes":`...)
	w.members(used, func(string) string { return "securityScheme" })
}

// alternatives are security requirements that can be met: of two schemes that want
// the same header, cookie or parameter, a request can carry one.
func (w *normalizer) alternatives(requirements []*yaml.Node) []*yaml.Node {
	out := slices.Clone(requirements)
	for i := 0; i < len(out); i++ {
		places := map[string]int{}
		for j := 0; out[i].Kind == yaml.MappingNode && j+1 < len(out[i].Content); j += 2 {
			place := w.keyPlace(out[i].Content[j].Value)
			before, taken := places[place]
			if places[place] = j; !taken || place == "" {
				continue
			}
			w.warn(out[i], "%q and %q both take the %s, which carries one of them; either is read as enough", out[i].Content[before].Value, out[i].Content[j].Value, place)
			without := func(k int) *yaml.Node {
				less := *out[i]
				less.Content = slices.Delete(slices.Clone(less.Content), k, k+2)
				return &less
			}
			out = append(out, without(before))
			out[i] = without(j)
			i-- // which may have a third
			break
		}
	}
	return out
}

// keyPlace is where a security scheme wants its key; "" where that is not known.
func (w *normalizer) keyPlace(name string) string {
	declared := w.target(field(field(field(w.root, "components"), "securitySchemes"), name))
	switch scalar(declared, "type") {
	case "http", "oauth2", "openIdConnect":
		return "header authorization"
	case "apiKey":
		if in, name := scalar(declared, "in"), scalar(declared, "name"); in != "header" {
			return in + " " + name
		} else {
			return "header " + strings.ToLower(name)
		}
	}
	return ""
}

var templateName = regexp.MustCompile(`\{([^{}/]*)\}`)

// paths writes the path items that can be served, and lists their operations.
func (w *normalizer) paths() {
	paths := field(w.root, "paths")
	shapes := map[string]string{} // method and path without the names of its variables, to the path
	ids := map[string]int{}
	written := map[string]bool{}
	for i := 0; paths != nil && i+1 < len(paths.Content); i += 2 {
		key, item := paths.Content[i], paths.Content[i+1]
		path := key.Value
		if strings.HasPrefix(path, "x-") || isNullNode(item) {
			continue
		}
		if item = w.target(item); item == nil {
			return
		}
		if item.Kind != yaml.MappingNode {
			w.warn(item, "a path item expected; %s is left out", path)
			continue
		}
		if !strings.HasPrefix(path, "/") {
			w.warn(key, "the path %q does not begin with a slash; it is read as /%s", path, path)
			path = "/" + path
		}
		if strings.ContainsAny(path, "?#") || strings.ContainsAny(templateName.ReplaceAllString(path, ""), "{}") || written[path] {
			w.warn(key, "the path %q is no path template; it is left out", path)
			continue
		}
		at := len(w.out)
		if len(written) > 0 {
			w.out = append(w.out, ',', '\n')
		}
		w.out = append(appendText(w.out, path), ':')
		before := len(w.operations)
		if !w.pathItem(key.Value, path, item, ids) {
			w.out = w.out[:at]
			continue
		}
		written[path] = true
		for _, op := range w.operations[before:] {
			shape := op.Method + " " + templateName.ReplaceAllString(path, "{}")
			if other, taken := shapes[shape]; taken {
				w.fail(w.errorAt(key, "%s %s and %s contradict each other: they differ in nothing but the names of their variables", op.Method, other, path))
			}
			shapes[shape] = path
		}
	}
}

func (w *normalizer) pathItem(key, path string, item *yaml.Node, ids map[string]int) bool {
	w.variables = nil
	for _, match := range templateName.FindAllStringSubmatch(path, -1) {
		w.variables = append(w.variables, match[1])
	}
	shared := field(item, "parameters")
	var all []member
	for _, m := range members(item) {
		isMethod := slices.Contains(methods[:], m.key)
		if isMethod {
			if m.value = w.target(m.value); m.value == nil {
				return false
			}
		}
		if m.key == "parameters" || isMethod && m.value.Kind == yaml.MappingNode {
			if m.key != "parameters" {
				m.value = w.operation(key, path, m.key, m.value, shared, field(item, "servers"), ids)
			}
			all = append(all, m)
		} else if m.key == "query" || m.key == "additionalOperations" {
			w.warn(m.value, "%s of a path item is new in OpenAPI 3.2: it is neither served nor judged", m.key)
		}
	}
	if len(all) == 0 || len(all) == 1 && all[0].key == "parameters" {
		return false
	}
	w.members(all, func(name string) string {
		if name == "parameters" {
			return "[parameter"
		}
		return "operation"
	})
	return true
}

// operation lists an operation and returns it with what it lacks.
func (w *normalizer) operation(key, path, method string, op, shared, servers *yaml.Node, ids map[string]int) *yaml.Node {
	o := Operation{
		ID:      scalar(op, "operationId"),
		Method:  strings.ToUpper(method),
		Path:    path,
		Pointer: Pointer("paths", key, method),
		Server:  w.serverOf(op, servers),
	}
	if first, twice := ids[o.ID]; twice && o.ID != "" {
		w.warn(op, "the operationId %q is used twice, first on line %d", o.ID, w.LineOfPage(first))
		o.ID = ""
	}
	if o.ID == "" {
		o.ID = nameFromPath(method, path)
	}
	ids[o.ID] = op.Line
	fixed := &yaml.Node{Kind: yaml.MappingNode, Line: op.Line}
	var responses, parameters *yaml.Node
	for i := 0; i+1 < len(op.Content); i += 2 {
		value := op.Content[i+1]
		switch name := op.Content[i].Value; {
		case name == "responses":
			responses = w.target(value)
		case name == "parameters" && value.Kind == yaml.SequenceNode:
			parameters = value
		case name == "operationId":
		case name == "requestBody" && w.is30 && (method == "get" || method == "head"):
			w.warn(value, "a request body has no meaning with %s in OpenAPI 3.0; it is left out", o.Method)
		default:
			fixed.Content = append(fixed.Content, op.Content[i], value)
		}
	}
	parameters = w.withVariables(parameters, shared, op.Line)
	if parameters != nil {
		fixed.Content = append(fixed.Content, textNode("parameters"), parameters)
	}
	all := w.statuses(responses)
	if len(all) == 0 {
		w.warn(op, "%s %s documents no response", o.Method, o.Path)
		all = []member{{"default", mapNode(op.Line)}}
	}
	for _, m := range all {
		o.Statuses = append(o.Statuses, m.key)
	}
	fixed.Content = append(fixed.Content, textNode("operationId"), textNode(o.ID), textNode("responses"), mapNode(op.Line, all...))
	w.operations = append(w.operations, o)
	return fixed
}

var statusCode = regexp.MustCompile(`^([1-5][0-9][0-9]|[1-5]XX|default)$`)

// statuses lists the documented responses by status, as OpenAPI writes it.
func (w *normalizer) statuses(responses *yaml.Node) []member {
	if responses == nil || responses.Kind != yaml.MappingNode {
		return nil
	}
	var out []member
	for i := 0; i+1 < len(responses.Content); i += 2 {
		key := responses.Content[i]
		status := key.Value
		if strings.HasPrefix(status, "x-") {
			continue
		}
		if upper := strings.ToUpper(status); upper != status && statusCode.MatchString(upper) {
			status = upper
		}
		if kind, _ := resolve(key); kind == isNumber {
			w.warn(key, "the status %s is written in quotes: '%s'", status, status)
		}
		switch {
		case !statusCode.MatchString(status):
			w.warn(key, "%q is no status; this response is left out", key.Value)
		case isNullNode(responses.Content[i+1]):
			out = append(out, member{status, mapNode(key.Line)})
		default:
			out = append(out, member{status, w.withoutContent(status, responses.Content[i+1])})
		}
	}
	return out
}

// withoutContent is a response without the content that its status cannot have (RFC 9110,
// sections 15.3.5, 15.3.6 and 15.4.5).
func (w *normalizer) withoutContent(status string, response *yaml.Node) *yaml.Node {
	if !slices.Contains([]string{"204", "205", "304"}, status) {
		return response
	}
	found := w.target(response)
	if content := field(found, "content"); content == nil || len(content.Content) == 0 {
		return response
	}
	w.warn(response, "a response with the status %s has no content; what is documented of it is left out", status)
	return mapNode(found.Line, slices.DeleteFunc(members(found), func(m member) bool { return m.key == "content" })...)
}

// withVariables adds the path's variables that no parameter declares.
func (w *normalizer) withVariables(own, shared *yaml.Node, line int) *yaml.Node {
	var missing []*yaml.Node
	for _, name := range w.variables {
		declared := func(list *yaml.Node) bool {
			return list != nil && slices.ContainsFunc(list.Content, func(p *yaml.Node) bool {
				p = w.target(p)
				return scalar(p, "in") == "path" && scalar(p, "name") == name
			})
		}
		if !declared(own) && !declared(shared) {
			w.warn(&yaml.Node{Line: line}, "no parameter declares {%s} of the path; any text may stand there", name)
			missing = append(missing, mapNode(line, member{"name", textNode(name)}, member{"in", textNode("path")},
				member{"required", plainNode("true")}, member{"schema", mapNode(line, member{"type", textNode("string")})}))
		}
	}
	if len(missing) == 0 {
		return own
	}
	all := &yaml.Node{Kind: yaml.SequenceNode, Line: line}
	if own != nil {
		all.Content = append(all.Content, own.Content...)
	}
	all.Content = append(all.Content, missing...)
	return all
}

// arrange puts right the fields of an object that its kind has rules for. It
// returns nil for one that is to be left out.
func (w *normalizer) arrange(n *yaml.Node, kind string, all []member) []member {
	switch kind {
	case "parameter":
		return w.parameter(n, all)
	case "header":
		return w.described(n, "header", all)
	case "response":
		if !slices.ContainsFunc(all, func(m member) bool { return m.key == "description" && !isNullNode(m.value) }) {
			w.warn(n, "a response without a description")
			all = append(slices.DeleteFunc(all, func(m member) bool { return m.key == "description" }), member{"description", textNode("")})
		}
	case "requestBody":
		if !slices.ContainsFunc(all, func(m member) bool {
			return m.key == "content" && m.value.Kind == yaml.MappingNode && len(m.value.Content) > 0
		}) {
			w.warn(n, "a request body without content; it is left out")
			return nil
		}
	case "requirement":
		for i := range all {
			if isNullNode(all[i].value) {
				all[i].value = &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line}
			}
			if !slices.Contains(w.schemes, all[i].key) {
				w.schemes = append(w.schemes, all[i].key)
			}
		}
	}
	return all
}

// styles lists the styles of parameters by their place (OpenAPI 3.0.3, "Style
// Values").
func styles() map[string][]string {
	return map[string][]string{
		"path":   {"simple", "label", "matrix"},
		"query":  {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
		"header": {"simple"},
		"cookie": {"form"},
	}
}

func (w *normalizer) parameter(n *yaml.Node, all []member) []member {
	name, in := scalar(n, "name"), scalar(n, "in")
	switch {
	case name == "", styles()[in] == nil:
		w.warn(n, "the parameter %q in %q is none that OpenAPI 3 has; it is left out", name, in)
		return nil
	case in == "header" && slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, func(s string) bool { return strings.EqualFold(s, name) }):
		w.warn(n, "a header parameter %s is ignored, as OpenAPI says", name)
		return nil
	case in == "path" && !slices.Contains(w.variables, name):
		w.warn(n, "the path has no variable {%s}; this parameter is left out", name)
		return nil
	case in == "path" && scalar(n, "required") != "true":
		w.warn(n, "a path parameter is always required: %s", name)
		all = append(slices.DeleteFunc(all, func(m member) bool { return m.key == "required" }), member{"required", plainNode("true")})
	case scalar(n, "style") == "deepObject" && w.isNoObject(field(n, "schema")):
		w.warn(n, "the style deepObject has a meaning for objects alone; the parameter %q is not judged", name)
		return nil
	}
	return w.described(n, in, all)
}

// isNoObject reports whether a schema takes other types than objects alone.
func (w *normalizer) isNoObject(schema *yaml.Node) bool {
	schema = w.target(schema)
	kind := scalar(schema, "type")
	return kind != "" && kind != "object"
}

// described is a parameter or header with one schema or one content.
func (w *normalizer) described(n *yaml.Node, in string, all []member) []member {
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(m member) bool { return m.key == name && !isNullNode(m.value) })
	}
	return append(slices.DeleteFunc(all, func(m member) bool {
		switch m.key {
		case "style":
			if !slices.Contains(styles()[in], m.value.Value) {
				w.warn(m.value, "%q is no style of a %s parameter; it is left out", m.value.Value, in)
				return true
			}
		case "content":
			return has("schema")
		}
		return false
	}), w.schemaOf(n, has)...)
}

// schemaOf is the schema of a parameter that has none: one of what stands in
// the parameter itself, as in Swagger 2, else any.
func (w *normalizer) schemaOf(n *yaml.Node, has func(string) bool) []member {
	if has("schema") || has("content") {
		return nil
	}
	var inside []member
	for _, m := range members(n) {
		if w.kinds["schema"][m.key] != "" && !slices.Contains([]string{"required", "description", "example", "examples"}, m.key) {
			inside = append(inside, m)
		}
	}
	return []member{{"schema", mapNode(n.Line, inside...)}}
}

// withEither is a media type whose body fits its own schema or another, anything where
// one of the two is not given.
func withEither(media, other *yaml.Node) *yaml.Node {
	var out []member
	for _, m := range members(media) {
		if m.key == "schema" && other != nil {
			m.value = mapNode(m.value.Line, member{"anyOf", &yaml.Node{Kind: yaml.SequenceNode, Line: m.value.Line, Content: []*yaml.Node{m.value, other}}})
		}
		if m.key != "schema" || other != nil {
			out = append(out, m)
		}
	}
	return mapNode(media.Line, out...)
}

// mediaTypes are the entries of a content map under their media types alone:
// they are compared without parameters and case (RFC 9110, section 8.3.1).
func (w *normalizer) mediaTypes(n *yaml.Node) []member {
	var out []member
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if strings.HasPrefix(key.Value, "x-") {
			continue
		}
		name, _, _ := mime.ParseMediaType(key.Value)
		if kind, sub, ok := strings.Cut(name, "/"); !ok || kind == "" || sub == "" {
			w.warn(key, "%q is no media type; it is left out", key.Value)
			continue
		}
		if i := slices.IndexFunc(out, func(m member) bool { return m.key == name }); i >= 0 {
			w.warn(key, "the media type %s stands twice with other parameters; a body may fit either schema", name)
			out[i].value = withEither(out[i].value, field(value, "schema"))
			continue
		}
		if isNullNode(value) {
			value = mapNode(key.Line)
		}
		out = append(out, member{name, value})
	}
	return out
}
