package readers_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validerrors "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi/datamodel"

	"nox.energy/contract/spec"
)

// validatorReader reads a contract with libopenapi-validator as the runner
// does.
type validatorReader struct {
	validator validator.Validator
	server    string // scheme and host of the contract's server
}

func newValidatorReader(tb testing.TB, contract *spec.Document) *validatorReader {
	tb.Helper()
	settings := datamodel.NewDocumentConfiguration()
	settings.Logger = slog.New(slog.DiscardHandler)
	document, err := libopenapi.NewDocumentWithConfiguration(contract.Bytes(), settings)
	if err != nil {
		tb.Fatal(err)
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		tb.Fatal(errs)
	}
	server := strings.TrimSuffix(strings.TrimRight(contract.Servers()[0], "/"), contract.BasePath())
	if server == "" {
		server = "http://contract.invalid"
	}
	return &validatorReader{v, server}
}

// request is the verdict on a request.
func (l *validatorReader) request(m message) (v verdict) {
	defer recoverTo(&v)
	r := m.httpRequest(l.server)
	if len(m.body) == 0 {
		r.Body = http.NoBody
	}
	_, errs := l.validator.ValidateHttpRequestSync(r)
	return validatorVerdict(errs)
}

// response is the verdict on a response.
func (l *validatorReader) response(m message) (v verdict) {
	defer recoverTo(&v)
	r := m.httpRequest(l.server)
	body := m.reader()
	if len(m.body) == 0 && !m.cut && !m.unsized {
		body = http.NoBody // as net/http has it after Content-Length: 0
	}
	_, errs := l.validator.ValidateHttpResponse(r, &http.Response{
		StatusCode: m.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header.Clone(), Request: r, Body: body, ContentLength: int64(len(m.body)),
	})
	return validatorVerdict(errs)
}

// validatorVerdict is the first reason in the order in which both halves look
// for them; the library gives all that it finds.
func validatorVerdict(errs []*validerrors.ValidationError) verdict {
	found := accepts
	for _, e := range errs {
		v := validatorReason(e)
		at := slices.Index(inOrder(), v)
		if at < 0 {
			return v
		}
		if found == accepts || at < slices.Index(inOrder(), found) {
			found = v
		}
	}
	return found
}

func validatorReason(e *validerrors.ValidationError) verdict {
	switch kind := e.ValidationType + "/" + e.ValidationSubType; {
	case kind == "path/missing":
		return wrongPath
	case kind == "path/missingOperation", kind == "request/missingOperation":
		return wrongMethod
	case e.ValidationType == "security":
		return noKey
	case e.ValidationType == "parameter":
		return wrongParameter
	case kind == "response/statusCode":
		return wrongStatus
	case kind == "response/header", kind == "response/headers":
		return wrongHeader
	case kind == "requestBody/contentType", kind == "response/contentType":
		return wrongMediaType
	case kind == "response/object":
		return noBody
	case kind == "response/schema" && e.Message == "response body could not be read":
		return unreadable
	case e.ValidationSubType == "schema" && len(e.SchemaValidationErrors) == 0:
		if strings.Contains(e.Message, "is empty") {
			return noBody
		}
		return notJSON
	case e.ValidationSubType == "schema":
		return wrongSchema
	default:
		return verdict("unknown: " + kind + ": " + e.Message)
	}
}
