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
	request(*http.Request) []problem
	response(*http.Request, *http.Response) []problem
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

type library struct{ validator validator.Validator }

func (l library) request(r *http.Request) []problem {
	ok, found := l.validator.ValidateHttpRequestSync(r)
	return problems(ok, found)
}

func (l library) response(r *http.Request, resp *http.Response) []problem {
	ok, found := l.validator.ValidateHttpResponse(r, resp)
	return problems(ok, found)
}

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
	v, errs := validator.NewValidator(read, config.WithFormatAssertions())
	if len(errs) > 0 {
		return doc.Errorf("", "the contract cannot be used: %s", contract.FirstLine(errs[0].Error()))
	}
	if ok, problems := v.ValidateDocument(); !ok && len(problems) > 0 {
		return documentError(doc, problems[0].Reason, problems[0].SpecLine)
	}
	j.validator = library{v}
	return nil
}

func documentError(doc *spec.Document, reason string, line int) error {
	e := doc.Errorf("", "the contract is not valid OpenAPI: %s", contract.FirstLine(reason))
	if line > 0 {
		e.Line = doc.LineOfPage(line)
	}
	return e
}
