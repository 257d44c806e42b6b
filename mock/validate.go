package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// validate judges parameters and body by the contract. Any error is a *problem.
func (op *operation) validate(r *http.Request, parameters map[string]string, body []byte) error {
	judged := r.WithContext(r.Context()) // kin-openapi changes the request that it validates
	judged.Body = io.NopCloser(bytes.NewReader(body))
	judged.ContentLength = int64(len(body))
	judged.GetBody = nil
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request:    judged,
		PathParams: parameters,
		Route:      op.route,
		Options:    op.options,
	})
	if err == nil {
		return nil
	}
	if op.route.Spec.IsOpenAPI31OrLater() {
		if p := op.plainProblem(body); p != nil {
			return p
		}
	}
	return op.explain(err)
}

// explain puts an error of kin-openapi into words that repeat nothing of the
// request. It returns nil where the library cannot judge.
func (op *operation) explain(err error) error {
	var request *openapi3filter.RequestError
	var parse *openapi3filter.ParseError
	var schema *openapi3.SchemaError
	parameter := errors.As(err, &request) && request.Parameter != nil
	switch {
	case parameter && errors.Is(err, openapi3filter.ErrInvalidRequired):
		return &problem{words: fmt.Sprintf("%s parameter %s is required", request.Parameter.In, request.Parameter.Name)}
	case parameter && errors.As(err, &schema):
		return &problem{words: fmt.Sprintf("%s parameter %s: %s", request.Parameter.In, request.Parameter.Name, op.reason(schema))}
	case parameter:
		return &problem{words: fmt.Sprintf("%s parameter %s is not valid", request.Parameter.In, request.Parameter.Name)}
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return &problem{words: "A request body is required"}
	case errors.As(err, &parse) && parse.Kind == openapi3filter.KindUnsupportedFormat:
		return nil
	case errors.As(err, &parse):
		return &problem{words: "The request body cannot be read as its Content-Type says"}
	case errors.As(err, &schema):
		return op.explainSchema(schema)
	}
	return &problem{words: "The request does not fit the contract"}
}

func (op *operation) explainSchema(err *openapi3.SchemaError) *problem {
	place := err.JSONPointer()
	place = slices.DeleteFunc(slices.Clone(place), func(s string) bool { return s == "" })
	if len(place) == 0 {
		return &problem{words: "The request body is not valid: " + op.reason(err)}
	}
	p := &problem{property: place[len(place)-1]}
	switch err.SchemaField {
	case "required":
		p.words, p.absentOrMistyped = strings.Join(place, ".")+" is required", true
	case "type", "nullable":
		p.words, p.absentOrMistyped = strings.Join(place, ".")+": "+op.reason(err), true
	default:
		p.words = strings.Join(place, ".") + ": " + op.reason(err)
	}
	return p
}

// plainProblem finds a property of the body that is missing or of another type.
// For OpenAPI 3.1 the library does not tell in a way that could be relied on.
func (op *operation) plainProblem(body []byte) *problem {
	declared := op.route.Operation.RequestBody
	var object map[string]any
	if declared == nil || declared.Value == nil || json.Unmarshal(body, &object) != nil || object == nil {
		return nil
	}
	_, media := jsonContent(declared.Value.Content)
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return nil
	}
	schema := media.Schema.Value
	for _, name := range schema.Required {
		if _, present := object[name]; !present {
			return &problem{property: name, absentOrMistyped: true, words: name + " is required"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		ref := schema.Properties[name]
		if ref == nil || ref.Value == nil || ref.Value.Type.IsEmpty() || permits(ref.Value.Type, object[name]) {
			continue
		}
		return &problem{property: name, absentOrMistyped: true, words: name + " must be of type " + alternatives(ref.Value.Type.Clone())}
	}
	return nil
}

// permits tells whether value is of one of the types.
func permits(types *openapi3.Types, value any) bool {
	switch v := value.(type) {
	case nil:
		return types.Includes("null")
	case bool:
		return types.Includes("boolean")
	case string:
		return types.Includes("string")
	case float64:
		return types.Includes("number") || types.Includes("integer") && v == math.Trunc(v)
	case []any:
		return types.Includes("array")
	default:
		return types.Includes("object")
	}
}

// reason is the library's own reason, which speaks of the schema and not of the
// value; for OpenAPI 3.1 it holds file names of the validator instead.
func (op *operation) reason(err *openapi3.SchemaError) string {
	if op.route.Spec.IsOpenAPI31OrLater() || err.Reason == "" {
		return "the value does not fit the schema"
	}
	sentence, _, _ := strings.Cut(err.Reason, "\n")
	return sentence
}

// alternatives lists names as "a, b or c".
func alternatives(names []string) string {
	slices.Sort(names)
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}
