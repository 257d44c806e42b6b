package contract

import (
	"strings"

	"github.com/pb33f/go-yaml"

	"nox.energy/contract/conformance/internal/schema"
)

// maxNodes bounds the value that one node of the contract stands for, aliases
// written out.
const maxNodes = 10_000

// nodeValue turns a YAML node into the JSON value that it stands for, numbers
// digit by digit, dates as they are written. ok is false where there is no
// node, or none that JSON can write.
func nodeValue(n *yaml.Node) (v any, ok bool) {
	left := maxNodes
	return nodeWithin(n, &left)
}

func nodeWithin(n *yaml.Node, left *int) (any, bool) {
	if *left--; n == nil || *left < 0 {
		return nil, false
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nodeWithin(n.Alias, left)
	case yaml.ScalarNode:
		return scalarValue(n)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, ok := nodeWithin(item, left)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case yaml.MappingNode:
		out := make(schema.Object, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, ok := nodeWithin(n.Content[i+1], left)
			if !ok {
				return nil, false
			}
			out = append(out, schema.Member{Name: n.Content[i].Value, Value: v})
		}
		return out, true
	}
	return nil, false
}

func scalarValue(n *yaml.Node) (any, bool) {
	switch n.ShortTag() {
	case "!!null":
		return nil, true
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), true
	case "!!int", "!!float":
		if schema.JSONNumber.MatchString(n.Value) {
			return schema.Literal(n.Value), true
		}
		var f float64
		if err := n.Decode(&f); err != nil {
			return nil, false
		}
		text := schema.Encode(f) // "null" for what JSON cannot write
		return schema.Literal(text), schema.JSONNumber.Match(text)
	}
	return n.Value, true
}
