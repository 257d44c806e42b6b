package spec

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/go-yaml"
)

// Warning is something in a document that does not stop it from being used,
// and that its author may not have meant.
type Warning struct {
	File          string `json:"file,omitempty"` // of a contract of several files, where it is not the one that was asked for
	Line          int    `json:"line"`           // of that file
	Text          string `json:"text"`
	Contradiction bool   `json:"contradiction"` // nothing can fulfil it, or it says two things
}

func (d *Document) warn(n *yaml.Node, format string, args ...any) {
	w := Warning{Text: fmt.Sprintf(format, args...)}
	if n != nil {
		if w.File, w.Line = d.place(n.Line); w.File == d.source {
			w.File = ""
		}
	}
	d.warnings = append(d.warnings, w)
}

func (d *Document) contradiction(n *yaml.Node, format string, args ...any) {
	d.warn(n, format, args...)
	d.warnings[len(d.warnings)-1].Contradiction = true
}

// maxNormal bounds the normalised document, in bytes.
const maxNormal = 4 * maxBytes

// normalizer writes a document anew, so that two libraries that differ in what
// they forgive both read the same: as JSON, with only what the operations make
// use of; references lead to components and nowhere else; what contradicts the
// grammar of OpenAPI is left out, with a warning.
type normalizer struct {
	*Document
	out      []byte
	is30     bool
	kinds    map[string]map[string]string // see grammar
	names    map[*yaml.Node]string        // component names of schemas that are referred to
	made     map[*yaml.Node]string        // and of those that references of our own lead to
	taken    map[string]bool
	needed   map[*yaml.Node]bool       // schemas that some message must have a value of; nil until asked for
	nulls    map[*yaml.Node]bool       // schemas that null fits, where that is known
	families map[*yaml.Node]*yaml.Node // see family
	bases    map[*yaml.Node]string     // $id of the schema that a reference stands in
	queue    []*yaml.Node
	nested   int
	err      *Error
	ids      map[string]*yaml.Node // schemas by $id and $anchor; nil until asked for

	schemas   map[string]*yaml.Node // the components
	schemes   []string              // security schemes that are asked for
	variables []string              // of the path at hand
}

// member is a field of an object while it is normalised.
type member struct {
	key   string
	value *yaml.Node
}

func textNode(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: s, Style: yaml.DoubleQuotedStyle}
}

func plainNode(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// mapNode makes a mapping of names and values in turn.
func mapNode(line int, members ...member) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Line: line}
	for _, m := range members {
		n.Content = append(n.Content, textNode(m.key), m.value)
	}
	return n
}

// members lists the fields of a mapping; of a field that stands twice, the last.
func members(n *yaml.Node) []member {
	out := make([]member, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, member{n.Content[i].Value, n.Content[i+1]})
	}
	return out
}

func isNullNode(n *yaml.Node) bool {
	if n == nil {
		return true
	}
	if n.Kind != yaml.ScalarNode {
		return n.Kind == 0
	}
	kind, _ := resolve(n)
	return kind == isNull
}

func (w *normalizer) fail(err *Error) {
	if w.err == nil {
		w.err = err
	}
}

// value writes a node as what the grammar calls kind. It reports whether it
// could; if not, nothing is written.
func (w *normalizer) value(n *yaml.Node, kind string) bool {
	if w.err != nil {
		return false
	}
	if len(w.out) > maxNormal {
		w.fail(w.errorAt(n, "the references of this document make it too large: written out, it exceeds %d MiB", maxNormal>>20))
		return false
	}
	if w.nested++; w.nested > maxDepth {
		w.fail(w.errorAt(n, "nested deeper than %d levels", maxDepth))
	}
	defer func() { w.nested-- }()
	start := len(w.out)
	ok := false
	switch {
	case kind == "data":
		ok = w.data(n)
	case isNullNode(n):
		return kind == "schema" && w.schema(n)
	case kind[0] == '[', kind[0] == '{': // a reference is no list or map, yet those who split a document write one
		if n = w.target(n); n == nil {
			return false
		}
		if kind[0] == '[' {
			ok = w.list(n, kind[1:])
		} else {
			ok = w.mapping(n, kind[1:])
		}
	case kind == "texts":
		ok = w.list(n, "text")
	case kind == "text", kind == "bool", kind == "number", kind == "count":
		ok = w.scalar(n, kind)
	case kind == "schemaOrBool" && n.Kind == yaml.ScalarNode:
		ok = w.scalar(n, "bool")
	case kind == "schema", kind == "schemaOrBool":
		ok = w.schema(n)
	default:
		ok = w.object(n, kind)
	}
	if !ok {
		w.out = w.out[:start]
	}
	return ok
}

func (w *normalizer) scalar(n *yaml.Node, kind string) bool {
	if n.Kind != yaml.ScalarNode {
		w.warn(n, "%s expected; it is left out", describe(kind))
		return false
	}
	is, text := resolve(n)
	if kind == "text" {
		w.out = appendText(w.out, n.Value)
		return true
	}
	want := isNumber
	if kind == "bool" {
		want = isBool
	}
	if is == isText { // "10", "true"
		if is, text = resolve(plainNode(n.Value)); is == want {
			w.warn(n, "%q is a text; it is read as %s", n.Value, text)
		}
	}
	switch {
	case is != want, want == isNumber && !isFinite(text):
		w.warn(n, "%s expected, not %q; it is left out", describe(kind), n.Value)
		return false
	case kind == "count":
		f, _ := strconv.ParseFloat(text, 64)
		if f < 0 || f != float64(int64(f)) {
			w.warn(n, "%s expected, not %q; it is left out", describe(kind), n.Value)
			return false
		}
		if f >= 1<<53 {
			return false // no limit at all
		}
		text = strconv.FormatInt(int64(f), 10)
	}
	w.out = append(w.out, text...)
	return true
}

func describe(kind string) string {
	return map[string]string{
		"text": "a string", "bool": "true or false", "number": "a number", "count": "a whole number of at least 0",
	}[kind]
}

// data writes a value that nothing is to be read into.
func (w *normalizer) data(n *yaml.Node) bool {
	if w.nested++; w.nested > maxDepth {
		return false
	}
	defer func() { w.nested-- }()
	switch n.Kind {
	case yaml.SequenceNode:
		w.out = append(w.out, '[')
		for i, item := range n.Content {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			if !w.data(item) {
				return false
			}
		}
		w.out = append(w.out, ']')
	case yaml.MappingNode:
		w.out = append(w.out, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			if n.Content[i].Value == "$ref" && strings.HasPrefix(n.Content[i+1].Value, "#") {
				w.warn(n, "a value with a member $ref, which readers take for a reference, is left out")
				return false
			}
			w.out = append(appendText(w.out, n.Content[i].Value), ':')
			if !w.data(n.Content[i+1]) {
				return false
			}
		}
		w.out = append(w.out, '}')
	case yaml.ScalarNode:
		kind, text := resolve(n)
		if kind == isText {
			w.out = appendText(w.out, text)
			return true
		}
		if kind == isNumber && !isFinite(text) {
			w.warn(n, "the number %s is beyond what most readers keep; the value it stands in is left out", n.Value)
			return false
		}
		w.out = append(w.out, text...)
	default:
		return false
	}
	return len(w.out) <= maxNormal
}

func (w *normalizer) list(n *yaml.Node, kind string) bool {
	items := n.Content
	if n.Kind != yaml.SequenceNode {
		w.warn(n, "a list expected; this is read as its only item")
		items = []*yaml.Node{n}
	}
	if kind == "requirement" {
		items = w.alternatives(items)
	}
	w.out = append(w.out, '[')
	first := true
	for _, item := range items {
		at := len(w.out)
		if !first {
			w.out = append(w.out, ',')
		}
		if w.value(item, kind) {
			first = false
		} else {
			w.out = w.out[:at]
		}
	}
	w.out = append(w.out, ']')
	return true
}

// mapping writes a map with names of the author's choice.
func (w *normalizer) mapping(n *yaml.Node, kind string) bool {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 { // as PHP writes an empty one
		w.out = append(w.out, '{', '}')
		return true
	}
	if n.Kind != yaml.MappingNode {
		w.warn(n, "a mapping expected; this is left out")
		return false
	}
	all := members(n)
	switch kind {
	case "header": // the content says it
		all = slices.DeleteFunc(all, func(m member) bool { return strings.EqualFold(m.key, "Content-Type") })
	case "mediaType":
		all = w.mediaTypes(n)
	}
	w.members(all, func(string) string { return kind })
	return true
}

// members writes an object; kindOf is what the grammar says of a name.
func (w *normalizer) members(all []member, kindOf func(string) string) {
	w.out = append(w.out, '{')
	first := true
	for _, m := range all {
		at := len(w.out)
		if !first {
			w.out = append(w.out, ',', '\n')
		}
		w.out = append(appendText(w.out, m.key), ':')
		if w.value(m.value, kindOf(m.key)) {
			first = false
		} else {
			w.out = w.out[:at]
		}
	}
	w.out = append(w.out, '}')
}

// object writes an object of the grammar. References to one are written out,
// except those to schemas.
func (w *normalizer) object(n *yaml.Node, kind string) bool {
	reference := n
	if n = w.target(n); n == nil {
		if (kind == "example" || kind == "link") && w.err != nil { // without which all is known that is asked
			w.warn(reference, "%s; the %s is left out", w.err.Reason, kind)
			w.err = nil
		}
		return false
	}
	if n.Kind != yaml.MappingNode {
		w.warn(n, "a mapping expected; this is left out")
		return false
	}
	grammar := w.kinds[kind]
	if every := grammar["*"]; every != "" {
		w.members(w.arrange(n, kind, w.known(n, kind, nil)), func(string) string { return every })
		return true
	}
	all := w.arrange(n, kind, w.known(n, kind, grammar))
	if all == nil {
		return false
	}
	w.members(all, func(name string) string { return grammar[name] })
	return true
}

// known lists the fields of an object that the grammar names; with none, all
// but extensions.
func (w *normalizer) known(n *yaml.Node, kind string, grammar map[string]string) []member {
	out := make([]member, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch what := grammar[key.Value]; {
		case strings.HasPrefix(key.Value, "x-"), what == "-", grammar != nil && key.Value == "$ref":
		case grammar != nil && what == "":
			w.warn(key, "%q is no field of %s; it is left out", key.Value, article(kind))
		default:
			out = append(out, member{key.Value, n.Content[i+1]})
		}
	}
	return out
}

func article(kind string) string {
	var words strings.Builder
	for i, r := range strings.TrimSuffix(kind, "31") {
		if i > 0 && r >= 'A' && r <= 'Z' {
			words.WriteByte(' ')
		}
		words.WriteString(strings.ToLower(string(r)))
	}
	if strings.ContainsRune("aeio", rune(kind[0])) {
		return "an " + words.String() + " object"
	}
	return "a " + words.String() + " object"
}

// target follows references; nil, with an error noted, where they lead nowhere.
func (w *normalizer) target(n *yaml.Node) *yaml.Node {
	for range maxReferences {
		if n == nil || n.Kind != yaml.MappingNode {
			return n
		}
		_, ref := child(n, "$ref")
		if ref == nil || ref.Kind != yaml.ScalarNode {
			return n
		}
		next := w.refersTo(ref)
		if next == nil {
			return nil
		}
		n = next
	}
	w.fail(w.errorAt(n, "these references lead in a circle"))
	return nil
}

// refersTo is what a reference stands for; nil, with an error noted, for
// nothing.
func (w *normalizer) refersTo(ref *yaml.Node) *yaml.Node {
	if pointer, ok := fragment(ref.Value); ok {
		if _, found, ok := w.find(pointer); ok {
			return found
		}
	}
	if found := w.identified(ref); found != nil {
		return found
	}
	written := cmp.Or(w.written[ref], ref.Value)
	if why := w.unread[ref]; why != "" {
		w.fail(w.errorAt(ref, "the reference %q leads nowhere: %s", written, why))
	} else if !strings.HasPrefix(ref.Value, "#") {
		w.fail(w.errorAt(ref, "the reference %q leaves the document and is not followed: only files beside the contract are read", written))
	} else {
		w.fail(w.errorAt(ref, "the reference %q leads nowhere", written))
	}
	return nil
}

// identified finds a schema by its $id, its $anchor or both.
func (w *normalizer) identified(ref *yaml.Node) *yaml.Node {
	if w.is30 {
		return nil
	}
	if w.ids == nil {
		w.ids = map[string]*yaml.Node{}
		w.identify(w.root, "", 0)
	}
	base := w.bases[ref]
	text := ref.Value
	if u, err := url.Parse(base); err == nil && base != "" {
		if target, err := u.Parse(text); err == nil {
			text = target.String()
		}
	}
	if within, pointer, _ := strings.Cut(text, "#"); strings.HasPrefix(pointer, "/") {
		found := w.ids[within]
		for _, token := range strings.Split(pointer, "/")[1:] {
			_, found = child(found, unescaped(token))
		}
		return found
	}
	return cmp.Or(w.ids[text], w.ids[strings.TrimSuffix(text, "#")], w.ids[ref.Value])
}

func (w *normalizer) identify(n *yaml.Node, base string, depth int) {
	if depth > maxDepth {
		return
	}
	if n.Kind == yaml.MappingNode {
		if id := scalar(n, "$id"); id != "" {
			if u, err := url.Parse(base); err == nil {
				if target, err := u.Parse(id); err == nil {
					id = target.String()
				}
			}
			base = strings.TrimSuffix(id, "#")
			w.ids[base] = n
		}
		for _, keyword := range []string{"$ref", "$dynamicRef"} {
			if _, ref := child(n, keyword); ref != nil && base != "" {
				w.bases[ref] = base
			}
		}
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name := scalar(n, keyword); name != "" {
				w.ids["#"+name] = n
				w.ids[base+"#"+name] = n
			}
		}
	}
	for _, child := range n.Content {
		if child.Kind != yaml.ScalarNode {
			w.identify(child, base, depth+1)
		}
	}
}
