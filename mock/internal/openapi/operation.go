package openapi

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"nox.energy/contract/spec"
)

// Operation is one operation of the contract, made ready to be served.
type Operation struct {
	ID       string
	pointer  string // into the contract
	route    *routers.Route
	options  *openapi3filter.Options
	Security []Requirement // alternatives; none: no key is needed
	codes    []string      // the documented statuses, as written
	Success  int           // the lowest documented 2xx status
	failures map[int]failure
	fallback failure // for the statuses that the operation does not document
}

// readContract reads a contract with kin-openapi, which checks it as a whole.
func readContract(contract *spec.Document) (*openapi3.T, error) {
	loader := openapi3.NewLoader() // refuses references to other files and hosts
	doc, err := loader.LoadFromData(contract.Bytes())
	if err == nil {
		err = doc.Validate(loader.Context)
	}
	if err != nil {
		sentence, _, _ := strings.Cut(err.Error(), "\n")
		return nil, contract.Errorf(blamed(err), "not a valid OpenAPI document: %s", sentence)
	}
	return doc, nil
}

// JSON returns an OpenAPI document in JSON; without its security requirements, if
// secured is false.
func JSON(document []byte, secured bool) ([]byte, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	if !secured {
		doc.Security = nil
	}
	return doc.MarshalJSON()
}

// readOperations makes the operations of the contract ready, in its order.
func readOperations(contract *spec.Document, doc *openapi3.T) ([]*Operation, error) {
	var all []*Operation
	for _, declared := range contract.Operations() {
		item := doc.Paths.Value(declared.Path)
		if item == nil || item.GetOperation(declared.Method) == nil {
			return nil, contract.Errorf(declared.Pointer, "%s %s is not an operation that can be served", declared.Method, declared.Path)
		}
		op := &Operation{
			ID:      declared.ID,
			pointer: declared.Pointer,
			codes:   declared.Statuses,
			options: filterOptions(doc),
			route: &routers.Route{
				Spec:      doc,
				Path:      declared.Path,
				PathItem:  item,
				Method:    declared.Method,
				Operation: item.GetOperation(declared.Method),
			},
		}
		security, err := readSecurity(doc, op.route.Operation)
		if err != nil {
			return nil, contract.Errorf(declared.Pointer, "%s %s: %s", declared.Method, declared.Path, err)
		}
		op.Security = security
		op.Success = op.lowestSuccess()
		all = append(all, op)
	}
	readFailures(doc, all)
	return all, nil
}

// filterOptions are the options of kin-openapi under which a request is judged
// and left as it is. Authentication is not among its tasks: it would read the
// body first.
func filterOptions(doc *openapi3.T) *openapi3filter.Options {
	options := &openapi3filter.Options{
		AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
		SkipSettingDefaults: true,
	}
	if !doc.IsOpenAPI31OrLater() { // where it makes every body fail
		options.SchemaValidationOptions = []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()}
	}
	return options
}

// Documents tells whether the contract documents status for this operation, by
// itself, by a range such as 4XX, or by default.
func (op *Operation) Documents(status int) bool {
	code := strconv.Itoa(status)
	return slices.Contains(op.codes, code) ||
		slices.Contains(op.codes, code[:1]+"XX") ||
		slices.Contains(op.codes, "default")
}

// response is the documented response of a status, nil where there is none.
func (op *Operation) response(status int) *openapi3.Response {
	ref := op.route.Operation.Responses.Status(status)
	if ref == nil {
		ref = op.route.Operation.Responses.Default()
	}
	if ref == nil {
		return nil
	}
	return ref.Value
}

func (op *Operation) lowestSuccess() int {
	lowest := 0
	for _, code := range op.codes {
		if code == "2XX" {
			code = "200"
		}
		if n, err := strconv.Atoi(code); err == nil && n >= 200 && n < 300 && (lowest == 0 || n < lowest) {
			lowest = n
		}
	}
	if lowest == 0 {
		return http.StatusOK
	}
	return lowest
}

// invalidStatus is the status for a request that does not fit the contract.
func (op *Operation) invalidStatus() int {
	for _, code := range op.codes {
		if code == "400" || code == "422" {
			status, _ := strconv.Atoi(code)
			return status
		}
	}
	return http.StatusBadRequest
}

// TakesString reports whether the JSON body of a request has a string property
// of that name.
func (op *Operation) TakesString(property string) bool {
	body := op.route.Operation.RequestBody
	if body == nil || body.Value == nil {
		return false
	}
	_, media := jsonContent(body.Value.Content)
	return hasString(media, property)
}

// ReturnsString reports whether the body of the success response has a string
// property of that name.
func (op *Operation) ReturnsString(property string) bool {
	response := op.response(op.Success)
	if response == nil {
		return false
	}
	_, media := jsonContent(response.Content)
	return hasString(media, property)
}

func hasString(media *openapi3.MediaType, property string) bool {
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return false
	}
	ref := media.Schema.Value.Properties[property]
	return ref != nil && ref.Value != nil && ref.Value.Type.Includes("string")
}

// SmallestResponse returns the media type of the success response, and a body
// with the required properties alone; an empty one where the schema describes no
// object that can be made.
func (op *Operation) SmallestResponse() (mediaType string, body map[string]any) {
	mediaType, media := jsonContent(op.response(op.Success).Content)
	made, err := generator{doc: op.route.Spec, response: true, requiredOnly: true}.value(media.Schema, 0)
	if object, is := made.(map[string]any); err == nil && is {
		return mediaType, object
	}
	return mediaType, map[string]any{}
}

// jsonContent picks the media type to answer in, JSON where there is a choice.
func jsonContent(content openapi3.Content) (mediaType string, media *openapi3.MediaType) {
	names := make([]string, 0, len(content))
	for name := range content {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if isJSON(a) != isJSON(b) {
			if isJSON(a) {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	if len(names) == 0 {
		return "", nil
	}
	return names[0], content[names[0]]
}

// isJSON tells whether a media type is JSON or built on it (RFC 6839,
// section 3.1).
func isJSON(mediaType string) bool {
	mediaType = essence(mediaType)
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// essence is a media type without its parameters, in lower case.
func essence(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// blamed is the place of the document that an error of kin-openapi is about,
// "" where it does not tell.
func blamed(err error) string {
	var component *openapi3.ComponentValidationError
	var path *openapi3.PathValidationError
	var operation *openapi3.OperationValidationError
	switch {
	case errors.As(err, &path) && errors.As(err, &operation):
		return spec.Pointer("paths", path.Path, strings.ToLower(operation.Method))
	case errors.As(err, &path):
		return spec.Pointer("paths", path.Path)
	case errors.As(err, &component) && component.Section == "schema":
		return spec.Pointer("components", "schemas", component.Name)
	}
	return ""
}
