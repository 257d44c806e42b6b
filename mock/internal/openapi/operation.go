package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	urlpath "path"
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
	Security []Requirement         // alternatives; none: no key is needed
	codes    []string              // the documented statuses, as written
	Success  int                   // the lowest documented 2xx status, else the first that is documented
	base     string                // the path that its own path stands under
	own      []*openapi3.Parameter // read here: see readOwn
	judged   *routers.Route        // the operation without these
	made     *made
	all      []*Operation // of the contract
}

// readContract reads a contract with kin-openapi, as its requests mean it and as its
// responses do.
func readContract(contract *spec.Document) (requests, responses *openapi3.T, err error) {
	normal := contract.Normal()
	for _, doc := range []**openapi3.T{&requests, &responses} {
		data, isSame := oneWay(normal, !bytes.HasPrefix(normal, []byte(`{"openapi":"3.0`)), doc == &responses)
		if doc == &responses && isSame {
			responses = requests
			break
		}
		*doc = &openapi3.T{}
		if err = json.Unmarshal(data, *doc); err == nil { // the loader reads it as YAML, for three times the memory
			err = openapi3.NewLoader().ResolveRefsIn(*doc, nil)
		}
		if err == nil {
			(*doc).SetStringFormatValidators(formats())
			err = adapt(*doc)
		}
		if err != nil {
			sentence, _, _ := strings.Cut(err.Error(), "\n")
			return nil, nil, contract.Errorf("", "not a valid OpenAPI document: %s", sentence)
		}
	}
	return requests, responses, nil
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
func readOperations(contract *spec.Document, doc, responses *openapi3.T, base string) ([]*Operation, error) {
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
			made:    newMade(),
			base:    basePath(declared.Server, base),
			route: &routers.Route{
				Spec:      doc,
				Path:      declared.Path,
				PathItem:  item,
				Method:    declared.Method,
				Operation: item.GetOperation(declared.Method),
			},
		}
		op.route.Operation.Responses = responses.Paths.Value(declared.Path).GetOperation(declared.Method).Responses
		op.Security = readSecurity(doc, op.route.Operation)
		op.route.Operation.Security = openapi3.NewSecurityRequirements() // which the library is not asked about
		op.Success = op.lowestSuccess()
		op.judged = op.route
		op.readOwn()
		all = append(all, op)
	}
	for _, op := range all {
		op.all = all
	}
	return all, nil
}

// readOwn takes out of the library's hands the parameters that it cannot read:
// those whose texts get their type from several schemas together, as {type: number,
// oneOf: [{minimum: 1}, …]}, objects of such schemas or of no declared type, objects
// of which each property is a parameter, lists of anything, lists, objects and
// JSON in cookies, and media types other than JSON.
func (op *Operation) readOwn() {
	for _, p := range op.parameters() {
		if isOwn(p) {
			op.own = append(op.own, p)
		}
	}
	if len(op.own) == 0 {
		return
	}
	mine := func(ref *openapi3.ParameterRef) bool { return slices.Contains(op.own, ref.Value) }
	route, item, operation := *op.route, *op.route.PathItem, *op.route.Operation
	operation.Parameters = slices.DeleteFunc(slices.Clone(operation.Parameters), mine)
	item.Parameters = slices.DeleteFunc(slices.Clone(item.Parameters), func(ref *openapi3.ParameterRef) bool {
		return mine(ref) || op.route.Operation.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) != nil
	})
	route.PathItem, route.Operation = &item, &operation
	op.judged = &route
}

// basePath is the path of a server of an operation's own, or of the contract.
func basePath(server, contract string) string {
	u, err := url.Parse(server)
	if server == "" || err != nil {
		return contract
	}
	// A URL relative to the document has no slash in front.
	return strings.TrimRight(urlpath.Clean("/"+u.EscapedPath()), "/")
}

// filterOptions are the options of kin-openapi under which a request is judged
// and left as it is. Authentication is not among its tasks: it would read the
// body first.
func filterOptions(doc *openapi3.T) *openapi3filter.Options {
	options := &openapi3filter.Options{
		AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
		SkipSettingDefaults: true,
		// What is only read should not be sent, and is ignored where it is (OpenAPI
		// 3.0.3, "Schema Object"): clients send back what they were given.
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.SetSchemaRegexCompiler(compilePattern), openapi3.DisableReadOnlyValidation()},
	}
	options.SchemaValidationOptions = append(options.SchemaValidationOptions, doc.GetSchemaValidationOptions()...)
	if !doc.IsOpenAPI31OrLater() { // where it makes every body fail
		options.SchemaValidationOptions = append(options.SchemaValidationOptions, openapi3.DisableSchemaErrorDetails())
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

// lowestSuccess is the lowest documented 2xx status. Without one a default stands
// for it, beside a redirect or alone; else it is what the contract documents
// first: never a success out of nothing.
func (op *Operation) lowestSuccess() int {
	lowest, first, byDefault := 0, 0, 0
	for _, code := range op.codes {
		n := firstStatus(code, 0)
		switch {
		case n == 0:
			byDefault = http.StatusOK
		case n/100 == 2 && (lowest == 0 || n < lowest):
			lowest = n
		}
		if first == 0 && n/100 == 3 {
			first = n
		}
	}
	if lowest == 0 && first == 0 && byDefault == 0 {
		for _, code := range op.codes {
			if n := firstStatus(code, 0); n/100 != 1 { // a switch of protocols is nothing that the mock can do
				first = cmp.Or(first, n)
			}
		}
	}
	return cmp.Or(lowest, first, byDefault, http.StatusOK)
}

// firstStatus is the status that a code of the contract stands for: 400 of "4XX",
// and byDefault of "default".
func firstStatus(code string, byDefault int) int {
	n, err := strconv.Atoi(strings.Replace(code, "XX", "00", 1))
	if err != nil {
		return byDefault
	}
	return n
}

// RefusalStatus is the status with which the operation refuses a request, for
// which status is the usual one: that, if it is documented, or one that says the
// same, or for an invalid request the nearest that is.
func (op *Operation) RefusalStatus(status int) int {
	if op.Documents(status) {
		return status
	}
	for _, pair := range [][2]int{{400, 422}, {401, 403}} {
		if pair[0] == status && op.Documents(pair[1]) {
			return pair[1]
		}
	}
	best := 0
	for _, code := range op.codes {
		distance := func(n int) int { return max(n-status, status-n) }
		// A client that is told of a limit sends the same again.
		if n := firstStatus(code, 0); n/100 == 4 && n != http.StatusTooManyRequests && n != http.StatusRequestTimeout && (best == 0 || distance(n) < distance(best)) {
			best = n
		}
	}
	if best == 0 || status != http.StatusBadRequest {
		return status
	}
	return best
}

// invalidStatus is the status for a request that does not fit the contract.
func (op *Operation) invalidStatus() int {
	for _, code := range op.codes {
		if code == "400" || code == "422" {
			status, _ := strconv.Atoi(code)
			return status
		}
	}
	return op.RefusalStatus(http.StatusBadRequest)
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
