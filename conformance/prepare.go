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
func (op *operation) prepare(c *contract) {
	if op.obstacle == "" {
		op.obstacle = op.prepareParameters()
	}
	if op.obstacle == "" {
		op.obstacle = op.prepareBody()
	}
	if op.obstacle != "" {
		return
	}
	r := op.plainRequest()
	switch err := r.confirm(c); {
	case op.Method == http.MethodDelete:
		op.obstacle = "a DELETE takes away what other requests need"
	case strings.Contains(r.path, "{"):
		op.obstacle = "its path has a variable that no parameter declares"
	case err != nil:
		op.obstacle = fmt.Sprintf("no valid request could be made from the contract alone (%v); examples in it would help", err)
	}
}

func (op *operation) prepareParameters() (obstacle string) {
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

func (op *operation) prepareBody() (obstacle string) {
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
func (op *operation) plainRequest() *request {
	r := &request{op: op, method: op.Method, header: http.Header{"Accept": {op.accepts()}}}
	r.setParameters(op.values)
	if op.body != nil {
		r.header["Content-Type"] = []string{op.body.mediaType}
		r.body = schema.Encode(op.body.plain)
	}
	return r
}

// fullRequest is the plain request with everything that is optional in it.
func (op *operation) fullRequest() *request {
	r := op.plainRequest()
	r.setParameters(op.fullValues)
	if op.body != nil {
		r.body = schema.Encode(op.body.full)
	}
	return r
}

// accepts is the Accept header of a client that takes what is documented.
func (op *operation) accepts() string {
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

// confirmed tells whether the validator agrees with what a request is meant to
// be. Where it does not, no check is made of it: the schema is then one that is
// not understood here.
func (b *builder) confirmed(body any, how intent) bool {
	return b.op.plainRequest().withBody(body, how).confirm(b.contract) == nil
}
