package openapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// ExampleRequest makes a valid request of the operation; without a key if key is "".
func (op *Operation) ExampleRequest(baseURL, key string) (*http.Request, error) {
	g := generator{doc: op.route.Spec}
	target, header, err := op.exampleParameters(g)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.ID, err)
	}
	var body io.Reader
	if ref := op.route.Operation.RequestBody; ref != nil && ref.Value != nil && len(ref.Value.Content) > 0 {
		mediaType, media := jsonContent(ref.Value.Content)
		data, err := g.body(mediaType, media)
		if err != nil {
			return nil, fmt.Errorf("%s: request body: %w", op.ID, err)
		}
		body = bytes.NewReader(data)
		header.Set("Content-Type", concrete(mediaType))
	}
	req, err := http.NewRequest(op.route.Method, strings.TrimSuffix(baseURL, "/")+target, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.ID, err)
	}
	req.Header = header
	if len(op.Security) > 0 && key != "" {
		for _, scheme := range op.Security[0] {
			scheme.present(req, key)
		}
	}
	return req, nil
}

// exampleParameters fills in the path and the parameters that are required.
func (op *Operation) exampleParameters(g generator) (target string, header http.Header, err error) {
	target, header = op.route.Path, http.Header{}
	query := url.Values{}
	for _, parameter := range op.parameters() {
		if !parameter.Required {
			continue
		}
		text, err := exampleParameter(g, parameter)
		if err != nil {
			return "", nil, fmt.Errorf("%s parameter %s: %w", parameter.In, parameter.Name, err)
		}
		switch parameter.In {
		case openapi3.ParameterInPath:
			target = strings.ReplaceAll(target, "{"+parameter.Name+"}", url.PathEscape(text))
		case openapi3.ParameterInQuery:
			query.Add(parameter.Name, text)
		case openapi3.ParameterInHeader:
			header.Set(parameter.Name, text)
		case openapi3.ParameterInCookie:
			header.Add("Cookie", parameter.Name+"="+text)
		}
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target, header, nil
}

// parameters are those of the operation and those of its path that it does not
// declare anew.
func (op *Operation) parameters() []*openapi3.Parameter {
	var all []*openapi3.Parameter
	for _, ref := range op.route.Operation.Parameters {
		all = append(all, ref.Value)
	}
	for _, ref := range op.route.PathItem.Parameters {
		if op.route.Operation.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			all = append(all, ref.Value)
		}
	}
	return all
}

// exampleParameter writes a value as text, an array as its first item.
func exampleParameter(g generator, parameter *openapi3.Parameter) (string, error) {
	value := parameter.Example
	if value == nil && parameter.Schema != nil {
		made, err := g.fitting(parameter.Schema)
		if err != nil {
			return "", err
		}
		value = made
	}
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	return fmt.Sprint(value), nil
}
