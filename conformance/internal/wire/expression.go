package wire

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
)

// Evaluate returns what a runtime expression stands for in an exchange (OpenAPI
// 3.0.3, "Runtime Expressions"): a value that a parameter can carry. A text that
// is no expression is a constant.
func (a *Response) Evaluate(expression string) (value any, ok bool) {
	expression = strings.TrimSuffix(strings.TrimPrefix(expression, "{"), "}")
	source, pointer, _ := strings.Cut(expression, "#")
	switch {
	case source == "$response.body":
		return scalarAt(a.Value, pointer)
	case source == "$request.body":
		sent, _ := DecodeJSON(a.Request.Body)
		return scalarAt(sent, pointer)
	case strings.HasPrefix(source, "$response.header."):
		text := a.Header.Get(strings.TrimPrefix(source, "$response.header."))
		return text, text != ""
	case strings.HasPrefix(source, "$request."):
		in, name, _ := strings.Cut(strings.TrimPrefix(source, "$request."), ".")
		i := slices.IndexFunc(a.Request.Op.Parameters, func(p contract.Parameter) bool { return p.In == in && p.Name == name })
		if i < 0 || i >= len(a.Request.values) {
			return nil, false
		}
		_, isOut := a.Request.values[i].(contract.Absent)
		return a.Request.values[i], !isOut
	case strings.HasPrefix(source, "$"):
		return nil, false
	}
	return expression, expression != ""
}

// scalarAt returns the text, number or truth value at a JSON pointer.
func scalarAt(v any, pointer string) (any, bool) {
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch have := v.(type) {
		case map[string]any:
			v = have[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(have) {
				return nil, false
			}
			v = have[i]
		default:
			return nil, false
		}
	}
	switch v := v.(type) {
	case string:
		return v, v != ""
	case json.Number:
		return schema.Literal(v), true
	case bool:
		return v, true
	}
	return nil, false
}

// Linked returns the request with parameters taken from an exchange. ok is false
// where it does not have them all.
func (r *Request) Linked(a *Response, expressions map[int]string) (linked *Request, ok bool) {
	for i := range r.Op.Parameters {
		expression, named := expressions[i]
		if !named {
			continue
		}
		v, ok := a.Evaluate(expression)
		if !ok {
			return r, false
		}
		r = r.WithParameter(i, v, Fits)
	}
	return r, true
}
