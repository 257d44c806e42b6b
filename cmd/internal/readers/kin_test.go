package readers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"nox.energy/contract/spec"
)

// kinReader reads a contract with kin-openapi under the options of the mock.
// The mock finds the operation and the caller by itself, so neither is asked of
// the library here.
type kinReader struct {
	doc     *openapi3.T
	base    string
	paths   []string
	options openapi3filter.Options
}

func newKinReader(tb testing.TB, contract *spec.Document) *kinReader {
	tb.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(contract.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		tb.Fatal(err)
	}
	k := &kinReader{doc: doc, base: contract.BasePath(), options: openapi3filter.Options{
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		SkipSettingDefaults:   true,
		IncludeResponseStatus: true, // an undocumented one passes otherwise
	}}
	if !doc.IsOpenAPI31OrLater() {
		k.options.SchemaValidationOptions = []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()}
	}
	for _, op := range contract.Operations() {
		k.paths = append(k.paths, op.Path)
	}
	return k
}

// route finds the operation that a request is for, nil if for none.
func (k *kinReader) route(method, target string) (*routers.Route, map[string]string) {
	sent, _, _ := strings.Cut(target, "?")
	sent, under := strings.CutPrefix(sent, k.base)
	for _, path := range k.paths {
		parameters, match := matchPath(path, sent)
		item := k.doc.Paths.Value(path)
		if op := item.Operations()[method]; under && match && op != nil {
			return &routers.Route{Spec: k.doc, Path: path, PathItem: item, Method: method, Operation: op}, parameters
		}
	}
	return nil, nil
}

// matchPath compares a path with a template, segment by segment.
func matchPath(template, path string) (map[string]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	parameters := map[string]string{}
	for i := range want {
		if len(want) != len(have) {
			return nil, false
		}
		if name, is := strings.CutPrefix(want[i], "{"); is && have[i] != "" {
			parameters[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(have[i])
		} else if want[i] != have[i] {
			return nil, false
		}
	}
	return parameters, true
}

// headers are the one that carries a key and one that a response declares, "" for
// none.
func (k *kinReader) headers() (key, answer string) {
	for _, scheme := range k.doc.Components.SecuritySchemes {
		if scheme.Value.In == "header" {
			key = http.CanonicalHeaderKey(scheme.Value.Name)
		}
	}
	for _, path := range k.paths {
		for _, op := range k.doc.Paths.Value(path).Operations() {
			for _, response := range op.Responses.Map() {
				for name := range response.Value.Headers {
					answer = http.CanonicalHeaderKey(name)
				}
			}
		}
	}
	return key, answer
}

// request is the verdict on a request, [notAsked] on one that the mock refuses
// before it comes to the library.
func (k *kinReader) request(m message) (v verdict) {
	defer recoverTo(&v)
	route, parameters := k.route(m.method, m.target)
	if route == nil {
		return notAsked
	}
	input := &openapi3filter.RequestValidationInput{
		Request: m.httpRequest(""), PathParams: parameters, Route: route, Options: &k.options,
	}
	return kinVerdict(openapi3filter.ValidateRequest(context.Background(), input))
}

// response is the verdict on a response.
func (k *kinReader) response(m message) (v verdict) {
	defer recoverTo(&v)
	route, parameters := k.route(m.method, m.target)
	if route == nil {
		return notAsked
	}
	return kinVerdict(openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: m.httpRequest(""), PathParams: parameters, Route: route, Options: &k.options,
		},
		Status: m.status, Header: m.header.Clone(), Body: m.reader(), Options: &k.options,
	}))
}

// success is the status that an operation answers a valid request with.
func (k *kinReader) success(m message) string {
	route, _ := k.route(m.method, m.target)
	for status := 200; route != nil && status < 300; status++ {
		if route.Operation.Responses.Status(status) != nil {
			return strconv.Itoa(status)
		}
	}
	return "200"
}

func kinVerdict(err error) verdict {
	var request *openapi3filter.RequestError
	var response *openapi3filter.ResponseError
	var parse *openapi3filter.ParseError
	var schema *openapi3.SchemaError
	errors.As(err, &request)
	errors.As(err, &response)
	switch {
	case err == nil:
		return accepts
	case request != nil && request.Parameter != nil:
		return wrongParameter
	// Of a response the library tells only in words what is wrong.
	case response != nil && response.Reason == "status is not supported":
		return wrongStatus
	case response != nil && response.Reason == "failed to read response body":
		return unreadable
	case response != nil && response.Err == nil && strings.Contains(response.Reason, "Content-Type"):
		return wrongMediaType
	case response != nil && strings.Contains(response.Reason, "header"):
		return wrongHeader
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return noBody
	case errors.As(err, &parse) && parse.Kind == openapi3filter.KindUnsupportedFormat:
		return accepts // as the mock takes it: what the library cannot judge
	case errors.As(err, &parse):
		return notJSON
	case errors.As(err, &schema):
		return wrongSchema
	case request != nil && request.Err == nil:
		return wrongMediaType
	}
	return verdict("unknown: " + err.Error())
}

// httpRequest makes a request of its own for a reader, which may change it.
func (m message) httpRequest(server string) *http.Request {
	u, err := url.Parse(server + m.target)
	if err != nil {
		u = &url.URL{Path: m.target}
	}
	r := &http.Request{Method: m.method, URL: u, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if m.status != 0 {
		return r // the request behind a response, of which nothing else matters
	}
	r.Header = m.header.Clone()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(m.body)), int64(len(m.body))
	return r
}

// reader is the body as it comes off a connection.
func (m message) reader() io.ReadCloser {
	if m.cut {
		return io.NopCloser(io.MultiReader(bytes.NewReader(m.body), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return io.NopCloser(bytes.NewReader(m.body))
}
