package spec

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

// A contract that is split over files becomes one document: each file that a
// reference leads to is put under filesField of the root, and the reference leads
// there. A node keeps in its Line which file it is of: see [Document.place].
const (
	filesField = "x-files"
	lineBits   = 18                   // the lines of one file; what is above them in a Line is the number of the file
	maxFiles   = 1<<(31-lineBits) - 1 // of one contract, so that a Line has room for them
	maxLines   = 1<<lineBits - 1      // of one of several files
)

// file is one of the files of a contract; the first is what was asked for.
type file struct {
	name   string // its path as seen from the folder of the first
	source string // as messages name it
	root   *yaml.Node
	from   int // the Line of the reference that led to it first
}

// beside reads a file by its path, as seen from the folder of the contract.
type beside func(name string) ([]byte, error)

// gather reads the files that references lead to, and theirs in turn. A reference
// whose file cannot be read stays as it is: nothing may make use of it.
func (d *Document) gather(read beside) error {
	name := path.Base(d.source)
	if u, isURL := httpURL(d.source); isURL {
		name = path.Base(u.Path)
	}
	d.files = []file{{name: name, source: d.source, root: d.root}}
	d.unread, d.written = map[*yaml.Node]string{}, map[*yaml.Node]string{}
	g := gatherer{Document: d, read: read, numbers: map[string]int{name: 0}, failed: map[string]string{}, seen: map[*yaml.Node]bool{}}
	for i := 0; i < len(d.files) && g.err == nil; i++ {
		g.walk(d.files[i].root, i, false)
	}
	if g.err != nil || len(d.files) == 1 {
		return g.err
	}
	if bytes.Count(d.data, []byte("\n")) > maxLines {
		return d.errorAt(nil, "a contract of several files has at most %d lines in each", maxLines)
	}
	var all []member
	for _, f := range d.files[1:] {
		all = append(all, member{f.name, f.root})
	}
	d.root.Content = append(d.root.Content, textNode(filesField), mapNode(0, all...))
	d.inPlace(d.root)
	d.inPlace(field(d.root, "components"))
	if paths := field(d.root, "paths"); paths != nil && paths.Kind == yaml.MappingNode {
		d.inPlace(paths)
		for _, m := range members(paths) {
			d.inPlace(m.value)
		}
	}
	var err error
	if d.data, err = yaml.Marshal(d.root); err != nil {
		return d.errorAt(nil, "the files of this contract cannot be put together: %v", err)
	}
	return nil
}

// inPlace puts what references of a mapping's fields lead to in their places: OpenAPI
// has none there, yet those who split a document write "paths: {$ref: paths.yaml}".
func (d *Document) inPlace(n *yaml.Node) {
	for i := 1; n != nil && n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if pointer, ok := fragment(scalar(n.Content[i], "$ref")); ok {
			if _, found, ok := d.find(pointer); ok {
				n.Content[i] = found
			}
		}
	}
}

type gatherer struct {
	*Document
	read    beside
	size    int
	numbers map[string]int    // of the files, by their names
	failed  map[string]string // why a file could not be read, by its name
	seen    map[*yaml.Node]bool
	err     error
}

// walk turns the references of one file into those of the whole. names says that the
// fields of n are names of the author's choice.
func (g *gatherer) walk(n *yaml.Node, at int, names bool) {
	if g.seen[n] || n.Kind == yaml.ScalarNode {
		return
	}
	g.seen[n] = true
	if n.Kind != yaml.MappingNode {
		for _, item := range n.Content {
			g.walk(item, at, false)
		}
		return
	}
	for _, m := range members(n) {
		switch {
		case m.key == "$ref" && m.value.Kind == yaml.ScalarNode:
			g.lead(m.value, at)
		case names:
			g.walk(m.value, at, false)
		case m.key == "mapping" && field(n, "propertyName") != nil && m.value.Kind == yaml.MappingNode:
			for _, to := range members(m.value) {
				if strings.ContainsAny(to.value.Value, "./") && to.value.Kind == yaml.ScalarNode {
					g.lead(to.value, at)
				}
			}
		case slices.Contains([]string{"example", "default", "enum", "const", "value"}, m.key): // data
		default:
			g.walk(m.value, at, slices.Contains(named(), m.key))
		}
	}
}

// named lists the fields whose value is a map with names of the author's choice.
func named() []string {
	return strings.Fields("properties patternProperties dependentSchemas $defs definitions schemas responses parameters headers examples requestBodies links")
}

// lead makes a reference in the file number at one in the whole document.
func (g *gatherer) lead(ref *yaml.Node, at int) {
	target, within, _ := strings.Cut(ref.Value, "#")
	if strings.Contains(target, ":") || strings.HasPrefix(target, "/") || target == "" && at == 0 {
		return // another host, another root, or where it is
	}
	if within != "" && within[0] != '/' { // an anchor, which is known in the whole document
		return
	}
	if target != "" {
		name, err := url.PathUnescape(target)
		if err != nil {
			return
		}
		if at = g.open(path.Join(path.Dir(g.files[at].name), name), ref); at < 0 {
			return
		}
	}
	g.written[ref] = ref.Value
	ref.Value = "#" + within
	if at > 0 {
		ref.Value = "#" + url.PathEscape(Pointer(filesField, g.files[at].name)) + within
		ref.Value = strings.ReplaceAll(ref.Value, "%2F", "/")
	}
}

// open is the number of a file, which is read where it was not before; below 0 where
// it cannot be.
func (g *gatherer) open(name string, ref *yaml.Node) int {
	if i, known := g.numbers[name]; known {
		return i
	}
	why, tried := g.failed[name]
	if !tried {
		f := file{name: name, source: g.sourceOf(name), from: ref.Line}
		if why = g.load(&f); why == "" {
			g.files = append(g.files, f)
			g.numbers[name] = len(g.files) - 1
			number(f.root, len(g.files)-1)
			if err := g.expand(f.root); err != nil && g.err == nil {
				g.err = err
			}
			return len(g.files) - 1
		}
		g.failed[name] = why
	}
	g.unread[ref] = why
	return -1
}

// load reads and parses a file; what it returns says why it could not.
func (g *gatherer) load(f *file) (why string) {
	if len(g.files) > maxFiles {
		return fmt.Sprintf("a contract has at most %d files", maxFiles)
	}
	data, err := g.read(f.name)
	if err != nil {
		return err.Error()
	}
	if g.size += len(data); g.size > maxBytes {
		return fmt.Sprintf("the files of the contract are larger than %d MiB", maxBytes>>20)
	}
	if bytes.Count(data, []byte("\n")) > maxLines {
		return fmt.Sprintf("%s has more than %d lines", f.source, maxLines)
	}
	root, _, err := decode(data)
	if err != nil {
		return (&Document{source: f.source, data: data}).yamlError(err).Error()
	}
	if root == nil {
		return f.source + " is empty"
	}
	f.root = root
	return ""
}

// sourceOf is how messages name a file of the contract.
func (d *Document) sourceOf(name string) string {
	if u, isURL := httpURL(d.source); isURL {
		return u.ResolveReference(&url.URL{Path: name}).String()
	}
	return path.Join(path.Dir(d.source), name)
}

// number writes into the lines of a tree which file it is of.
func number(n *yaml.Node, at int) {
	n.Line += at << lineBits
	for _, child := range n.Content {
		number(child, at)
	}
}

// place is the file and the line of a node's Line.
func (d *Document) place(line int) (source string, at int) {
	if i := line >> lineBits; i > 0 && i < len(d.files) {
		return d.files[i].source, line & maxLines
	}
	return d.source, d.LineOfPage(line)
}
