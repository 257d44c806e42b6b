package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"github.com/pb33f/go-yaml"
)

// maxDepth bounds the nesting of a document.
const maxDepth = 1000

// decode parses the first YAML or JSON document that is not empty and returns its
// top node, nil if there is none. further reports whether others follow it. JSON is
// read as JSON: a YAML parser refuses some of it, such as surrogate pairs and tabs.
func decode(data []byte) (top *yaml.Node, further bool, err error) {
	if json.Valid(data) {
		r := jsonReader{data: data, line: 1, decoder: json.NewDecoder(bytes.NewReader(data))}
		r.decoder.UseNumber()
		top, err = r.next(0)
		return top, false, err
	}
	if utf8.Valid(data) { // a byte that is none is told by the parser
		data = versionDirective.ReplaceAllLiteral(data, []byte("#YAML "))
	}
	stream := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := stream.Decode(&doc); errors.Is(err, io.EOF) {
			return top, false, nil
		} else if top != nil {
			return top, err != nil || !isEmpty(&doc), nil
		} else if err != nil {
			return nil, false, err
		}
		if !isEmpty(&doc) {
			top = doc.Content[0]
		}
	}
}

// versionDirective says which YAML a document is in. The parser refuses all but 1.1,
// and which one it is changes nothing here: see resolve.
var versionDirective = regexp.MustCompile(`(?m)^%YAML `)

func isEmpty(doc *yaml.Node) bool {
	return doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || isNullNode(doc.Content[0])
}

// jsonReader makes YAML nodes, with their lines, of a JSON text that is valid.
type jsonReader struct {
	data    []byte
	decoder *json.Decoder
	at      int64 // how far the lines are counted
	line    int
}

func (r *jsonReader) next(depth int) (*yaml.Node, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	end := r.decoder.InputOffset()
	r.line += bytes.Count(r.data[r.at:end], []byte("\n"))
	r.at = end
	if depth > maxDepth {
		return nil, fmt.Errorf("L%d.C1: nested deeper than %d levels", r.line, maxDepth)
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line}
	switch token := token.(type) {
	case string:
		n.Value, n.Style = token, yaml.DoubleQuotedStyle
	case json.Delim:
		n.Kind = yaml.MappingNode
		if token == '[' {
			n.Kind = yaml.SequenceNode
		}
		for r.decoder.More() {
			child, err := r.next(depth + 1)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		_, err = r.decoder.Token() // the closing delimiter
		return n, err
	case nil:
		n.Value = "null"
	default: // a number or a boolean
		n.Value = fmt.Sprint(token)
	}
	return n, nil
}

// Expansion bounds: how much larger aliases and merge keys may make a document.
const (
	maxExpansion = 8 << 20 // bytes, as weighed below
	nodeWeight   = 16      // of each node, beside its text
)

// expand puts the nodes that aliases stand for in their places, and carries out
// merge keys (https://yaml.org/type/merge.html), after it has made sure that
// this neither explodes nor goes in circles: nodes are shared, not copied, and
// what a reader that copies them would need is counted first.
func (d *Document) expand(root *yaml.Node) error {
	aliases, merges, err := d.survey(root, 0)
	switch {
	case err != nil || !aliases && !merges:
		return err
	case aliases:
		err = d.bound(root)
	}
	if err == nil {
		d.merge(root, map[*yaml.Node]bool{})
	}
	return err
}

// survey reports whether a tree has aliases and merge keys.
func (d *Document) survey(n *yaml.Node, depth int) (aliases, merges bool, err error) {
	if depth > maxDepth {
		return false, false, d.errorAt(n, "nested deeper than %d levels", maxDepth)
	}
	aliases = n.Kind == yaml.AliasNode
	for i, child := range n.Content {
		a, m, err := d.survey(child, depth+1)
		if err != nil {
			return false, false, err
		}
		aliases = aliases || a
		merges = merges || m || n.Kind == yaml.MappingNode && i%2 == 0 && isMergeKey(child)
	}
	return aliases, merges, nil
}

func (d *Document) bound(root *yaml.Node) error {
	weights := map[*yaml.Node]int{}
	plain := 0
	var weigh func(n *yaml.Node, depth int) (int, error)
	weigh = func(n *yaml.Node, depth int) (int, error) {
		if w, known := weights[n]; known {
			if w < 0 {
				return 0, d.errorAt(n, "this anchor contains itself")
			}
			return w, nil
		}
		if depth > maxDepth {
			return 0, d.errorAt(n, "nested deeper than %d levels", maxDepth)
		}
		if n.Kind == yaml.AliasNode {
			if n.Alias == nil {
				return 0, d.errorAt(n, "the alias %q leads nowhere", n.Value)
			}
			return weigh(n.Alias, depth+1)
		}
		weights[n] = -1
		total := nodeWeight + len(n.Value)
		plain += total
		for _, child := range n.Content {
			w, err := weigh(child, depth+1)
			if err != nil {
				return 0, err
			}
			if total += w; total > plain+maxExpansion {
				return 0, d.errorAt(n, "aliases make this document too large: expanded, it exceeds %d MiB", maxExpansion>>20)
			}
		}
		weights[n] = total
		return total, nil
	}
	_, err := weigh(root, 0)
	return err
}

func (d *Document) merge(n *yaml.Node, done map[*yaml.Node]bool) {
	if done[n] {
		return
	}
	done[n] = true
	merges := false
	for i, child := range n.Content {
		n.Content[i] = unalias(child)
		d.merge(n.Content[i], done)
		merges = merges || n.Kind == yaml.MappingNode && i%2 == 0 && isMergeKey(n.Content[i])
	}
	if !merges {
		return
	}
	d.warn(n, "a merge key (<<), which not every reader of YAML knows, is carried out")
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		own[n.Content[i].Value] = true
	}
	var out []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMergeKey(n.Content[i]) {
			out = append(out, n.Content[i], n.Content[i+1])
			continue
		}
		sources := []*yaml.Node{n.Content[i+1]}
		if sources[0].Kind == yaml.SequenceNode {
			sources = sources[0].Content
		}
		for _, source := range sources {
			if source.Kind != yaml.MappingNode {
				d.warn(source, "a merge key takes a mapping, or a list of them; this is left out")
				continue
			}
			for j := 0; j+1 < len(source.Content); j += 2 {
				if key := source.Content[j]; !own[key.Value] {
					own[key.Value] = true
					out = append(out, key, source.Content[j+1])
				}
			}
		}
	}
	n.Content = out
}

func isMergeKey(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "<<" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
}
