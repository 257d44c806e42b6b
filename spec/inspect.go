package spec

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

// methods are the operation fields of a path item (OpenAPI 3.0.3, section
// "Path Item Object").
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

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
	if !strings.HasPrefix(version.Value, "3.") {
		return d.errorAt(version, "OpenAPI version %q is not supported; version 3 is needed", version.Value)
	}
	if err := d.inspectNodes(root, 0); err != nil {
		return err
	}
	info := field(root, "info")
	if info == nil || info.Kind != yaml.MappingNode {
		return d.errorAt(version, "the document has no \"info\" with a title and a version")
	}
	d.title, d.version = scalar(info, "title"), scalar(info, "version")
	if err := d.inspectServers(); err != nil {
		return err
	}
	return d.inspectOperations()
}

const maxDepth = 1000

// inspectNodes finds what no reader of the document may pass over: a key that
// stands twice, a reference that leads nowhere or leaves the document.
func (d *Document) inspectNodes(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return d.errorAt(n, "nested deeper than %d levels", maxDepth)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if err := d.inspectNodes(item, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if first, twice := seen[key.Value]; twice {
				return d.errorAt(key, "%q stands twice in one mapping, first on line %d", key.Value, d.LineOfPage(first))
			}
			seen[key.Value] = key.Line
			if err := d.inspectReference(key, value); err != nil {
				return err
			}
			if err := d.inspectNodes(value, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) inspectReference(key, value *yaml.Node) error {
	if key.Value != "$ref" || value.Kind != yaml.ScalarNode {
		return nil
	}
	if !strings.HasPrefix(value.Value, "#") {
		return d.errorAt(value, "the reference %q leaves the document; references to other files and hosts are not followed", value.Value)
	}
	if _, _, ok := d.find(strings.TrimPrefix(value.Value, "#")); !ok {
		return d.errorAt(value, "the reference %q leads nowhere", value.Value)
	}
	return nil
}

func (d *Document) inspectServers() error {
	servers := field(d.root, "servers")
	if servers == nil || servers.Kind != yaml.SequenceNode || len(servers.Content) == 0 {
		return d.errorAt(servers, "the document names no server: \"servers\" must hold at least one url")
	}
	for _, s := range servers.Content {
		node := field(s, "url")
		if node == nil || node.Value == "" {
			return d.errorAt(s, "a server without a url")
		}
		raw := node.Value
		if vars := field(s, "variables"); vars != nil {
			for i := 0; i+1 < len(vars.Content); i += 2 {
				raw = strings.ReplaceAll(raw, "{"+vars.Content[i].Value+"}", scalar(vars.Content[i+1], "default"))
			}
		}
		if _, err := url.Parse(raw); err != nil {
			return d.errorAt(node, "the server url %q is not a URL", raw)
		}
		d.servers = append(d.servers, raw)
	}
	return nil
}

func (d *Document) inspectOperations() error {
	paths := field(d.root, "paths")
	if paths == nil || paths.Kind != yaml.MappingNode {
		return d.errorAt(paths, "the document declares no operation: \"paths\" is missing or empty")
	}
	ids := map[string]int{}
	for i := 0; i+1 < len(paths.Content); i += 2 {
		path, item := paths.Content[i], paths.Content[i+1]
		if item = d.deref(item); item == nil || item.Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(item.Content); j += 2 {
			method, op := item.Content[j], item.Content[j+1]
			if !slices.Contains(methods[:], method.Value) || op.Kind != yaml.MappingNode {
				continue
			}
			o := Operation{
				ID:      scalar(op, "operationId"),
				Method:  strings.ToUpper(method.Value),
				Path:    path.Value,
				Pointer: Pointer("paths", path.Value, method.Value),
			}
			if o.ID == "" {
				o.ID = nameFromPath(method.Value, path.Value)
			}
			if first, twice := ids[o.ID]; twice {
				return d.errorAt(op, "the operationId %q is used twice, first on line %d", o.ID, d.LineOfPage(first))
			}
			ids[o.ID] = op.Line
			responses := field(op, "responses")
			if responses == nil || len(responses.Content) == 0 {
				return d.errorAt(method, "%s %s documents no response", o.Method, o.Path)
			}
			for k := 0; k+1 < len(responses.Content); k += 2 {
				if status := responses.Content[k].Value; !strings.HasPrefix(status, "x-") {
					o.Statuses = append(o.Statuses, status)
				}
			}
			d.operations = append(d.operations, o)
		}
	}
	if len(d.operations) == 0 {
		return d.errorAt(paths, "the document declares no operation: \"paths\" is empty")
	}
	return nil
}

// nameFromPath makes an id for an operation that has none: "get-users-id".
func nameFromPath(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}", r) })
	return strings.Join(append([]string{method}, words...), "-")
}
