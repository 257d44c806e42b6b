package contract

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// Read reads a document with libopenapi. An error is an [*spec.Error],
// also where the library itself breaks down over the document.
//
// use is called with what the library has read, before the operations are: for
// the package that judges by it, and no other (see the package comment).
func Read(doc *spec.Document, use func(document any) error) (c *Contract, err error) {
	settings := datamodel.NewDocumentConfiguration()
	settings.SkipCircularReferenceCheck = true      // what ends is nobody's fault, and what never does has no value
	settings.Logger = slog.New(slog.DiscardHandler) // its default writes to standard output
	document, err := libopenapi.NewDocumentWithConfiguration(doc.Normal(), settings)
	if err != nil {
		return nil, doc.Errorf("", "the contract cannot be read: %s", FirstLine(err.Error()))
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, doc.Errorf("", "the contract cannot be read: %s", FirstLine(err.Error()))
	}
	if err := use(document); err != nil {
		return nil, err
	}
	r := &contractReader{doc: doc, model: &model.Model, nullable: strings.HasPrefix(model.Model.Version, "3.0")}
	c = &Contract{Document: doc}
	for _, declared := range doc.Operations() {
		op, err := r.operation(declared)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(c.Operations, func(other *Operation) bool { return other.ID == op.ID }) {
			op.ID += "-" + strconv.Itoa(len(c.Operations)+1)
		}
		c.Operations = append(c.Operations, op)
	}
	c.connect()
	return c, nil
}

// FirstLine returns a text up to its first line break.
func FirstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// contractReader reads the operations of one document.
type contractReader struct {
	doc      *spec.Document
	model    *v3.Document
	nullable bool // "nullable" has a meaning in its version
}

func (r *contractReader) operation(declared spec.Operation) (*Operation, error) {
	op := &Operation{Operation: declared, Rules: proseRules(declared.ID)}
	op.ID = schema.IDWord(declared.ID)
	item := r.model.Paths.PathItems.GetOrZero(declared.Path)
	if item == nil {
		return nil, r.doc.Errorf(declared.Pointer, "the path %s cannot be read", declared.Path)
	}
	high := item.GetOperations().GetOrZero(strings.ToLower(declared.Method))
	if high == nil || high.Responses == nil {
		return nil, r.doc.Errorf(declared.Pointer, "%s %s cannot be read", declared.Method, declared.Path)
	}
	op.summary = high.Summary
	for i, p := range item.Parameters {
		r.parameter(op, p, spec.Pointer("paths", declared.Path, "parameters", strconv.Itoa(i)))
	}
	for i, p := range high.Parameters {
		r.parameter(op, p, op.Pointer+spec.Pointer("parameters", strconv.Itoa(i)))
	}
	op.Body = r.requestBody(high.RequestBody, op.Pointer+"/requestBody")
	for status, response := range high.Responses.Codes.FromOldest() {
		op.Responses = append(op.Responses, r.response(status, response, op.Pointer+spec.Pointer("responses", status)))
	}
	if high.Responses.Default != nil {
		op.Responses = append(op.Responses, r.response("default", high.Responses.Default, op.Pointer+"/responses/default"))
	}
	r.security(op, high)
	if declared.Server != "" {
		op.Obstacle = "it has its own server, " + declared.Server + ": judge it with that base URL and a contract that names this server"
	}
	return op, nil
}

// parameter adds a parameter to an operation; one of the operation takes the
// place of one of the path.
func (r *contractReader) parameter(op *Operation, p *v3.Parameter, pointer string) {
	if p == nil || p.Name == "" || isReserved(p) {
		return
	}
	out := Parameter{Name: p.Name, In: p.In, Required: p.Required != nil && *p.Required, style: p.Style, Pointer: pointer}
	if out.style == "" {
		out.style = defaultStyle(p.In)
	}
	out.explode = out.style == "form"
	if p.Explode != nil {
		out.explode = *p.Explode
	}
	if p.In == "path" {
		p.Style = "simple" // how the validator is asked about it: it reads the other styles in templates of its own only
	}
	out.Schema = readSchema(p.Schema, pointer+"/schema", r.nullable)
	if name, media := firstJSON(p.Content); media != nil {
		out.asJSON = true
		out.Schema = readSchema(media.Schema, pointer+spec.Pointer("content", name, "schema"), r.nullable)
	}
	out.example, out.hasExample = nodeValue(p.Example)
	if !out.hasExample && orderedmap.Len(p.Examples) > 0 {
		out.example, out.hasExample = nodeValue(p.Examples.First().Value().Value)
	}
	if !out.hasExample {
		out.example, out.hasExample = out.Schema.Example, out.Schema.HasExample
	}
	op.Parameters = slices.DeleteFunc(op.Parameters, func(q Parameter) bool { return q.Name == out.Name && q.In == out.In })
	op.Parameters = append(op.Parameters, out)
}

// isReserved reports whether a header parameter is to be passed over (OpenAPI
// 3.0.3, "Parameter Object").
func isReserved(p *v3.Parameter) bool {
	return p.In == "header" && slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, func(name string) bool {
		return strings.EqualFold(name, p.Name)
	})
}

func (r *contractReader) requestBody(b *v3.RequestBody, pointer string) *RequestBody {
	if b == nil || orderedmap.Len(b.Content) == 0 {
		return nil
	}
	name, media := firstJSON(b.Content)
	at := pointer + spec.Pointer("content", name)
	out := &RequestBody{Required: b.Required != nil && *b.Required, MediaType: name, Pointer: at}
	if strings.HasSuffix(name, "/*") && MatchesMediaRange("application/json", name) {
		out.MediaType = "application/json"
	}
	if media == nil {
		out.Schema = &schema.Schema{Pointer: at}
		return out
	}
	out.Schema = readSchema(media.Schema, at+"/schema", r.nullable)
	out.readFields(media)
	out.hasSchema = media.Schema != nil
	out.Example, out.HasExample = nodeValue(media.Example)
	if !out.HasExample && orderedmap.Len(media.Examples) > 0 && media.Examples.First().Value() != nil {
		out.Example, out.HasExample = nodeValue(media.Examples.First().Value().Value)
	}
	if out.HasExample && !out.Schema.HasExample {
		out.Schema.Example, out.Schema.HasExample = out.Example, true
	}
	return out
}

func (r *contractReader) response(status string, high *v3.Response, pointer string) *Response {
	out := &Response{Status: status, Pointer: pointer}
	if high == nil {
		return out
	}
	for name := range high.Headers.KeysFromOldest() {
		out.Headers = append(out.Headers, name)
	}
	out.Links = readLinks(high, pointer)
	for name := range high.Content.FromOldest() {
		out.MediaTypes = append(out.MediaTypes, name)
	}
	if name, media := firstJSON(high.Content); media != nil && media.Schema != nil && MayBeJSON(name) {
		out.Schema = readOutline(media.Schema, pointer+spec.Pointer("content", name, "schema"), r.nullable)
	}
	return out
}

// firstJSON picks the JSON media type of a content map, or the first of any;
// nil where there is none.
func firstJSON(content *orderedmap.Map[string, *v3.MediaType]) (string, *v3.MediaType) {
	for name, media := range content.FromOldest() {
		if IsJSON(name) {
			return name, media
		}
	}
	for name, media := range content.FromOldest() {
		return name, media
	}
	return "", nil
}

// security reads how a key is to be sent: all schemes of the first requirement
// that can be met with one.
func (r *contractReader) security(op *Operation, high *v3.Operation) {
	requirements, at := high.Security, op.Pointer+"/security"
	if requirements == nil {
		requirements, at = r.model.Security, "/security"
	}
	met := false
	for _, requirement := range requirements {
		if requirement == nil || requirement.ContainsEmptyRequirement || orderedmap.Len(requirement.Requirements) == 0 {
			op.Security, op.OtherKeyPlaces, op.Obstacle = nil, nil, "" // anybody is let in
			return
		}
		schemes, problem := r.schemes(requirement.Requirements, at)
		switch {
		case problem != "":
			if !met {
				op.Obstacle = problem
			}
		case !met:
			op.Security, op.Obstacle, met = schemes, "", true
		default:
			for _, s := range schemes {
				in, _ := ResolvePlace(AsDeclared, s)
				op.OtherKeyPlaces = append(op.OtherKeyPlaces, in)
			}
		}
	}
}

// schemes are those of one requirement; problem says why they cannot be met.
func (r *contractReader) schemes(names *orderedmap.Map[string, []string], at string) (out []SecurityScheme, problem string) {
	for name := range names.FromOldest() {
		var scheme *v3.SecurityScheme
		if r.model.Components != nil {
			scheme = r.model.Components.SecuritySchemes.GetOrZero(name)
		}
		if scheme == nil {
			return nil, fmt.Sprintf("the contract does not say what the security scheme %s is", name)
		}
		s := SecurityScheme{name, scheme.Type, scheme.In, scheme.Name, strings.ToLower(scheme.Scheme), at}
		switch {
		case s.Kind == "mutualTLS":
			continue // a certificate, which is the connection's business
		case s.Kind == "http" && s.httpScheme != "basic" && s.httpScheme != "bearer":
			return nil, fmt.Sprintf("unsupported HTTP authentication scheme %q: a single key cannot satisfy it", s.httpScheme)
		}
		out = append(out, s)
	}
	return out, ""
}
