package spec

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

// inspect checks what both halves need before either reads a schema, and fills
// in what the document says of itself.
func (d *Document) inspect() error {
	root := d.root
	if root == nil || root.Kind != yaml.MappingNode {
		return d.errorAt(root, "not an OpenAPI document: expected a mapping that starts with \"openapi: 3.0.3\"")
	}
	version := field(root, "openapi")
	if version == nil {
		if old := field(root, "swagger"); old != nil {
			return d.errorAt(old, "this is Swagger %s; an OpenAPI 3 document is needed", old.Value)
		}
		return d.errorAt(root, "not an OpenAPI document: there is no \"openapi\" field")
	}
	is, ok := d.readVersion(version)
	if !ok {
		return d.errorAt(version, "OpenAPI version %q is not supported; version 3.0 or 3.1 is needed", version.Value)
	}
	d.inspectNames(root)
	if info := field(root, "info"); info != nil && info.Kind == yaml.MappingNode {
		d.title, d.version = scalar(info, "title"), scalar(info, "version")
	} else {
		d.warn(version, "the document has no \"info\" with a title and a version")
	}
	d.inspectServers()
	if err := d.normalize(is); err != nil {
		return err
	}
	if len(d.operations) == 0 {
		return d.errorAt(field(root, "paths"), "the document declares no operation: \"paths\" is missing or empty")
	}
	slices.SortStableFunc(d.warnings, func(a, b Warning) int { return a.Line - b.Line })
	d.warnings = slices.Compact(d.warnings)
	return nil
}

// readVersion is the version that the document is read as.
func (d *Document) readVersion(n *yaml.Node) (string, bool) {
	v := n.Value
	switch {
	case strings.HasPrefix(v, "3.0."), strings.HasPrefix(v, "3.1."):
		return v, true
	case v == "3", v == "3.0":
		d.warn(n, "the OpenAPI version %s is read as 3.0.3", v)
		return "3.0.3", true
	case v == "3.1":
		d.warn(n, "the OpenAPI version %s is read as 3.1.0", v)
		return "3.1.0", true
	case v == "3.2", strings.HasPrefix(v, "3.2."):
		d.warn(n, "OpenAPI %s is read as 3.1: what is new in 3.2 is neither served nor judged", v)
		return "3.1.0", true
	}
	return "", false
}

// inspectNames finds names that stand twice in one mapping. YAML forbids them, of
// JSON the meaning is open, and most readers of either take the last.
func (d *Document) inspectNames(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if first, twice := seen[key.Value]; twice {
				d.contradiction(key, "%q stands twice in one mapping, first on line %d; this one counts", key.Value, d.LineOfPage(first))
				for j := 0; j < i; j += 2 {
					if n.Content[j].Value == key.Value {
						n.Content = slices.Delete(n.Content, j, j+2)
						i -= 2
						break
					}
				}
			}
			seen[key.Value] = key.Line
		}
	}
	for _, each := range n.Content {
		if each.Kind == yaml.MappingNode || each.Kind == yaml.SequenceNode {
			d.inspectNames(each)
		}
	}
}

// inspectServers reads where the operations stand. Without a server, that is at
// the root of wherever the document comes from.
func (d *Document) inspectServers() {
	if servers := field(d.root, "servers"); servers != nil && servers.Kind == yaml.SequenceNode {
		for _, s := range servers.Content {
			if at, ok := d.serverURL(s); ok {
				d.servers = append(d.servers, at)
			}
		}
	}
	if len(d.servers) == 0 {
		d.warn(nil, "the document names no server; its paths are taken to stand at the root")
		d.servers = []string{"/"}
	}
}

// serverURL is the URL of a server, its variables replaced by their defaults.
func (d *Document) serverURL(server *yaml.Node) (string, bool) {
	node := field(server, "url")
	if node == nil || node.Value == "" {
		d.warn(server, "a server without a url is left out")
		return "", false
	}
	raw := node.Value
	if vars := field(server, "variables"); vars != nil && vars.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(vars.Content); i += 2 {
			if given, ok := d.variables[vars.Content[i].Value]; ok {
				raw = strings.ReplaceAll(raw, "{"+vars.Content[i].Value+"}", given)
				continue
			}
			value := scalar(vars.Content[i+1], "default")
			if options := field(vars.Content[i+1], "enum"); value == "" && options != nil && len(options.Content) > 0 {
				value = options.Content[0].Value
			}
			raw = strings.ReplaceAll(raw, "{"+vars.Content[i].Value+"}", value)
		}
	}
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsAny(raw, "{}") {
		d.warn(node, "the server url %q is not a URL; it is left out", raw)
		return "", false
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String(), true
}

// serverOf is the server of an operation that has one of its own, or on its
// path, whose base path is another than the contract's; "" for most.
func (d *Document) serverOf(op, ofPath *yaml.Node) string {
	own := field(op, "servers")
	if own == nil || own.Kind != yaml.SequenceNode || len(own.Content) == 0 {
		own = ofPath
	}
	if own == nil || own.Kind != yaml.SequenceNode || len(own.Content) == 0 {
		return ""
	}
	for _, each := range own.Content {
		if at, ok := d.serverURL(each); ok && !slices.Contains(d.servers, at) {
			return at
		}
	}
	return ""
}

// nameFromPath makes an id for an operation that has none: "get-users-id".
func nameFromPath(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}", r) })
	return strings.Join(append([]string{method}, words...), "-")
}
