package mock

import (
	"fmt"
	"net/http"
	"strings"
)

// GeneratedHeader marks an answer that was made from examples and schemas, with
// no state behind it.
const GeneratedHeader = "X-Nox-Mock"

// outcome answers with a documented status, from the contract alone.
func (op *operation) outcome(status int) answer {
	if status >= 400 {
		return op.fail(status, "").because("prefer", "asked for by the header Prefer")
	}
	a := answer{status: status}.because("generated", "generated")
	response := op.response(status)
	if response == nil {
		return a.with(GeneratedHeader, "generated")
	}
	g := generator{doc: op.route.Spec, response: true}
	for name, ref := range response.Headers {
		if ref.Value == nil || !ref.Value.Required || strings.EqualFold(name, "Content-Type") {
			continue
		}
		value, err := g.fitting(ref.Value.Schema)
		if err != nil {
			return op.fail(http.StatusInternalServerError, "").because("internal", "header "+name+": "+err.Error())
		}
		a = a.with(name, fmt.Sprint(value))
	}
	if mediaType, media := jsonContent(response.Content); media != nil && status != http.StatusNoContent && status != http.StatusNotModified {
		body, err := g.body(mediaType, media)
		if err != nil {
			return op.fail(http.StatusInternalServerError, "").because("internal", "response body: "+err.Error())
		}
		a.mediaType, a.body = concrete(mediaType), body
	}
	return a.with(GeneratedHeader, "generated")
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
