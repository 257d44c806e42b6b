package spec

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	urlpath "path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pb33f/go-yaml"
)

//go:embed create-manufacturer-device-connection.md
var embeddedPage []byte

// EmbeddedName is the [Document.Source] of the embedded contract.
const EmbeddedName = "create-manufacturer-device-connection.md"

// Document is a contract: an OpenAPI 3 document that has been read and found
// usable. It is immutable and safe for concurrent use.
type Document struct {
	source     string
	page       []byte     // what was read
	data       []byte     // the OpenAPI document in it, or what its files were put together to
	normal     []byte     // see [Document.Normal]
	root       *yaml.Node // the top mapping
	lineOffset int        // lines of the source before the document's first line
	sha256     string
	title      string
	version    string
	servers    []string
	variables  map[string]string     // of server URLs, where they are not to have their defaults
	read       beside                // nil where no other file is to be read
	files      []file                // see [Document.gather]
	unread     map[*yaml.Node]string // references to files, and why those could not be read
	written    map[*yaml.Node]string // references that were changed, as they were
	operations []Operation
	warnings   []Warning
}

// Operation is one operation that the contract declares, in document order.
type Operation struct {
	ID       string   // operationId, or method and path joined by dashes where there is none
	Method   string   // in upper case, as on the wire
	Path     string   // the path template beneath the server's base path
	Pointer  string   // JSON pointer of the operation object
	Statuses []string // the keys of its responses, in document order
	Server   string   // the URL of a server of its own, "" where it is the contract's
}

// Error says in one sentence why a contract cannot be used. Line is the line of
// Source, or 0 where no line is to blame.
type Error struct {
	Source string
	Line   int
	Reason string
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.Source, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Source, e.Reason)
}

// Embedded returns the contract of the NOX manufacturer API that this version
// of the module was made for.
func Embedded() (*Document, error) { return Parse(EmbeddedName, embeddedPage) }

// Parse reads a contract from data: an OpenAPI 3 document in YAML or JSON, or a
// Markdown page with such a document in a fence. source names it in errors.
// Any error is an [*Error].
// Nothing that the document refers to is read with it; see [Load].
func Parse(source string, data []byte) (*Document, error) { return parse(source, data, nil, nil) }

func parse(source string, data []byte, read beside, variables map[string]string) (*Document, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := &Document{source: source, page: data, data: data, read: read, variables: variables}
	node, further, err := decode(data)
	if err != nil || field(node, "openapi") == nil {
		fenced, offset, found := documentInFence(data)
		switch {
		case found:
			d.data, d.lineOffset = fenced, offset
			if node, further, err = decode(fenced); err != nil {
				return nil, d.yamlError(err)
			}
		case looksLikeMarkdown(data):
			return nil, d.errorAt(nil, "this page holds no OpenAPI document: expected one in a code fence, starting with \"openapi: 3\"")
		case err != nil:
			return nil, d.yamlError(err)
		}
	}
	d.root = node
	if further {
		d.warn(nil, "further YAML documents follow the first one in this file; they are passed over")
	}
	if node != nil {
		if err := d.expand(node); err != nil {
			return nil, err
		}
		if read != nil {
			if err := d.gather(read); err != nil {
				return nil, err
			}
		}
	}
	sum := sha256.Sum256(d.data)
	d.sha256 = hex.EncodeToString(sum[:])
	if err := d.inspect(); err != nil {
		return nil, err
	}
	return d, nil
}

// Source is the name the contract was loaded under: a file name, a URL, "-"
// for standard input, or [EmbeddedName].
func (d *Document) Source() string { return d.source }

// Bytes returns the OpenAPI document itself, without the page around it; of a contract
// of several files, one document that holds them all. The caller must not change it.
func (d *Document) Bytes() []byte { return d.data }

// Normal returns the document in a form that every OpenAPI library reads alike:
// JSON, with what its operations make use of and no more, each reference to a
// component, aliases and merge keys carried out, what contradicts OpenAPI left
// out. [Document.Warnings] tells what differs. The caller must not change it.
func (d *Document) Normal() []byte { return d.normal }

// Warnings lists what the author of the document may not have meant, in the
// order of its lines.
func (d *Document) Warnings() []Warning { return append([]Warning(nil), d.warnings...) }

// Lint lists the warnings as lines of text, each with its place, and counts those
// that are contradictions.
func (d *Document) Lint() (lines []string, contradictions int) {
	for _, w := range d.warnings {
		kind, place := "warning", cmp.Or(w.File, d.source)
		if w.Contradiction {
			contradictions++
			kind = "contradiction"
		}
		if w.Line > 0 {
			place += ":" + strconv.Itoa(w.Line)
		}
		lines = append(lines, place+": "+kind+": "+w.Text)
	}
	return lines, contradictions
}

// SHA256 is the digest of [Document.Bytes], in lower-case hexadecimal. A page
// and a bare file that hold the same document have the same digest.
func (d *Document) SHA256() string { return d.sha256 }

// Title is the info.title of the contract.
func (d *Document) Title() string { return d.title }

// Version is the info.version of the contract.
func (d *Document) Version() string { return d.version }

// WithServerVariables returns the document with other values of the variables in its
// server URLs than their defaults. An error names a variable that no server has, or a
// value that its "enum" does not list.
func (d *Document) WithServerVariables(values map[string]string) (*Document, error) {
	declared := map[string][]string{}
	var names []string
	collectVariables(d.root, 0, func(name string, enum []string) {
		if _, known := declared[name]; !known {
			names = append(names, name)
		}
		declared[name] = append(declared[name], enum...)
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		enum, known := declared[name]
		switch {
		case len(names) == 0:
			return nil, fmt.Errorf("no server URL of %s has a variable", d.source)
		case !known:
			return nil, fmt.Errorf("no server URL of %s has a variable %q; there are %s", d.source, name, strings.Join(names, ", "))
		case len(enum) > 0 && !slices.Contains(enum, values[name]):
			return nil, fmt.Errorf("%q is no value of %s; the contract lists %s", values[name], name, strings.Join(enum, ", "))
		}
	}
	return parse(d.source, d.page, d.read, values)
}

// collectVariables finds the variables of the servers of a document, its paths and
// operations.
func collectVariables(n *yaml.Node, depth int, found func(name string, enum []string)) {
	if n == nil || n.Kind != yaml.MappingNode || depth > 3 {
		return
	}
	if servers := field(n, "servers"); servers != nil {
		for _, server := range servers.Content {
			vars := field(server, "variables")
			for i := 0; vars != nil && vars.Kind == yaml.MappingNode && i+1 < len(vars.Content); i += 2 {
				var enum []string
				if options := field(vars.Content[i+1], "enum"); options != nil {
					for _, o := range options.Content {
						enum = append(enum, o.Value)
					}
				}
				found(vars.Content[i].Value, enum)
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if depth > 0 || n.Content[i].Value == "paths" {
			collectVariables(n.Content[i+1], depth+1, found)
		}
	}
}

// Servers returns the server URLs in document order, their variables replaced
// by their defaults.
func (d *Document) Servers() []string { return append([]string(nil), d.servers...) }

// BasePath is the path of the first server, without a trailing slash: "/v2".
func (d *Document) BasePath() string {
	u, err := url.Parse(d.servers[0])
	if err != nil {
		return ""
	}
	if strings.HasPrefix(u.Path, ".") { // relative to where the document stands
		return strings.TrimRight(urlpath.Clean("/"+u.Path), "/")
	}
	return strings.TrimRight(u.Path, "/")
}

// Operations returns the declared operations in document order.
func (d *Document) Operations() []Operation { return append([]Operation(nil), d.operations...) }

// LineOfPage turns a line of [Document.Bytes] into a line of the source. Of a line of
// another file of the contract it is the line of the reference that leads there.
func (d *Document) LineOfPage(line int) int {
	for i := line >> lineBits; i > 0 && i < len(d.files); i = line >> lineBits {
		line = d.files[i].from
	}
	if line <= 0 {
		return 0
	}
	return line + d.lineOffset
}

// Errorf makes an [*Error] about this contract, at the clause that pointer
// names, or at none when pointer is not found in it.
func (d *Document) Errorf(pointer, format string, args ...any) *Error {
	e := &Error{Source: d.source, Reason: fmt.Sprintf(format, args...)}
	if c, err := d.Clause(pointer); err == nil && pointer != "" {
		e.Line = c.Line
	}
	return e
}

func (d *Document) errorAt(n *yaml.Node, format string, args ...any) *Error {
	e := &Error{Source: d.source, Reason: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Source, e.Line = d.place(n.Line)
	}
	return e
}

// yamlPlace finds the place in an error of the YAML library, as L4.C8 or
// L1.C10-L2.C1, and what it says of it.
var yamlPlace = regexp.MustCompile(`\bL(\d+)\.C\d+(?:-L(\d+)\.C\d+)?: (.*)$`)

// yamlError makes one sentence of a syntax error of the YAML library.
func (d *Document) yamlError(err error) *Error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	e := &Error{Source: d.source, Reason: "not YAML or JSON: " + text}
	for i, line := range bytes.Split(d.data, []byte("\n")) {
		if !utf8.Valid(line) && !bytes.HasPrefix(d.data, []byte("\xff\xfe")) && !bytes.HasPrefix(d.data, []byte("\xfe\xff")) {
			e.Line, e.Reason = d.LineOfPage(i+1), "not YAML or JSON: this line is not text in UTF-8"
			return e
		}
	}
	m := yamlPlace.FindStringSubmatch(text)
	if m == nil {
		return e
	}
	last := m[1]
	if m[2] != "" {
		last = m[2]
	}
	if line, err := strconv.Atoi(last); err == nil {
		e.Line, e.Reason = d.LineOfPage(line), "not YAML or JSON: "+m[3]
	}
	return e
}
