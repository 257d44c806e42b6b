package runner_test

import (
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

const careless = `
openapi: 3.0.3
info: {title: t, version: "1"}
security: [{Key: []}, {Token: []}]
paths:
  /things:
    post:
      operationId: make
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [a, b], properties: {a: {type: string}, b: {type: boolean, default: true}}}}}}
      responses: {"201": {description: ok}, "400": {description: bad}, "401": {description: no}}
    put:
      operationId: change
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}
      parameters: [{name: q, in: query, required: true, schema: {type: integer}}, {name: q, in: query, schema: {type: string}}]
      responses: {"200": {description: ok}, "400": {description: bad}, "403": {description: no}, default: {description: else}}
    delete:
      operationId: lose
      responses: {"404": {description: none}}
components:
  securitySchemes: {Key: {type: apiKey, in: header, name: Authorization}, Token: {type: http, scheme: bearer}}
`

// TestCareless derives from a document only what all readers of it would agree to.
func TestCareless(t *testing.T) {
	t.Parallel()
	doc, err := spec.Parse("careless.yaml", []byte(careless))
	if err != nil {
		t.Fatal(err)
	}
	all, err := runner.Catalogue(doc)
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]conformance.Check{}
	for _, c := range all {
		checks[c.ID] = c
	}
	for id, want := range map[string]conformance.Level{
		"make/400/a-missing":          conformance.Must,
		"make/400/b-missing":          conformance.Should, // readers put the default in
		"make/400/all-missing":        conformance.Must,
		"make/400/body-none":          conformance.Must,
		"change/400/body-none":        conformance.Should, // read as {}, which is valid
		"make/401/key-with-scheme":    "",                 // right for Token
		"change/400/query-q-string":   "",
		"change/200/query-q-negative": "",
		"change/http/query-q":         conformance.Must,
		"lose/http/minimal":           conformance.Must,
	} {
		if got := checks[id].Level; got != want {
			t.Errorf("%s has level %q, want %q", id, got, want)
		}
	}
	if says := checks["change/http/query-q"].Sends; !strings.Contains(says, "twice, on lines 14 and 14") {
		t.Errorf("of a parameter that is declared twice it says %q", says)
	}
}
