package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// failure is the body of an error response in the contract's shape: its example
// if there is one, else a value made from its schema, in which the message for
// people may be exchanged.
type failure struct {
	mediaType string
	base      any      // of the JSON data model; nil where the response has no body
	message   []string // the properties that lead to the message; nil where there is none
	words     string   // the message of base
	fields    http.Header
	fits      func(value any) bool
}

// made remembers what was made for an operation: it is the same each time.
type made struct {
	mu        sync.Mutex
	failures  map[int]failureOrNone
	responses map[string]Response
}

type failureOrNone struct {
	failure
	ok bool
}

func newMade() *made {
	return &made{failures: map[int]failureOrNone{}, responses: map[string]Response{}}
}

// failure is the error body that the operation documents for a status.
func (op *Operation) failure(status int) (failure, bool) {
	op.made.mu.Lock()
	defer op.made.mu.Unlock()
	f, known := op.made.failures[status]
	if !known {
		f.failure, f.ok = newFailure(op.route.Spec, op, status)
		op.made.failures[status] = f
	}
	return f.failure, f.ok
}

// fallback is the error body for a status that the operation does not document:
// its first one, or the first one of the whole contract.
func (op *Operation) fallback() failure {
	for _, other := range append([]*Operation{op}, op.all...) {
		if f, ok := other.firstFailure(); ok {
			return f
		}
	}
	return failure{
		mediaType: "application/json",
		base:      map[string]any{"error": ""},
		message:   []string{"error"},
		fits:      func(any) bool { return true },
	}
}

func (op *Operation) firstFailure() (failure, bool) {
	var codes []int
	for _, code := range op.codes {
		if n := firstStatus(code, http.StatusBadRequest); n >= 400 {
			codes = append(codes, n)
		}
	}
	slices.Sort(codes)
	for _, code := range codes {
		if f, ok := op.failure(code); ok {
			return f, true
		}
	}
	return failure{}, false
}

func newFailure(doc *openapi3.T, op *Operation, status int) (failure, bool) {
	response := op.response(status)
	if response == nil {
		return failure{}, false
	}
	mediaType, media := jsonContent(response.Content)
	if mediaType = concrete(mediaType); media == nil || !isJSON(mediaType) {
		return failure{}, false
	}
	g := generator{doc: doc, response: true}
	base, err := g.content(media)
	if err != nil {
		return failure{}, false
	}
	base = stated(base, status, hasExample(media))
	fields, _ := g.requiredFields(response) // a refusal lacks what no value fits
	f := failure{mediaType: mediaType, base: base, fields: fields, fits: func(v any) bool { return g.fits(media.Schema, v) }}
	f.message = messagePath(media.Schema, base)
	f.words, _ = at(base, f.message).(string)
	if !hasExample(media) {
		f.words = "" // a generated value is no message
	}
	return f, true
}

// stated is a generated body in which a property "status" tells the status, as
// problem details do (RFC 9457, section 3.1.2).
func stated(base any, status int, example bool) any {
	object, ok := base.(map[string]any)
	if _, has := object["status"].(float64); !ok || !has || example {
		return base
	}
	changed := maps.Clone(object)
	changed["status"] = float64(status)
	return changed
}

// messagePath finds the property that holds the message for people: a string
// that the schema leaves free, required before optional, outer before inner.
func messagePath(ref *openapi3.SchemaRef, base any) []string {
	object, ok := base.(map[string]any)
	if !ok || ref == nil || ref.Value == nil {
		return nil
	}
	for _, usual := range []string{"message", "error", "detail", "title", "error_description", "description"} {
		if _, ok := object[usual].(string); ok && isFree(ref.Value.Properties[usual]) {
			return []string{usual}
		}
	}
	names := slices.Clone(ref.Value.Required)
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names[len(ref.Value.Required):])
	for _, name := range names {
		if _, ok := object[name].(string); ok && isFree(ref.Value.Properties[name]) {
			return []string{name}
		}
	}
	for _, name := range names {
		if inner := messagePath(ref.Value.Properties[name], object[name]); inner != nil {
			return append([]string{name}, inner...)
		}
	}
	return nil
}

// isFree tells whether a string property may hold any words.
func isFree(ref *openapi3.SchemaRef) bool {
	if ref == nil || ref.Value == nil {
		return true
	}
	s := ref.Value
	return s.Enum == nil && s.Const == nil && s.Format == "" && s.Pattern == ""
}

// at follows path into value.
func at(value any, path []string) any {
	if len(path) == 0 {
		return nil
	}
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// replaced is a copy of value in which words stand at path.
func replaced(value any, path []string, words string) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	copied := maps.Clone(object)
	if len(path) == 1 {
		copied[path[0]] = words
	} else {
		copied[path[0]] = replaced(object[path[0]], path[1:], words)
	}
	return copied
}

// response writes the failure with a status and words; "" keeps the words of the
// contract.
func (f failure) response(status int, words string) Response {
	tries := []string{words}
	if f.words == "" {
		tries = append(tries, http.StatusText(status))
	}
	value := f.base
	for _, words := range tries {
		if words == "" || f.message == nil {
			continue
		}
		if changed := replaced(f.base, f.message, words); f.fits(changed) {
			value = changed
			break
		}
	}
	body, err := EncodeJSON(value)
	if err != nil { // cannot be: value came from JSON
		return Response{Status: status}.Because("internal", err.Error())
	}
	return Response{Status: status, MediaType: f.mediaType, Body: body, Fields: f.fields}
}

// plainFailure is an error response whose body, if it has one, is not JSON.
func (op *Operation) plainFailure(status int) Response {
	response, g := op.response(status), generator{doc: op.route.Spec, response: true}
	fields, _ := g.requiredFields(response)
	a := Response{Status: status, Fields: fields}
	if mediaType, media := jsonContent(response.Content); media != nil {
		if body, err := g.body(mediaType, media); err == nil {
			a.MediaType, a.Body = concrete(mediaType), body
		}
	}
	return a
}

// Fail answers with an error status in the contract's shape. words are for the
// caller; "" takes those of the contract's example.
func (op *Operation) Fail(status int, words string) Response {
	if f, documented := op.failure(status); documented {
		return f.response(status, words)
	}
	if op.Documents(status) {
		return op.plainFailure(status)
	}
	if words == "" {
		words = http.StatusText(status)
	}
	return op.fallback().response(status, words)
}

// Reject answers a request that does not fit the contract. The words of the
// contract's example are taken if they are about this very problem.
func (op *Operation) Reject(p Problem) Response {
	status := op.invalidStatus()
	words := p.Message
	if f, _ := op.failure(status); p.absentOrMistyped && mentions(f.words, p.property) {
		words = ""
	}
	return op.Fail(status, words).WithReason(p.why())
}

// mentions tells whether name stands in text as a word of its own.
func mentions(text, name string) bool {
	notInName := func(r rune) bool {
		return !(r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	return name != "" && slices.Contains(strings.FieldsFunc(text, notInName), name)
}

// hasExample tells whether the contract gives an example of a response body.
func hasExample(media *openapi3.MediaType) bool {
	return media.Example != nil || len(media.Examples) > 0
}
