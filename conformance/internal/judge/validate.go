package judge

import (
	"fmt"
	"net/http"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/spec"
)

// validating is the validator as this package uses it. It keeps the library's
// types, of which there are very many, out of what other packages are compiled
// with.
type validating interface {
	request(*contract.Operation, *http.Request) []problem
	response(*contract.Operation, *http.Request, *http.Response) []problem
	// value is what is wrong with the JSON text of a request's body by the schema at a
	// pointer, "" for nothing.
	value(pointer string, text []byte) string
}

// problem is what the validator has against a request or a response. kind and
// sub are the library's words: "requestBody", "schema".
type problem struct {
	kind, sub       string
	message, reason string
	failures        []failure
}

// failure is a value that does not fit its schema.
type failure struct{ path, reason, keyword string }

type library struct {
	validator validator.Validator
	schemas   *schemas
}

func (l library) request(op *contract.Operation, r *http.Request) []problem {
	l.schemas.register(op.Path, op.Method)
	ok, found := l.validator.ValidateHttpRequestSync(r)
	return problems(ok, found)
}

func (l library) response(op *contract.Operation, r *http.Request, resp *http.Response) []problem {
	l.schemas.register(op.Path, op.Method)
	ok, found := l.validator.ValidateHttpResponse(r, resp)
	return problems(ok, found)
}

func (l library) value(pointer string, text []byte) string { return l.schemas.problem(pointer, text) }

func problems(ok bool, found []*errors.ValidationError) []problem {
	if ok {
		return nil
	}
	var out []problem
	for _, e := range found {
		p := problem{kind: e.ValidationType, sub: e.ValidationSubType, message: e.Message, reason: e.Reason}
		for _, s := range e.SchemaValidationErrors {
			p.failures = append(p.failures, failure{s.FieldPath, s.Reason, s.KeywordLocation})
		}
		out = append(out, p)
	}
	return out
}

// setValidator makes the validator of a document as the contract was read from. An error
// is an [*spec.Error].
func setValidator(j *Judge, doc *spec.Document, document any) error {
	read, ok := document.(libopenapi.Document)
	if !ok {
		return fmt.Errorf("a judge needs a document of libopenapi, not a %T", document)
	}
	model, err := read.BuildV3Model()
	if err != nil {
		return doc.Errorf("", "the contract cannot be used: %s", contract.FirstLine(err.Error()))
	}
	compiled := newSchemas(doc.Normal(), &model.Model)
	compiled.opening = true
	v := validator.NewValidatorFromV3Model(&model.Model, append(options(), config.WithSchemaCache(compiled))...)
	compiled.opening = false
	j.validator = library{v, compiled}
	return nil
}
