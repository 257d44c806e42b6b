package contract

import (
	"math/big"

	"nox.energy/contract/conformance/internal/schema"
)

// node is a JSON object of the document in its normal form (see [spec.Document.Normal]),
// where each field is of the type that OpenAPI gives it, or left out.
type node schema.Object

func asNode(v any) node {
	o, _ := v.(schema.Object)
	return node(o)
}

// value returns a field, and whether the object has it.
func (n node) value(name string) (any, bool) { return schema.Object(n).Get(name) }

func (n node) has(name string) bool {
	_, ok := n.value(name)
	return ok
}

func (n node) node(name string) node {
	v, _ := n.value(name)
	return asNode(v)
}

func (n node) list(name string) []any {
	v, _ := n.value(name)
	items, _ := v.([]any)
	return items
}

func (n node) text(name string) string {
	v, _ := n.value(name)
	text, _ := v.(string)
	return text
}

func (n node) flag(name string) bool {
	v, _ := n.value(name)
	return v == true
}

// number is the exact value of a field, nil where it has none.
func (n node) number(name string) *big.Rat {
	v, _ := n.value(name)
	if exact, ok := schema.ParseNumber(v); ok {
		return exact
	}
	return nil
}

// count is a number of characters, items or properties, nil where it is not given or
// too large to count to.
func (n node) count(name string) *int64 {
	exact := n.number(name)
	if exact == nil || !exact.IsInt() || !exact.Num().IsInt64() {
		return nil
	}
	whole := exact.Num().Int64()
	return &whole
}

// example is the value that an object shows: its "example", else the first of its
// "examples".
func (n node) example() (any, bool) {
	if v, ok := n.value("example"); ok {
		return v, true
	}
	if examples := n.node("examples"); len(examples) > 0 {
		return asNode(examples[0].Value).value("value")
	}
	if listed := n.list("examples"); len(listed) > 0 { // of a schema
		return listed[0], true
	}
	return nil, false
}
