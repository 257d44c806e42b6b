package openapi

import (
	"fmt"
	"net/http"
	"strings"
)

// GeneratedHeader marks an answer that was made from examples and schemas, with
// no state behind it.
const GeneratedHeader = "X-Nox-Mock"

// Generate answers with a documented status, from the contract alone.
func (op *Operation) Generate(status int) Response {
	if status >= 400 {
		return op.Fail(status, "").Because("prefer", "asked for by the header Prefer")
	}
	a := Response{Status: status}.Because("generated", "generated")
	response := op.response(status)
	if response == nil {
		return a.With(GeneratedHeader, "generated")
	}
	g := generator{doc: op.route.Spec, response: true}
	for name, ref := range response.Headers {
		if ref.Value == nil || !ref.Value.Required || strings.EqualFold(name, "Content-Type") {
			continue
		}
		value, err := g.fitting(ref.Value.Schema)
		if err != nil {
			return op.Fail(http.StatusInternalServerError, "").Because("internal", "header "+name+": "+err.Error())
		}
		a = a.With(name, fmt.Sprint(value))
	}
	if mediaType, media := jsonContent(response.Content); media != nil && status != http.StatusNoContent && status != http.StatusNotModified {
		body, err := g.body(mediaType, media)
		if err != nil {
			return op.Fail(http.StatusInternalServerError, "").Because("internal", "response body: "+err.Error())
		}
		a.MediaType, a.Body = concrete(mediaType), body
	}
	return a.With(GeneratedHeader, "generated")
}

// concrete makes a media type of a range: JSON of "*/*", and so on.
func concrete(mediaType string) string {
	switch mediaType {
	case "*/*", "application/*":
		return "application/json"
	case "text/*":
		return "text/plain"
	}
	return mediaType
}
