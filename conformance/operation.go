package conformance

import (
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"

	"nox.energy/contract/spec"
)

// contract is a document as the checks read it.
type contract struct {
	doc        *spec.Document
	operations []*operation
	validator  validator.Validator
}

// operation is one operation of the contract with what is needed to call it.
type operation struct {
	spec.Operation
	summary    string
	parameters []parameter
	body       *requestBody // nil where it takes none
	responses  []*response
	security   []securityScheme // of the first alternative; empty where no key is asked for
	rules      rules
}

type parameter struct {
	name, in string
	required bool
	schema   *schema
	example  any
	pointer  string
}

type requestBody struct {
	required  bool
	mediaType string // the first JSON one, else the first
	schema    *schema
	example   any // the media type's own, nil where it has none
	pointer   string
}

// response is a documented response.
type response struct {
	status     string // as the contract writes it: "201", "4XX", "default"
	mediaTypes []string
	schema     *schema // of the first media type
	pointer    string
	headers    bool // it declares some
}

type securityScheme struct {
	kind       string // apiKey, http, …
	in, name   string // of an apiKey
	httpScheme string // bearer, basic
	pointer    string
}

// readContract reads a document with libopenapi. An error is an [*spec.Error].
func readContract(doc *spec.Document) (*contract, error) {
	settings := datamodel.NewDocumentConfiguration()
	settings.Logger = slog.New(slog.DiscardHandler) // its default writes to standard output
	document, err := libopenapi.NewDocumentWithConfiguration(doc.Bytes(), settings)
	if err != nil {
		return nil, doc.Errorf("", "the contract cannot be read: %s", firstLine(err.Error()))
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, doc.Errorf("", "the contract cannot be read: %s", firstLine(err.Error()))
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		return nil, doc.Errorf("", "the contract cannot be used: %s", firstLine(errs[0].Error()))
	}
	if ok, problems := v.ValidateDocument(); !ok && len(problems) > 0 {
		return nil, documentError(doc, problems[0].Reason, problems[0].SpecLine)
	}
	c := &contract{doc: doc, validator: v}
	for _, declared := range doc.Operations() {
		c.operations = append(c.operations, readOperation(declared, &model.Model))
	}
	return c, nil
}

func documentError(doc *spec.Document, reason string, line int) error {
	e := doc.Errorf("", "the contract is not valid OpenAPI: %s", firstLine(reason))
	if line > 0 {
		e.Line = doc.LineOfPage(line)
	}
	return e
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func readOperation(declared spec.Operation, model *v3.Document) *operation {
	op := &operation{Operation: declared, rules: proseRules(declared.ID)}
	item := model.Paths.PathItems.GetOrZero(declared.Path)
	high := item.GetOperations().GetOrZero(strings.ToLower(declared.Method))
	op.summary = high.Summary
	for i, p := range item.Parameters {
		op.parameters = append(op.parameters, readParameter(p, spec.Pointer("paths", declared.Path, "parameters", itoa(i))))
	}
	for i, p := range high.Parameters {
		op.parameters = append(op.parameters, readParameter(p, op.Pointer+spec.Pointer("parameters", itoa(i))))
	}
	op.body = readRequestBody(high.RequestBody, op.Pointer+"/requestBody")
	for status, r := range high.Responses.Codes.FromOldest() {
		op.responses = append(op.responses, readResponse(status, r, op.Pointer+spec.Pointer("responses", status)))
	}
	if high.Responses.Default != nil {
		op.responses = append(op.responses, readResponse("default", high.Responses.Default, op.Pointer+"/responses/default"))
	}
	requirements, at := high.Security, op.Pointer+"/security"
	if requirements == nil {
		requirements, at = model.Security, "/security"
	}
	if len(requirements) > 0 && !slices.ContainsFunc(requirements, isOptional) {
		for name := range requirements[0].Requirements.FromOldest() {
			if scheme := model.Components.SecuritySchemes.GetOrZero(name); scheme != nil {
				op.security = append(op.security, securityScheme{scheme.Type, scheme.In, scheme.Name, strings.ToLower(scheme.Scheme), at})
			}
		}
	}
	return op
}

func readParameter(p *v3.Parameter, pointer string) parameter {
	out := parameter{name: p.Name, in: p.In, required: p.Required != nil && *p.Required, pointer: pointer}
	out.schema = readSchema(p.Schema, pointer+"/schema", 0)
	out.example, _ = nodeValue(p.Example)
	return out
}

func readRequestBody(b *v3.RequestBody, pointer string) *requestBody {
	if b == nil || orderedmap.Len(b.Content) == 0 {
		return nil
	}
	name, media := firstJSON(b.Content)
	at := pointer + spec.Pointer("content", name)
	out := &requestBody{required: b.Required != nil && *b.Required, mediaType: name, pointer: at}
	out.schema = readSchema(media.Schema, at+"/schema", 0)
	if example, ok := nodeValue(media.Example); ok {
		out.example = example
	} else if orderedmap.Len(media.Examples) > 0 {
		out.example, _ = nodeValue(media.Examples.First().Value().Value)
	}
	return out
}

func readResponse(status string, r *v3.Response, pointer string) *response {
	out := &response{status: status, pointer: pointer, headers: orderedmap.Len(r.Headers) > 0}
	for name := range r.Content.FromOldest() {
		out.mediaTypes = append(out.mediaTypes, name)
	}
	if len(out.mediaTypes) > 0 {
		name, media := firstJSON(r.Content)
		out.schema = readSchema(media.Schema, pointer+spec.Pointer("content", name, "schema"), 0)
	}
	return out
}

// firstJSON picks the JSON media type of a content map, or the first of any.
func firstJSON(content *orderedmap.Map[string, *v3.MediaType]) (string, *v3.MediaType) {
	for name, media := range content.FromOldest() {
		if isJSON(name) {
			return name, media
		}
	}
	first := content.First()
	return first.Key(), first.Value()
}

// isJSON tells whether a media type is JSON by its name (RFC 6839, section 3.1).
func isJSON(mediaType string) bool {
	name, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (name == "application/json" || strings.HasSuffix(name, "+json"))
}

// documented finds the documented response that governs a status: the very
// code, its range, or the default (OpenAPI 3.0.3, "Responses Object").
func (op *operation) documented(status int) *response {
	code := strconv.Itoa(status)
	for _, want := range []string{code, code[:1] + "XX", "default"} {
		for _, r := range op.responses {
			if strings.EqualFold(r.status, want) {
				return r
			}
		}
	}
	return nil
}

// success is the first documented 2xx status, "" where there is none.
func (op *operation) success() string {
	return op.first(func(s string) bool { return strings.HasPrefix(s, "2") })
}

// rejection is the status documented for a request that does not fit.
func (op *operation) rejection() string { return op.oneOf("400", "422", "4XX") }

// refusal is the status documented for a key that is missing or wrong.
func (op *operation) refusal() string { return op.oneOf("401", "403") }

// breakdown is the status documented for an unexpected error of the server.
func (op *operation) breakdown() string {
	return op.first(func(s string) bool { return strings.HasPrefix(s, "5") })
}

func (op *operation) oneOf(statuses ...string) string {
	for _, want := range statuses {
		if slices.Contains(op.Statuses, want) {
			return want
		}
	}
	return ""
}

func (op *operation) first(match func(string) bool) string {
	if i := slices.IndexFunc(op.Statuses, match); i >= 0 {
		return op.Statuses[i]
	}
	return ""
}

// canonicalURL is an address of the operation under the contract's own server,
// by which the validator finds it.
func (c *contract) canonicalURL(path, query string) string {
	u := strings.TrimRight(c.doc.Servers()[0], "/") + path
	if !strings.Contains(u, "://") {
		u = "http://contract.invalid" + u
	}
	if query != "" {
		u += "?" + query
	}
	return u
}

// documentedMethods lists the methods that the contract declares on a path.
func (c *contract) documentedMethods(path string) []string {
	var methods []string
	for _, op := range c.operations {
		if op.Path == path {
			methods = append(methods, op.Method)
		}
	}
	return methods
}

func itoa(i int) string { return strconv.Itoa(i) }

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return strconv.Itoa(status)
}

// isOptional tells whether a security requirement lets anybody in.
func isOptional(r *base.SecurityRequirement) bool {
	return r.ContainsEmptyRequirement || orderedmap.Len(r.Requirements) == 0
}
