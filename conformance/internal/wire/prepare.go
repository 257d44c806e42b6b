package wire

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/contract"
)

// Prepare makes the plainest valid request to an operation, or notes in its
// Obstacle why there is none.
func Prepare(op *contract.Operation, confirm func(*Request) error) {
	if op.Obstacle == "" {
		op.Obstacle = prepareParameters(op)
	}
	if op.Obstacle == "" {
		op.Obstacle = prepareBody(op)
	}
	if op.Obstacle != "" {
		return
	}
	r := MinimalRequest(op)
	switch err := confirm(r); {
	case op.Method == http.MethodDelete && !op.Source.Creates():
		op.Obstacle = "a DELETE could remove data that other requests need, and no operation of the contract creates what it removes"
	case strings.Contains(r.Path, "{"):
		op.Obstacle = "no parameter declares a variable in its path"
	case err != nil:
		op.Obstacle = fmt.Sprintf("no valid request can be built from the contract (%v); add examples to the contract", err)
	}
}

func prepareParameters(op *contract.Operation) (obstacle string) {
	op.MinimalValues = make([]any, len(op.Parameters))
	op.FullValues = make([]any, len(op.Parameters))
	for i := range op.Parameters {
		p := &op.Parameters[i]
		v, ok := p.Minimal()
		op.MinimalValues[i], op.FullValues[i] = v, v
		switch {
		case !p.Required && p.In != "path":
			op.MinimalValues[i] = contract.Absent{}
			if !ok {
				op.FullValues[i] = contract.Absent{}
			}
		case !ok:
			return fmt.Sprintf("no value can be built for its parameter %s that its style can carry; add an example to the contract", p.Name)
		}
	}
	return ""
}

func prepareBody(op *contract.Operation) (obstacle string) {
	if op.Body == nil {
		return ""
	}
	problem := ""
	switch body := op.Body; {
	case !body.IsBuilt():
		problem = "its request body is " + body.MediaType + ", and nox-conformance only builds JSON, forms, text and some files"
	case len(body.Files()) > 0:
		problem = "its request body has the part " + body.Files()[0] + " in a format that nox-conformance cannot build"
	case setBodies(body):
		body.Others = slices.DeleteFunc(body.Others, func(other *contract.RequestBody) bool {
			return !other.IsBuilt() || len(other.Files()) > 0 || !setBodies(other)
		})
		return ""
	default:
		problem = "no request body can be built from its schema; add an example to the contract"
	}
	if op.Body.Required {
		return problem
	}
	op.Body = nil
	return ""
}

// setBodies makes the smallest value that fits a body, and one with everything
// optional. It reports whether there is any that can be written.
func setBodies(b *contract.RequestBody) bool {
	made := func(optional bool) (any, bool) {
		v, ok := b.Schema.Make(optional)
		if ok && len(b.Encode(v)) > 0 { // an empty form is no body to many servers
			return v, true
		}
		for _, v := range b.Schema.MakeSeveral(several, optional) { // as a list that is not empty, where a form has to name it
			if len(b.Encode(v)) > 0 {
				return v, true
			}
		}
		return nil, false
	}
	small, hasSmall := made(false)
	full, hasFull := made(true)
	if b.Minimal, b.Full = small, full; !hasSmall {
		b.Minimal = full
	}
	if !hasFull {
		b.Full = small
	}
	return hasSmall || hasFull
}

// several is how many values are tried for one that can be written.
const several = 5

// MinimalRequest returns the plainest request that fits the contract, without a
// key.
func MinimalRequest(op *contract.Operation) *Request {
	r := &Request{Op: op, Method: op.Method, Header: http.Header{"Accept": {accepts(op)}}}
	r.setParameters(op.MinimalValues)
	if op.Body != nil {
		r.Header["Content-Type"] = []string{op.Body.ContentType()}
		r.Body = op.Body.Encode(op.Body.Minimal)
	}
	return r
}

// FullRequest returns the minimal request with everything optional.
func FullRequest(op *contract.Operation) *Request {
	r := MinimalRequest(op)
	r.setParameters(op.FullValues)
	if op.Body != nil {
		r.Body = op.Body.Encode(op.Body.Full)
	}
	return r
}

// accepts is the Accept header of a client that takes what is documented.
func accepts(op *contract.Operation) string {
	const json = "application/json"
	var types []string
	for _, r := range op.Responses {
		for _, media := range r.MediaTypes {
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
