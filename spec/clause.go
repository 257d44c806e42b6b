package spec

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pb33f/go-yaml"
)

// Clause is a place of the contract that a rule is read from.
type Clause struct {
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901) into the OpenAPI document, references resolved
	Line    int    `json:"line"`    // line of the source, counted from 1: of the page, where the document stands in one
	Quote   string `json:"quote"`   // the words that stand there, on one line, shortened where long
}

// maxQuote bounds [Clause.Quote], in runes.
const maxQuote = 160

// Pointer joins reference tokens to a JSON pointer, escaping each
// (RFC 6901, section 3).
func Pointer(tokens ...string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		if strings.ContainsAny(t, "~/") {
			t = strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1")
		}
		b.WriteString(t)
	}
	return b.String()
}

// unescaped is a reference token as it is (RFC 6901, section 4).
func unescaped(token string) string {
	if !strings.Contains(token, "~") {
		return token
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}

// Clause finds the place that a JSON pointer names. References on the way are
// followed, so that "/paths/…/schema/required" is found in the component that
// holds it; the returned pointer is the one it was found under.
func (d *Document) Clause(pointer string) (Clause, error) {
	key, value, at, ok := d.walk(pointer, 0)
	if !ok {
		return Clause{}, fmt.Errorf("%s: nothing stands at %q", d.source, pointer)
	}
	var quote strings.Builder
	c := Clause{Pointer: at, Line: d.LineOfPage(value.Line)}
	if key != nil {
		c.Line = d.LineOfPage(key.Line)
		quote.WriteString(key.Value + ": ")
	}
	compact(&quote, value, 0)
	c.Quote = quote.String()
	if r := []rune(c.Quote); len(r) > maxQuote {
		c.Quote = string(r[:maxQuote-1]) + "…"
	}
	return c, nil
}

// find walks pointer from the root. key is the mapping key of the place, nil in
// a sequence and at the root.
func (d *Document) find(pointer string) (key, value *yaml.Node, ok bool) {
	key, value, _, ok = d.walk(pointer, 0)
	return key, value, ok
}

const maxReferences = 64

// walk is find that also tells the pointer of the place with the references on
// the way resolved.
func (d *Document) walk(pointer string, references int) (key, value *yaml.Node, at string, ok bool) {
	value = d.root
	if pointer == "" {
		return nil, value, "", true
	}
	if !strings.HasPrefix(pointer, "/") || references > maxReferences {
		return nil, nil, "", false
	}
	for _, raw := range strings.Split(pointer, "/")[1:] {
		token := unescaped(raw)
		nextKey, next := child(value, token)
		if next == nil {
			target, is := fragment(scalar(value, "$ref"))
			if !is {
				return nil, nil, "", false
			}
			_, value, at, ok = d.walk(target, references+1)
			if !ok {
				return nil, nil, "", false
			}
			if nextKey, next = child(value, token); next == nil {
				return nil, nil, "", false
			}
		}
		key, value, at = nextKey, next, at+"/"+raw
	}
	return key, value, at, true
}

// fragment is the JSON pointer of a reference within the document, whose
// characters may be percent-encoded (RFC 6901, section 6).
func fragment(ref string) (pointer string, ok bool) {
	pointer, ok = strings.CutPrefix(ref, "#")
	if decoded, err := url.PathUnescape(pointer); err == nil && strings.Contains(pointer, "%") {
		pointer = decoded
	}
	return pointer, ok && (pointer == "" || pointer[0] == '/')
}

// child is the member of a mapping or the item of a sequence that token names.
func child(n *yaml.Node, token string) (key, value *yaml.Node) {
	n = unalias(n)
	if n == nil {
		return nil, nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.Content) {
			return nil, n.Content[i]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == token {
				return n.Content[i], n.Content[i+1]
			}
		}
	}
	return nil, nil
}

func field(n *yaml.Node, name string) *yaml.Node {
	if n = unalias(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	_, value := child(n, name)
	return unalias(value)
}

func scalar(n *yaml.Node, name string) string {
	if v := field(n, name); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

func unalias(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < maxReferences; i++ {
		n = n.Alias
	}
	return n
}

// compact writes a node on one line, as YAML flow style without the quoting. It
// stops when there is more than [maxQuote] has room for.
func compact(b *strings.Builder, n *yaml.Node, depth int) {
	n = unalias(n)
	switch {
	case n == nil || b.Len() > maxQuote*utf8.UTFMax:
	case depth > 8:
		b.WriteString("…")
	case n.Kind == yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if b.Len() > maxQuote*utf8.UTFMax {
				break
			}
			if i > 0 {
				b.WriteString(", ")
			}
			compact(b, item, depth+1)
		}
		b.WriteByte(']')
	case n.Kind == yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content) && b.Len() <= maxQuote*utf8.UTFMax; i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(n.Content[i].Value + ": ")
			compact(b, n.Content[i+1], depth+1)
		}
		b.WriteByte('}')
	default:
		b.WriteString(strings.Join(strings.Fields(n.Value), " "))
	}
}
