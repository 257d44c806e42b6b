package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// prepare makes the plainest valid request to the operation, or finds out why
// none can be made.
func prepare(op *operation, confirm func(*request) error) {
	if op.obstacle == "" {
		op.obstacle = prepareParameters(op)
	}
	if op.obstacle == "" {
		op.obstacle = prepareBody(op)
	}
	if op.obstacle != "" {
		return
	}
	r := plainRequest(op)
	switch err := confirm(r); {
	case op.Method == http.MethodDelete:
		op.obstacle = "a DELETE takes away what other requests need"
	case strings.Contains(r.path, "{"):
		op.obstacle = "its path has a variable that no parameter declares"
	case err != nil:
		op.obstacle = fmt.Sprintf("no valid request could be made from the contract alone (%v); examples in it would help", err)
	}
}

func prepareParameters(op *operation) (obstacle string) {
	op.values = make([]any, len(op.parameters))
	op.fullValues = make([]any, len(op.parameters))
	for i := range op.parameters {
		p := &op.parameters[i]
		v, ok := p.plain()
		op.values[i], op.fullValues[i] = v, v
		switch {
		case !p.required && p.in != "path":
			op.values[i] = absent{}
			if !ok {
				op.fullValues[i] = absent{}
			}
		case !ok:
			return fmt.Sprintf("no value could be made for its parameter %s; an example in the contract would help", p.name)
		}
	}
	return ""
}

func prepareBody(op *operation) (obstacle string) {
	if op.body == nil {
		return ""
	}
	problem := ""
	if !isJSON(op.body.mediaType) {
		problem = "its body is " + op.body.mediaType + ", and only JSON is made here"
	} else if v, ok := op.body.schema.Make(false); ok {
		op.body.plain, op.body.full = v, v
		if full, ok := op.body.schema.Make(true); ok {
			op.body.full = full
		}
		return ""
	} else {
		problem = "no value could be made that fits its body's schema; an example in the contract would help"
	}
	if op.body.required {
		return problem
	}
	op.body = nil
	return ""
}

// plainRequest is the plainest request that fits the contract, without a key.
func plainRequest(op *operation) *request {
	r := &request{op: op, method: op.Method, header: http.Header{"Accept": {accepts(op)}}}
	r.setParameters(op.values)
	if op.body != nil {
		r.header["Content-Type"] = []string{op.body.mediaType}
		r.body = schema.Encode(op.body.plain)
	}
	return r
}

// fullRequest is the plain request with everything that is optional in it.
func fullRequest(op *operation) *request {
	r := plainRequest(op)
	r.setParameters(op.fullValues)
	if op.body != nil {
		r.body = schema.Encode(op.body.full)
	}
	return r
}

// accepts is the Accept header of a client that takes what is documented.
func accepts(op *operation) string {
	const json = "application/json"
	var types []string
	for _, r := range op.responses {
		for _, media := range r.mediaTypes {
			if !slices.Contains(types, media) {
				types = append(types, media)
			}
		}
	}
	if len(types) == 0 {
		return json
	}
	return strings.Join(types, ", ")
}
