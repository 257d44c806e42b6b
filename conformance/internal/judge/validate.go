package judge

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// problem is a rule of the contract that a request breaks.
type problem struct {
	text     string
	failures []failure // of the schema of its body
}

// requestProblems holds a request, as it is sent, to its operation. Its key is not
// looked at. An error is this program's.
func (j *Judge) requestProblems(r *wire.Request) ([]problem, error) {
	req, err := r.HTTPRequest(&url.URL{Scheme: "http", Host: "contract.invalid"}, nil) // it is looked at, not sent
	if err != nil {
		return nil, err
	}
	op := r.Op
	variables, ok := op.Variables(r.Path)
	if !ok || req.Method != op.Method {
		return []problem{{text: fmt.Sprintf("%s %s is not %s %s", req.Method, r.Path, op.Method, op.Path)}}, nil
	}
	carried := contract.Sent{Variables: variables, Query: r.Query, Header: req.Header}
	for _, p := range op.Parameters {
		if p.In == "query" {
			carried.Taken = append(carried.Taken, p.Name)
		}
	}
	var out []problem
	for _, p := range op.Parameters {
		readings := p.Read(carried)
		if len(readings) == 0 {
			if p.Required {
				out = append(out, problem{text: fmt.Sprintf("the %s parameter %s is missing", p.In, p.Name)})
			}
			continue
		}
		broken, err := j.readFailures(op, p.SchemaPointer, readings, sent)
		if err != nil {
			return nil, err
		}
		if broken != nil {
			out = append(out, problem{text: fmt.Sprintf("the %s parameter %s: %s", p.In, p.Name, broken[0])})
		}
	}
	broken, err := j.bodyProblem(r, req)
	if broken != nil {
		out = append(out, *broken)
	}
	return out, err
}

// readFailures holds each of the readings of a text to a schema. There are none if one
// of the readings fits or there is no schema, else those of the first.
func (j *Judge) readFailures(op *contract.Operation, pointer string, readings []any, way direction) (first []failure, err error) {
	if pointer == "" {
		return nil, nil
	}
	for i, v := range readings {
		broken, err := j.schemas.failures(op.InNormalForm(pointer), schema.Encode(v), way)
		if err != nil || len(broken) == 0 {
			return nil, err
		}
		if i == 0 {
			first = broken
		}
	}
	return first, nil
}

// bodyProblem is what is wrong with the body of a request, nil for nothing.
func (j *Judge) bodyProblem(r *wire.Request, req *http.Request) (*problem, error) {
	b := r.Op.Body
	if b == nil {
		return nil, nil
	}
	if req.Body == nil || len(r.Body) == 0 {
		if b.Required && !b.In(essence(req.Header.Get("Content-Type"))).MayBeEmpty() {
			return &problem{text: "there is no body"}, nil
		}
		return nil, nil
	}
	media := essence(req.Header.Get("Content-Type"))
	pointer, ok := b.SchemaOf(media)
	switch {
	case !ok:
		return &problem{text: fmt.Sprintf("the contract does not have the media type %q", media)}, nil
	case !contract.IsJSON(media) && (!r.Op.TakesJSON() || b.In(media) != b):
		text, err := j.formProblem(r.Op, b.In(media), r.Body, sent)
		if err != nil || text == "" {
			return nil, err
		}
		return &problem{text: text}, nil
	case !contract.IsJSON(media):
		return nil, nil
	}
	if text := wire.JSONProblem(r.Body); text != "" {
		return &problem{text: text}, nil
	}
	if pointer == "" {
		return nil, nil
	}
	broken, err := j.valueFailures(r.Op, pointer, r.Body, sent)
	if err != nil || len(broken) == 0 {
		return nil, err
	}
	return &problem{strings.TrimSpace(broken[0].at + " " + broken[0].reason), broken}, nil
}

// essence is a media type without its parameters, also where these cannot be read.
func essence(contentType string) string {
	name, _, err := mime.ParseMediaType(contentType)
	if err != nil && name == "" {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	return name
}

// valueFailures holds a body in JSON to the schema at a pointer. Numbers beyond those
// of most readers are cut to the largest.
func (j *Judge) valueFailures(op *contract.Operation, pointer string, body []byte, way direction) ([]failure, error) {
	if v, ok := wire.DecodeJSON(body); ok {
		body = wire.ClampNumbers(body, v)
	}
	return j.schemas.failures(op.InNormalForm(pointer), body, way)
}

// formProblem is the first rule of its schema that a form or text breaks.
func (j *Judge) formProblem(op *contract.Operation, b *contract.RequestBody, body []byte, way direction) (string, error) {
	value, err := b.Decode(body)
	switch {
	case err != nil:
		return err.Error(), nil
	case b.SchemaPointer() == "":
		return "", nil
	}
	broken, err := j.schemas.failures(op.InNormalForm(b.SchemaPointer()), schema.Encode(value), way)
	if err != nil || len(broken) == 0 {
		return "", err
	}
	return broken[0].String(), nil
}
