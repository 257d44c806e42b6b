package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/spec"
)

// Validate judges parameters and body by the contract. Any error is a *problem.
func (op *Operation) Validate(r *http.Request, parameters map[string]string, body []byte) error {
	media, value, inText, err := op.textBody(r, body)
	options := op.options
	if inText {
		rest := *options
		rest.ExcludeRequestBody = true
		options = &rest
	}
	if err == nil {
		err = op.checkOwn(r, parameters)
	}
	judge := func(body []byte) error {
		judged := r.WithContext(r.Context()) // kin-openapi changes the request that it validates
		judged.Body = io.NopCloser(bytes.NewReader(body))
		judged.ContentLength = int64(len(body))
		judged.GetBody = nil
		return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request:    judged,
			PathParams: parameters,
			Route:      op.judged,
			Options:    options,

			ParamDecoder: decodeContent,
		})
	}
	if err == nil {
		err = judge(body)
		for changed, at := body, freeNull(err); at != nil; at = freeNull(err) {
			if changed = withTrue(changed, at); changed == nil {
				break
			}
			err = judge(changed)
		}
	}
	if _, cannot := value.(unjudged); err == nil && inText && !cannot {
		err = media.Schema.Value.VisitJSON(value, op.visitOptions()...)
	}
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

// freeNull is where a body has null for a schema that says nothing of types: the library
// refuses it in OpenAPI 3.1. It is nil where an error is another one.
func freeNull(err error) []string {
	var e *openapi3.SchemaError
	if !errors.As(err, &e) || e.Value != nil || e.Schema == nil || !e.Schema.Type.IsEmpty() || isComposed(e.Schema) || len(e.Schema.Enum) > 0 || e.Schema.Const != nil {
		return nil
	}
	return e.JSONPointer()
}

// withTrue puts true in the place of a null, of which a schema without a type says as
// little; nil if there is none.
func withTrue(body []byte, at []string) []byte {
	var root any
	if len(at) == 0 || json.Unmarshal(body, &root) != nil {
		return nil
	}
	outer := root
	for i, name := range at {
		last := i == len(at)-1
		switch v := outer.(type) {
		case map[string]any:
			if outer = v[name]; last && outer == nil {
				v[name] = true
			}
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(v) {
				return nil
			}
			if outer = v[n]; last && outer == nil {
				v[n] = true
			}
		}
	}
	if outer != nil {
		return nil
	}
	body, _ = json.Marshal(root) // which came from JSON
	return body
}

// checkOwn judges the parameters that the library does not.
func (op *Operation) checkOwn(r *http.Request, path map[string]string) error {
	for _, p := range op.own {
		texts := sentTexts(p, r, path)
		var value any
		if p.Schema != nil {
			value, texts = readParameter(p, texts, r.URL.Query())
		}
		switch {
		case len(texts) == 0 && p.Required:
			return &openapi3filter.RequestError{Parameter: p, Err: openapi3filter.ErrInvalidRequired}
		case len(texts) == 0 || texts[0] == "" && p.AllowEmptyValue:
			continue
		}
		schema := &openapi3.Schema{}
		if p.Schema != nil {
			schema = p.Schema.Value
		} else if made, of, err := decodeContent(p, texts); err != nil {
			return &openapi3filter.RequestError{Parameter: p, Err: err}
		} else {
			value, schema = made, of
		}
		if made, is := value.(bool); is && texts[0] != strconv.FormatBool(made) { // no form, in which a checkbox is on
			value = texts[0]
		}
		if err := schema.VisitJSON(value, op.visitOptions()...); err != nil {
			return &openapi3filter.RequestError{Parameter: p, Err: err}
		}
	}
	return nil
}

// textBody reads a body whose text gets its types from the schema, which the library
// does in part only. inText reports whether it is one.
func (op *Operation) textBody(r *http.Request, body []byte) (media *openapi3.MediaType, value any, inText bool, err error) {
	declared := op.route.Operation.RequestBody
	if declared == nil || declared.Value == nil || len(body) == 0 {
		return nil, nil, false, nil
	}
	sent := r.Header.Get("Content-Type")
	media = declared.Value.Content.Get(sent)
	value, inText, err = readText(sent, media, body)
	return media, value, inText, err
}

// visitOptions are those by which the library judges a body.
func (op *Operation) visitOptions() []openapi3.SchemaValidationOption {
	options := append([]openapi3.SchemaValidationOption{openapi3.VisitAsRequest()}, op.options.SchemaValidationOptions...)
	if op.route.Spec.IsOpenAPI31OrLater() {
		options = append(options, openapi3.EnableJSONSchema2020())
	}
	return options
}

func inQuery(p *openapi3.Parameter) bool { return p.In == openapi3.ParameterInQuery }

// CheckQuery finds a query that cannot be read, of which net/http leaves out
// what it cannot, and a declared parameter that stands there twice though it is
// not a list. Either way some of what was asked for would be passed over. It
// returns nil if all is well.
func (op *Operation) CheckQuery(r *http.Request) *Problem {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &Problem{
			Message: "The query is not valid: % must stand before two hexadecimal digits, and & between parameters, not ;",
			Reason:  journal.Why{Rule: "query.syntax", In: "query", Got: "something else", Expected: "names and values, percent-encoded"},
		}
	}
	for _, p := range op.parameters() {
		list := p.Schema != nil && p.Schema.Value != nil && p.Schema.Value.Type.Includes("array")
		if inQuery(p) && len(values[p.Name]) > 1 && !list {
			return &Problem{
				Message: "query parameter " + p.Name + " stands there more than once",
				Reason:  inParameter(p, "parameter.repeated", fmt.Sprintf("%d values", len(values[p.Name])), "one value"),
			}
		}
	}
	return nil
}

// explain puts an error of kin-openapi into words that repeat nothing of the
// request. It returns nil where the library cannot judge.
func (op *Operation) explain(err error) error {
	var request *openapi3filter.RequestError
	var parse *openapi3filter.ParseError
	var schema *openapi3.SchemaError
	parameter := errors.As(err, &request) && request.Parameter != nil
	switch {
	case parameter && errors.Is(err, openapi3filter.ErrInvalidRequired):
		return &Problem{Message: fmt.Sprintf("%s parameter %s is required", request.Parameter.In, request.Parameter.Name), Reason: inParameter(request.Parameter, "parameter.required", "nothing", "a value")}
	case parameter && errors.As(err, &schema):
		return &Problem{Message: fmt.Sprintf("%s parameter %s: %s", request.Parameter.In, request.Parameter.Name, op.reason(schema)), Reason: inParameter(request.Parameter, "parameter."+schema.SchemaField, "another value", op.reason(schema))}
	case parameter:
		return &Problem{Message: fmt.Sprintf("%s parameter %s is not valid", request.Parameter.In, request.Parameter.Name), Reason: inParameter(request.Parameter, "parameter.type", "another value", "as the contract says")}
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return &Problem{Message: "A request body is required", Reason: journal.Why{Rule: "body.missing", In: "body", Got: "nothing", Expected: "a body"}}
	case errors.As(err, &parse) && parse.Kind == openapi3filter.KindUnsupportedFormat:
		return nil
	case errors.As(err, &parse):
		return &Problem{Message: "The request body cannot be read as its Content-Type says", Reason: journal.Why{Rule: "body.syntax", In: "body", Got: "something else", Expected: "a body as its Content-Type says"}}
	case errors.As(err, &schema):
		return op.explainSchema(schema)
	}
	return &Problem{Message: "The request does not fit the contract"}
}

func (op *Operation) explainSchema(err *openapi3.SchemaError) *Problem {
	place := err.JSONPointer()
	place = slices.DeleteFunc(slices.Clone(place), func(s string) bool { return s == "" })
	if len(place) == 0 {
		return &Problem{Message: "The request body is not valid: " + op.reason(err), Reason: inBody(err, op.reason(err))}
	}
	p := &Problem{property: place[len(place)-1], Reason: inBody(err, op.reason(err))}
	switch err.SchemaField {
	case "required":
		p.Message, p.absentOrMistyped = strings.Join(place, ".")+" is required", true
	case "type", "nullable":
		p.Message, p.absentOrMistyped = strings.Join(place, ".")+": "+op.reason(err), true
	default:
		p.Message = strings.Join(place, ".") + ": " + op.reason(err)
	}
	return p
}

// plainProblem finds a property of the body that is missing or of another type.
// For OpenAPI 3.1 the library does not tell in a way that could be relied on.
func (op *Operation) plainProblem(body []byte) *Problem {
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
			return &Problem{property: name, absentOrMistyped: true, Message: name + " is required", Reason: journal.Why{Rule: "schema.required", In: "body", Pointer: spec.Pointer(name), Got: "nothing", Expected: "a value"}}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		ref := schema.Properties[name]
		if ref == nil || ref.Value == nil || ref.Value.Type.IsEmpty() || permits(ref.Value.Type, object[name]) {
			continue
		}
		types := alternatives(ref.Value.Type.Clone())
		return &Problem{
			property: name, absentOrMistyped: true, Message: name + " must be of type " + types,
			Reason: journal.Why{Rule: "schema.type", In: "body", Pointer: spec.Pointer(name), Got: jsonType(object[name]), Expected: types},
		}
	}
	return nil
}

// reason is the library's own reason, which speaks of the schema and not of the
// value; for OpenAPI 3.1 it holds file names of the validator instead.
func (op *Operation) reason(err *openapi3.SchemaError) string {
	if words := unknownField(err); words != "" {
		return words
	}
	if err.SchemaField == "not" && err.Schema != nil && err.Schema.Not != nil && err.Schema.Not.Value != nil && err.Schema.Not.Value.Description != "" {
		return err.Schema.Not.Value.Description // the library has no words of its own
	}
	if err.SchemaField == "oneOf" && err.Schema != nil && err.Schema.Description != "" {
		return err.Schema.Description // which says more than that it is none of them
	}
	if op.route.Spec.IsOpenAPI31OrLater() || err.Reason == "" {
		return "the value does not fit the schema"
	}
	sentence, _, _ := strings.Cut(err.Reason, "\n")
	if value, is := err.Value.(string); is && err.SchemaField == "enum" {
		var listed []string
		for _, each := range err.Schema.Enum {
			listed = append(listed, fmt.Sprint(each))
		}
		if near := nearest(value, listed); near != "" {
			sentence += fmt.Sprintf("; the nearest is %q", near)
		}
	}
	return sentence
}

// unknownField names a property that the schema does not know, the nearest that
// it knows, and all of them; "" if the error is another one.
func unknownField(err *openapi3.SchemaError) string {
	if err.SchemaField != "properties" || err.Schema == nil || len(err.Schema.Properties) == 0 {
		return ""
	}
	object, ok := err.Value.(map[string]any)
	if !ok {
		return ""
	}
	known := slices.Sorted(maps.Keys(err.Schema.Properties))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			return unknownName("field", name, known)
		}
	}
	return ""
}

// unknownName names what is not known, the nearest that is, and all of them.
func unknownName(kind, name string, known []string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	words := fmt.Sprintf("unknown %s %q", kind, name)
	if len(known) == 0 {
		return words + "; there are none here"
	}
	if near := nearest(name, known); near != "" {
		words += fmt.Sprintf("; the nearest is %q", near)
	}
	return fmt.Sprintf("%s; known %ss: %s", words, kind, strings.Join(known, ", "))
}

// nearest returns the known name that is most like this one, "" if none is near.
func nearest(name string, known []string) string {
	const longest = 100 // no name of ours is longer, and a comparison takes its time
	if len(name) > longest {
		return ""
	}
	best, least := "", 0
	for _, each := range known {
		if n := levenshtein.ComputeDistance(strings.ToLower(name), each); best == "" || n < least {
			best, least = each, n
		}
	}
	if least > 1+len(best)/3 {
		return ""
	}
	return best
}

// alternatives lists names as "a, b or c".
func alternatives(names []string) string {
	slices.Sort(names)
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// inParameter is where and why a parameter is not valid.
func inParameter(p *openapi3.Parameter, rule, got, expected string) journal.Why {
	return journal.Why{Rule: rule, In: p.In, Pointer: p.Name, Got: got, Expected: expected}
}

// inBody is where and why a body does not fit its schema.
func inBody(err *openapi3.SchemaError, reason string) journal.Why {
	place := slices.DeleteFunc(slices.Clone(err.JSONPointer()), func(s string) bool { return s == "" })
	why := journal.Why{Rule: "schema." + err.SchemaField, In: "body", Pointer: spec.Pointer(place...), Got: jsonType(err.Value), Expected: reason}
	switch {
	case err.SchemaField == "required":
		why.Got, why.Expected = "nothing", "a value"
	case err.SchemaField == "type" && err.Schema != nil && err.Schema.Type != nil:
		why.Expected = alternatives(err.Schema.Type.Clone())
	}
	return why
}

// jsonType names the kind of a JSON value.
func jsonType(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64, json.Number, int, int64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// CheckQueryNames returns a problem for a query parameter that the operation does
// not declare, nil if there is none.
func (op *Operation) CheckQueryNames(r *http.Request) *Problem {
	var known []string
	for _, p := range op.parameters() {
		if inQuery(p) {
			known = append(known, p.Name)
		}
	}
	slices.Sort(known)
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(known, name) {
			return &Problem{Message: unknownName("query parameter", name, known)}
		}
	}
	return nil
}
