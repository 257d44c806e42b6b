package openapi

import (
	"encoding/json"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// PlainRequest describes the requests of an operation that can be judged without
// the schema, as there is only one thing to know: that a JSON object has a string
// as one property, and no other.
type PlainRequest struct {
	Path      string // without the base path
	Method    string
	KeyHeader string // holds the key
	MediaType string
	Property  string
}

// Plain returns the plain requests of an operation, ok false if it has none: it
// has parameters, its key is elsewhere than in one header field, or its schema
// says more of the property than that it is a string.
func (op *Operation) Plain(property string) (plain PlainRequest, ok bool) {
	body := op.route.Operation.RequestBody
	if body == nil || body.Value == nil || len(op.parameters()) > 0 || !op.Fixed() || len(op.Security) != 1 || len(op.Security[0]) != 1 {
		return PlainRequest{}, false
	}
	key := op.Security[0][0].declared
	media := body.Value.Content["application/json"]
	if key.Type != "apiKey" || key.In != "header" || media == nil || len(media.Encoding) > 0 || media.Schema == nil || media.Schema.Value == nil {
		return PlainRequest{}, false
	}
	object := media.Schema.Value
	value := object.Properties[property]
	if !saysOnly(object, "object", "required", "properties") || value == nil || value.Value == nil || !saysOnly(value.Value, "string") ||
		slices.ContainsFunc(object.Required, func(name string) bool { return name != property }) {
		return PlainRequest{}, false
	}
	return PlainRequest{op.route.Path, op.route.Method, key.Name, "application/json", property}, true
}

// saysOnly reports whether a schema asks for a type and for nothing else than
// what the further keywords do.
func saysOnly(schema *openapi3.Schema, kind string, keywords ...string) bool {
	data, err := json.Marshal(schema)
	if err != nil {
		return false
	}
	var said map[string]json.RawMessage
	if json.Unmarshal(data, &said) != nil || string(said["type"]) != `"`+kind+`"` {
		return false
	}
	for keyword := range said {
		if !slices.Contains([]string{"type", "title", "description", "example"}, keyword) && !slices.Contains(keywords, keyword) {
			return false
		}
	}
	return true
}
