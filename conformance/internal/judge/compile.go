package judge

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pb33f/go-yaml"
	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/libopenapi-validator/cache"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/helpers"
	"github.com/pb33f/libopenapi-validator/openapi_vocabulary"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"nox.energy/contract/spec"
)

// schemas is a cache of compiled schemas that compiles each one when it is
// first asked for, by its place in a document that is prepared once. Left to
// itself, the library renders the whole document anew for every schema.
type schemas struct {
	normal  []byte
	model   *v3.Document
	version float32

	mu        sync.Mutex
	opening   bool             // the library is being opened, and would compile all there is
	places    map[uint64]place // where to find what the library asks for
	known     map[*v3.Operation]bool
	compiled  map[uint64]*cache.SchemaCacheEntry
	compilers map[schema_validation.SchemaValidationPurpose]*jsonschema.Compiler
}

type place struct {
	pointer string
	purpose schema_validation.SchemaValidationPurpose
}

func newSchemas(normal []byte, model *v3.Document) *schemas {
	return &schemas{
		normal: normal, model: model, version: helpers.VersionToFloat(model.Version),
		places: map[uint64]place{}, known: map[*v3.Operation]bool{}, compiled: map[uint64]*cache.SchemaCacheEntry{},
		compilers: map[schema_validation.SchemaValidationPurpose]*jsonschema.Compiler{},
	}
}

// register notes where the schemas of an operation stand.
func (s *schemas) register(path, method string) {
	item := s.model.Paths.PathItems.GetOrZero(path)
	if item == nil {
		return
	}
	op := item.GetOperations().GetOrZero(strings.ToLower(method))
	s.mu.Lock()
	defer s.mu.Unlock()
	if op == nil || s.known[op] {
		return
	}
	s.known[op] = true
	at := spec.Pointer("paths", path, strings.ToLower(method))
	for i, p := range item.Parameters {
		s.parameter(p, spec.Pointer("paths", path, "parameters", strconv.Itoa(i)))
	}
	for i, p := range op.Parameters {
		s.parameter(p, at+spec.Pointer("parameters", strconv.Itoa(i)))
	}
	if op.RequestBody != nil {
		for name, media := range op.RequestBody.Content.FromOldest() {
			s.add(media.Schema, at+spec.Pointer("requestBody", "content", name, "schema"), schema_validation.SchemaValidationPurposeRequestBody)
		}
	}
	if op.Responses == nil {
		return
	}
	responses := map[string]*v3.Response{"default": op.Responses.Default}
	for status, r := range op.Responses.Codes.FromOldest() {
		responses[status] = r
	}
	for status, r := range responses {
		if r == nil {
			continue
		}
		at := at + spec.Pointer("responses", status)
		for name, media := range r.Content.FromOldest() {
			s.add(media.Schema, at+spec.Pointer("content", name, "schema"), schema_validation.SchemaValidationPurposeResponseBody)
		}
		for name, header := range r.Headers.FromOldest() {
			s.add(header.Schema, at+spec.Pointer("headers", name, "schema"), schema_validation.SchemaValidationPurposeGeneric)
		}
	}
}

func (s *schemas) parameter(p *v3.Parameter, at string) {
	if p == nil {
		return
	}
	s.add(p.Schema, at+"/schema", schema_validation.SchemaValidationPurposeGeneric)
	for name, media := range p.Content.FromOldest() {
		s.add(media.Schema, at+spec.Pointer("content", name, "schema"), schema_validation.SchemaValidationPurposeGeneric)
	}
}

func (s *schemas) add(proxy *base.SchemaProxy, pointer string, purpose schema_validation.SchemaValidationPurpose) {
	if proxy == nil {
		return
	}
	if high := proxy.Schema(); high != nil && high.GoLow() != nil {
		if purpose == schema_validation.SchemaValidationPurposeGeneric {
			// What the library would quote of a parameter's schema in errors, and
			// writes out anew for every request.
			s.compiled[high.GoLow().Hash()] = &cache.SchemaCacheEntry{RenderedInline: []byte("{}")}
		}
		s.places[schema_validation.SchemaCacheKey(high.GoLow().Hash(), s.version, purpose)] = place{pointer, purpose}
	}
}

// Load is part of [cache.SchemaCache].
func (s *schemas) Load(key uint64) (*cache.SchemaCacheEntry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opening {
		return nil, true
	}
	if entry, ok := s.compiled[key]; ok {
		return entry, entry != nil
	}
	p, ok := s.places[key]
	if !ok {
		return nil, false
	}
	entry := &cache.SchemaCacheEntry{RenderedNode: &yaml.Node{}}
	var err error
	if entry.CompiledSchema, err = s.compiler(p.purpose).Compile(documentURL + "#" + p.pointer); err != nil {
		entry = nil // the library may yet find a way
	}
	s.compiled[key] = entry
	return entry, entry != nil
}

// problem is what is wrong with the JSON text of a request by the schema at a pointer.
func (s *schemas) problem(pointer string, text []byte) string {
	s.mu.Lock()
	compiled, err := s.compiler(schema_validation.SchemaValidationPurposeRequestBody).Compile(documentURL + "#" + pointer)
	s.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = compiled.Validate(value)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Store is part of [cache.SchemaCache].
func (s *schemas) Store(key uint64, entry *cache.SchemaCacheEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compiled[key] = entry
}

// Range is part of [cache.SchemaCache]; nobody asks for it.
func (s *schemas) Range(func(uint64, *cache.SchemaCacheEntry) bool) {}

const documentURL = "https://contract.invalid/document.json"

// compiler is one for requests, responses, or what has no direction.
func (s *schemas) compiler(purpose schema_validation.SchemaValidationPurpose) *jsonschema.Compiler {
	if c := s.compilers[purpose]; c != nil {
		return c
	}
	c := helpers.NewCompilerWithOptions(config.NewValidationOptions(options()...))
	version := openapi_vocabulary.Version31
	if s.version < 3.05 {
		version = openapi_vocabulary.Version30
	}
	c.RegisterVocabulary(openapi_vocabulary.NewOpenAPIVocabularyWithCoercion(version, false))
	c.AssertVocabs()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.normal))
	if err == nil {
		w := rewriter{is30: s.version < 3.05, purpose: purpose, document: document}
		w.object(document)
		err = c.AddResource(documentURL, document)
	}
	if err != nil { // cannot be: it is the document that was read
		c.UseLoader(jsonschema.SchemeURLLoader{})
	}
	s.compilers[purpose] = c
	return c
}

// options are those under which the library judges.
func options() []config.Option {
	return []config.Option{
		config.WithFormatAssertions(),
		config.WithRegexEngine(func(pattern string) (jsonschema.Regexp, error) { return spec.CompilePattern(pattern) }),
	}
}

// rewriter makes JSON Schema 2020-12 of the schemas of a document, in one
// direction: what is only read is not required of requests, what is only
// written not of responses.
type rewriter struct {
	is30     bool
	purpose  schema_validation.SchemaValidationPurpose
	document any
}

// object finds the schemas in an OpenAPI object.
func (w *rewriter) object(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			switch name {
			case "example", "examples", "links":
			case "schema":
				w.schema(child)
			case "schemas":
				for _, s := range members(child) {
					w.schema(s)
				}
			default:
				w.object(child)
			}
		}
	case []any:
		for _, item := range v {
			w.object(item)
		}
	}
}

func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func items(v any) []any {
	list, _ := v.([]any)
	return list
}

func (w *rewriter) schema(v any) {
	s := members(v)
	if s == nil {
		return
	}
	for _, name := range []string{"example", "examples", "default", "description", "title"} {
		delete(s, name)
	}
	for _, name := range []string{"properties", "patternProperties", "dependentSchemas"} {
		for _, child := range members(s[name]) {
			w.schema(child)
		}
	}
	for _, name := range []string{"items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "not", "if", "then", "else"} {
		w.schema(s[name])
	}
	for _, name := range []string{"prefixItems", "allOf", "anyOf", "oneOf"} {
		for _, child := range items(s[name]) {
			w.schema(child)
		}
	}
	w.requirements(s)
	w.discriminate(s)
	if w.is30 {
		exclusive(s, "minimum", "exclusiveMinimum")
		exclusive(s, "maximum", "exclusiveMaximum")
		nullable(s)
	}
}

// requirements leaves out what is not required in this direction.
func (w *rewriter) requirements(s map[string]any) {
	keyword := map[schema_validation.SchemaValidationPurpose]string{
		schema_validation.SchemaValidationPurposeRequestBody:  "readOnly",
		schema_validation.SchemaValidationPurposeResponseBody: "writeOnly",
	}[w.purpose]
	required, properties := items(s["required"]), members(s["properties"])
	if keyword == "" || required == nil || properties == nil {
		return
	}
	left := slices.DeleteFunc(slices.Clone(required), func(name any) bool {
		text, _ := name.(string)
		return w.says(properties[text], keyword, 0)
	})
	if s["required"] = left; len(left) == 0 {
		delete(s, "required")
	}
}

// says reports whether a schema, or one that it is made of, has a keyword set.
func (w *rewriter) says(v any, keyword string, depth int) bool {
	s := members(v)
	if s == nil || depth > 8 {
		return false
	}
	if s[keyword] == true {
		return true
	}
	if ref, ok := s["$ref"].(string); ok && w.says(w.component(ref), keyword, depth+1) {
		return true
	}
	return slices.ContainsFunc(items(s["allOf"]), func(part any) bool { return w.says(part, keyword, depth+1) })
}

func (w *rewriter) component(ref string) any {
	return members(members(members(w.document)["components"])["schemas"])[lastToken(ref)]
}

func lastToken(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// discriminate lets the value of a discriminator decide between the branches:
// the one that it names must fit, whatever else does.
func (w *rewriter) discriminate(s map[string]any) {
	d := members(s["discriminator"])
	property, _ := d["propertyName"].(string)
	branches := append(slices.Clone(items(s["oneOf"])), items(s["anyOf"])...)
	if property == "" || len(branches) == 0 || s["oneOf"] != nil && s["anyOf"] != nil {
		return
	}
	named := map[string]any{}
	for _, branch := range branches {
		ref, ok := members(branch)["$ref"].(string)
		if !ok {
			return // a branch without a name
		}
		named[lastToken(ref)] = branch
	}
	for name, ref := range members(d["mapping"]) {
		if text, ok := ref.(string); ok {
			named[name] = map[string]any{"$ref": text}
		}
	}
	conditions := slices.Clone(items(s["allOf"]))
	for name, branch := range named {
		conditions = append(conditions, map[string]any{
			"if":   map[string]any{"type": "object", "required": []any{property}, "properties": map[string]any{property: map[string]any{"enum": []any{name}}}},
			"then": branch,
		})
	}
	s["allOf"] = conditions
	if s["oneOf"] != nil {
		s["anyOf"] = s["oneOf"]
		delete(s, "oneOf")
	}
}

func exclusive(s map[string]any, limit, keyword string) {
	switch s[keyword] {
	case true:
		if s[limit] != nil {
			s[keyword] = s[limit]
			delete(s, limit)
			return
		}
		delete(s, keyword)
	case false:
		delete(s, keyword)
	}
}

// nullable adds null to the values that fit.
func nullable(s map[string]any) {
	may := s["nullable"] == true
	delete(s, "nullable")
	if !may {
		return
	}
	switch t := s["type"].(type) {
	case string:
		s["type"] = []any{t, "null"}
	case []any:
		if !slices.Contains(t, any("null")) {
			s["type"] = append(slices.Clone(t), "null")
		}
	}
	if enum := items(s["enum"]); enum != nil && !slices.Contains(enum, nil) {
		s["enum"] = append(slices.Clone(enum), nil)
	}
	if all := s["allOf"]; all != nil {
		delete(s, "allOf")
		s["oneOf"] = append(slices.Clone(items(s["oneOf"])), map[string]any{"allOf": all}, map[string]any{"type": "null"})
	}
}
