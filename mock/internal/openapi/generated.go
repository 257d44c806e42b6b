package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// GeneratedHeader marks an answer that was made from examples and schemas, with
// no state behind it.
const GeneratedHeader = "X-Nox-Mock"

// Example says which of several responses a client prefers: the example of a
// name, or one that is made from the schema although there are examples.
type Example struct {
	Name    string
	Dynamic bool
}

// Generate answers with a documented status, from the contract alone.
func (op *Operation) Generate(status int, example Example) Response {
	if status >= 400 && !example.Dynamic && !slices.Contains(op.Examples(status), example.Name) {
		return op.Fail(status, "").Because("prefer", "asked for by the header Prefer")
	}
	key := fmt.Sprint(status, example)
	op.made.mu.Lock()
	a, known := op.made.responses[key]
	op.made.mu.Unlock()
	if known {
		return a
	}
	a = op.generate(status, example)
	op.made.mu.Lock()
	defer op.made.mu.Unlock()
	if len(op.made.responses) < maxRemembered {
		op.made.responses[key] = a
	}
	return a
}

// maxRemembered bounds the responses that are remembered of one operation: the
// names of examples are the client's.
const maxRemembered = 100

// Examples lists the names of the examples of a documented response.
func (op *Operation) Examples(status int) []string {
	response := op.response(status)
	if response == nil {
		return nil
	}
	if _, media := jsonContent(response.Content); media != nil {
		return slices.Sorted(maps.Keys(media.Examples))
	}
	return nil
}

func (op *Operation) generate(status int, example Example) Response {
	a := Response{Status: status}.Because("generated", "generated")
	response := op.response(status)
	if response == nil {
		return a.With(GeneratedHeader, "generated")
	}
	g := generator{doc: op.route.Spec, response: true, named: example.Name, inventing: example.Dynamic}
	var err error
	if a.Fields, err = g.requiredFields(response); err != nil {
		return op.Fail(http.StatusInternalServerError, "").Because("internal", err.Error())
	}
	if mediaType, media := jsonContent(response.Content); media != nil && status != http.StatusNoContent && status != http.StatusNotModified {
		body, err := g.body(mediaType, media)
		if err != nil { // no value fits, so that none could be expected
			a = a.Because("nearest", "generated, though no value fits the schema")
			body, err = g.nearBody(mediaType, media)
		}
		if err != nil {
			return op.Fail(http.StatusInternalServerError, "").Because("internal", "response body: "+err.Error())
		}
		a.MediaType, a.Body = concrete(mediaType), body
	}
	if status >= 400 {
		return a.Because("prefer", "asked for by the header Prefer")
	}
	return a.With(GeneratedHeader, "generated")
}

// requiredFields makes the header fields that a response must have.
func (g generator) requiredFields(response *openapi3.Response) (fields http.Header, err error) {
	for name, ref := range response.Headers {
		if ref.Value == nil || !ref.Value.Required || strings.EqualFold(name, "Content-Type") {
			continue
		}
		_, media := jsonContent(ref.Value.Content)
		schema := ref.Value.Schema
		if media != nil {
			schema = media.Schema
		}
		value, err := g.fitting(schema)
		if err != nil {
			value, err = g.near(schema)
		}
		if err != nil {
			return fields, fmt.Errorf("header %s: %w", name, err)
		}
		text := headerText(value, ref.Value.Explode != nil && *ref.Value.Explode)
		if encoded, err := EncodeJSON(value); media != nil && err == nil {
			text = string(encoded)
		}
		fields = Response{Fields: fields}.With(name, text).Fields
	}
	return fields, nil
}

// headerText writes a value in the style "simple".
func headerText(value any, explode bool) string {
	between := ","
	if explode {
		between = "="
	}
	switch v := value.(type) {
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = fmt.Sprint(item)
		}
		return strings.Join(words, ",")
	case map[string]any:
		var words []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			words = append(words, name+between+fmt.Sprint(v[name]))
		}
		return strings.Join(words, ",")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
